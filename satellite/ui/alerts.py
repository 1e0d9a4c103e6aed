"""Alerts: what asks for attention, and where its condition is changed (rows S3.2, C10.1)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from satellite.actions import alerts as actions
from satellite.actions.alerts import list_alert_window
from satellite.core.access.rules import Permission
from satellite.ui.pages import licence_path, places
from serverkit.web.alert_kinds import OF_MACHINE, kind_filter, kind_of
from serverkit.web.alert_pages import SEVERITY, STATE, TEXT, AlertPages, Place, with_place
from serverkit.web.page import Page
from serverkit.web.tables import Filter, Item, Rows, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.windowed import rows_of

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
    **OF_MACHINE,
}
SYNC, CLOCK = "/sync", "/settings/time"
PLACES: dict[str, Place] = {
    "backup_old": (_("Make a backup"), "/settings/backup"),
    "backup_failed": (_("Make a backup"), "/settings/backup"),
    "update_not_installed": (_("Open the updates"), "/settings/update"),
    "mail_undelivered": (_("Open the mail settings"), "/settings/mail"),
    "webhook_undelivered": (_("Open the webhooks"), "/settings/webhooks"),
    "backup_not_copied": (_("Open the target"), "/settings/backup/target"),
    "tls_pair_unusable": (_("Replace the certificate"), "/settings/tls"),
    "tls_certificate_ending": (_("Replace the certificate"), "/settings/tls"),
    "tls_names_missing": (_("Replace the certificate"), "/settings/tls"),
}
"""Where the condition of a kind of alert is changed, whatever the alert is about."""


def alert_rows(page: Page, wanted: Wanted) -> Rows:
    """The alerts that are wanted; the open ones where no state is chosen."""
    found = rows_of(page, list_alert_window, wanted)
    if wanted.only_keys:
        return found
    return replace(found, items=[with_place(page, one, place_of(one)) for one in found.items])


def place_of(item: Item) -> Place | None:
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


def kind_words(item: Item) -> Words:
    """What kind an alert is."""
    return kind_of(KINDS, item)


def find_alert(page: Page) -> dict[str, Any]:
    """The alert of the address; UnknownAlertError."""
    return actions.find_alert(page.unit, page.parts["id"])


PAGES = AlertPages(
    "/alerts",
    "S3.2",
    Permission.ALERT_MANAGE,
    "portal#alerts",
    alert_rows,
    (
        TEXT,
        SEVERITY,
        kind_filter(KINDS),
        Filter("virtual_account", _("Virtual account"), choices=places),
        STATE,
    ),
    kind_words,
    _(
        "Alerts come by themselves when licences are missing, devices are silent or a synchronization is due, and go when that ends."
    ),
    find_alert,
    {
        "dismiss": lambda page, key: actions.dismiss_alert(page.unit, key),
        "remind": lambda page, key: actions.remind_alert(page.unit, key),
        "restore": lambda page, key: actions.restore_alert(page.unit, key),
    },
)
ALERTS = PAGES.table()
URLS = PAGES.urls(ALERTS)
