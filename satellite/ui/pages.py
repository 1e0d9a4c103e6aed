"""What the lists of the portal share: pages read by the database, choices, words for amounts and moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from satellite.actions.time import ACTS
from satellite.actions.virtual_accounts import list_virtual_accounts
from serverkit.clock import iso
from serverkit.db.paging import UnknownKeyError
from serverkit.db.unit import Unit
from serverkit.db.windows import Part, Window
from serverkit.web.formats import zone_named
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.tables import Item, Rows, Wanted
from serverkit.web.texts import Text, _


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
    keys = [item["id"] for item in window.items] if wanted.only_keys else None
    return Rows(window.items, window.next, window.before, window.count, keys=keys)


def places(page: Page) -> list[Choice]:
    """The virtual accounts to choose from, by id."""
    return [Choice(one.id, one.name) for one in list_virtual_accounts(page.unit)]


def licence_path(item: Item) -> str:
    """The address of a licence in a virtual account."""
    return f"/licences/{item['virtual_account_id']}/{quoted(item)}"


def quoted(item: Item) -> str:
    """The tag of a licence as it is in an address."""
    return quote(str(item["tag"]), safe="")


def day_start(page: Page, text: str | None, *, end: bool = False) -> str | None:
    """The first moment of a day in the zone of the site, or its last one; None for what is no day."""
    if not text:
        return None
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone_named(str(ACTS.settings(page.unit)["zone"])))
        return iso(day + timedelta(days=1, seconds=-1) if end else day)
    except (ValueError, OverflowError):
        return None


def units(count: int, name: str) -> Text:
    """So many units of a licence."""
    return _("{count} of {licence}", count=count, licence=name)


def listed(words: Sequence[Any]) -> str:
    """Several words in a row."""
    return ", ".join(str(one) for one in words)
