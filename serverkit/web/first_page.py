"""The first page of a new server: the set-up code and the first administrator, before anything else (rows S1.1, C1.5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, Field, SecretStr

from serverkit.users.first import FirstUser
from serverkit.users.rules import FREE_SETUP
from serverkit.users.sign_in import SignedIn
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.security import YEAR
from serverkit.web.sign_in import WITH_BROWSER
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import CREDENTIALS, Url

CODE = "/setup/code"


class First(BaseModel):
    """The first administrator."""

    code: str = Field(max_length=64)
    name: str = Field(max_length=255)
    password: SecretStr = Field(max_length=1024)


def code_field(where: Words) -> Ui:
    """The field of a set-up code; `where` says where it is found."""
    return Ui(_("Set-up code"), where, mono=True, autocomplete="one-time-code")


def few_tries(page: Page, first: Callable[[Any], FirstUser]) -> Words:
    """How many tries of the code are left, once one was wrong."""
    state = first(page.server).state(page.unit, page.visitor.address)
    if state.tries_left >= FREE_SETUP or state.wait_seconds:
        return ""
    return ngettext("{count} try is left.", "{count} tries are left.", state.tries_left)


Create = Callable[[Any, str, str, str, Browser], SignedIn]


@dataclass(frozen=True)
class FirstPage:
    """The page of one console.

    `then` is where it leads, `restore` the address of a restore in place of a set-up, `restored` whether one was done and
    the server has to start again.
    """

    first: Callable[[Any], FirstUser]
    create: Create
    title: Words
    intro: Words
    where: Words
    verb: Words
    then: str = "/"
    restore: str = ""
    restored: Callable[[Any], bool] = lambda _server: False

    def urls(self, row: str) -> list[Url]:
        """The addresses, with their row of the specification."""
        return [
            Url("GET", CODE, self.show, CREDENTIALS, row),
            Url("POST", CODE, self.make, CREDENTIALS, row, form=First, alone=True),
        ]

    @property
    def form(self) -> Form:
        """Code, name and password."""
        return Form(
            First,
            self.verb,
            {
                "code": code_field(self.where),
                "name": Ui(_("Name"), _("Of the first administrator: yours."), autocomplete="username"),
                "password": Ui(
                    _("Password"),
                    _("14 characters or more. You choose it; there is none to begin with."),
                    autocomplete="new-password",
                ),
            },
        )

    def show(self, page: Page) -> Answer:
        """The form, while there is no administrator."""
        if not self.first(page.server).needed(page.unit):
            return Moved("/")
        few, restored = few_tries(page, self.first), self.restored(page.server)
        context = {"view": self.form.view(page, CODE), "intro": self.intro, "few": few, "restored": restored}
        context["restore"] = self.restore
        return Shown("setup-code", self.title, "setup_code.html", context, bare=True, help="set-up")

    def make(self, page: Page) -> Answer:
        """Make the administrator, who is signed in then."""
        read, visitor = cast("First", page.read), page.visitor
        browser = Browser(visitor.address, visitor.agent, visitor.known_by)
        entered = self.create(page.server, read.code, read.name, read.password.get_secret_value(), browser)
        cookies = [("session", entered.session, WITH_BROWSER), ("visit", "", 0)]
        if entered.known_by is not None:
            cookies.append(("browser", entered.known_by, YEAR))
        return Moved(self.then, cookies=tuple(cookies))
