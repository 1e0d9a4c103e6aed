"""The pages in their order: those of an account, and the vendor's. A page that is not there yet has no link."""

from __future__ import annotations

from collections.abc import Callable

from central.domain.access.rules import Permission
from serverkit.web.console import NavItem
from serverkit.web.texts import Words, _

VENDOR = _("Vendor")


def items_of(domain: str | None, alerts: Words, exists: Callable[[str], bool]) -> list[NavItem]:
    """The links for a place; `alerts` counts the open ones in words."""
    found: list[NavItem] = []
    if domain is not None:
        root = f"/a/{domain}"
        found = [
            NavItem("alerts", _("Alerts"), f"{root}/alerts", keys="a", note=alerts),
            NavItem("virtual-accounts", _("Inventory"), f"{root}/va", keys="i"),
            NavItem("satellites", _("Satellites"), f"{root}/satellites", keys="s"),
            NavItem("events", _("Activity"), f"{root}/events", keys="e"),
            NavItem("members", _("Users"), f"{root}/users", keys="u", permission=Permission.ACCOUNT_USER_VIEW),
        ]
    found += [
        NavItem("accounts", _("Accounts"), "/a", VENDOR if domain is None else _("All accounts"), keys="c"),
        NavItem("catalogue", _("Catalogue"), "/catalogue", VENDOR, permission=Permission.CATALOGUE_MANAGE),
        NavItem("orders", _("Orders"), "/orders", VENDOR, permission=Permission.ORDER_MANAGE),
        NavItem("policies", _("Policies"), "/policies", VENDOR, permission=Permission.VENDOR_MANAGE),
        NavItem("mail", _("Mail"), "/mail", VENDOR, permission=Permission.VENDOR_MANAGE),
        NavItem("jobs", _("Jobs"), "/jobs", VENDOR, permission=Permission.VENDOR_MANAGE),
        NavItem("keys", _("Keys"), "/keys", VENDOR, permission=Permission.TRUST_MANAGE),
        NavItem("health", _("Health"), "/health", VENDOR, permission=Permission.VENDOR_MANAGE),
        NavItem("users", _("All users"), "/users", VENDOR, permission=Permission.USER_MANAGE),
        NavItem("vendor-events", _("Event log"), "/events", VENDOR, permission=Permission.VENDOR_MANAGE),
    ]
    return [item for item in found if exists(item.path)]
