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
TABS: tuple[tuple[str, Words, str, Permission | None], ...] = (
    ("overview", _("Overview"), "/sync", None),
    ("preview", _("What leaves"), "/sync/preview", None),
    ("history", _("History"), "/sync/history", None),
    ("settings", _("Settings"), "/sync/settings", MANAGE),
    ("causes", _("Causes"), "/sync/causes", None),
)


def tabs_for(page: Page) -> list[tuple[str, Words, str]]:
    """The tabs that the role of the person may open."""
    return [(name, words, path) for name, words, path, needed in TABS if page.may(needed)]


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
