"""The search of a satellite: pages, devices, licences, tokens and codes by what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from satellite.actions.instance_list import list_instances
from satellite.actions.licences import list_licence_window
from satellite.actions.tokens import list_token_window
from satellite.ui.pages import licence_path
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.web.console import Found, NavItem, SignedIn
from serverkit.web.searching import found_codes, found_pages
from serverkit.web.texts import _

MOST = 20


def find(unit: Unit, who: SignedIn, text: str, navigation: Sequence[NavItem]) -> list[Found]:
    """What a text finds, by kind."""
    part = Part(most=MOST, filters={"q": text})
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
    return [*found_codes(text, "errors", "causes"), *found_pages(navigation, who, text), *instances, *licences, *tokens]
