"""The search of a satellite: pages, devices and tokens by what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.actions.instances import list_instances
from satellite.actions.tokens import list_tokens
from serverkit.db.unit import Unit
from serverkit.web.console import Found, NavItem, SignedIn
from serverkit.web.texts import _

MOST = 20


def find(unit: Unit, who: SignedIn, text: str, navigation: Sequence[NavItem]) -> list[Found]:
    """What a text finds, by kind."""
    wanted = text.casefold()
    pages = [
        Found(item.label, item.path, _("Pages"))
        for item in navigation
        if wanted in str(item.label).casefold() and (item.permission is None or item.permission in who.permissions)
    ]
    instances = [
        Found(one["name"], f"/instances/{one['id']}", _("Product instances"), f"{one['pid']} {one['serial']}")
        for one in list_instances(unit)
        if any(wanted in str(one[name] or "").casefold() for name in ("name", "hostname", "serial", "uuid", "id"))
    ]
    tokens = [
        Found(
            one["description"] or one["id"], f"/tokens?q={one['id']}", _("Registration tokens"), one["virtual_account"]
        )
        for one in list_tokens(unit)
        if wanted in one["description"].casefold() or one["id"].startswith(wanted)
    ]
    return [*pages, *instances[:MOST], *tokens[:MOST]]
