"""What stands around every page of synchronization: its tabs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.web.answers import Shown
from serverkit.web.page import Page
from serverkit.web.texts import Words, _

RUN, MANAGE = Permission.SYNC_RUN, Permission.SITE_MANAGE
TITLE = _("Synchronization")
CRUMBS = ((TITLE, "/sync"),)
TABS: tuple[tuple[str, Words, str], ...] = (
    ("overview", _("Overview"), "/sync"),
    ("preview", _("What leaves"), "/sync/preview"),
    ("history", _("History"), "/sync/history"),
    ("settings", _("Settings"), "/sync/settings"),
    ("causes", _("Causes"), "/sync/causes"),
)


def tabs_for(page: Page) -> list[tuple[str, Words, str]]:
    """The tabs that the role of the person may open."""
    return [tab for tab in TABS if page.may_open(tab[2])]


def sync_page(
    page: Page, tab: str, title: Words, template: str, context: Mapping[str, Any], *, help: str = "synchronization"
) -> Shown:
    """A page of synchronization."""
    crumbs = () if tab == "overview" else CRUMBS
    name = "sync" if tab == "overview" else f"sync-{tab}"
    return Shown(name, title, template, {"tabs_": tabs_for(page), "tab": tab, **context}, help=help, crumbs=crumbs,
                 nav="sync")  # fmt: skip


def server_of(page: Page) -> Satellite:
    """The server of a page."""
    return cast("Satellite", page.server)
