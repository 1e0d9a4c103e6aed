"""What a change of many rows consists of: judging each row, and changing one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serverkit.web.forms import Form
from serverkit.web.texts import Words
from serverkit.web.urls import Grade

MOST = 100_000
"""How many rows one change takes at most."""
AT_ONCE = 50
"""A change of more rows is a task, where the console has tasks."""


@dataclass(frozen=True)
class Judged:
    """What would happen to a row: `reason` says why nothing would."""

    key: str
    label: Words
    reason: Words | None = None
    effect: Words = ""


@dataclass(frozen=True)
class Bulk:
    """A change of many rows.

    `judge` says for each row whether and why not; `act` changes one row and returns what to say of it. `form` asks for what
    the change needs, such as a target; `choices_of` is told the keys of the rows that were selected.
    """

    name: str
    label: Words
    permission: Any
    judge: Callable[[Any, Sequence[Mapping[str, Any]], Any], Sequence[Judged]]
    act: Callable[[Any, Mapping[str, Any], Any], Words]
    row: str
    form: Form | None = None
    choices: Callable[[Any], dict[str, Any]] | None = None
    choices_of: Callable[[Any, Sequence[str]], dict[str, Any]] | None = None
    grade: Grade = Grade.PREVIEW
    verb: Words = ""
