"""Alerts: what asks for attention, and what can be done about it (rows S3.2, C10.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from satellite.actions import alerts as actions
from satellite.actions.lists import list_alerts
from satellite.core.access.rules import Permission
from satellite.ui.pages import licence_path, places
from serverkit.db.unit import Unit
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk, Judged
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.console import Severity
from serverkit.web.forms import Choice, Form
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Item, Moment, Rows, State, StateWords, Table, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.ALERT_MANAGE
SEVERITIES = {
    "major": StateWords(_("Major"), Severity.MAJOR),
    "minor": StateWords(_("Minor"), Severity.MINOR),
    "informational": StateWords(_("Informational"), Severity.INFO),
}
STATES = {
    "open": StateWords(_("Open")),
    "reminded": StateWords(_("Put off")),
    "dismissed": StateWords(_("Dismissed")),
    "cleared": StateWords(_("Over")),
}
KINDS = {
    "insufficient_licences": _("Licences are missing"),
    "licences_expiring": _("Licences end soon"),
    "licences_expired": _("Licences have ended"),
    "restricted_licence_not_available": _("A restricted licence was not granted"),
    "instance_failed_to_connect": _("A device is silent"),
    "instance_failed_to_renew": _("A device did not renew its identity"),
    "device_clone": _("Two machines show one identity"),
    "satellite_authorization_pending": _("A registration waits for its authorization"),
    "satellite_sync_deadline": _("Synchronization is due"),
    "satellite_sync_overdue": _("Synchronization is overdue"),
    "satellite_sync_failed": _("A synchronization failed"),
    "satellite_forked": _("This machine was restored from a copy"),
    "agreement_pending": _("The agreement waits"),
    "virtual_account_released": _("A virtual account is not this satellite's any more"),
    "clock_suspicious": _("The clock is in doubt"),
    "trust_expiring": _("A key of central ends soon"),
    "backup_old": _("The newest backup is old"),
    "backup_failed": _("A backup failed"),
    "tls_pair_unusable": _("The TLS files cannot be used"),
    "tls_certificate_ending": _("The TLS certificate ends soon"),
    "tls_names_missing": _("The TLS certificate lacks a name"),
}
SYNC, CLOCK = "/sync", "/settings/time"
PLACES: dict[str, tuple[Words, str]] = {
    "backup_old": (_("Make a backup"), "/settings/backup"),
    "backup_failed": (_("Make a backup"), "/settings/backup"),
    "tls_pair_unusable": (_("Replace the certificate"), "/settings/tls"),
    "tls_certificate_ending": (_("Replace the certificate"), "/settings/tls"),
    "tls_names_missing": (_("Replace the certificate"), "/settings/tls"),
}
"""Where the condition of a kind of alert is changed, whatever the alert is about."""


def alert_rows(page: Page, wanted: Wanted) -> Rows:
    """The alerts that are wanted; the open ones where no state is chosen."""
    found = rows_of(page, list_alerts, wanted)
    return found if wanted.only_keys else replace(found, items=[_with_next(page, one) for one in found.items])


def _with_next(page: Page, item: Item) -> Item:
    return {**item, "next_path": next_path(page, item)}


def place_of(item: Item) -> tuple[Words, str] | None:
    """Where the condition of an alert is changed: the words and the address."""
    subject, possible = item["subject"], item["actions"]
    if item["kind"] in PLACES:
        return PLACES[item["kind"]]
    if item["kind"] == "insufficient_licences" and "tag" in subject:
        about = {"virtual_account_id": subject["virtual_account"], "tag": subject["tag"]}
        return _("Why, and what to do"), f"{licence_path(about)}/why"
    if "synchronize" in possible or "import" in possible or item["kind"].startswith("satellite_sync"):
        return _("Synchronize"), SYNC
    if "resync" in possible:
        return _("Resynchronize"), SYNC
    if "confirm_time" in possible:
        return _("Set the time right"), CLOCK
    instance = subject.get("instance")
    if isinstance(instance, str):
        return _("Open the device"), f"/instances/{instance}"
    if isinstance(subject.get("instances"), list):
        return _("Compare the devices"), "/instances?mark=clone"
    if item["kind"] == "virtual_account_released":
        return _("Open the devices"), f"/instances?virtual_account={subject['virtual_account']}"
    if "tag" in subject and "virtual_account" in subject:
        return _("Open the licences"), f"/licences?virtual_account={subject['virtual_account']}"
    return None


def next_words(item: Item) -> str | None:
    """What can be done about it."""
    found = place_of(item)
    return str(found[0]) if found else None


def next_path(page: Page, item: Item) -> str | None:
    """Where it is done, if the person may open that page."""
    found = place_of(item)
    return found[1] if found and page.may_open(found[1]) else None


def kind_words(item: Item) -> Words:
    """What kind an alert is."""
    return KINDS.get(item["kind"], str(item["kind"]).replace("_", " "))


def is_open(item: Item) -> bool:
    """Whether an alert is shown by itself."""
    return bool(item["state"] == "open")


def is_hidden(item: Item) -> bool:
    """Whether a person put an alert away."""
    return item["state"] in {"reminded", "dismissed"}


def not_dismissed(item: Item) -> Words | None:
    """Why an alert cannot be dismissed."""
    if "dismiss" not in item["actions"]:
        return _("It stays until its condition ends.")
    return None if item["state"] in {"open", "reminded"} else _("It is not open.")


def not_put_off(item: Item) -> Words | None:
    """Why an alert cannot be put off."""
    if "remind" not in item["actions"]:
        return _("It has no later step.")
    return None if item["state"] == "open" else _("It is not open.")


def not_restored(item: Item) -> Words | None:
    """Why an alert cannot be restored."""
    return None if item["state"] in {"reminded", "dismissed"} else _("It is neither dismissed nor put off.")


def _bulk(
    name: str, label: Words, why: Callable[[Item], Words | None], do: Callable[[Unit, str], Any], said: Words
) -> Bulk:
    def judge(_page: Page, items: Any, _read: Any) -> list[Judged]:
        return [Judged(one["id"], one["message"], why(one)) for one in items]

    def act(page: Page, item: Item, _read: Any) -> Words:
        do(page.unit, item["id"])
        return said

    return Bulk(name, label, MANAGE, judge, act, "S3.2")


ALERTS = Table(
    "alerts",
    _("Alerts"),
    "/alerts",
    (
        Column("message", _("What"), fixed=True, phone=True, sub=kind_words),
        State("severity", _("Severity"), SEVERITIES, sort=True, phone=True),
        Column("next", _("What to do"), value=next_words, link=lambda one: one["next_path"], phone=True),
        Column("source", _("Source"), sort=True),
        Moment("action_due", _("Action due"), sort=True),
        Moment("raised_at", _("Raised"), sort=True, shown=False),
        State("state", _("State"), STATES, shown=False),
        Moment("remind_at", _("Comes back"), shown=False),
    ),
    alert_rows,
    sort="severity",
    filters=(
        Filter("q", _("Text or source"), "text"),
        Filter("severity", _("Severity"), choices=tuple(Choice(name, one.words) for name, one in SEVERITIES.items())),
        Filter("kind", _("Kind"), choices=tuple(Choice(name, words) for name, words in KINDS.items())),
        Filter("virtual_account", _("Virtual account"), choices=places),
        Filter(
            "state",
            _("State"),
            choices=(
                Choice("hidden", _("dismissed and put off")),
                Choice("cleared", _("over")),
            ),
            usual=_("open"),
        ),
    ),
    acts=(
        Act(_("Dismiss"), lambda one: f"/alerts/{one['id']}/dismiss", MANAGE, not_dismissed, fits=is_open),
        Act(_("Remind later"), lambda one: f"/alerts/{one['id']}/remind", MANAGE, not_put_off, fits=is_open),
        Act(_("Restore"), lambda one: f"/alerts/{one['id']}/restore", MANAGE, not_restored, fits=is_hidden),
    ),
    bulk=(
        _bulk("dismiss", _("Dismiss"), not_dismissed, actions.dismiss_alert, _("dismissed")),
        _bulk("remind", _("Remind later"), not_put_off, actions.remind_alert, _("put off")),
        _bulk("restore", _("Restore"), not_restored, actions.restore_alert, _("restored")),
    ),
    empty=Empty(
        _("Nothing asks for attention"),
        _(
            "Alerts come by themselves when licences are missing, devices are silent or a synchronization is due, and go when that ends."
        ),
    ),
)
LIST = ((ALERTS.title, ALERTS.path),)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, ALERTS, help="portal#alerts")


def find_alert(page: Page) -> dict[str, Any]:
    """The alert of the address; UnknownAlertError."""
    return actions.find_alert(page.unit, page.parts["id"])


def _confirm(page: Page, title: Words, effect: Words, verb: str) -> Answer:
    one = page.thing
    view = Form(BaseModel, title).view(
        page, f"/alerts/{one['id']}/{verb}", cancel="/alerts", cancel_words=_("Leave it")
    )
    context = {"view": view, "effect": effect, "effects": (), "about": ((_("Alert"), one["message"]),)}
    return Shown(f"alert-{verb}", title, "confirm.html", context, crumbs=LIST, nav="alerts", help="portal#alerts")


def dismiss_page(page: Page) -> Answer:
    """Say what dismissing does."""
    return _confirm(page, _("Dismiss alert"), _("It stays hidden until its condition ends and recurs."), "dismiss")


def remind_page(page: Page) -> Answer:
    """Say what putting off does."""
    return _confirm(
        page,
        _("Remind later"),
        _("The alert returns at its next stage, or after half of the remaining time."),
        "remind",
    )


def restore_page(page: Page) -> Answer:
    """Say what restoring does."""
    return _confirm(page, _("Restore alert"), _("It is shown again with the open ones."), "restore")


def dismiss(page: Page) -> Answer:
    """Dismiss an alert."""
    actions.dismiss_alert(page.unit, page.thing["id"])
    return Moved("/alerts", _("Alert dismissed. It is listed with the dismissed ones."))


def remind(page: Page) -> Answer:
    """Put an alert off."""
    actions.remind_alert(page.unit, page.thing["id"])
    return Moved("/alerts", _("Alert put off. It is listed with those that were put off."))


def restore(page: Page) -> Answer:
    """Show an alert again."""
    actions.restore_alert(page.unit, page.thing["id"])
    return Moved("/alerts", _("Alert restored."))


URLS = (
    Url("GET", "/alerts", list_page, SIGNED_IN, "S3.2", table=ALERTS),
    Url("GET", "/alerts/{id}/dismiss", dismiss_page, MANAGE, "S3.2", load=find_alert),
    Url("POST", "/alerts/{id}/dismiss", dismiss, MANAGE, "S3.2", load=find_alert, twin="dismiss_alert"),
    Url("GET", "/alerts/{id}/remind", remind_page, MANAGE, "S3.2", load=find_alert),
    Url("POST", "/alerts/{id}/remind", remind, MANAGE, "S3.2", load=find_alert, twin="remind_alert"),
    Url("GET", "/alerts/{id}/restore", restore_page, MANAGE, "S3.2", load=find_alert),
    Url("POST", "/alerts/{id}/restore", restore, MANAGE, "S3.2", load=find_alert),
    *bulk_urls(ALERTS),
)
