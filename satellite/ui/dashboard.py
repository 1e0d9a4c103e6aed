"""The first page: where the site stands, until when, and what to do next (row S3.1)."""

from __future__ import annotations

from typing import cast

from satellite.actions.site import show_status
from satellite.runtime import Satellite
from serverkit.web.answers import Answer, Shown
from serverkit.web.page import Page
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Url


def show_dashboard(page: Page) -> Answer:
    """The state of the site."""
    status = show_status(cast("Satellite", page.server), page.unit)
    return Shown("dashboard", _("Dashboard"), "dashboard.html", {"status": status}, nav="dashboard")


URLS = (Url("GET", "/", show_dashboard, SIGNED_IN, "S3.1"),)
