"""Alerts of an account (row C10.1): which there are, and where their conditions are changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from central.actions import alerts as actions
from central.actions.virtual_accounts import list_places
from central.domain.access.rules import Permission
from central.runtime import Central
from central.ui.alert_places import place_of
from serverkit.web.alert_pages import SEVERITY, STATE, TEXT, AlertPages, with_place
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.tables import Filter, Item, Rows, Wanted
from serverkit.web.texts import Words, _
from serverkit.web.windowed import rows_of


def alert_rows(page: Page, wanted: Wanted) -> Rows:
    """The alerts that are wanted, the open ones where no state is chosen."""
    domain = page.parts["domain"]
    found = rows_of(page, lambda unit, part: actions.list_alert_window(unit, domain, part), wanted)
    if wanted.only_keys:
        return found
    pools = {one["id"]: one for one in list_places(page.unit, domain)}
    items = []
    for one in found.items:
        pool = pools.get(str(one["subject"].get("virtual_account") or ""))
        item = {**one, "domain": domain, "pool": pool, "giver": giver_of(one, pools)}
        items.append(with_place(page, item, place_of(page, item)))
    return replace(found, items=items)


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
    return str(item["kind"]).replace("_", " ")


def pools(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one["id"], one["name"]) for one in list_places(page.unit, page.parts["domain"])]


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
