"""Registration tokens of a virtual account: make, show, revoke, remove (rows C2.2, C2.3)."""

from __future__ import annotations

from typing import Any, cast

from pydantic import BaseModel, Field

from central.actions import tokens as actions
from central.actions.accounts import show_account
from central.runtime import Central
from central.ui.general import MANAGE, root_of
from central.ui.virtual_accounts import POOL, find_pool
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.errors import InvalidFormError
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _
from serverkit.web.token_pages import FIELDS, TokenPlace, token_file
from serverkit.web.urls import Grade, Url

TOKENS_PATH = f"{POOL}/tokens"


class NewToken(BaseModel):
    """A token to be made."""

    description: str = Field(default="", max_length=255)
    days: int = Field(default=30, ge=1, le=365)
    uses: int | None = Field(default=None, ge=1, le=1_000_000)
    terms: bool = False


class NewControlledToken(NewToken):
    """A token of an account that may use restricted functions: with terms of their own."""

    export_controlled: bool = False
    export_terms: bool = False


_FIELDS = {
    **FIELDS,
    "terms": Ui(_("Devices that register with it are used under the licensing agreement")),
    "export_terms": Ui(
        _("Restricted functions are used only where the law on export control permits it"),
        _("Needed with restricted functions: handing them on may need a permit."),
    ),
}
PLAIN, CONTROLLED = (Form(model, _("Make token"), _FIELDS) for model in (NewToken, NewControlledToken))


def _place(page: Page) -> TokenPlace:
    root = root_of(page)
    return TokenPlace(f"{root}/tokens", f"{root}/general", "virtual-accounts")


def new_page(page: Page) -> Answer:
    """The form of a new token."""
    allowed = show_account(page.unit, page.parts["domain"])["export_allowed"]
    form, root = CONTROLLED if allowed else PLAIN, root_of(page)
    view = form.view(page, f"{root}/tokens/new", values={"days": 30}, cancel=f"{root}/general")
    link = cast("Central", page.server).settings.portal.export_page if allowed else ""
    context = {"view": view, "about": ((_("Virtual account"), page.thing["name"]),), "export_page": link}
    return Shown(
        "token-new",
        _("New token"),
        "token_new.html",
        context,
        nav="virtual-accounts",
        help="central-portal#registration-tokens",
    )


def make(page: Page) -> Answer:
    """Make a token; its text stands on the page that follows."""
    read, server = cast("NewControlledToken", page.read), cast("Central", page.server)
    missing: dict[str, Words] = {}
    if not read.terms:
        missing["terms"] = _("Tick this to make a token.")
    if read.export_controlled and not read.export_terms:
        missing["export_terms"] = _("Tick this to let devices use restricted functions.")
    if missing:
        raise InvalidFormError(missing)
    token, view = actions.create_token(
        page.unit,
        server.keyring.box,
        page.parts["domain"],
        page.thing["name"],
        days=read.days,
        uses=read.uses,
        export_controlled=read.export_controlled,
        description=read.description,
    )
    return _place(page).made(token.text, view)


def find_token(page: Page) -> Item:
    """The token of the address; UnknownTokenError."""
    return actions.find_token(page.unit, page.parts["domain"], page.parts["number"], page.parts["id"])


def show_page(page: Page) -> Answer:
    """Ask before the text of a token is shown, as others may look at the screen."""
    return _place(page).ask(page, "show")


def show(page: Page) -> Answer:
    """The text of a token, to copy or to download."""
    server = cast("Central", page.server)
    found = actions.show_token(page.unit, server.keyring.box, page.parts["domain"], page.thing["id"])
    return _place(page).shown(found.text, page.thing)


def download(page: Page) -> Answer:
    """The text of a token as a file."""
    server = cast("Central", page.server)
    found = actions.show_token(page.unit, server.keyring.box, page.parts["domain"], page.thing["id"])
    return token_file(found.text, page.thing)


def revoke_page(page: Page) -> Answer:
    """Ask before a token is revoked."""
    return _place(page).ask(page, "revoke")


def remove_page(page: Page) -> Answer:
    """Ask before a token leaves the list."""
    return _place(page).ask(page, "remove")


def revoke(page: Page) -> Answer:
    """Revoke a token."""
    actions.revoke_token(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(f"{root_of(page)}/general", _("Token revoked."))


def remove(page: Page) -> Answer:
    """Take a token off the list."""
    actions.remove_token(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(f"{root_of(page)}/general", _("Token removed from the list."))


def _one(method: str, verb: str, handler: Any, row: str = "C2.3", **more: Any) -> Url:
    return Url(method, f"{TOKENS_PATH}/{{id}}/{verb}", handler, MANAGE, row, load=find_token, **more)


URLS = (
    Url("GET", f"{TOKENS_PATH}/new", new_page, MANAGE, "C2.2", load=find_pool),
    Url(
        "POST",
        f"{TOKENS_PATH}/new",
        make,
        MANAGE,
        "C2.2",
        form=NewControlledToken,
        load=find_pool,
        twin="create_token",
    ),
    _one("GET", "revoke", revoke_page),
    _one("POST", "revoke", revoke, twin="revoke_token", grade=Grade.DIALOG),
    _one("GET", "remove", remove_page),
    _one("POST", "remove", remove, twin="remove_token", grade=Grade.DIALOG),
    _one("GET", "show", show_page),
    _one("POST", "show", show),
    _one("POST", "download", download, again=show_page),
)
