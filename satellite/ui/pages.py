"""What the lists of the portal share: pages read by the database, choices, words for amounts and moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from satellite.actions.time import ACTS
from satellite.actions.virtual_accounts import list_virtual_accounts
from serverkit.web.forms import Choice
from serverkit.web.instance_words import units_words as units
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.windowed import day_start as start_of_day


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
    return start_of_day(text, str(ACTS.settings(page.unit)["zone"]), end=end)


def listed(words: Sequence[Any]) -> str:
    """Several words in a row."""
    return ", ".join(str(one) for one in words)


__all__ = ["day_start", "licence_path", "listed", "places", "quoted", "start_of_day", "units"]
