"""Alerts of an account (row C10.1): which there are, and where their conditions are changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, cast

from central.actions import alerts as actions
from central.actions.virtual_accounts import find_places, names_by_id
from central.domain.access.rules import Permission
from central.runtime import Central
from central.ui.alert_places import place_of
from serverkit.web.alert_kinds import OF_MACHINE, kind_filter, kind_of
from serverkit.web.alert_pages import SEVERITY, STATE, TEXT, AlertPages, with_place
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.tables import Filter, Item, Rows, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.windowed import rows_of

OF_ACCOUNTS: Mapping[str, Words] = {
    "insufficient_licences": _("Licences are missing"),
    "agreement_pending": _("The agreement waits"),
    "agreement_updated": _("The agreement was changed"),
    "licences_expiring": _("Licences end soon"),
    "licences_expired": _("Licences have ended"),
    "reserved_licence_expired": _("Reserved licences have ended"),
    "reservation_pending": _("A reservation waits for its confirmation"),
    "reservation_former_key": _("A reservation was not given up"),
    "reservation_released": _("A reservation was released by the vendor"),
    "instance_failed_to_connect": _("A device is silent"),
    "instance_failed_to_renew": _("A device did not renew its identity"),
    "duplicate_licences": _("A licence has two subscriptions"),
    "upgrade_pending": _("An upgrade is pending"),
    "restricted_licence_not_available": _("A restricted licence was not granted"),
    "reserved_licences_returned": _("Reserved licences returned"),
    "pending_removal": _("A failed device waits for its removal"),
    "conversion_errors": _("A conversion failed"),
    "licence_converted": _("Licences were converted in part"),
    "licences_not_converted": _("No licence was converted"),
    "satellite_authorization_pending": _("A satellite waits for its authorization"),
    "satellite_authorization_ready": _("An authorization file is ready"),
    "satellite_sync_deadline": _("Synchronization is due"),
    "satellite_sync_overdue": _("Synchronization is overdue"),
    "satellite_sync_failed": _("A synchronization failed"),
    "satellite_removed": _("A satellite was removed"),
    "satellite_forked": _("Two machines speak as one satellite"),
    "device_clone": _("Two machines show one identity"),
}
KINDS: Mapping[str, Words] = {**OF_ACCOUNTS, **OF_MACHINE}


def alert_rows(page: Page, wanted: Wanted) -> Rows:
    """The alerts that are wanted, the open ones where no state is chosen."""
    domain = page.parts["domain"]
    found = rows_of(page, lambda unit, part: actions.list_alert_window(unit, domain, part), wanted)
    if wanted.only_keys:
        return found
    pools = find_places(page.unit, domain, {of for one in found.items for of in places_of(one)})
    items = []
    for one in found.items:
        pool = pools.get(str(one["subject"].get("virtual_account") or ""))
        item = {**one, "domain": domain, "pool": pool, "giver": giver_of(one, pools)}
        items.append(with_place(page, item, place_of(page, item)))
    return replace(found, items=items)


def places_of(item: Item) -> Iterator[str]:
    """The virtual accounts that an alert is about, and those that have what it lacks."""
    yield str(item["subject"].get("virtual_account") or "")
    yield from (str(one["virtual_account"]) for one in item["subject"].get("surplus", ()))


def giver_of(item: Item, pools: Mapping[str, Item]) -> dict[str, Any] | None:
    """The virtual account with the largest surplus from which the person may transfer, and how much of it is missing (row C10.4)."""
    for one in item["subject"].get("surplus", ()):
        pool = pools.get(str(one["virtual_account"]))
        if pool is not None and Permission.LICENCE_TRANSFER in pool["may"]:
            count = min(int(one["count"]), int(item["subject"]["count"]))
            return {"number": pool["number"], "name": pool["name"], "count": count}
    return None


def kind_words(item: Item) -> Words:
    """What kind an alert is."""
    return kind_of(KINDS, item)


def pools(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    names = names_by_id(page.unit, page.parts["domain"])
    return [Choice(of, name) for of, name in sorted(names.items(), key=lambda one: (one[1], one[0]))]


def find_alert(page: Page) -> dict[str, Any]:
    """The alert of the address; UnknownAlertError."""
    return actions.find_alert(page.unit, page.parts["domain"], page.parts["id"])


def export_page(page: Page) -> dict[str, Any]:
    """The vendor's page on export control, while a restricted licence could not be granted (row C8.1)."""
    server = cast("Central", page.server)
    needed = actions.is_raised(page.unit, page.parts["domain"], "restricted_licence_not_available")
    return {"export_page": server.settings.portal.export_page if needed else ""}


PAGES = AlertPages(
    "/a/{domain}/alerts",
    "C10.1",
    Permission.ALERT_MANAGE,
    "central-portal#alerts",
    alert_rows,
    (
        TEXT,
        SEVERITY,
        kind_filter(OF_ACCOUNTS),
        Filter("virtual_account", _("Virtual account"), choices=pools),
        STATE,
    ),
    kind_words,
    _(
        "Alerts come by themselves when licences are missing, devices are silent or a satellite is overdue, and go when that ends."
    ),
    find_alert,
    {
        "dismiss": lambda page, key: actions.dismiss_alert(page.unit, page.parts["domain"], key),
        "remind": lambda page, key: actions.remind_alert(page.unit, page.parts["domain"], key),
        "restore": lambda page, key: actions.restore_alert(page.unit, page.parts["domain"], key),
    },
    "alerts.html",
    export_page,
)
ALERTS = PAGES.table()
URLS = PAGES.urls(ALERTS)
