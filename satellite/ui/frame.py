"""What stands around every page of a satellite: place, chips, alerts, the band of a laboratory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from satellite.actions.alerts import list_alert_window
from satellite.actions.console_settings import show_banner
from satellite.actions.counts import count_alerts, count_newest_alerts, is_alert_open
from satellite.actions.site import show_status
from satellite.actions.time import ACTS
from satellite.runtime import Satellite
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.web.console import AlertLine, Chip, Frame, NavItem, Severity, SignedIn
from serverkit.web.formats import day, distance, moment
from serverkit.web.texts import Words, _

WORST = 20
STAYING = frozenset({"agreement_pending", "satellite_forked"})
"""Alerts that nobody can hide."""
SEVERITIES = {"major": Severity.MAJOR, "minor": Severity.MINOR, "informational": Severity.INFO}


def make_frame(server: Satellite, unit: Unit, who: SignedIn | None, navigation: Sequence[NavItem]) -> Frame:
    """The frame; a stranger sees the name of the place and nothing of its state."""
    status = show_status(server, unit)
    if who is None:
        return Frame(status["name"], notice=show_banner(unit))
    zone = str(ACTS.settings(unit)["zone"])
    counts = count_alerts(unit)
    found = bar_items(unit, counts)
    failed = is_alert_open(unit, "satellite_sync_failed")
    alerts = [
        AlertLine(
            SEVERITIES[str(one["severity"])],
            one["message"],
            f"/alerts#row-alerts-{one['id']}",
            one["kind"] in STAYING,
            str(one["raised_at"]),
        )
        for one in found
    ]
    numbers = {SEVERITIES[severity]: count for severity, count in counts.items()}
    newest = {SEVERITIES[severity]: mark for severity, mark in count_newest_alerts(unit).items()}
    lab = server.keyring.trust.root.lab
    band = _("Laboratory. Clock {now}", now=moment(unit.now, zone).striptags()) if lab else ""
    chips = chips_of(status, unit.licence_now, failed=failed)
    return Frame(status["name"], navigation, chips, alerts, band, zone, numbers, alert_marks=newest)


def bar_items(unit: Unit, counts: Mapping[str, int]) -> list[Mapping[str, Any]]:
    """Of each severity the most urgent and the newest open alerts, and those that stay: all that the bar may show."""
    if sum(counts.values()) <= WORST:
        return [*list_alert_window(unit, Part(most=WORST)).items]
    parts = [Part(most=None, filters={"kind": kind}) for kind in sorted(STAYING)]
    parts += [
        Part(sort, most=WORST, filters={"severity": severity})
        for severity, count in counts.items()
        if count
        for sort in ("", "-raised_at")
    ]
    ids = {str(one["id"]) for part in parts for one in list_alert_window(unit, part).items}
    return [*list_alert_window(unit, Part(most=None, ids=sorted(ids))).items]


def chips_of(status: dict[str, Any], now: datetime, *, failed: bool = False) -> list[Chip]:
    """How synchronization and the clock stand, each leading to its page (row S2.7: the countdown of every page).

    `failed`: the last synchronization did, and no one has dealt with it.
    """
    words, severity, note = _synchronization(status, now, failed=failed)
    found = [Chip("sync", words, "/sync", severity, note)]
    clock = status["clock"]
    if clock is not None:
        fine = clock["standing"] == "believed" and clock["confirmed"]
        said = _("Clock OK") if fine else _("Clock not confirmed")
        found.append(Chip("clock", said, "/settings/time", None if fine else Severity.MINOR))
    return found


def _synchronization(status: dict[str, Any], now: datetime, *, failed: bool) -> tuple[Words, Severity | None, Words]:
    """What is so, how much it asks for attention, and the next step of the ladder."""
    if status["state"] != "authorized":
        return _("Not registered"), Severity.MINOR, ""
    if status["restored"]:
        return _("Resynchronize"), Severity.MAJOR, ""
    due, overdue, removal = (_time(status[name]) for name in ("sync_due", "overdue_at", "removal_at"))
    note: Words = ""
    if due is not None and overdue is not None and removal is not None:
        if now >= removal:
            return _("Removal due since {day}", day=day(removal)), Severity.MAJOR, ""
        if now >= overdue:
            return _("Removed {when}", when=distance(removal, now)), Severity.MAJOR, ""
        if now >= due:
            return _("Overdue {when}", when=distance(overdue, now)), Severity.MINOR, ""
        note = _("due {when}", when=distance(due, now))
    if failed:
        return _("Synchronization failed"), Severity.MINOR, note
    if status["sync_state"] == "waiting_for_response":
        return _("Response {number} awaited", number=status["sequence"]), None, note
    if status["last_sync"]:
        return _("Synchronized {when}", when=distance(status["last_sync"], now)), None, note
    return _("Not synchronized yet"), None, note


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
