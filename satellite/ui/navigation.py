"""The pages in their order; a page that is not there yet has no link."""

from __future__ import annotations

from collections.abc import Collection

from serverkit.web.console import NavItem
from serverkit.web.texts import _

INVENTORY, RECORD, MACHINE = _("Inventory"), _("Record"), _("This machine")
ITEMS = (
    NavItem("dashboard", _("Dashboard"), "/", keys="d"),
    NavItem("sync", _("Synchronization"), "/sync", keys="s"),
    NavItem("alerts", _("Alerts"), "/alerts", keys="a"),
    NavItem("licences", _("Licences"), "/licences", INVENTORY, keys="l"),
    NavItem("instances", _("Product instances"), "/instances", INVENTORY, keys="i"),
    NavItem("tokens", _("Registration tokens"), "/tokens", INVENTORY, keys="t"),
    NavItem("export-queue", _("Export queue"), "/export-queue", INVENTORY, keys="q"),
    NavItem("virtual-accounts", _("Virtual accounts"), "/virtual-accounts", INVENTORY),
    NavItem("events", _("Event log"), "/events", RECORD, keys="e"),
    NavItem("tasks", _("Tasks"), "/tasks", RECORD),
    NavItem("users", _("Users"), "/users", MACHINE),
    NavItem("settings", _("Settings"), "/settings", MACHINE),
    NavItem("health", _("Health"), "/health", MACHINE),
)


def existing(paths: Collection[str]) -> list[NavItem]:
    """The links to pages that there are."""
    return [item for item in ITEMS if item.path in paths]
