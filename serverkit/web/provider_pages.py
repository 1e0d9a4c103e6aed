"""Signing in by a provider: the way there, the way back, and its sign-out. Links, since a form may lead to this server only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved
from serverkit.web.console import Entered, Visitor
from serverkit.web.page import Page
from serverkit.web.security import YEAR, local_path
from serverkit.web.sign_in import WITH_BROWSER, show_sign_in, show_step_up
from serverkit.web.sign_in_forms import PROVIDER, RETURN, SIGN_OUT
from serverkit.web.texts import _
from serverkit.web.urls import CREDENTIALS, SIGN_IN, Url

AT_THE_PROVIDER = 600
"""Seconds for which the browser keeps what it needs to come back."""


@dataclass(frozen=True, slots=True)
class Back:
    """What someone who came back gets: a session, or (`renewed`) the new secret of the one that was confirmed."""

    next: str
    entered: Entered | None = None
    renewed: str = ""

    def __repr__(self) -> str:
        """Never show the secrets."""
        return "Back()"


class Provided(Protocol):
    """A console that people may enter by a provider."""

    @property
    def provider(self) -> str:
        """How the provider is called; empty where there is none."""

    def to_provider(self, next_path: str, *, again: bool) -> tuple[str, str]:
        """The address at the provider, and what the browser keeps meanwhile."""

    def from_provider(self, kept: str, answer: Mapping[str, str], visitor: Visitor, session: str | None) -> Back:
        """What the provider's answer brings."""

    def provider_sign_out(self) -> str | None:
        """Where the session at the provider is ended."""


def provider_urls(row: str, console: Callable[[Page], Provided]) -> list[Url]:
    """The addresses; `row` is the row of the specification."""

    def provided(page: Page) -> Provided:
        found = console(page)
        if not found.provider:
            raise NotFoundError("There is no page at this address.")
        return found

    def go(page: Page) -> Answer:
        again = page.query.get("again") == "yes" and page.who is not None
        where, kept = provided(page).to_provider(local_path(page.query.get("next", "") or "/"), again=again)
        return Moved(where, cookies=(("permit", kept, AT_THE_PROVIDER),))

    def come_back(page: Page) -> Answer:
        done = provided(page).from_provider(page.permit, page.query, page.visitor, page.session_cookie or None)
        gone = ("permit", "", 0)
        if done.entered is None:
            return Moved(local_path(done.next), cookies=(("session", done.renewed, WITH_BROWSER), gone))
        cookies = [("session", done.entered.secret, WITH_BROWSER), ("visit", "", 0), gone]
        if done.entered.known_by is not None:
            cookies.append(("browser", done.entered.known_by, YEAR))
        return Moved(local_path(done.next), cookies=tuple(cookies))

    def sign_out(page: Page) -> Answer:
        where = provided(page).provider_sign_out()
        return Moved(where) if where else Moved(SIGN_IN, _("The provider has no address to sign out at."))

    def show_again(page: Page) -> Answer:
        return show_sign_in(page) if page.who is None else show_step_up(page)

    return [
        Url("GET", PROVIDER, go, CREDENTIALS, row, again=show_again, alone=True),
        Url("GET", RETURN, come_back, CREDENTIALS, row, again=show_again, alone=True),
        Url("GET", SIGN_OUT, sign_out, CREDENTIALS, row, again=show_again, alone=True),
    ]
