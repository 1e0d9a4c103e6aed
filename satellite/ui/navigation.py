"""The pages in their order; a page that is not there yet has no link."""

from __future__ import annotations

from collections.abc import Collection

from serverkit.web.console import NavItem
from serverkit.web.texts import _

INVENTORY, RECORD, MACHINE = _("Inventory"), _("Record"), _("This machine")
ITEMS = (
    NavItem("dashboard", _("Dashboard"), "/", keys="d", icon="page"),
    NavItem("sync", _("Synchronization"), "/sync", keys="s", icon="sync"),
    NavItem("alerts", _("Alerts"), "/alerts", keys="a", icon="bell"),
    NavItem("licences", _("Licences"), "/licences", INVENTORY, keys="l", icon="licence"),
    NavItem("instances", _("Product instances"), "/instances", INVENTORY, keys="i", icon="device"),
    NavItem("tokens", _("Registration tokens"), "/tokens", INVENTORY, keys="t", icon="token"),
    NavItem("export-queue", _("Export queue"), "/export-queue", INVENTORY, keys="q", icon="queue"),
    NavItem("conversions", _("Conversions"), "/conversions", INVENTORY, icon="licence"),
    NavItem("virtual-accounts", _("Virtual accounts"), "/virtual-accounts", INVENTORY, icon="places"),
    NavItem("events", _("Event log"), "/events", RECORD, keys="e", icon="events"),
    NavItem("tasks", _("Tasks"), "/tasks", RECORD, icon="clock"),
    NavItem("users", _("Users"), "/users", MACHINE, icon="user"),
    NavItem("settings", _("Settings"), "/settings", MACHINE, icon="settings"),
    NavItem("health", _("Health"), "/health", MACHINE, icon="pulse"),
)


def existing(paths: Collection[str]) -> list[NavItem]:
    """The links to pages that there are."""
    return [item for item in ITEMS if item.path in paths]
