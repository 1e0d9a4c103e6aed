"""Sign in, second step, sign out, and the password again before what is dangerous. The same for every console."""

from __future__ import annotations

from dataclasses import replace
from typing import cast
from urllib.parse import urlencode

from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.forms import Form
from serverkit.web.kept_forms import kept_of, kept_page
from serverkit.web.page import Page
from serverkit.web.security import YEAR, local_path, token_for
from serverkit.web.sign_in_forms import CODE_FORM, PASSWORD_FORM, SIGN_IN_FORM, Code, Password, SignIn, way_of
from serverkit.web.texts import Words, _
from serverkit.web.urls import CREDENTIALS, SIGN_IN, SIGNED_IN, STEP_UP, Url

CODE = f"{SIGN_IN}/code"
WITH_BROWSER = -1


def sign_in_urls(row: str) -> list[Url]:
    """The addresses of signing in; `row` is the row of the specification."""
    return [
        Url("GET", SIGN_IN, show_sign_in, CREDENTIALS, row),
        Url("POST", SIGN_IN, sign_in, CREDENTIALS, row, form=SignIn, alone=True),
        Url("GET", CODE, show_code, CREDENTIALS, row),
        Url("POST", CODE, second_step, CREDENTIALS, row, form=Code, alone=True),
        Url("GET", STEP_UP, show_step_up, SIGNED_IN, row),
        Url("POST", STEP_UP, step_up, SIGNED_IN, row, form=Password, alone=True, tries=True),
        Url("POST", "/sign-out", sign_out, SIGNED_IN, row, alone=True),
    ]


def show_sign_in(page: Page) -> Answer:
    """The form; someone who is signed in goes on."""
    if page.who is not None:
        return Moved(_next(page))
    return _form("sign-in", _("Sign in"), SIGN_IN_FORM, page, SIGN_IN)


def sign_in(page: Page) -> Answer:
    """Begin a session, with a secret that no page before has seen."""
    read = cast("SignIn", page.read)
    entered = page.console.sign_in(
        read.name, read.password.get_secret_value(), page.visitor, page.session_cookie or None
    )
    if entered.awaits_code:
        cookies = (("session", entered.secret, WITH_BROWSER),)
        return (
            replace(show_code(page), cookies=cookies)
            if kept_of(page)
            else Moved(_with_next(CODE, page), cookies=cookies)
        )
    return _entered(page, entered.secret, entered.known_by)


def show_code(page: Page) -> Shown:
    """The form of the second step."""
    return _form("sign-in-code", _("Second step"), CODE_FORM, page, CODE)


def second_step(page: Page) -> Answer:
    """Finish signing in."""
    entered = page.console.second_step(page.session_cookie, cast("Code", page.read).code, page.visitor)
    return _entered(page, entered.secret, entered.known_by)


def show_step_up(page: Page) -> Answer:
    """Ask for the password again."""
    intro = _("What you are about to do needs your password again. It then counts for ten minutes.")
    return _form("step-up", _("Enter your password"), PASSWORD_FORM, page, STEP_UP, intro)


def step_up(page: Page) -> Answer:
    """Go on with a new secret of the session."""
    password = cast("Password", page.read).password.get_secret_value()
    secret = page.console.step_up(page.secret, password, page.visitor)
    cookies = (("session", secret, WITH_BROWSER),)
    page.token = token_for(secret)
    return kept_page(page, _("Your password was right"), cookies) or Moved(_next(page), cookies=cookies)


def sign_out(page: Page) -> Answer:
    """End the session."""
    page.console.sign_out(page.secret)
    return Moved(SIGN_IN, _("You are signed out."), (("session", "", 0),))


def _entered(page: Page, secret: str, known_by: str | None) -> Answer:
    cookies = [("session", secret, WITH_BROWSER), ("visit", "", 0)]
    if known_by is not None:
        cookies.append(("browser", known_by, YEAR))
    page.token = token_for(secret)
    return kept_page(page, _("You are signed in"), tuple(cookies)) or Moved(_next(page), cookies=tuple(cookies))


def _form(name: str, title: Words, form: Form, page: Page, action: str, intro: Words = "") -> Shown:
    view = form.view(page, action, hidden=(("next", _next(page)), *kept_of(page)), fresh=page.refusal is None)
    context = {"view": view, "intro": intro, "way": way_of(page.console.provider, action, _next(page))}
    return Shown(name, title, "form_page.html", context, bare=True)


def _next(page: Page) -> str:
    asked = page.sent.get("next", "") if page.url.changes else page.query.get("next", "")
    return local_path(asked or "/")


def _with_next(path: str, page: Page) -> str:
    return f"{path}?{urlencode({'next': _next(page)})}"
