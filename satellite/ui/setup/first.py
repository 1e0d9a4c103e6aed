"""The first page of all: the set-up code and the first administrator. Nothing else answers before (row S1.1)."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, Field, SecretStr

from satellite.actions.restore import awaits_restart
from satellite.actions.setup import create_first_administrator, needs_administrator, show_setup_code_state
from satellite.runtime import Satellite
from satellite.ui.setup.gate import CODE, SETUP
from serverkit.users.rules import FREE_SETUP
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.security import YEAR
from serverkit.web.sign_in import WITH_BROWSER
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import CREDENTIALS, Url


class First(BaseModel):
    """The first administrator."""

    code: str = Field(max_length=64)
    name: str = Field(max_length=255)
    password: SecretStr = Field(max_length=1024)


CODE_FIELD = Ui(
    _("Set-up code"),
    _("It is printed on the console of this machine and in its journal; `satellite setup code` makes a new one."),
    mono=True,
    autocomplete="one-time-code",
)
FORM = Form(
    First,
    _("Begin the set-up"),
    {
        "code": CODE_FIELD,
        "name": Ui(_("Name"), _("Of the first administrator: yours."), autocomplete="username"),
        "password": Ui(
            _("Password"),
            _("14 characters or more. You choose it; there is none to begin with."),
            autocomplete="new-password",
        ),
    },
)


def show(page: Page) -> Answer:
    """The form, while there is no administrator."""
    if not needs_administrator(page.unit):
        return Moved("/")
    intro = _("This satellite is new. Its console opens once it has an administrator.")
    restored = awaits_restart(cast("Satellite", page.server))
    return Shown(
        "setup-code",
        _("Set up this satellite"),
        "setup_code.html",
        {"view": FORM.view(page, CODE), "intro": intro, "few": few_tries(page), "restored": restored},
        bare=True,
        help="set-up",
    )


def few_tries(page: Page) -> Words:
    """How many tries of the code are left, once one was wrong."""
    state = show_setup_code_state(page.unit, page.visitor.address)
    if state.tries_left >= FREE_SETUP or state.wait_seconds:
        return ""
    return ngettext("{count} try is left.", "{count} tries are left.", state.tries_left)


def create(page: Page) -> Answer:
    """Make the administrator, who is signed in then."""
    read, visitor = cast("First", page.read), page.visitor
    browser = Browser(visitor.address, visitor.agent, visitor.known_by)
    server = cast("Satellite", page.server)
    entered = create_first_administrator(server, read.code, read.name, read.password.get_secret_value(), browser)
    cookies = [("session", entered.session, WITH_BROWSER), ("visit", "", 0)]
    if entered.known_by is not None:
        cookies.append(("browser", entered.known_by, YEAR))
    return Moved(SETUP, cookies=tuple(cookies))


URLS = (
    Url("GET", CODE, show, CREDENTIALS, "S1.1"),
    Url("POST", CODE, create, CREDENTIALS, "S1.1", form=First, alone=True),
)
