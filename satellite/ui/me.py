"""Oneself: password, second step, sessions, access tokens of one's own (row S3.4)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions import sign_in as actions
from satellite.actions.users import list_sessions, revoke_session, show_matrix
from satellite.core.access.errors import UnknownAccessTokenError
from satellite.runtime import Satellite
from satellite.ui.roles import ROLES
from satellite.ui.users import PASSWORD
from serverkit.users.errors import UnknownSessionError
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Choice, Form, Ui
from serverkit.web.page import Page
from serverkit.web.qr import qr_image
from serverkit.web.sign_in import WITH_BROWSER
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Grade, Url

PATH = "/me"
TITLE = _("Your account")
UP = ((TITLE, PATH),)


class OwnPassword(BaseModel):
    """The old password and a new one."""

    old: SecretStr = Field(max_length=1024)
    new: SecretStr = Field(max_length=1024)


class FirstCode(BaseModel):
    """The first code of an authenticator."""

    code: str = Field(max_length=64)


class OwnToken(BaseModel):
    """An access token to be made."""

    name: str = Field(max_length=255)
    role: str = Field(max_length=32)
    days: int = Field(default=90, ge=1, le=365)
    addresses: list[str] = Field(default=[], max_length=50)


PASSWORD_FORM = Form(
    OwnPassword,
    _("Change password"),
    {
        "old": Ui(_("Present password"), autocomplete="current-password"),
        "new": Ui(_("New password"), PASSWORD.help, autocomplete="new-password"),
    },
)
CODE_FORM = Form(
    FirstCode,
    _("Turn on"),
    {"code": Ui(_("Code"), _("The six digits that it shows now."), mono=True, autocomplete="one-time-code")},
)
TOKEN_FORM = Form(
    OwnToken,
    _("Make access token"),
    {
        "name": Ui(_("Name"), _("The program that uses it.")),
        "role": Ui(_("Role"), _("Yours or a lower one."), kind="radios"),
        "days": Ui(_("Days"), _("1 to 365; then it ends."), width="narrow"),
        "addresses": Ui(
            _("Addresses"), _("Networks that may use it, one a line, such as 10.4.0.0/16; any if empty."), mono=True
        ),
    },
)


def show(page: Page) -> Answer:
    """Everything of one's own on one page."""
    current = page.who.session_id if page.who is not None else None
    context = {
        "two_step": actions.show_two_step(page.unit),
        "sessions": list_sessions(page.unit, current=current),
        "tokens": actions.list_own_tokens(page.unit),
        "roles": ROLES,
        "states": {"active": _("Usable"), "expired": _("Ended"), "revoked": _("Revoked")},
    }
    return Shown("me", TITLE, "me.html", context, help="users")


def password_page(page: Page) -> Answer:
    """The form of another password."""
    view = PASSWORD_FORM.view(page, f"{PATH}/password", cancel=PATH)
    intro = _("Your other sessions end; this one goes on.")
    return _form("me-password", _("Change password"), view, intro)


def change_password(page: Page) -> Answer:
    """Change one's own password; the session gets a new secret."""
    read = cast("OwnPassword", page.read)
    visitor = page.visitor
    browser = Browser(visitor.address, visitor.agent, visitor.known_by)
    old, new = read.old.get_secret_value(), read.new.get_secret_value()
    secret = actions.change_own_password(cast("Satellite", page.server), page.secret, old, new, browser)
    return Moved(PATH, _("Password changed."), (("session", secret, WITH_BROWSER),))


def two_step_page(page: Page) -> Answer:
    """Ask before an authenticator is set up."""
    view = Form(BaseModel, _("Set up")).view(page, f"{PATH}/two-step", cancel=PATH)
    intro = _(
        "An app on a telephone or a computer shows a code that changes every 30 seconds; signing in then asks for it."
    )
    return _form("me-two-step", _("Set up the second step"), view, intro)


def begin_two_step(page: Page) -> Answer:
    """Give oneself an authenticator; its secret is on the page that follows."""
    made = actions.begin_two_step(cast("Satellite", page.server), page.unit)
    return _authenticator(page, made)


def confirm_page(page: Page) -> Answer:
    """The form of the first code, after a wrong one; the secret is not shown again."""
    return _authenticator(page, None)


def confirm_two_step(page: Page) -> Answer:
    """Take the authenticator into use; recovery codes are on the page that follows."""
    code = cast("FirstCode", page.read).code  # other sessions end: they were begun without it
    return _codes(actions.confirm_two_step(cast("Satellite", page.server), page.secret, code))


def codes_page(page: Page) -> Answer:
    """Ask before recovery codes are replaced."""
    view = Form(BaseModel, _("Make new codes")).view(page, f"{PATH}/recovery-codes", cancel=PATH)
    return _form("me-codes", _("New recovery codes"), view, _("Ten new recovery codes replace the old ones."))


def renew_codes(page: Page) -> Answer:
    """Ten new recovery codes."""
    return _codes(actions.renew_recovery_codes(page.unit))


def two_step_off_page(page: Page) -> Answer:
    """Ask before the second step is removed."""
    view = Form(BaseModel, _("Turn off")).view(page, f"{PATH}/two-step-off", cancel=PATH, danger=True)
    intro = _("A password alone then signs in. Recovery codes end.")
    return _form("me-two-step-off", _("Turn off the second step"), view, intro)


def remove_two_step(page: Page) -> Answer:
    """Remove one's second step."""
    actions.remove_two_step(page.unit)
    return Moved(PATH, _("Second step turned off."))


def find_session(page: Page) -> Item:
    """The session of the address, if it is one's own; UnknownSessionError."""
    for one in list_sessions(page.unit):
        if one["id"] == page.parts["id"]:
            return one
    raise UnknownSessionError


def end_session_page(page: Page) -> Answer:
    """Ask before a session ends."""
    view = Form(BaseModel, _("End session")).view(page, f"{PATH}/sessions/{page.thing['id']}/end", cancel=PATH)
    intro = _("The browser at {address} has to sign in again.", address=page.thing["address"])
    return _form("me-session", _("End session"), view, intro)


def end_session(page: Page) -> Answer:
    """End a session of one's own."""
    revoke_session(page.unit, page.thing["id"])
    return Moved(PATH, _("Session ended."))


def token_page(page: Page) -> Answer:
    """The form of a new access token."""
    held = page.who.permissions if page.who is not None else frozenset()
    offered = [Choice(role, ROLES[role]) for role, permits in show_matrix().items() if set(permits) <= set(held)]
    values = {"role": "read-only", "days": 90}
    view = TOKEN_FORM.view(page, f"{PATH}/tokens/new", values=values, choices={"role": offered}, cancel=PATH)
    intro = _("A program shows it in place of a password. It loses rights with you and ends when you are removed.")
    return _form("me-token-new", _("New access token"), view, intro)


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
    return _form("me-token-revoke", _("Revoke access token"), view, intro)


def revoke_token(page: Page) -> Answer:
    """Revoke an access token of one's own."""
    actions.revoke_own_token(page.unit, page.thing["id"])
    return Moved(PATH, _("Access token revoked."))


def _form(name: str, title: Words, view: Any, intro: Words) -> Shown:
    return Shown(name, title, "form_page.html", {"view": view, "intro": intro}, crumbs=UP, help="users")


def _authenticator(page: Page, made: actions.NewAuthenticator | None) -> Shown:
    view = CODE_FORM.view(page, f"{PATH}/two-step/confirm", cancel=PATH)
    context = {"view": view, "made": made, "qr": qr_image(made.uri) if made is not None else ""}
    return Shown("me-authenticator", _("Authenticator"), "me_authenticator.html", context, crumbs=UP, help="users")


def _codes(codes: list[str]) -> Shown:
    context = {"codes": codes}
    return Shown("me-codes-made", _("Recovery codes"), "me_codes.html", context, crumbs=UP, help="users")


_ROW, _END, _REVOKE = "S3.4", f"{PATH}/sessions/{{id}}/end", f"{PATH}/tokens/{{id}}/revoke"
URLS = (
    Url("GET", PATH, show, SIGNED_IN, _ROW),
    Url("GET", f"{PATH}/password", password_page, SIGNED_IN, _ROW),
    Url("POST", f"{PATH}/password", change_password, SIGNED_IN, _ROW, form=OwnPassword, alone=True, tries=True),
    Url("GET", f"{PATH}/two-step", two_step_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/two-step", begin_two_step, SIGNED_IN, _ROW, fresh=True),
    Url("GET", f"{PATH}/two-step/confirm", confirm_page, SIGNED_IN, _ROW),
    Url("POST", f"{PATH}/two-step/confirm", confirm_two_step, SIGNED_IN, _ROW, form=FirstCode, tries=True, alone=True),
    Url("GET", f"{PATH}/recovery-codes", codes_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/recovery-codes", renew_codes, SIGNED_IN, _ROW, fresh=True),
    Url("GET", f"{PATH}/two-step-off", two_step_off_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/two-step-off", remove_two_step, SIGNED_IN, _ROW, fresh=True, grade=Grade.DIALOG),
    Url("GET", _END, end_session_page, SIGNED_IN, _ROW, load=find_session),
    Url("POST", _END, end_session, SIGNED_IN, _ROW, load=find_session),
    Url("GET", f"{PATH}/tokens/new", token_page, SIGNED_IN, _ROW, fresh=True),
    Url("POST", f"{PATH}/tokens/new", make_token, SIGNED_IN, _ROW, form=OwnToken, fresh=True),
    Url("GET", _REVOKE, revoke_token_page, SIGNED_IN, _ROW, load=find_token),
    Url("POST", _REVOKE, revoke_token, SIGNED_IN, _ROW, load=find_token, grade=Grade.DIALOG),
)
