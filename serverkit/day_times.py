"""Times of day (HH:MM) and time zones by their IANA names."""

from __future__ import annotations

import difflib
import re
from datetime import time
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_NO_PLACES = frozenset({"localtime", "posixrules", "Factory"})
TIME_FORM = "HH:MM from 00:00 to 23:59, such as 03:30"


class DayTimeError(ValueError):
    """What was typed is not a time of the day, or no zone; the text says which form is needed."""


def read_time(text: str | None) -> time:
    """A time of the day in the one form HH:MM; DayTimeError otherwise."""
    if not text or not _TIME.fullmatch(text):
        raise DayTimeError(f"{(text or '')[:40]!r} is not a time of the day: {TIME_FORM}")
    return time(int(text[:2]), int(text[3:]))


def read_zone(text: str | None) -> ZoneInfo:
    """A time zone by its IANA name; DayTimeError otherwise, with the nearest name."""
    if not text or text not in _zones():
        near = difflib.get_close_matches(text or "", _zones(), 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise DayTimeError(
            f"{(text or '')[:40]!r} is not a time zone: an IANA name such as Europe/Vienna is needed{hint}"
        )
    return ZoneInfo(text)


def _time_of_day(text: str) -> str:
    read_time(text)
    return text


def _zone_name(text: str) -> str:
    read_zone(text)
    return text


TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]


@lru_cache(1)
def _zones() -> frozenset[str]:
    return frozenset(available_timezones()) - _NO_PLACES
