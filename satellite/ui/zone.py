"""The zone in which a satellite's pages show times."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

from satellite.actions.time import ACTS
from serverkit.web.forms import Choice
from serverkit.web.page import Page


def zone_of(page: Page) -> str:
    """The zone that the site chose."""
    return str(ACTS.settings(page.unit)["zone"])


@cache
def zones() -> tuple[Choice, ...]:
    """Every zone of a place, and UTC."""
    named = sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/")))
    return tuple(Choice(one, one) for one in ("UTC", *named))
