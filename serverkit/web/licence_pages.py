"""Pages of licences, alike in both consoles: words of the list, its columns and filters, the ledger behind a balance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from serverkit.web.console import Severity
from serverkit.web.formats import day, number
from serverkit.web.forms import Choice
from serverkit.web.tables import Column, Filter, Item, StateWords
from serverkit.web.texts import Words, _

STATES = {
    "short": StateWords(_("Missing"), Severity.MAJOR),
    "ends_soon": StateWords(_("Ends soon"), Severity.MINOR),
    "enough": StateWords(_("Enough")),
    "usage": StateWords(_("Billed by usage")),
}
TYPES = {
    "perpetual": _("Perpetual"),
    "term": _("Term"),
    "demo": _("Demo, not for production"),
    "reporting_only": _("Reporting only"),
}
BILLING = {"prepaid": _("Prepaid"), "usage": _("By usage")}
SOURCES = {
    "order": _("Order"),
    "pak_migration": _("PAK migration"),
    "device_migration": _("Device migration"),
    "dlc_migration": _("DLC device migration"),
    "ea_migration": _("EA migration"),
    "manual": _("Manual fulfilment"),
    "device_transfer": _("Device transfer"),
    "device_request": _("Device request"),
}
STATE = Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items()))
TYPE = Filter("type", _("Type"), choices=tuple(Choice(name, words) for name, words in TYPES.items()))
RESTRICTED = Filter("restricted", _("Restricted"), choices=(Choice("yes", _("yes")), Choice("no", _("no"))))


def state_words(item: Item) -> StateWords:
    """What asks for attention, with its figure."""
    if item["state"] == "short":
        return StateWords(_("{count} missing", count=number(-item["balance"])), Severity.MAJOR)
    if item["state"] == "ends_soon":
        return StateWords(_("Ends {day}", day=last_day(item["next_end"])), Severity.MINOR)
    return STATES[item["state"]]


def last_day(end: str) -> str:
    """The last day that counts: an end is the first moment that does not."""
    return day(datetime.fromisoformat(end) - timedelta(seconds=1))


def reserved_words(item: Item) -> Words | None:
    """How much of what is in use is reserved."""
    return _("{count} reserved", count=number(item["reserved"])) if item["reserved"] else None


def pending_words(item: Item) -> Words | None:
    """How much has been purchased that does not count yet."""
    return _("+{count} pending", count=number(item["pending"])) if item["pending"] else None


def in_transition(item: Item) -> StateWords | None:
    """What is reserved no more and yet not free, and what to do about it."""
    if not item["in_transition"]:
        return None
    words = _(
        "{count} in transition: a reservation was reduced, and its confirmation code is still to be entered. "
        "Install the new authorization code on the device, and enter the confirmation code that it gives.",
        count=number(item["in_transition"]),
    )
    return StateWords(words, Severity.MINOR)


def type_words(item: Item) -> str:
    """The kinds of terms."""
    return ", ".join(str(type_word(one)) for one in item["types"])


def type_word(name: str) -> Words:
    """A kind of term."""
    return TYPES.get(name, name.replace("_", " "))


def by_usage(item: Item) -> StateWords | None:
    """Why a row has no number of what is purchased and left."""
    if item["billing"] != "usage":
        return None
    return StateWords(_("Billed monthly by what is used: nothing is purchased beforehand, and nothing is left over."))


KINDS = Column("types", _("Type"), value=type_words, shown=False)


@dataclass(frozen=True)
class Entry:
    """A line of the ledger: what it is, how much it counts, and a note that may lead somewhere; `total` closes a block."""

    words: Words
    count: int
    note: Words = ""
    total: bool = False
    at: str | None = None
    link: str = ""


def covered(count: int) -> Entry:
    """What a reporting-only licence covers."""
    return Entry(_("Covered by a reporting-only licence"), count, _("everything in use"))


def billed(count: int) -> Entry:
    """What is billed by usage, and so is not needed of what was purchased."""
    return Entry(_("Billed by usage"), count, _("needs no purchase beforehand"))
