"""Oneself: password, second step, sessions, and access tokens of one's own (row C1.5)."""

from __future__ import annotations

from typing import Any, Literal, cast

from pydantic import BaseModel, Field

from central.actions import credentials as actions
from central.actions.sign_in import own_of
from central.domain.credentials.errors import UnknownAccessTokenError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Choice, Form, NoFields, Ui
from serverkit.web.own_account import PATH, UP, OwnPages, own_form
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Grade, Url

SCOPES: dict[str, Words] = {"read": _("Read only"), "write": _("All that you may do")}


class OwnToken(BaseModel):
    """An access token to be made."""

    description: str = Field(max_length=255)
    scope: Literal["read", "write"] = "read"
    days: int = Field(default=90, ge=1, le=365)
    addresses: list[str] = Field(default=[], max_length=32)


TOKEN_FORM = Form(
    OwnToken,
    _("Make access token"),
    {
        "description": Ui(_("Name"), _("The program that uses it.")),
        "scope": Ui(_("It permits"), kind="radios", choices=tuple(Choice(*one) for one in SCOPES.items())),
        "days": Ui(_("Days"), _("1 to 365; then it ends."), width="narrow"),
        "addresses": Ui(
            _("Addresses"), _("Networks that may use it, one per line, such as 10.4.0.0/16; any if empty."), mono=True
        ),
    },
)


def token_page(page: Page) -> Answer:
    """The form of a new access token."""
    view = TOKEN_FORM.view(page, f"{PATH}/tokens/new", values={"scope": "read", "days": 90}, cancel=PATH)
    intro = _(
        "A program uses it instead of a password. It never has more rights than you, and loses those that you lose."
    )
    return own_form("me-token-new", _("New access token"), view, intro)


def make_token(page: Page) -> Answer:
    """Make an access token; its text is on the page that follows, once."""
    read = cast("OwnToken", page.read)
    made = actions.create_own_token(
        page.unit, days=read.days, scopes=(read.scope,), description=read.description, addresses=read.addresses
    )
    context = {"made": made, "scope": scope_words(made["scope"])}
    return Shown("me-token-made", _("Access token made"), "me_token.html", context, crumbs=UP, help="api")


def find_token(page: Page) -> Item:
    """The access token of the address, if it is one's own; UnknownAccessTokenError."""
    for one in actions.list_own_tokens(page.unit):
        if one["id"] == page.parts["id"]:
            return one
    raise UnknownAccessTokenError("there is no access token {token_id!r}", token_id=page.parts["id"][:64])


def revoke_token_page(page: Page) -> Answer:
    """Ask before an access token is revoked."""
    path = f"{PATH}/tokens/{page.thing['id']}/revoke"
    view = Form(NoFields, _("Revoke")).view(page, path, cancel=PATH, danger=True)
    intro = _("Programs that use {name} are refused from now on.", name=page.thing["description"] or page.thing["id"])
    return own_form("me-token-revoke", _("Revoke access token"), view, intro)


def revoke_token(page: Page) -> Answer:
    """Revoke an access token of one's own."""
    actions.revoke_own_token(page.unit, page.thing["id"])
    return Moved(PATH, _("Access token revoked."))


def scope_words(scope: str) -> Words:
    """What a token permits; one that the vendor made may name permissions."""
    return SCOPES.get(scope, scope)


def _tokens(page: Page) -> dict[str, Any]:
    """The part of one's own page about access tokens."""
    return {
        "tokens": [(one, scope_words(one["scope"])) for one in actions.list_own_tokens(page.unit)],
        "states": {"active": _("Usable"), "expired": _("Ended"), "revoked": _("Revoked")},
    }


_ROW, _REVOKE = "C1.5", f"{PATH}/tokens/{{id}}/revoke"
URLS = (
    *OwnPages(own_of, "own.html", _tokens).urls(_ROW),
    Url("GET", f"{PATH}/tokens/new", token_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/tokens/new", make_token, SIGNED_IN, _ROW, form=OwnToken, fresh=True),
    Url("GET", _REVOKE, revoke_token_page, SIGNED_IN, _ROW, load=find_token),
    Url("POST", _REVOKE, revoke_token, SIGNED_IN, _ROW, load=find_token, grade=Grade.DIALOG),
)
