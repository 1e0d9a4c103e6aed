"""Recognizes a token with one read, and notes its use now and then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from serverkit.actor import SYSTEM, Actor
from serverkit.db.unit import Database, DatabaseFailure, Unit
from serverkit.errors import AppError
from serverkit.log import get_logger


class Bearer(Protocol):
    """Who presents a token."""

    @property
    def actor(self) -> Actor:
        """The one that acts."""

    @property
    def token_id(self) -> str:
        """The token."""

    @property
    def note_use(self) -> bool:
        """Whether its last use was noted long ago."""


def recognise(
    database: Database,
    look_up: Callable[[Unit, str, str], Bearer],
    note_use: Callable[[Unit, str], None],
    text: str,
    address: str,
) -> Actor:
    """The caller who presents a token from an address; raises what `look_up` raises for an invalid one."""
    with database.read(SYSTEM) as unit:
        bearer = look_up(unit, text, address)
    if bearer.note_use:
        try:
            database.run(SYSTEM, lambda unit: note_use(unit, bearer.token_id))
        except (AppError, DatabaseFailure) as error:
            # A note that is missing is no reason to turn the caller away.
            get_logger().warning("use_not_noted", cause=type(error).__name__)
    return bearer.actor
