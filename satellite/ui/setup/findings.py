"""What was examined on this machine, in the words of the page (row S1.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from satellite.core.site.rules import Finding, Weight
from serverkit.web.console import Severity
from serverkit.web.formats import fours, moment, size
from serverkit.web.tables import StateWords
from serverkit.web.texts import Text, Words, _, ngettext

NAMES: dict[str, Words] = {
    "clock": _("Clock"),
    "disk": _("Disk"),
    "names": _("Names of this server"),
    "address": _("Certificate"),
    "keys": _("Keys"),
    "schema": _("Database"),
}
STATES = {
    Weight.IN_ORDER: StateWords(_("in order")),
    Weight.LOOK: StateWords(_("look at this"), Severity.MINOR),
    Weight.STOP: StateWords(_("stops the set-up"), Severity.MAJOR),
}
_BOTH, _REVISION = _("{here}; your computer says {browser}"), _("revision {now}")
_FREE, _NEAR = _("{free} free"), _("within 2 minutes of your computer's")
_USED, _OWN = _("the names that devices use"), _("a certificate of its own, or one of your authority")
_NEWEST = _("revision {newest}")
WORDS: dict[str, tuple[Words, Words, Words]] = {
    "clock.before_root": (
        "{here}",
        _("after {earliest}"),
        _("The vendor's root file was made later than this clock says: set the clock with the means of the system."),
    ),
    "clock.not_compared": (
        "{here}",
        _NEAR,
        _("Not compared yet: check again, or compare it with a clock that is right."),
    ),
    "clock.ahead": (
        _BOTH,
        _NEAR,
        _("It is {minutes} min {seconds} s ahead of your computer: set whichever of them is wrong."),
    ),
    "clock.behind": (
        _BOTH,
        _NEAR,
        _("It is {minutes} min {seconds} s behind your computer: set whichever of them is wrong."),
    ),
    "clock.fine": (_BOTH, _NEAR, ""),
    "disk.fine": (_FREE, "{enough}", ""),
    "disk.little": (_FREE, "{enough}", _("Make room: events and backups grow.")),
    "disk.full": (_FREE, "{enough}", _("Free space on the disk of the state folder.")),
    "names.none": (
        _("none is set"),
        _USED,
        _("Needed if devices reach this server by a name."),
    ),
    "names.another": ("{names}", _USED, _("Your browser uses {reached_as}, which is not among them.")),
    "names.fine": ("{names}", _USED, ""),
    "address.none": (_("no certificate yet"), _OWN, _("The server makes one when it starts.")),
    "address.fine": (_("fingerprint {fingerprint}, ends {ends}"), _OWN, ""),
    "keys.missing": (_("missing: {missing}"), _("readable"), _("Restore the folder `keys` from its backup.")),
    "keys.fine": (_("readable"), _("readable"), ""),
    "schema.another": (_REVISION, _NEWEST, _("Run `satellite upgrade` of this version.")),
    "schema.fine": (_REVISION, _NEWEST, ""),
}
"""By what was examined and its case: found, needed, what to do."""


PLACES = {"names": "/settings/network"}
"""The page where what was found can be changed."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table; `path` is the page where it can be changed."""

    name: Words
    found: Words
    needed: Words
    advice: Words
    state: StateWords
    path: str = ""


def line(one: Finding, zone: str) -> Line:
    """A finding, with its facts as people read them."""
    facts = {name: _shown(name, value, zone) for name, value in one.facts.items()}
    found, needed, advice = (_filled(words, facts) for words in WORDS[f"{one.name}.{one.case}"])
    path = PLACES.get(one.name, "") if advice else ""
    return Line(NAMES[one.name], found, needed, advice, STATES[one.weight], path)


def counted(findings: tuple[Finding, ...]) -> Words:
    """How it stands, in a sentence."""
    counts = {weight: sum(one.weight is weight for one in findings) for weight in Weight}
    said = [
        _("{count} in order", count=counts[Weight.IN_ORDER]),
        _("{count} to look at", count=counts[Weight.LOOK]),
        ngettext("{count} stops the set-up", "{count} stop the set-up", counts[Weight.STOP]),
    ]
    return ", ".join(str(one) for one, count in zip(said, counts.values(), strict=True) if count)


def _filled(words: Words, facts: dict[str, Any]) -> Words:
    return Text(words.message, values=facts) if isinstance(words, Text) else words.format_map(facts)


def _shown(name: str, value: Any, zone: str) -> Any:
    if isinstance(value, datetime):
        return moment(value, zone).striptags()
    if name == "fingerprint":
        return fours(str(value))
    return size(value) if name in {"free", "enough"} else value
