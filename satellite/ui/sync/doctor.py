"""The doctor: one cause, and the one thing to do about it (row S2.2)."""

from __future__ import annotations

from satellite.actions.synchronization import diagnose
from satellite.ui.sync.frame import RUN, server_of
from satellite.ui.sync.overview import show
from satellite.ui.sync.remedies import remedy_of
from serverkit.web.answers import Answer, Moved
from serverkit.web.page import Page
from serverkit.web.texts import in_words
from serverkit.web.urls import Url


def begin(_page: Page) -> Answer:
    """The doctor is on the page of synchronization."""
    return Moved("/sync#doctor")


def examine(page: Page) -> Answer:
    """Examine, and show the page with the result."""
    server = server_of(page)
    found = diagnose(server, page.actor)
    cause = found["cause"]
    page.kept["doctor"] = {
        **found,
        "checked": [in_words(one) for one in found["checked"]],
        "remedy": remedy_of(cause["code"]) if cause else None,
    }
    with server.database.read(page.actor) as unit:
        page.work = unit
        shown = show(page)
    page.work = None
    return shown


URLS = (
    Url("GET", "/sync/doctor", begin, RUN, "S2.2"),
    Url("POST", "/sync/doctor", examine, RUN, "S2.2", again=show, alone=True),
)
