"""Pages of product instances, alike in both consoles: states and marks in words, filters, what a change does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Ui
from serverkit.web.tables import Column, Figure, Filter, Ident, Item, Moment, StateWords
from serverkit.web.texts import Text, Words, _, ngettext

DETACHED = StateWords(_("Detached"))
STATES = {
    "active": StateWords(_("Active")),
    "failed_to_connect": StateWords(_("Failed to connect"), Severity.MINOR),
    "failed_to_renew": StateWords(_("Failed to renew"), Severity.MAJOR),
    "detached": DETACHED,
}
CLONE = StateWords(_("Clone"), Severity.MAJOR)
MARKS = (Choice("clone", _("Clone")), Choice("restored", _("Restored from a copy")))
SILENT = Filter(
    "silent",
    _("Silent for"),
    choices=tuple(Choice(str(n), ngettext("{count} day", "{count} days", n)) for n in (1, 7, 30, 60, 90)),
)
TEXT = Filter("q", _("Name, serial or UUID"), "text")
TARGET = Ui(_("Virtual account"), _("Where it takes its licences from afterwards."), kind="select")


class Units(Protocol):
    """So many units of a licence."""

    @property
    def name(self) -> str:
        """The name of the licence."""

    @property
    def count(self) -> int:
        """How many."""


def units_words(count: int, name: str) -> Text:
    """So many units of a licence."""
    return _("{count} of {licence}", count=count, licence=name)


def used_words(some: Sequence[Units]) -> str:
    """Units of several licences, by name."""
    return ", ".join(str(units_words(one.count, one.name)) for one in some)


def state_words(item: Item) -> StateWords:
    """The state; an identity that shows twice matters more, and the silence of a detached device means nothing."""
    if "clone" in item["marks"]:
        return CLONE
    if item["detached_until"]:
        return DETACHED
    return STATES.get(item["state"], StateWords(str(item["state"]).replace("_", " ").capitalize()))


def mark_words(mark: str) -> Words:
    """A mark of an instance in words."""
    return next((one.label for one in MARKS if one.value == mark), mark)


def standbys(item: Item) -> Words | None:
    """What is written below the name of a set."""
    count = len(item["standbys"])
    return ngettext("with {count} standby", "with {count} standbys", count) if count else None


def removal_words(freed: Sequence[Units]) -> Text:
    """What a removal does."""
    if freed:
        return _("It has to register again. These units become free: {units}.", units=used_words(freed))
    return _("It has to register again. It uses no licence.")


def transfer_words(source: str, target: str, along: Sequence[Units], short: Sequence[Units]) -> Text:
    """What a transfer does."""
    if not along:
        return _("From {source} to {target}. It uses no licence.", source=source, target=target)
    said = _("From {source} to {target}, with {units}.", source=source, target=target, units=used_words(along))
    if not short:
        return said
    return _("{said} {target} then lacks {short}.", said=said, target=target, short=used_words(short))


MORE_COLUMNS = (
    Ident("uuid", _("UUID"), shown=False),
    Ident("mac", _("MAC address"), shown=False),
    Column("software_version", _("Software"), shown=False),
)
LAST_COLUMNS = (
    Column("marks", _("Marks"), value=lambda one: [str(mark_words(mark)) for mark in one["marks"]], shown=False),
    Figure("standbys", _("Standbys"), value=lambda one: len(one["standbys"]), shown=False),
    Ident("id", _("Id"), shown=False),
)
LAST_CONTACT = Moment("last_contact", _("Last contact"), sort=True)
