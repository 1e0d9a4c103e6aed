"""How much of a body is taken in, and from whom, before anything of it is read."""

from __future__ import annotations

from serverkit.devices.bodies import SMALL_BYTES
from serverkit.errors import AppError, RequestMalformedError, UploadTooLargeError
from serverkit.web.page import Page
from serverkit.web.security import SAFE
from serverkit.wsgi import announced_bytes, is_chunked

MOST_FIELDS = 2000
FORM_BYTES = 1024 * 1024


class NotAdmittedError(Exception):
    """A large body is not received; the page of its form says why."""

    def __init__(self, error: AppError) -> None:
        """`error` is the refusal."""
        super().__init__(error)
        self.error = error


def check_size(page: Page) -> None:
    """Refuse a body that announces more than its address takes, and bound what is read of it."""
    request = page.request
    if request.method in SAFE:
        return
    length = announced_bytes(request.environ)
    if length is None and is_chunked(request.environ):
        raise RequestMalformedError("the length of the form is missing")
    if length is not None and length > page.url.most_bytes:
        raise UploadTooLargeError(
            "{length} bytes were announced; {most} are allowed", length=length, most=page.url.most_bytes
        )
    request.max_content_length = page.url.most_bytes
    request.max_form_parts = MOST_FIELDS
    request.max_form_memory_size = FORM_BYTES


def admit(page: Page) -> None:
    """Allow a large body to those who are signed in, or whom the address itself admits; NotAdmittedError.

    A small body needs no leave: the token of its form is checked like any other, and its handler judges the rest.
    """
    if not page.url.changes:
        return
    if page.url.admits is not None:
        if (announced_bytes(page.request.environ) or 0) <= SMALL_BYTES:
            return
        try:
            page.request.allow(page.url.most_bytes, page.url.admits(page))
        except AppError as error:
            raise NotAdmittedError(error) from error
    elif page.who is not None:
        page.request.allow(page.url.most_bytes, page.who.actor.id)
