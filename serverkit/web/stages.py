"""What happens to every request of a page, in this order, no matter who writes the page.

size, origin, session, admission of large bodies, token of the form, gate, permission, form, load, act, answer. A page is a row of the table of
addresses and a handler; it can leave none of these out. A GET is answered in one reading unit; a change reads first
(gate and permission), takes its form in, and then acts in one writing unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from werkzeug.wrappers import Response

from serverkit.db.unit import Unit
from serverkit.errors import AppError, NotFoundError
from serverkit.http import app
from serverkit.http.operations import Access, alternatives
from serverkit.http.request import Request, current_request
from serverkit.web.answers import Answer, Moved, Shown, Unchanged
from serverkit.web.confirmations import check_form_token, confirm
from serverkit.web.console import Console
from serverkit.web.errors import ElsewhereError, SessionOverError, StepUpAskedError
from serverkit.web.form_reading import read_form, refuse_repeated
from serverkit.web.intake import NotAdmittedError, admit, check_size
from serverkit.web.kept_forms import can_be_kept, kept_step_up_page, session_over_page
from serverkit.web.look import Look
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.responder import Responder, nothing_here, waiting
from serverkit.web.security import (
    Cookies,
    check_origin,
    new_secret,
    token_for,
)
from serverkit.web.texts import choose_language, speaking
from serverkit.web.urls import AGAIN, OPEN, SIGN_IN, STEP_UP, Handler, Url, pages_to_return_to, plain_part

POLLED = "seen"
_NOWHERE = Url("GET", "/", lambda _page: Unchanged(), OPEN, "")
# Refusals that say that there is nothing to come back to.
_FINAL = frozenset({401, 403, 404, 405, 413})


class Pages:
    """The family of all pages of one console."""

    def __init__(self, console: Console) -> None:
        """`console.urls` is the table."""
        self._console = console
        self._cookies = Cookies(console.cookie)
        self._responder = Responder(console, self._cookies)
        self._again = pages_to_return_to(console.urls)
        self._forms = {url.rule.endpoint: url for url in console.urls if url.changes}
        self.urls: Sequence[tuple[app.Url, app.View]] = [(url.rule, self._view(url)) for url in console.urls]

    def route(self, path: str) -> str | None:
        """All that no other family took."""
        return path

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Nothing at this address, or nothing for this method; programs get a problem, people a page."""
        request = current_request()
        if "text/html" not in request.headers.get("Accept", ""):
            return nothing_here(methods)
        page = self._page(_NOWHERE, request, {})
        error: AppError = NotFoundError("There is no page at this address.")
        with speaking(self._language(page)):
            with suppress(Exception):
                self._session(page)
            found = self._responder.refused(page, error)
        if methods:
            found.status_code = 405
            found.headers["Allow"] = ", ".join(methods)
        return found

    def refuse(self, error: Exception) -> Response:
        """What went wrong outside of a view; where the body of a form did not come whole, its page says so."""
        request = current_request()
        url = self._forms.get(request.endpoint or "")
        if url is not None and isinstance(error, AppError) and request.broken is error:
            page = self._page(
                url, request, {name: plain_part(text) for name, text in (request.view_args or {}).items()}
            )
            with speaking(self._language(page)), suppress(Exception):
                self._session(page)
                with self._console.database.read(page.actor) as unit:
                    page.work = unit
                    self._gate(page)
                    self._permission(page)
                return self._responder.finish(page, self._unread(page, error))
        page = self._page(_NOWHERE, current_request(), {})
        with speaking(self._language(page)):
            return self._responder.refused(page, error)

    def _view(self, url: Url) -> app.View:
        return lambda **parts: self._visit(url, current_request(), parts)

    def _visit(self, url: Url, request: Request, parts: dict[str, str]) -> Response:
        page = self._page(url, request, {})
        with speaking(self._language(page)):
            try:
                for stage in self._before:
                    stage(page)
                page.parts = {name: plain_part(text) for name, text in parts.items()}
                return self._responder.finish(page, self._change(page) if url.changes else self._look(page))
            except ElsewhereError as elsewhere:
                return self._responder.finish(page, self._responder.moved(page, Moved(elsewhere.path)))
            except SessionOverError as error:
                if self._returns_to(page) is None or not can_be_kept(page):
                    return self._responder.finish(page, self._responder.refused(page, error))
                page.refusal = Refusal.of(error)
                return self._responder.finish(page, self._in_unit(page, session_over_page(page)))
            except StepUpAskedError:
                return self._responder.finish(page, self._step_up(page))
            except NotAdmittedError as refused:
                return self._responder.finish(page, self._unread(page, refused.error))
            except Exception as error:  # noqa: BLE001 - every refusal and every fault becomes a page here
                return self._responder.finish(page, self._responder.refused(page, error))

    # The stages before the unit of work.

    @property
    def _before(self) -> tuple[Callable[[Page], None], ...]:
        return (check_size, self._origin, self._session, admit, self._form_token)

    @staticmethod
    def _origin(page: Page) -> None:
        check_origin(page.request)

    def _session(self, page: Page) -> None:
        page.secret = page.request.cookies.get(self._cookies.session, "")
        if page.secret:
            page.who = self._console.recognise(page.secret, note=POLLED not in page.request.args)
        if page.who is None:
            page.secret = page.request.cookies.get(self._cookies.visit, "") or new_secret()
        page.session_cookie = page.request.cookies.get(self._cookies.session, "")
        page.known_by = page.request.cookies.get(self._cookies.browser) or None
        page.permit = page.request.cookies.get(self._cookies.permit, "")
        page.token = token_for(page.secret)

    def _form_token(self, page: Page) -> None:
        if page.url.changes:
            check_form_token(page, self._cookies.session)

    # The stages within it.

    def _gate(self, page: Page) -> None:
        gate = self._console.gate(page.unit, page.who)
        if gate is not None and not gate.lets(page.path):
            raise ElsewhereError(gate.path)

    def _permission(self, page: Page) -> None:
        needed = alternatives(page.url.permission)
        if set(needed) & {Access.OPEN, Access.CREDENTIALS}:
            return
        if page.who is None:
            raise ElsewhereError(page.leads_here(SIGN_IN)) if not page.url.changes else SessionOverError()
        self._console.permit(page.unit, needed, page.parts)
        page.who = self._console.placed(page.unit, page.who, page.parts)
        until = page.who.fresh_until
        if page.url.fresh and (until is None or until <= page.now):
            raise StepUpAskedError

    def _load(self, page: Page) -> None:
        page.thing = page.url.load(page) if page.url.load is not None else None

    def _look(self, page: Page) -> Response:
        with self._console.database.read(page.actor) as unit:
            page.work = unit
            self._gate(page)
            self._permission(page)
            if not page.url.alone:
                self._load(page)
                return self._responder.answer(page, page.url.handler(page))
        page.work = None  # the way to another server and back
        try:
            return self._in_unit(page, page.url.handler(page))
        except self._console.roots as error:
            return self._come_back(page, error)

    def _change(self, page: Page) -> Response:
        with self._console.database.read(page.actor) as unit:
            page.work = unit
            self._gate(page)
            self._permission(page)
        page.work = None
        if page.expired is not None:
            return self._refilled(page, page.expired)
        if AGAIN in page.sent:
            again = self._returns_to(page)
            if again is None:
                return self._responder.moved(page, Moved("/"))
            page.typed_again = True
            return self._show_again(page, again, 200)
        try:
            if page.url.form is not None:
                page.read = read_form(page.url.form, page.sent)
            else:
                refuse_repeated(page.sent, page.url.several)
            answer = self._act(page)
        except self._console.roots as error:
            if int(getattr(error, "status", 400)) in _FINAL - self._returning(page):
                raise
            return self._come_back(page, error)
        page.work = None
        return self._in_unit(page, answer)

    def _act(self, page: Page) -> Answer:
        if page.url.alone:
            if page.url.names is not None or page.url.current is not None:
                with self._console.database.read(page.actor) as unit:
                    page.work = unit
                    self._load(page)
                    confirm(page)
                page.work = None
            return page.url.handler(page)

        def work(unit: Unit) -> Answer:
            page.work = unit
            self._load(page)
            confirm(page)
            return page.url.handler(page)

        return self._console.database.run(page.actor, work)

    @staticmethod
    def _returning(page: Page) -> frozenset[int]:
        """A wrong password comes back to its form; elsewhere 401 means that the session is over."""
        return frozenset({401}) if page.url.permission is Access.CREDENTIALS or page.url.tries else frozenset()

    def _come_back(self, page: Page, error: Exception) -> Response:
        """Show the page that the form is on again, filled, with all reasons."""
        again = self._returns_to(page)
        if again is None:
            raise error
        page.refusal = Refusal.of(error)
        return waiting(self._show_again(page, again, page.refusal.status), page.refusal)

    def _returns_to(self, page: Page) -> Handler | None:
        return page.url.again or self._again.get(page.url.path)

    def _show_again(self, page: Page, again: Handler, status: int) -> Response:
        with self._console.database.read(page.actor) as unit:
            page.work = unit
            self._load(page)
            answer = again(page)
            if isinstance(answer, Shown):
                answer = replace(answer, status=status)
            return self._responder.answer(page, answer)

    def _unread(self, page: Page, error: AppError) -> Response:
        """Say on the page of a form why its body is not read; nothing of it is known."""
        page.blank = True
        return self._come_back(page, error)

    def _refilled(self, page: Page, error: AppError) -> Response:
        """The form of another session, filled. Where its page shows none, this refusal is all there is to say."""
        with suppress(*self._console.roots):
            found = self._come_back(page, error)
            if found.status_code == error.status:
                return found
        raise error

    # Answers.

    def _step_up(self, page: Page) -> Response:
        if self._returns_to(page) is not None and can_be_kept(page):
            page.refusal = Refusal.of(page.expired) if page.expired is not None else None
            return self._in_unit(page, kept_step_up_page(page))
        return self._responder.moved(page, Moved(page.leads_here(STEP_UP)))

    def _in_unit(self, page: Page, answer: Answer) -> Response:
        if not isinstance(answer, Shown):
            return self._responder.answer(page, answer)
        with self._console.database.read(page.actor) as unit:
            page.work = unit
            return self._responder.answer(page, answer)

    def _page(self, url: Url, request: Request, parts: dict[str, str]) -> Page:
        look = Look.read(request.cookies.get(self._cookies.look, ""))
        return Page(self._console, request, url, parts, look)

    @staticmethod
    def _language(page: Page) -> str:
        return choose_language(page.look.language, page.request.accept_languages.values())
