"""The search of a satellite: pages, devices, licences and tokens by what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.actions.instance_list import list_instances
from satellite.actions.licences import list_licence_window
from satellite.actions.tokens import list_token_window
from satellite.ui.pages import licence_path
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.web.console import Found, NavItem, SignedIn
from serverkit.web.texts import _

MOST = 20


def find(unit: Unit, who: SignedIn, text: str, navigation: Sequence[NavItem]) -> list[Found]:
    """What a text finds, by kind."""
    wanted, part = text.casefold(), Part(most=MOST, filters={"q": text})
    pages = [
        Found(item.label, item.path, _("Pages"))
        for item in navigation
        if wanted in str(item.label).casefold() and (item.permission is None or item.permission in who.permissions)
    ]
    instances = [
        Found(one["name"], f"/instances/{one['id']}", _("Product instances"), f"{one['pid']} {one['serial']}")
        for one in list_instances(unit, part).items
    ]
    tokens = [
        Found(
            one["description"] or one["id"], f"/tokens?q={one['id']}", _("Registration tokens"), one["virtual_account"]
        )
        for one in list_token_window(unit, part).items
    ]
    licences = [
        Found(one["name"], licence_path(one), _("Licences"), one["virtual_account"])
        for one in list_licence_window(unit, part).items
    ]
    return [*pages, *instances, *licences, *tokens]
