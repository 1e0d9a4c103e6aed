"""Tables whose rows the database gives a window at a time, and the days by which they are filtered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from serverkit.clock import iso
from serverkit.db.named import Named
from serverkit.db.paging import UnknownKeyError
from serverkit.db.unit import Unit
from serverkit.db.windows import Part, Window
from serverkit.web.formats import zone_named
from serverkit.web.page import Page
from serverkit.web.tables import Rows, Wanted


def rows_of(page: Page, listed: Callable[[Unit, Part], Window], wanted: Wanted, **changed: str | None) -> Rows:
    """A page of a table, as the database gives it; a key that no page gave shows the first one.

    `changed` are filters that the list reads otherwise than the address says them.
    """
    filters = {name: value for name, value in {**wanted.filters, **changed}.items() if value is not None}
    part = Part(wanted.sort, wanted.after, wanted.before, wanted.most, filters, wanted.keys, wanted.only_keys)
    try:
        window = listed(page.unit, part)
    except UnknownKeyError:
        window = listed(page.unit, replace(part, after=None, before=None))
    keys: Sequence[str] | None = None
    if wanted.only_keys:
        keys = window.items.ids if isinstance(window.items, Named) else [item["id"] for item in window.items]
    return Rows(window.items, window.next, window.before, window.count, keys=keys)


def day_start(text: str | None, zone: str, *, end: bool = False) -> str | None:
    """The first moment of a day in a zone, or its last one; None for what is no day."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone_named(zone))
        return iso(day + timedelta(days=1, seconds=-1) if end else day)
    except (ValueError, OverflowError):
        return None
