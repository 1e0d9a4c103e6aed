"""Oneself: password, second step, sessions (row S3.4). The same for every console; what else is one's own a console adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pydantic import BaseModel, Field, SecretStr

from serverkit.users.errors import UnknownSessionError
from serverkit.users.own import NewAuthenticator, Own
from serverkit.users.tables import Browser
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form, Ui
from serverkit.web.page import Page
from serverkit.web.qr import qr_image
from serverkit.web.sign_in import WITH_BROWSER
from serverkit.web.tables import Item
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Grade, Url
from serverkit.web.user_agents import browser_words

PATH = "/me"
TITLE = _("Your account")
UP = ((TITLE, PATH),)
PASSWORD_HELP = _(
    "14 characters or more, at least six of them different; not the name. A phrase of several words works well."
)


class OwnPassword(BaseModel):
    """The old password and a new one."""

    old: SecretStr = Field(max_length=1024)
    new: SecretStr = Field(max_length=1024)


class FirstCode(BaseModel):
    """The first code of an authenticator."""

    code: str = Field(max_length=64)


PASSWORD_FORM = Form(
    OwnPassword,
    _("Change password"),
    {
        "old": Ui(_("Present password"), autocomplete="current-password"),
        "new": Ui(_("New password"), PASSWORD_HELP, autocomplete="new-password"),
    },
)
CODE_FORM = Form(
    FirstCode,
    _("Turn on"),
    {"code": Ui(_("Code"), _("The six digits that it shows now."), mono=True, autocomplete="one-time-code")},
)


def own_form(name: str, title: Words, view: Any, intro: Words) -> Shown:
    """A form about oneself."""
    return Shown(name, title, "form_page.html", {"view": view, "intro": intro}, crumbs=UP, help="users")


@dataclass(frozen=True)
class OwnPages:
    """The pages: `own` gives the accounts of a server, `more` what the console's own template shows besides."""

    own: Callable[[Any], Own]
    template: str = "me.html"
    more: Callable[[Page], Mapping[str, Any]] = lambda _page: {}

    def urls(self, row: str) -> list[Url]:
        """The addresses, with their row of the specification."""
        end = f"{PATH}/sessions/{{id}}/end"
        return [
            Url("GET", PATH, self.show, SIGNED_IN, row),
            Url("GET", f"{PATH}/password", self.password_page, SIGNED_IN, row),
            Url(
                "POST", f"{PATH}/password", self.change_password, SIGNED_IN, row,
                form=OwnPassword, alone=True, tries=True,
            ),
            Url("GET", f"{PATH}/two-step", self.two_step_page, SIGNED_IN, row, fresh=True),
            Url("POST", f"{PATH}/two-step", self.begin_two_step, SIGNED_IN, row, fresh=True),
            Url("GET", f"{PATH}/two-step/confirm", self.confirm_page, SIGNED_IN, row),
            Url("POST", f"{PATH}/two-step/confirm", self.confirm, SIGNED_IN, row, form=FirstCode, tries=True, alone=True),
            Url("GET", f"{PATH}/recovery-codes", self.codes_page, SIGNED_IN, row, fresh=True),
            Url("POST", f"{PATH}/recovery-codes", self.renew_codes, SIGNED_IN, row, fresh=True),
            Url("GET", f"{PATH}/two-step-off", self.two_step_off_page, SIGNED_IN, row, fresh=True),
            Url("POST", f"{PATH}/two-step-off", self.remove_two_step, SIGNED_IN, row, fresh=True, grade=Grade.DIALOG),
            Url("GET", end, self.end_session_page, SIGNED_IN, row, load=self.find_session),
            Url("POST", end, self.end_session, SIGNED_IN, row, load=self.find_session),
        ]  # fmt: skip

    def show(self, page: Page) -> Answer:
        """Everything of one's own on one page."""
        own = self.own(page.server)
        current = page.who.session_id if page.who is not None else None
        context = {
            "two_step": own.show_two_step(page.unit),
            "sessions": [
                {**one, "words": browser_words(one["browser"])}
                for one in own.list_sessions(page.unit, own.me(page.unit), current)
            ],
            **self.more(page),
        }
        return Shown("me", TITLE, self.template, context, help="users")

    def password_page(self, page: Page) -> Answer:
        """The form of another password."""
        view = PASSWORD_FORM.view(page, f"{PATH}/password", cancel=PATH)
        intro = _("Your other sessions end; this one continues.")
        return own_form("me-password", _("Change password"), view, intro)

    def change_password(self, page: Page) -> Answer:
        """Change one's own password; the session gets a new secret."""
        read, visitor = cast("OwnPassword", page.read), page.visitor
        browser = Browser(visitor.address, visitor.agent, visitor.known_by)
        old, new = read.old.get_secret_value(), read.new.get_secret_value()
        secret = self.own(page.server).change_password(page.secret, old, new, browser)
        return Moved(PATH, _("Password changed."), (("session", secret, WITH_BROWSER),))

    def two_step_page(self, page: Page) -> Answer:
        """Ask before an authenticator is set up."""
        view = Form(BaseModel, _("Set up")).view(page, f"{PATH}/two-step", cancel=PATH)
        intro = _(
            "An app on a telephone or a computer shows a code that changes every 30 seconds; signing in then asks for it."
        )
        return own_form("me-two-step", _("Set up the second step"), view, intro)

    def begin_two_step(self, page: Page) -> Answer:
        """Give oneself an authenticator; its secret is on the page that follows."""
        return _authenticator(page, self.own(page.server).begin_two_step(page.unit))

    def confirm_page(self, page: Page) -> Answer:
        """The form of the first code, after a wrong one; the secret is not shown again."""
        return _authenticator(page, None)

    def confirm(self, page: Page) -> Answer:
        """Take the authenticator into use; recovery codes are on the page that follows."""
        code = cast("FirstCode", page.read).code  # other sessions end: they were begun without it
        return _codes(self.own(page.server).confirm_two_step(page.secret, code))

    def codes_page(self, page: Page) -> Answer:
        """Ask before recovery codes are replaced."""
        view = Form(BaseModel, _("Make new codes")).view(page, f"{PATH}/recovery-codes", cancel=PATH)
        return own_form("me-codes", _("New recovery codes"), view, _("Ten new recovery codes replace the old ones."))

    def renew_codes(self, page: Page) -> Answer:
        """Ten new recovery codes."""
        return _codes(self.own(page.server).renew_recovery_codes(page.unit))

    def two_step_off_page(self, page: Page) -> Answer:
        """Ask before the second step is removed."""
        view = Form(BaseModel, _("Turn off")).view(page, f"{PATH}/two-step-off", cancel=PATH, danger=True)
        intro = _("A password alone then signs in. Recovery codes end.")
        return own_form("me-two-step-off", _("Turn off the second step"), view, intro)

    def remove_two_step(self, page: Page) -> Answer:
        """Remove one's second step."""
        self.own(page.server).remove_two_step(page.unit)
        return Moved(PATH, _("Second step turned off."))

    def find_session(self, page: Page) -> Item:
        """The session of the address, if it is one's own; UnknownSessionError."""
        own = self.own(page.server)
        for one in own.list_sessions(page.unit, own.me(page.unit)):
            if one["id"] == page.parts["id"]:
                return one
        raise UnknownSessionError

    def end_session_page(self, page: Page) -> Answer:
        """Ask before a session ends."""
        view = Form(BaseModel, _("End session")).view(page, f"{PATH}/sessions/{page.thing['id']}/end", cancel=PATH)
        intro = _("The browser at {address} has to sign in again.", address=page.thing["address"])
        return own_form("me-session", _("End session"), view, intro)

    def end_session(self, page: Page) -> Answer:
        """End a session of one's own."""
        own = self.own(page.server)
        own.revoke_session(page.unit, own.me(page.unit), page.thing["id"])
        return Moved(PATH, _("Session ended."))


def _authenticator(page: Page, made: NewAuthenticator | None) -> Shown:
    view = CODE_FORM.view(page, f"{PATH}/two-step/confirm", cancel=PATH)
    context = {"view": view, "made": made, "qr": qr_image(made.uri) if made is not None else ""}
    return Shown("me-authenticator", _("Authenticator"), "me_authenticator.html", context, crumbs=UP, help="users")


def _codes(codes: list[str]) -> Shown:
    context = {"codes": codes}
    return Shown("me-codes-made", _("Recovery codes"), "me_codes.html", context, crumbs=UP, help="users")
