"""What every page of the settings has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.web.answers import Shown
from serverkit.web.page import Page
from serverkit.web.texts import Words, _

MANAGE = Permission.SITE_MANAGE
PATH = "/settings"
UP = ((_("Settings"), PATH),)


def server_of(page: Page) -> Satellite:
    """The server, for use cases."""
    return cast("Satellite", page.server)


def settings_page(name: str, title: Words, template: str, context: Mapping[str, Any], help_page: str = "") -> Shown:
    """A page of one subject."""
    return Shown(f"settings-{name}", title, template, context, crumbs=UP, nav="settings", help=help_page or "settings")
