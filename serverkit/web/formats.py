"""How dates, numbers and sizes are shown: in the language of the page and in a zone that is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal
from markupsafe import Markup

from serverkit.web.texts import MIRROR, PSEUDO, Text, _, language, ngettext

LONG_WORD = 18
"""Letters of a word that a cell of a list always has room for."""
MINUS = "\u2212"
WEEK = timedelta(days=7)
_UNITS = ((86_400, "day"), (3600, "hour"), (60, "minute"))
_AGO: dict[str, Callable[[int], Text]] = {
    "day": lambda n: ngettext("{count} day ago", "{count} days ago", n),
    "hour": lambda n: ngettext("{count} hour ago", "{count} hours ago", n),
    "minute": lambda n: ngettext("{count} minute ago", "{count} minutes ago", n),
}
_AHEAD: dict[str, Callable[[int], Text]] = {
    "day": lambda n: ngettext("in {count} day", "in {count} days", n),
    "hour": lambda n: ngettext("in {count} hour", "in {count} hours", n),
    "minute": lambda n: ngettext("in {count} minute", "in {count} minutes", n),
}


def locale_of_page() -> str:
    """The locale for Babel; English is British, as the words are."""
    return {"en": "en_GB", PSEUDO: "en_GB", MIRROR: "en_GB"}.get(language(), language())


def zone_named(name: str) -> ZoneInfo:
    """A zone by its name; UTC for one that this machine does not know."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def as_datetime(value: datetime | str) -> datetime:
    """A moment, also from the ISO text that views hold."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def moment(value: datetime | str | None, zone: str = "UTC") -> Markup:
    """A moment in a sentence: 2 Dec 2026, 09:12 CET; an en dash for none."""
    if value is None or value == "":
        return Markup('<span class="none">–</span>')
    local = as_datetime(value).astimezone(zone_named(zone))
    shown = format_datetime(local, "d MMM y, HH:mm z", locale=locale_of_page())
    return _time(value, shown)


def list_moment(value: datetime | str | None, zone: str = "UTC") -> Markup:
    """A moment in a list: 2026-12-02 09:12; the zone is in the head of the column."""
    if value is None or value == "":
        return Markup('<span class="none">–</span>')
    local = as_datetime(value).astimezone(zone_named(zone))
    return _time(value, f"{local:%Y-%m-%d %H:%M}")


def day(value: date | datetime | str | None) -> str:
    """A day: 12 Jan 2027."""
    if value is None or value == "":
        return "–"
    found = date.fromisoformat(value[:10]) if isinstance(value, str) else value
    return format_date(found, "d MMM y", locale=locale_of_page())


def distance(value: datetime | str, now: datetime) -> str:
    """How long ago, or how long until: 54 days ago, in 3 hours, just now."""
    seconds = int((as_datetime(value) - now).total_seconds())
    for size, name in _UNITS:
        if abs(seconds) >= size:
            count = abs(seconds) // size
            return str((_AHEAD if seconds > 0 else _AGO)[name](count))
    return str(_("just now"))


def number(value: int | None) -> str:
    """A number in groups, with a minus that is as wide as a plus; an en dash for none by nature."""
    if value is None:
        return "–"
    return format_decimal(value, locale=locale_of_page()).replace("-", MINUS)


def balance(value: int | None) -> str:
    """A number that says whether it is more or less than nothing: +3, −60."""
    return f"+{number(value)}" if value is not None and value > 0 else number(value)


def unbroken(value: object) -> bool:
    """Whether no word of a text is so long that it may have to be cut."""
    return all(len(word) <= LONG_WORD for word in str(value).split())


def size(count: int) -> str:
    """A number of bytes: 41 kB, 1.2 MB."""
    if count < 1000:
        return str(ngettext("{count} byte", "{count} bytes", count))
    for unit, of in (("kB", 1000), ("MB", 1000**2), ("GB", 1000**3)):
        if count < of * 1000 or unit == "GB":
            return f"{format_decimal(round(count / of, 1 if count < of * 10 else 0), locale=locale_of_page())} {unit}"
    raise AssertionError


def fours(text: str, most: int = 64) -> str:
    """A digest or an id in groups of four."""
    return " ".join(text[at : at + 4] for at in range(0, min(len(text), most), 4))


def _time(value: datetime | str, shown: str) -> Markup:
    exact = as_datetime(value).astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(f"{exact:%Y-%m-%dT%H:%M:%SZ}", shown)
