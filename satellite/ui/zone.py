"""The zone in which a satellite's pages show times."""

from __future__ import annotations

from satellite.actions.time import ACTS
from serverkit.web.page import Page


def zone_of(page: Page) -> str:
    """The zone that the site chose."""
    return str(ACTS.settings(page.unit)["zone"])
