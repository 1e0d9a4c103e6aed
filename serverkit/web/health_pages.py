"""The page of health, the same in both consoles: each check with its result and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from serverkit.health_checks import HealthCheck
from serverkit.verdicts import Outcome
from serverkit.web.answers import Shown
from serverkit.web.console import Severity
from serverkit.web.formats import day
from serverkit.web.texts import Text, Words, _

TITLE = _("Health")
SEVERITIES = {Outcome.FAIL: Severity.MAJOR, Outcome.WARN: Severity.MINOR}
ORDER = (Outcome.FAIL, Outcome.WARN, Outcome.PASS, Outcome.SKIP)


@dataclass(frozen=True, slots=True)
class Fix:
    """What a check looks at, what to do where it does not pass, and the page for it."""

    title: Words
    remedy: Words
    path: str


FIXES = {
    "disk": Fix(_("Disk space"), _("Delete what is not needed, or enlarge the disk."), "/help/operations"),
    "home": Fix(
        _("Files of the home folder"),
        _("Make the owner of the home folder the owner of every file in it."),
        "/help/troubleshooting",
    ),
    "database": Fix(_("Database"), _("Check that the database runs and accepts writes."), "/help/troubleshooting"),
    "keys": Fix(_("Keys"), _("Restore the key files from a backup."), "/help/backup-and-restore"),
}
"""What to do about the checks that both servers make."""
DETAILS: dict[str, Text] = {
    "answers and writes": _("answers and writes"),
    "answers, busy": _("answers, busy"),
    "does not answer": _("does not answer"),
    "believed": _("trusted"),
    "believed, not confirmed": _("trusted, not confirmed"),
    "set_back": _("set back"),
    "suspicious": _("jumped forward"),
    "the newest": _("up to date"),
    "restored": _("restored"),
    "not registered": _("not registered"),
    "all ended well": _("completed without errors"),
    "ended on {day}": _("ended on {day}"),
    "until {day}": _("until {day}"),
    "due {day}": _("due {day}"),
    "last seen {day}": _("last seen {day}"),
    "no job has run yet": _("no job has run yet"),
    "no mail server is set": _("no mail server is set"),
    "none are planned": _("none are planned"),
    "none was verified yet": _("none was verified yet"),
    "newest of {day}": _("newest of {day}"),
    "none is overdue": _("none is overdue"),
    "delivers": _("no mail waits for another try"),
}
"""Details of checks in the language of the page; others are codes, names and numbers."""


def detail(one: HealthCheck, kinds: Mapping[str, Words]) -> Words:
    """The detail of a check; `kinds` are the names of jobs."""
    if one.name == "jobs" and one.detail not in DETAILS:
        return ", ".join(str(kinds.get(job, job)) for job in one.detail.split(", "))
    found = DETAILS.get(one.detail)
    return Text(found.message, values={"day": day(one.day)}) if found is not None else one.detail or "–"


def health_page(
    checks: Sequence[HealthCheck],
    fixes: Mapping[str, Fix],
    template: str,
    context: Mapping[str, Any],
    kinds: Mapping[str, Words] = MappingProxyType({}),
) -> Shown:
    """All checks, the worst first; `fixes` are those of the console beside the common ones."""
    known = {**FIXES, **fixes}
    found = sorted(checks, key=lambda one: ORDER.index(one.outcome))
    rows = [(one, detail(one, kinds), known[one.name], SEVERITIES.get(one.outcome)) for one in found]
    sound = not any(one.outcome in SEVERITIES for one in found)
    return Shown(
        "health", TITLE, template, {"checks": rows, "sound": sound, **context}, nav="health", help="troubleshooting"
    )
