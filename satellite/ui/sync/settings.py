"""How and when this site synchronizes, and what leaves it, at any time after the set-up (rows S1.4, S2.4)."""

from __future__ import annotations

from satellite.ui.connection import tested
from satellite.ui.sync.frame import MANAGE, sync_page
from satellite.ui.way import FIELDS, NETWORK, SCHEDULE, Way, keep_way, present_way, way_view
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import Url

PATH = "/sync/settings"


def show(page: Page) -> Answer:
    """The form."""
    view, kept = way_view(page, PATH, page.kept.get("typed"))
    context = {
        "view": view,
        "network": NETWORK,
        "schedule": SCHEDULE,
        "privacy": tuple(FIELDS),
        "test": page.kept.get("test"),
        "test_path": f"{PATH}/test",
        "go_on": _("Save"),
        "next": kept["next"],
    }
    return sync_page(page, "settings", _("Synchronization settings"), "sync_settings.html", context, help="network")


def save(page: Page) -> Answer:
    """Keep it."""
    keep_way(page)
    return Moved(PATH, _("Saved."))


def test(page: Page) -> Answer:
    """Test the way with what was typed; nothing is stored."""
    return tested(page, show)


URLS = (
    Url("GET", PATH, show, MANAGE, "S1.4"),
    Url("POST", PATH, save, MANAGE, "S1.4", form=Way, current=present_way),
    Url("POST", f"{PATH}/test", test, MANAGE, "S1.4", form=Way, again=show, alone=True),
)
