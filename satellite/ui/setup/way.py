"""How to synchronize: files or network, with a test of the way, and what leaves the site (rows S1.4, S2.4)."""

from __future__ import annotations

from satellite.core.access.rules import Permission
from satellite.ui.connection import tested
from satellite.ui.setup.steps import path_of, step_page
from satellite.ui.way import FIELDS, NETWORK, SCHEDULE, Way, keep_way, present_way, way_view
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

MANAGE = Permission.SITE_MANAGE


def show(page: Page) -> Answer:
    """The form, with the result of a test that was just made."""
    typed = page.kept.get("typed")
    view, _kept = way_view(page, path_of("sync"), typed)
    context = {
        "view": view,
        "network": NETWORK,
        "schedule": SCHEDULE,
        "privacy": tuple(FIELDS),
        "test": page.kept.get("test"),
        "test_path": f"{path_of('sync')}/test",
        "go_on": _("Save and continue"),
    }
    return step_page(page, "sync", _("Synchronization"), "setup_sync.html", context, help="network")


def save(page: Page) -> Answer:
    """Keep it."""
    keep_way(page)
    return Moved(path_of("summary"))


def test(page: Page) -> Answer:
    """Test the way with what was typed; nothing is stored."""
    return tested(page, show)


URLS = (
    Url("GET", "/setup/sync", show, MANAGE, "S1.4"),
    Url("POST", "/setup/sync", save, MANAGE, "S1.4", form=Way, current=present_way),
    Url("POST", "/setup/sync/test", test, MANAGE, "S1.4", form=Way, again=show, alone=True),
)
