"""The first page: where the site stands, until when, and what to do next (row S3.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from satellite.actions.alerts import list_alert_window
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.counts import count_export_queue, count_instances
from satellite.actions.licences import list_licence_window, show_as_of
from satellite.actions.site import show_status
from satellite.actions.updates import ACTS as UPDATES
from satellite.runtime import Satellite
from satellite.ui import licences as licence_pages
from satellite.ui.alerts import place_of
from satellite.ui.pages import licence_path
from serverkit.db.windows import Part
from serverkit.web.alert_pages import SEVERITIES, what_to_do
from serverkit.web.answers import Answer, Shown
from serverkit.web.console import Severity
from serverkit.web.figures import Ladder, Rung
from serverkit.web.formats import day, distance, number
from serverkit.web.instance_words import STATES
from serverkit.web.licence_pages import state_words
from serverkit.web.page import Page
from serverkit.web.texts import Text, Words, _, ngettext
from serverkit.web.urls import SIGNED_IN, Url

FEW = 5
REGISTER, SYNC = "/setup/register", "/sync"


def show_dashboard(page: Page) -> Answer:
    """The state of the site."""
    status = show_status(cast("Satellite", page.server), page.unit)
    now = page.unit.licence_now
    rows = list_licence_window(page.unit).items
    queue = count_export_queue(page.unit)
    states: Counter[str] = Counter()
    for (_va, state), count in count_instances(page.unit).items():
        states[state] += count
    alerts = list_alert_window(page.unit, Part(most=FEW))
    worst = [one for one in rows if one["state"] in {"short", "ends_soon"}]
    newest = BACKUPS.newest(cast("Satellite", page.server), page.unit)
    paths = {url.path for url in page.console.urls}
    step = next_step(status, queue)
    context = {
        "status": status,
        "sentence": sentence(status, rows, now),
        "tone": severity_of(status, rows, now),
        "ladder": ladder(status, now),
        "step": step if step is not None and step[1] in paths else None,
        "waits": waits(status, queue),
        "as_of": licence_pages.as_of_words(show_as_of(page.unit)),
        "licences": [(one, state_words(one), licence_path(one), licence_pages.why_path(one)) for one in worst[:FEW]],
        "more_short": len(worst) - FEW,
        "enough": len(rows) - len(worst),
        "instances": [
            (STATES[state], states[state], f"/instances?state={state}")
            for state in STATES
            if states[state] or state == "active"
        ],
        "instance_count": sum(states.values()),
        "queue": queue,
        "alerts": [
            (
                one,
                SEVERITIES[one["severity"]],
                *what_to_do(page, place_of(one)),
            )
            for one in alerts.items
        ],
        "backup": distance(newest, page.now) if newest else "",
        "alert_count": alerts.count,
        "update": UPDATES.recent(page.unit) if page.may_open("/settings/update") else None,
        "paths": paths,
    }
    return Shown("dashboard", _("Dashboard"), "dashboard.html", context, nav="dashboard", help="portal#dashboard")


def sentence(status: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: datetime) -> Sequence[Words]:
    """Where the site stands, and until when."""
    name = status["name"]
    if status["state"] != "authorized":
        waits = status["state"] == "registration_made"
        return [
            _("{name} is not registered.", name=name),
            _("The registration file waits for central's authorization.")
            if waits
            else _("Register it at central; then devices can register here."),
        ]
    if status["restored"]:
        return [
            _("{name} was restored from an older copy.", name=name),
            _("Devices go on; synchronize to bring it up to date."),
        ]
    short = sum(one["state"] == "short" for one in rows)
    first: Text
    if not rows:
        first = _("{name} has no licences yet.", name=name)
    elif short:
        first = ngettext(
            "{name} is short of units for {short} of {count} licence.",
            "{name} is short of units for {short} of {count} licences.",
            len(rows),
            name=name,
            short=number(short),
        )
    else:
        first = ngettext(
            "{name} has enough of its {count} licence.",
            "{name} has enough of all {count} licences.",
            len(rows),
            name=name,
        )
    return [first, *_until(status, now)]


def _until(status: Mapping[str, Any], now: datetime) -> list[Words]:
    due, overdue, removal = (_time(status[one]) for one in ("sync_due", "overdue_at", "removal_at"))
    if due is None or overdue is None or removal is None:
        return []
    if now >= removal:
        return [_("Central may remove it: no synchronization since {day}.", day=day(status["last_sync"]))]
    if now >= overdue:
        return [_("Synchronization is overdue; central removes it {when}.", when=distance(removal, now))]
    if now >= due:
        return [_("Synchronize soon: overdue {when}.", when=distance(overdue, now))]
    return [_("Synchronization is due {when}.", when=distance(due, now))]


def severity_of(status: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], now: datetime) -> Severity | None:
    """How much the state asks for attention."""
    overdue, due = _time(status["overdue_at"]), _time(status["sync_due"])
    short = any(one["state"] == "short" for one in rows)
    if short or status["restored"] or (overdue is not None and now >= overdue):
        return Severity.MAJOR
    if status["state"] != "authorized" or (due is not None and now >= due):
        return Severity.MINOR
    return None


def next_step(status: Mapping[str, Any], queue: Mapping[str, int]) -> tuple[Words, str] | None:
    """What to do next; nothing where nothing waits."""
    if status["state"] != "authorized":
        return _("Register"), REGISTER
    if status["restored"]:
        return _("Resynchronize"), SYNC
    if status["setup_mode"] == "network":
        return (_("Synchronize now"), SYNC) if status["pending_changes"] or queue.get("waiting") else None
    if status["sync_state"] == "waiting_for_response":
        return _("Bring back response {number}", number=status["sequence"]), SYNC
    return (_("Make request file"), SYNC) if status["pending_changes"] or queue.get("waiting") else None


def waits(status: Mapping[str, Any], queue: Mapping[str, int]) -> Words:
    """What waits for a synchronization."""
    changes, requests = status["pending_changes"], queue.get("waiting", 0)
    if not changes and not requests:
        return _("Nothing waits for synchronization.") if status["state"] == "authorized" else ""
    said = ngettext("{number} change waits", "{number} changes wait", changes, number=number(changes))
    if not requests:
        return _("{said} for synchronization.", said=said)
    asked = ngettext("{number} export request", "{number} export requests", requests, number=number(requests))
    return _("{said}, with {asked}, for synchronization.", said=said, asked=asked)


def ladder(status: Mapping[str, Any], now: datetime) -> Ladder | None:
    """The line from the last synchronization to the removal."""
    due, overdue, removal = (_time(status[one]) for one in ("sync_due", "overdue_at", "removal_at"))
    if due is None or overdue is None or removal is None:
        return None
    since = _time(status["last_sync"]) or min(now, due)
    rungs = [
        Rung(since, _("{day}, synchronized", day=day(since)) if status["last_sync"] else day(since)),
        Rung(due, _("reminder")),
        Rung(overdue, _("overdue {day}", day=day(overdue))),
        Rung(removal, _("removed {day}", day=day(removal)), gone=True),
    ]
    said = _(
        "Reminder on {due}, overdue on {overdue}, removed on {removal}.",
        due=day(due),
        overdue=day(overdue),
        removal=day(removal),
    )
    tone = Severity.MAJOR if now >= overdue else Severity.MINOR if now >= due else None
    return Ladder(_("Deadlines of synchronization"), said, since, rungs, now, tone)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


URLS = (Url("GET", "/", show_dashboard, SIGNED_IN, "S3.1"),)
