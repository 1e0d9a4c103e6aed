"""The tabs of a virtual account and of an account's records."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.domain.access.rules import ALL_POOLS
from serverkit.web.texts import Words, _

Tabs = tuple[tuple[str, Words, str], ...]


def pool_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """What the template of a page of a virtual account needs to show its tabs; those of all of them with `all` as number."""
    if parts["number"] == ALL_POOLS:
        return inventory_tabs(parts)
    root = f"/a/{parts['domain']}/va/{parts['number']}"
    items: Tabs = (
        ("general", _("General"), f"{root}/general"),
        ("licences", _("Licences"), f"{root}/licences"),
        ("transfers", _("Transfers"), f"{root}/licence-transfers"),
        ("instances", _("Product instances"), f"{root}/instances"),
        ("reservations", _("Reservations"), f"{root}/reservations"),
        ("events", _("Event log"), f"{root}/events"),
        ("users", _("Users"), f"{root}/users"),
    )
    return {"tab_items": items, "tab_label": _("Parts of the virtual account")}


def inventory_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """The same for all virtual accounts of an account at once."""
    root = f"/a/{parts['domain']}/va"
    items: Tabs = (
        ("virtual-accounts", _("Virtual accounts"), root),
        ("licences", _("Licences"), f"{root}/{ALL_POOLS}/licences"),
        ("instances", _("Product instances"), f"{root}/{ALL_POOLS}/instances"),
    )
    return {"tab_items": items, "tab_label": _("Inventory")}


def record_tabs(parts: Mapping[str, str]) -> dict[str, Any]:
    """The same for the records of an account."""
    root = f"/a/{parts['domain']}"
    items: Tabs = (
        ("events", _("Event log"), f"{root}/events"),
        ("transactions", _("Licence transactions"), f"{root}/transactions"),
    )
    return {"tab_items": items, "tab_label": _("Activity")}
