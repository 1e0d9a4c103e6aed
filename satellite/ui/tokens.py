"""Registration tokens: list, make, revoke, remove (row S3.2)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions import tokens as actions
from satellite.actions.tokens import list_token_window
from satellite.actions.virtual_accounts import list_virtual_accounts
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.bulk import Bulk
from serverkit.web.bulk_pages import bulk_urls
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import (
    Act,
    Column,
    Empty,
    Filter,
    Ident,
    Item,
    Moment,
    Rows,
    State,
    Table,
    Wanted,
)
from serverkit.web.texts import Words, _
from serverkit.web.token_pages import (
    DESCRIPTION,
    FIELDS,
    STATE,
    STATES,
    TEXT,
    TokenPlace,
    judge_remove,
    judge_revoke,
    only_active,
    only_over,
    token_file,
    uses,
)
from serverkit.web.urls import SIGNED_IN, Grade, Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.TOKEN_MANAGE


def token_rows(page: Page, wanted: Wanted) -> Rows:
    """The tokens that are wanted."""
    return rows_of(page, list_token_window, wanted)


def places(page: Page) -> list[Choice]:
    """The virtual accounts to choose from."""
    return [Choice(one.name, one.name) for one in list_virtual_accounts(page.unit)]


def remove_one(page: Page, item: Item, _read: Any) -> Words:
    """Take one off the list."""
    actions.remove_token(page.unit, item["id"])
    return _("removed from the list")


def revoke_one(page: Page, item: Item, _read: Any) -> Words:
    """Revoke one."""
    actions.revoke_token(page.unit, item["id"])
    return _("revoked")


TOKENS = Table(
    "tokens",
    _("Registration tokens"),
    "/tokens",
    (
        DESCRIPTION,
        Column("virtual_account", _("Virtual account"), sort=True),
        State("state", _("State"), STATES, sort=True, phone=True),
        Moment("expires_at", _("Ends"), sort=True, phone=True),
        Column("uses", _("Uses"), value=uses),
        Column("created_by", _("Made by"), sort=True),
        Column("export_controlled", _("Restricted functions"), shown=False),
        Ident("id", _("Id"), shown=False),
    ),
    token_rows,
    sort="-expires_at",
    filters=(
        TEXT,
        Filter("virtual_account", _("Virtual account"), choices=places),
        STATE,
    ),
    acts=(
        Act(_("Show"), lambda one: f"/tokens/{one['id']}/show", MANAGE, only_active),
        Act(_("Revoke"), lambda one: f"/tokens/{one['id']}/revoke", MANAGE, only_active, danger=True),
        Act(_("Remove"), lambda one: f"/tokens/{one['id']}/remove", MANAGE, only_over),
    ),
    bulk=(
        Bulk("revoke", _("Revoke"), MANAGE, judge_revoke(), revoke_one, "S3.2", grade=Grade.DIALOG),
        Bulk("remove", _("Remove"), MANAGE, judge_remove(), remove_one, "S3.2"),
    ),
    empty=Empty(
        _("No tokens yet"),
        _("A token lets devices register into a virtual account."),
        (_("New token"), "/tokens/new"),
        MANAGE,
    ),
)


class NewToken(BaseModel):
    """A token to be made."""

    virtual_account: str = Field(max_length=255)
    description: str = Field(default="", max_length=255)
    days: int = Field(default=30, ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    export_controlled: bool = False


NEW = Form(
    NewToken,
    _("Make token"),
    {
        "virtual_account": Ui(_("Virtual account"), _("Devices that use the token register in it."), kind="select"),
        **FIELDS,
    },
)
LIST = ((TOKENS.title, TOKENS.path),)
PLACE = TokenPlace(TOKENS.path, TOKENS.path, "tokens", LIST)


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, TOKENS, template="tokens.html", help="portal#registration-tokens")


def new_page(page: Page) -> Answer:
    """The form of a new token."""
    offered = places(page)
    first = {"virtual_account": offered[0].value} if offered else {}
    values = {"days": 30, **first}
    view = NEW.view(page, "/tokens/new", choices={"virtual_account": offered}, values=values, cancel="/tokens")
    return Shown("token-new", _("New token"), "token_new.html", {"view": view}, crumbs=LIST, nav="tokens")


def make(page: Page) -> Answer:
    """Make a token; its text is on the page that follows."""
    read, server = cast("NewToken", page.read), cast("Satellite", page.server)
    made = actions.create_token(
        page.unit,
        server.keyring.box,
        read.virtual_account,
        days=read.days,
        uses=read.uses,
        export_controlled=read.export_controlled,
        description=read.description,
    )
    return PLACE.made(made.text, made.view)


def find_token(page: Page) -> Item:
    """The token of the address; UnknownTokenError."""
    return actions.find_token(page.unit, page.parts["id"])


def show_page(page: Page) -> Answer:
    """Ask before the text of a token is shown, as others may look at the screen."""
    return PLACE.ask(page, "show")


def show(page: Page) -> Answer:
    """The text of a token, to copy or to download."""
    server = cast("Satellite", page.server)
    found = actions.show_token(page.unit, server.keyring.box, page.thing["id"])
    return PLACE.shown(found.text, found.view)


def download(page: Page) -> Answer:
    """The text of a token as a file."""
    server = cast("Satellite", page.server)
    found = actions.show_token(page.unit, server.keyring.box, page.thing["id"])
    return token_file(found.text, found.view)


def revoke_page(page: Page) -> Answer:
    """Ask before a token is revoked."""
    return PLACE.ask(page, "revoke")


def remove_page(page: Page) -> Answer:
    """Ask before a token leaves the list."""
    return PLACE.ask(page, "remove")


def revoke(page: Page) -> Answer:
    """Revoke a token."""
    actions.revoke_token(page.unit, page.thing["id"])
    return Moved("/tokens", _("Token revoked."))


def remove(page: Page) -> Answer:
    """Take a token off the list."""
    actions.remove_token(page.unit, page.thing["id"])
    return Moved("/tokens", _("Token removed from the list."))


URLS = (
    Url("GET", "/tokens", list_page, SIGNED_IN, "S3.2", table=TOKENS),
    Url("GET", "/tokens/new", new_page, MANAGE, "S3.2"),
    Url("POST", "/tokens/new", make, MANAGE, "S3.2", form=NewToken, twin="create_token"),
    Url("GET", "/tokens/{id}/revoke", revoke_page, MANAGE, "S3.2", load=find_token),
    Url(
        "POST", "/tokens/{id}/revoke", revoke, MANAGE, "S3.2", load=find_token, twin="revoke_token", grade=Grade.DIALOG
    ),
    Url("GET", "/tokens/{id}/remove", remove_page, MANAGE, "S3.2", load=find_token),
    Url(
        "POST", "/tokens/{id}/remove", remove, MANAGE, "S3.2", load=find_token, twin="remove_token", grade=Grade.DIALOG
    ),
    Url("GET", "/tokens/{id}/show", show_page, MANAGE, "S3.2", load=find_token),
    Url("POST", "/tokens/{id}/show", show, MANAGE, "S3.2", load=find_token),
    Url("POST", "/tokens/{id}/download", download, MANAGE, "S3.2", load=find_token, again=show_page),
    *bulk_urls(TOKENS),
)
