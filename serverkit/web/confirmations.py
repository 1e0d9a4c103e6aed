"""What must be true of a change before it acts: it comes from a form of this session, names its thing, and is not stale."""

from __future__ import annotations

import unicodedata

from werkzeug.exceptions import RequestEntityTooLarge

from serverkit.errors import UploadTooLargeError
from serverkit.http.operations import Access
from serverkit.web.differences import OPENED, VERSION, Stale, opened_of, plain, version_of
from serverkit.web.errors import FormExpiredError, InvalidFormError, SessionOverError, StaleFormError
from serverkit.web.form_reading import TYPED_NAME
from serverkit.web.page import Page
from serverkit.web.refusals import reason_words
from serverkit.web.security import TOKEN_FIELD, TOKEN_HEADER, check_token


def check_form_token(page: Page, session_cookie: str) -> None:
    """The form is one of this session; `session_cookie` is the name of its cookie."""
    needs_session = page.url.permission not in {Access.OPEN, Access.CREDENTIALS}
    if needs_session and page.who is None and session_cookie in page.request.cookies:
        raise SessionOverError
    try:
        check_token(page.secret, page.request.headers.get(TOKEN_HEADER) or page.sent.get(TOKEN_FIELD, ""))
    except RequestEntityTooLarge as error:
        raise UploadTooLargeError("more fields were sent than the form has") from error
    except FormExpiredError as error:
        # Stepping up in another tab changes the secret. The form is shown again, if the browser vouches for its origin.
        if page.who is None or page.request.headers.get("Sec-Fetch-Site") != "same-origin":
            raise
        page.expired = error


def confirm(page: Page) -> None:
    """The name that was typed is that of the thing, and the form was opened with what is so now."""
    if page.url.names is not None and _as_typed(page.sent.get(TYPED_NAME, "")) != _as_typed(page.url.names(page)):
        raise InvalidFormError({TYPED_NAME: reason_words("other_name")})
    if page.url.current is not None:
        now = plain(page.url.current(page))
        if page.sent.get(VERSION, "") != version_of(now):
            page.stale = Stale(opened_of(page.sent.get(OPENED, "")), now, plain(page.read))
            raise StaleFormError


def _as_typed(name: str) -> str:
    """A name as a person can type it: blanks and the way in which letters are composed make no difference."""
    return " ".join(unicodedata.normalize("NFC", name).split())
