"""Oneself: what the kit shows, and access tokens of one's own (row S3.4)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from satellite.actions import sign_in as actions
from satellite.actions.users import show_matrix
from satellite.core.access.errors import UnknownAccessTokenError
from satellite.ui.roles import ROLES
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.own_account import PATH, UP, OwnPages, own_form
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.texts import _
from serverkit.web.urls import SIGNED_IN, Grade, Url


class OwnToken(BaseModel):
    """An access token to be made."""

    name: str = Field(max_length=255)
    role: str = Field(max_length=32)
    days: int = Field(default=90, ge=1, le=365)
    addresses: list[str] = Field(default=[], max_length=50)


TOKEN_FORM = Form(
    OwnToken,
    _("Make access token"),
    {
        "name": Ui(_("Name"), _("The program that uses it.")),
        "role": Ui(_("Role"), _("Yours or a lower one."), kind="radios"),
        "days": Ui(_("Days"), _("1 to 365; then it ends."), width="narrow"),
        "addresses": Ui(
            _("Addresses"), _("Networks that may use it, one per line, such as 10.4.0.0/16; any if empty."), mono=True
        ),
    },
)


def token_page(page: Page) -> Answer:
    """The form of a new access token."""
    held = page.who.permissions if page.who is not None else frozenset()
    offered = [Choice(role, ROLES[role]) for role, permits in show_matrix().items() if set(permits) <= set(held)]
    values = {"role": "read-only", "days": 90}
    view = TOKEN_FORM.view(page, f"{PATH}/tokens/new", values=values, choices={"role": offered}, cancel=PATH)
    intro = _(
        "A program uses it instead of a password. It never has more rights than you and ends when you are removed."
    )
    return own_form("me-token-new", _("New access token"), view, intro)


def make_token(page: Page) -> Answer:
    """Make an access token; its text is on the page that follows, once."""
    read = cast("OwnToken", page.read)
    made = actions.create_own_token(page.unit, read.name, read.role, days=read.days, addresses=read.addresses)
    context = {"made": made, "role": ROLES[made["role"]]}
    return Shown("me-token-made", _("Access token made"), "me_token.html", context, crumbs=UP, help="users")


def find_token(page: Page) -> Item:
    """The access token of the address, if it is one's own; UnknownAccessTokenError."""
    for one in actions.list_own_tokens(page.unit):
        if one["id"] == page.parts["id"]:
            return one
    raise UnknownAccessTokenError("there is no access token {token_id!r}", token_id=page.parts["id"][:64])


def revoke_token_page(page: Page) -> Answer:
    """Ask before an access token is revoked."""
    path = f"{PATH}/tokens/{page.thing['id']}/revoke"
    view = Form(BaseModel, _("Revoke")).view(page, path, cancel=PATH, danger=True)
    intro = _("Programs that use {name} are refused from now on.", name=page.thing["name"])
    return own_form("me-token-revoke", _("Revoke access token"), view, intro)


def revoke_token(page: Page) -> Answer:
    """Revoke an access token of one's own."""
    actions.revoke_own_token(page.unit, page.thing["id"])
    return Moved(PATH, _("Access token revoked."))


def _tokens(page: Page) -> dict[str, Any]:
    """The part of one's own page about access tokens."""
    return {
        "tokens": actions.list_own_tokens(page.unit),
        "roles": ROLES,
        "states": {"active": _("Usable"), "expired": _("Ended"), "revoked": _("Revoked")},
    }


_ROW, _REVOKE = "S3.4", f"{PATH}/tokens/{{id}}/revoke"
URLS = (
    *OwnPages(actions.own_of, "own.html", _tokens).urls(_ROW),
    Url("GET", f"{PATH}/tokens/new", token_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/tokens/new", make_token, SIGNED_IN, _ROW, form=OwnToken, fresh=True),
    Url("GET", _REVOKE, revoke_token_page, SIGNED_IN, _ROW, load=find_token),
    Url("POST", _REVOKE, revoke_token, SIGNED_IN, _ROW, load=find_token, grade=Grade.DIALOG),
)
