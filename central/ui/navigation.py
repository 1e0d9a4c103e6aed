"""The pages in their order: those of an account, and the vendor's. A page that is not there yet has no link."""

from __future__ import annotations

from collections.abc import Callable

from central.domain.access.rules import Permission
from serverkit.web.console import NavItem
from serverkit.web.texts import Words, _

VENDOR = _("Vendor")


def items_of(domain: str | None, alerts: Words, satellites: Words, exists: Callable[[str], bool]) -> list[NavItem]:
    """The links for a place; `alerts` counts the open ones in words, `satellites` those of satellites."""
    found: list[NavItem] = []
    if domain is not None:
        root = f"/a/{domain}"
        found = [
            NavItem("alerts", _("Alerts"), f"{root}/alerts", keys="a", note=alerts, icon="bell"),
            NavItem("virtual-accounts", _("Inventory"), f"{root}/inventory", keys="i", icon="licence"),
            NavItem("convert", _("Convert"), f"{root}/convert/paks", keys="v", icon="token"),
            NavItem(
                "satellites",
                _("Satellites"),
                f"{root}/satellites",
                keys="s",
                permission=Permission.ACCOUNT_VIEW,
                note=satellites,
                icon="sync",
            ),
            NavItem("reports", _("Reports"), f"{root}/reports", keys="r", icon="file"),
            NavItem("events", _("Activity"), f"{root}/events", keys="e", icon="events"),
            NavItem("preferences", _("Preferences"), f"{root}/preferences", keys="p", icon="settings"),
            NavItem(
                "members", _("Users"), f"{root}/users", keys="u", permission=Permission.ACCOUNT_USER_VIEW, icon="user"
            ),
        ]
    found += [
        NavItem(
            "accounts", _("Accounts"), "/a", VENDOR if domain is None else _("All accounts"), keys="c", icon="places"
        ),
        NavItem("tasks", _("Tasks"), "/tasks", VENDOR if domain is None else _("All accounts"), icon="clock"),
        NavItem("catalogue", _("Catalogue"), "/catalogue", VENDOR, permission=Permission.CATALOGUE_MANAGE, icon="page"),
        NavItem("orders", _("Orders"), "/orders", VENDOR, permission=Permission.ORDER_MANAGE, icon="file"),
        NavItem("policies", _("Policies"), "/policies", VENDOR, permission=Permission.VENDOR_MANAGE, icon="settings"),
        NavItem("mail", _("Mail"), "/mail", VENDOR, permission=Permission.VENDOR_MANAGE, icon="upload"),
        NavItem("webhooks", _("Webhooks"), "/webhooks", VENDOR, permission=Permission.VENDOR_MANAGE, icon="sync"),
        NavItem("backups", _("Backup"), "/backups", VENDOR, permission=Permission.VENDOR_MANAGE, icon="copy"),
        NavItem("jobs", _("Jobs"), "/jobs", VENDOR, permission=Permission.VENDOR_MANAGE, icon="clock"),
        NavItem("keys", _("Keys"), "/keys", VENDOR, permission=Permission.TRUST_MANAGE, icon="token"),
        NavItem("health", _("Health"), "/health", VENDOR, permission=Permission.VENDOR_MANAGE, icon="pulse"),
        NavItem("users", _("All users"), "/users", VENDOR, permission=Permission.USER_MANAGE, icon="user"),
        NavItem("vendor-events", _("Event log"), "/events", VENDOR, permission=Permission.VENDOR_MANAGE, icon="events"),
    ]
    return [item for item in found if exists(item.path)]
