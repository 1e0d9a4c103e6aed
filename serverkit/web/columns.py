"""The columns of a table: what each shows of a row, on the page and in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from serverkit.web.console import Severity
from serverkit.web.texts import Words, _, in_words

Item: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True)
class StateWords:
    """A state in words; healthy ones have no severity and so no colour."""

    words: Words
    severity: Severity | None = None


@dataclass(frozen=True)
class Column:
    """A column: `value` reads a row (by default the member `name`), `link` gives the address behind it.

    `sort` names the order; `sub` a member shown small below; `phone` stays on a narrow screen; `shown` is off for columns
    that a person adds; `of` names a thing that the row has several of. `say` gives a state in words where they depend on the
    row; `rank` is what orders rows where the value itself does not, such as the worst first. `hint` says more of a value where
    a person points at it: with a severity it has a mark of its own. `icon` names a sign before
    the value, with what it says; `offered` is asked on each visit whether there is such a column at all;
    `further` is a second link, below the value.
    """

    name: str
    label: Words
    value: Callable[[Item], Any] | None = None
    link: Callable[[Item], str | None] | None = None
    sub: Callable[[Item], Any] | str | None = None
    sort: bool = False
    shown: bool = True
    fixed: bool = False
    phone: bool = False
    kind: str = "text"
    states: Mapping[str, StateWords] = field(default_factory=dict)
    note: Words = ""
    say: Callable[[Item], StateWords] | None = None
    rank: Callable[[Item], Any] | None = None
    hint: Callable[[Item], StateWords | None] | None = None
    icon: Callable[[Item], tuple[str, Words] | None] | None = None
    offered: Callable[[Any], bool] | None = None
    further: Callable[[Item], tuple[Words, str] | None] | None = None

    def of(self, item: Item) -> Any:
        """The value of a row."""
        return in_words(self.value(item) if self.value is not None else item.get(self.name))

    def sub_of(self, item: Item) -> Any:
        """What stands small below it."""
        if self.sub is None:
            return None
        return in_words(self.sub(item) if callable(self.sub) else item.get(self.sub))

    def hint_of(self, item: Item) -> StateWords | None:
        """What more is said of the value."""
        return self.hint(item) if self.hint is not None else None

    def state_of(self, item: Item) -> StateWords:
        """A state in words."""
        if self.say is not None:
            return self.say(item)
        value = self.of(item)
        return self.states.get(str(value), StateWords(str(value).replace("_", " ") if value is not None else "–"))

    def plain(self, item: Item) -> Any:
        """As a file holds it: numbers as numbers, moments in ISO, states in words."""
        value = self.of(item)
        if self.kind == "state":
            return str(self.state_of(item).words)
        if isinstance(value, bool):
            return str(_("yes") if value else _("no"))
        if value is None or isinstance(value, int | float):
            return value
        if isinstance(value, list | tuple | set):
            return ", ".join(str(one) for one in value)
        return str(value)


def Ident(name: str, label: Words, **more: Any) -> Column:  # noqa: N802 - a kind of Column
    """A code, an id, a serial number."""
    return Column(name, label, kind="ident", **more)


def Moment(name: str, label: Words, **more: Any) -> Column:  # noqa: N802 - a kind of Column
    """A moment, in the zone of the page."""
    return Column(name, label, kind="moment", **more)


def Figure(name: str, label: Words, **more: Any) -> Column:  # noqa: N802 - a kind of Column
    """A number; `link` leads to why it is so."""
    return Column(name, label, kind="figure", **more)


def Balance(name: str, label: Words, **more: Any) -> Column:  # noqa: N802 - a kind of Column
    """A number that is more or less than nothing."""
    return Column(name, label, kind="balance", **more)


def State(name: str, label: Words, states: Mapping[str, StateWords], **more: Any) -> Column:  # noqa: N802 - a kind of Column
    """A state in words, with its sign where it asks for attention."""
    return Column(name, label, kind="state", states=states, **more)
