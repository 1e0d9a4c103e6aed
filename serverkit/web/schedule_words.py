"""Words of schedules, for the forms of both consoles."""

from __future__ import annotations

from functools import cache
from typing import Literal, get_args
from zoneinfo import available_timezones

from serverkit.web.forms import Choice
from serverkit.web.texts import Words, _

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[str, ...] = get_args(Weekday)
DAYS: tuple[Words, ...] = (
    _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday"),
)  # fmt: skip
EVERY: dict[str, Words] = {
    "off": _("manually only"),
    "daily": _("every day"),
    "weekly": _("every week"),
    "monthly": _("every month"),
}


@cache
def zones() -> tuple[Choice, ...]:
    """Every zone of a place, and UTC."""
    named = sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/")))
    return tuple(Choice(one, one) for one in ("UTC", *named))
