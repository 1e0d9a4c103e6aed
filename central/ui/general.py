"""The general part of a virtual account, and the list of its registration tokens (rows C2.1, C2.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from central.actions import tokens as actions
from central.actions.accounts import show_account, show_agreement
from central.actions.tokens import list_token_window
from central.domain.access.rules import Permission
from central.ui.inventory import is_chosen
from central.ui.tabs import pool_tabs
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web import token_pages
from serverkit.web.answers import Answer
from serverkit.web.bulk import Bulk
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
)
from serverkit.web.texts import Words, _
from serverkit.web.urls import Grade, Url
from serverkit.web.windowed import rows_of

MANAGE, LOOK = Permission.TOKEN_MANAGE, Permission.VIRTUAL_ACCOUNT_VIEW
GENERAL = f"{POOL}/general"


def root_of(page: Page) -> str:
    """The address of the virtual account."""
    return f"/a/{page.parts['domain']}/va/{page.parts['number']}"


def may_restricted(page: Page) -> bool:
    """Whether the account may use restricted functions: else there is no such column (rows C1.8, C2.3)."""
    return bool(show_account(page.unit, page.parts["domain"])["export_allowed"])


def token_rows(page: Page, wanted: Wanted) -> Rows:
    """The tokens that are wanted."""
    domain, number = page.parts["domain"], page.parts["number"]
    return rows_of(page, lambda unit, part: list_token_window(unit, domain, number, part), wanted)


def managed(item: Item) -> Words | None:
    """Why a token of a satellite stays as it is here."""
    if item["satellite"] is None:
        return None
    return _("Satellite {name} manages it.", name=item["satellite_name"] or item["satellite"])


def only_active(item: Item) -> Words | None:
    """Why a token cannot be shown or revoked."""
    return managed(item) or token_pages.only_active(item)


def only_over(item: Item) -> Words | None:
    """Why a token cannot be removed from the list."""
    return managed(item) or token_pages.only_over(item)


def revoke_one(page: Page, item: Item, _read: Any) -> Words:
    """Revoke one."""
    actions.revoke_token(page.unit, page.parts["domain"], item["id"])
    return _("revoked")


def remove_one(page: Page, item: Item, _read: Any) -> Words:
    """Take one off the list."""
    actions.remove_token(page.unit, page.parts["domain"], item["id"])
    return _("removed from the list")


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: f"/a/{one['domain']}/va/{one['number']}/tokens/{one['id']}/{verb}"


TOKENS = Table(
    "tokens",
    _("Registration tokens"),
    GENERAL,
    (
        token_pages.DESCRIPTION,
        State("state", _("State"), token_pages.STATES, sort=True, phone=True),
        Moment("expires_at", _("Ends"), sort=True, phone=True),
        Column("uses", _("Uses"), value=token_pages.uses, sort=True),
        Column("created_by", _("Made by"), sort=True),
        Moment("created_at", _("Made"), sort=True, shown=False),
        Column("export_controlled", _("Restricted functions"), offered=may_restricted),
        Column("satellite_name", _("Satellite"), shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    token_rows,
    sort="-created_at",
    filters=(
        token_pages.TEXT,
        token_pages.STATE,
    ),
    acts=(
        Act(_("Show"), _act("show"), MANAGE, only_active),
        Act(_("Revoke"), _act("revoke"), MANAGE, only_active, danger=True),
        Act(_("Remove"), _act("remove"), MANAGE, only_over),
    ),
    bulk=(
        Bulk(
            "revoke", _("Revoke"), MANAGE, token_pages.judge_revoke(only_active), revoke_one, "C2.3", grade=Grade.DIALOG
        ),
        Bulk("remove", _("Remove"), MANAGE, token_pages.judge_remove(only_over), remove_one, "C2.3"),
    ),
    empty=Empty(_("No tokens yet"), _("A token lets devices register into this virtual account.")),
)


def show_pool(page: Page) -> Answer:
    """Facts of the virtual account, and its tokens."""
    pool = page.thing
    context = {
        "pool": pool,
        "root": root_of(page),
        "tab": "general",
        "no_token": no_token(page),
        "opens_here": is_chosen(page),
        **pool_tabs(page.parts),
    }
    return table_page(
        page,
        TOKENS,
        template="general.html",
        context=context,
        title=pool["name"],
        nav="virtual-accounts",
        help="central-portal#registration-tokens",
    )


def no_token(page: Page) -> Words | None:
    """Why no token can be made now."""
    pool = page.thing
    if pool["satellite"]:
        name = pool["satellite_name"] or pool["satellite"]
        return _("Satellite {name} manages this virtual account: its tokens are made there.", name=name)
    if show_agreement(page.unit, page.parts["domain"])["pending"]:
        return _("No tokens can be made until the licensing agreement is accepted.")
    return None


URLS = (Url("GET", GENERAL, show_pool, LOOK, "C2.1", load=find_pool, table=TOKENS), *bulk_urls(TOKENS))
