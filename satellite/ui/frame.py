"""What stands around every page of a satellite: place, chips, alerts, the band of a laboratory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from satellite.actions.counts import count_alerts
from satellite.actions.lists import list_alerts
from satellite.actions.site import show_status
from satellite.actions.time import ACTS
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.web.console import AlertLine, Chip, Frame, NavItem, Severity, SignedIn
from serverkit.web.formats import distance, moment
from serverkit.web.texts import Words, _

WORST = 20
SEVERITIES = {"major": Severity.MAJOR, "minor": Severity.MINOR, "informational": Severity.INFO}


def make_frame(server: Satellite, unit: Unit, who: SignedIn | None, navigation: Sequence[NavItem]) -> Frame:
    """The frame; a stranger sees the name of the place and nothing of its state."""
    status = show_status(server, unit)
    if who is None:
        return Frame(status["name"])
    zone = str(ACTS.settings(unit)["zone"])
    alerts = [
        AlertLine(SEVERITIES[str(one["severity"])], str(one["message"]), f"/alerts#row-alerts-{one['id']}")
        for one in list_alerts(unit, Part(most=WORST)).items
    ]
    numbers = {SEVERITIES[severity]: count for severity, count in count_alerts(unit).items()}
    lab = server.keyring.trust.root.lab
    band = _("Laboratory. Clock {now}", now=moment(unit.now, zone).striptags()) if lab else ""
    return Frame(status["name"], navigation, chips_of(status, unit.licence_now), alerts, band, zone, numbers)


def chips_of(status: dict[str, Any], now: datetime) -> list[Chip]:
    """How synchronization and the clock stand, each leading to its page."""
    words, severity = _synchronization(status, now)
    found = [Chip("sync", words, "/sync", severity)]
    clock = status["clock"]
    if clock is not None:
        fine = clock["standing"] == "believed" and clock["confirmed"]
        said = _("Clock right") if fine else _("Clock not confirmed")
        found.append(Chip("clock", said, "/settings/time", None if fine else Severity.MINOR))
    return found


def _synchronization(status: dict[str, Any], now: datetime) -> tuple[Words, Severity | None]:
    if status["state"] != "authorized":
        return _("Not registered"), Severity.MINOR
    if status["restored"]:
        return _("Resynchronize"), Severity.MAJOR
    due, overdue, removal = (_time(status[name]) for name in ("sync_due", "overdue_at", "removal_at"))
    if overdue is not None and removal is not None and now >= overdue:
        return _("Removed {when}", when=distance(removal, now)), Severity.MAJOR
    if due is not None and overdue is not None and now >= due:
        return _("Overdue {when}", when=distance(overdue, now)), Severity.MINOR
    if status["sync_state"] == "waiting_for_response":
        return _("Response {number} awaited", number=status["sequence"]), None
    if status["last_sync"]:
        return _("Synchronized {when}", when=distance(status["last_sync"], now)), None
    return _("Not synchronized yet"), None


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
