"""Virtual accounts: what is in each; central makes and changes them (row S3.2)."""

from __future__ import annotations

from collections import Counter

from satellite.actions.counts import count_instances
from satellite.actions.licences import list_licence_rows
from satellite.actions.tokens import list_tokens
from satellite.actions.virtual_accounts import list_virtual_accounts
from serverkit.web.answers import Answer
from serverkit.web.console import Severity
from serverkit.web.formats import number
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Column,
    Empty,
    Figure,
    Filter,
    Ident,
    Item,
    Rows,
    State,
    StateWords,
    Table,
    Wanted,
    from_list,
)
from serverkit.web.texts import _, ngettext
from serverkit.web.urls import SIGNED_IN, Url


def account_rows(page: Page, wanted: Wanted) -> Rows:
    """The virtual accounts with what is in them, counted by four queries however many devices there are."""
    devices: Counter[str] = Counter()
    for (va, _state), count in count_instances(page.unit).items():
        devices[va] += count
    licences = list_licence_rows(page.unit)
    tokens = Counter(one["virtual_account"] for one in list_tokens(page.unit) if one["state"] == "active")
    items = [
        {
            "id": one.id,
            "name": one.name,
            "description": one.description,
            "instances": devices[one.id],
            "licences": len({row["tag"] for row in licences if row["virtual_account_id"] == one.id}),
            "short": sum(row["state"] == "short" for row in licences if row["virtual_account_id"] == one.id),
            "tokens": tokens[one.name],
        }
        for one in list_virtual_accounts(page.unit)
    ]
    return from_list(ACCOUNTS, items, wanted)


def state_words(item: Item) -> StateWords:
    """Whether something is missing."""
    if item["short"]:
        words = ngettext(
            "{number} licence short", "{number} licences short", item["short"], number=number(item["short"])
        )
        return StateWords(words, Severity.MAJOR)
    return StateWords(_("Enough"))


ACCOUNTS = Table(
    "virtual-accounts",
    _("Virtual accounts"),
    "/virtual-accounts",
    (
        Column(
            "name",
            _("Name"),
            link=lambda one: f"/licences?virtual_account={one['id']}",
            sub="description",
            sort=True,
            fixed=True,
            phone=True,
        ),
        Figure(
            "instances", _("Product instances"), link=lambda one: f"/instances?virtual_account={one['id']}", sort=True
        ),
        Figure("licences", _("Licences"), link=lambda one: f"/licences?virtual_account={one['id']}", sort=True),
        Figure("tokens", _("Usable tokens"), sort=True),
        State("state", _("Compliance"), {}, say=state_words, rank=lambda one: -one["short"], sort=True, phone=True),
        Ident("id", _("Id"), shown=False),
    ),
    account_rows,
    sort="name",
    filters=(Filter("q", _("Name or description"), "text", on=("name", "description")),),
    empty=Empty(
        _("No virtual accounts yet"),
        _("Central assigns virtual accounts to this satellite; they arrive with the authorization."),
    ),
)


def list_page(page: Page) -> Answer:
    """The list."""
    intro = _("Central creates, renames and removes virtual accounts; changes arrive with the next synchronization.")
    return table_page(page, ACCOUNTS, context={"intro": intro}, help="portal#licences")


URLS = (Url("GET", "/virtual-accounts", list_page, SIGNED_IN, "S3.2", table=ACCOUNTS),)
