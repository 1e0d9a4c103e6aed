"""From what a handler returns, or why it could not, to what the browser gets."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, unquote

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from serverkit.db.unit import DatabaseFailure
from serverkit.errors import AppError, RequestMalformedError
from serverkit.http.answers import log_failure, problem
from serverkit.storage import disk_of
from serverkit.web.answers import Answer, Moved, Sent, Shown, Unchanged, download
from serverkit.web.console import Console
from serverkit.web.page import Page
from serverkit.web.refusals import Refusal
from serverkit.web.render import PARTIAL, Renderer
from serverkit.web.security import Cookies, set_cookie
from serverkit.web.texts import _

STOPS_POLLING = 286
_TITLES = {
    401: _("Your session has ended"),
    403: _("You may not do this"),
    404: _("There is nothing here"),
    409: _("This cannot be done now"),
    412: _("Someone else changed this"),
    413: _("This is too large"),
    422: _("This needs another value"),
    429: _("Too many tries"),
    500: _("The server failed"),
    503: _("The server is busy"),
}


class Responder:
    """Makes the responses of one console."""

    def __init__(self, console: Console, cookies: Cookies) -> None:
        """Templates are those of the console and of the kit."""
        self._console = console
        self._cookies = cookies
        self._renderer = Renderer(console)

    def answer(self, page: Page, answer: Answer) -> Response:
        """What a handler returned."""
        if isinstance(answer, Shown):
            page.notice = unquote(page.request.cookies.get(self._cookies.notice, ""))
            shown = self._renderer.show(page, answer)
            self._set(shown, answer.cookies)
            return shown
        if isinstance(answer, Moved):
            return self.moved(page, answer)
        if isinstance(answer, Sent):
            return download(answer)
        if isinstance(answer, Unchanged):
            return Response(status=STOPS_POLLING if answer.done else 204)
        return answer

    def moved(self, page: Page, moved: Moved) -> Response:
        """Another address, for browsers and for htmx."""
        if PARTIAL in page.request.headers:  # htmx would put the page that follows in the place of a part
            found = Response(status=204, headers={"HX-Redirect": moved.path})
        else:
            found = Response(status=303, headers={"Location": quote(moved.path, safe="/:@!$&'()*+,;=~?%#[]")})
        if moved.notice:
            set_cookie(found, self._cookies.notice, quote(str(moved.notice)[:800]), 60)
        self._set(found, moved.cookies)
        found.headers["Cache-Control"] = "no-store"
        return found

    def _set(self, response: Response, cookies: tuple[tuple[str, str, int], ...]) -> None:
        for name, value, seconds in cookies:
            set_cookie(response, getattr(self._cookies, name), value, seconds if seconds >= 0 else None)

    def refused(self, page: Page, error: Exception) -> Response:
        """A refusal or a fault as a page of its own."""
        error = disk_of(error) or error
        if isinstance(error, self._console.roots):
            refusal = Refusal.of(error)
        elif isinstance(error, HTTPException) and error.code is not None and error.code < 500:
            refusal = Refusal.of(RequestMalformedError("the form cannot be read"))
        else:
            reference = log_failure("page_failed", error)
            refusal = Refusal(
                _("The server failed. Nothing was changed."),
                _("Try again; tell the administrator the reference."),
                "internal_error",
                500,
                reference=reference,
            )
        page.refusal = refusal
        shown = Shown("error", _TITLES.get(refusal.status, _("This did not work")), "error.html", status=refusal.status)
        try:
            page.work = None
            with self._console.database.read(page.actor) as unit:
                page.work = unit
                return waiting(self._renderer.show(page, shown), refusal)
        except (DatabaseFailure, AppError, OSError):
            page.work, page.who = None, None  # the database does not answer: the page stands without its frame
            return waiting(self._renderer.show(page, shown), refusal)

    def finish(self, page: Page, response: Response) -> Response:
        """The cookies that every answer may bring."""
        cookies = page.request.cookies
        if page.who is None and cookies.get(self._cookies.visit) != page.secret and page.secret:
            set_cookie(response, self._cookies.visit, page.secret)
        if page.notice:
            set_cookie(response, self._cookies.notice, "", 0)
        return response


def waiting(response: Response, refusal: Refusal) -> Response:
    """An answer that says how long to wait, where its refusal does."""
    if refusal.wait:
        response.headers["Retry-After"] = str(refusal.wait)
    return response


def nothing_here(methods: Sequence[str]) -> Response:
    """What a program is told where there is nothing, or nothing for its method."""
    if methods:
        allowed = ", ".join(methods)
        found = problem(405, "method_not_allowed", f"This address takes {allowed}.", "Use one of these methods.")
        found.headers["Allow"] = allowed
        return found
    return problem(404, "not_found", "There is nothing at this address.", "Check the address.")
