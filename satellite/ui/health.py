"""Health: what the server checks of itself, each with what to do (row S3.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from satellite.actions.health import examine_health
from satellite.runtime import Satellite
from serverkit.verdicts import Outcome
from serverkit.web.answers import Answer, Shown
from serverkit.web.console import Severity
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url

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
    "disk": Fix(_("Room on the disk"), _("Remove what is not needed, or give the disk more room."), "/help/operations"),
    "home": Fix(
        _("Files of the home folder"),
        _("Give every file back to the owner of the home folder."),
        "/help/troubleshooting",
    ),
    "database": Fix(_("Database"), _("See that the database runs and takes what is written."), "/help/troubleshooting"),
    "clock": Fix(_("Clock"), _("Measure the time, or compare it and confirm it."), "/settings/time"),
    "keys": Fix(_("Keys"), _("Bring the key files back from a backup."), "/help/backup-and-restore"),
    "set_up": Fix(_("Set-up"), _("Finish the set-up."), "/setup"),
    "certificate": Fix(
        _("TLS certificate"), _("Bring a certificate that is valid and names this server."), "/settings/tls"
    ),
    "copy": Fix(_("Newest copy"), _("An older copy was restored: resynchronize with central."), "/sync/resync"),
    "synchronization": Fix(_("Synchronization"), _("Synchronize; the doctor names what stops it."), "/sync"),
}


def show(page: Page) -> Answer:
    """All checks, the worst first."""
    found = sorted(examine_health(cast("Satellite", page.server), page.unit), key=lambda one: ORDER.index(one.outcome))
    checks = [(one, FIXES[one.name], SEVERITIES.get(one.outcome)) for one in found]
    context = {"checks": checks, "sound": not any(one.outcome in SEVERITIES for one in found)}
    return Shown("health", TITLE, "health.html", context, nav="health", help="troubleshooting")


URLS = (Url("GET", "/health", show, SIGNED_IN, "S3.4"),)
