"""Resynchronization after a restore: a new registration out, the authorization of a new epoch back (row S2.6)."""

from __future__ import annotations

from satellite.actions.site import show_status
from satellite.ui.setup.register import RESYNC, register_context, register_urls
from satellite.ui.sync.frame import server_of, sync_page
from serverkit.web.answers import Answer
from serverkit.web.page import Page
from serverkit.web.texts import _


def show(page: Page) -> Answer:
    """The three steps."""
    context = {**register_context(page), "restored": show_status(server_of(page), page.unit)["restored"]}
    return sync_page(page, "resync", _("Resynchronize"), "sync_resync.html", context)


URLS = register_urls(RESYNC, show, "S2.6")
