"""One Flask application per server: every address but those of devices and of health is a rule of its URL map.

Addresses come in families, each with one way to say what is wrong. Werkzeug decodes an address before it looks at its
parts, so a name with a slash in it would fall apart; the map is therefore asked with the address as it was sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias
from urllib.parse import quote

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.wrappers import Response

from serverkit.devices.messages import PREFIX, DeviceHttp
from serverkit.errors import BodyIncompleteError, RequestMalformedError
from serverkit.http.answers import failed, problem
from serverkit.http.operations import Access, Needed
from serverkit.http.request import Request, current_request
from serverkit.wsgi import SAFE_HEADERS, Environ, StartResponse

View: TypeAlias = Callable[..., Response]
DRAINED_BYTES = 32 * 1024 * 1024
_FAMILY = "perigee.family"


@dataclass(frozen=True, slots=True)
class Url:
    """A row of a server's URL table; `path` names its parts in angle brackets, `row` a row of the specification."""

    family: str
    method: str
    path: str
    permission: Needed
    action: Callable[..., Any]
    row: str

    @property
    def endpoint(self) -> str:
        """What Flask calls it."""
        return f"{self.family}:{self.method}:{self.path}"


def lean_urls(operations: Iterable[str]) -> list[Url]:
    """The rows that the front answers itself, before Flask is asked: messages of devices, and health."""
    return [
        *(Url("device", "POST", PREFIX + one, Access.SIGNED_MESSAGE, DeviceHttp.take, "S4.7") for one in operations),
        Url("device", "GET", f"{PREFIX}openapi.json", Access.OPEN, DeviceHttp.tell, "S4.7"),
        *(Url("health", "GET", path, Access.OPEN, DeviceHttp.tell, "S3.2") for path in ("/", "/healthz", "/readyz")),
    ]


class Family(Protocol):
    """Addresses that belong together."""

    @property
    def urls(self) -> Sequence[tuple[Url, View]]:
        """Its rows of the table, each with what answers."""

    def route(self, path: str) -> str | None:
        """Where a path, as it was sent, is in the URL map; None for a path of another family."""

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Nothing at this address (no methods), or nothing for this method."""

    def refuse(self, error: Exception) -> Response:
        """What is wrong, as callers of this family read it."""


class _Nothing:
    """Every other address."""

    urls: Sequence[tuple[Url, View]] = ()

    def route(self, path: str) -> str | None:
        return path

    def nowhere(self, _methods: Sequence[str]) -> Response:
        return problem(404, "not_found", "There is nothing at this address.", "Check the address.")

    def refuse(self, error: Exception) -> Response:
        return failed(error)


class _Application(Flask):
    """Flask, asked with the address as it was sent."""

    request_class = Request

    def __init__(self, name: str, families: Sequence[Family]) -> None:
        super().__init__(name, static_folder=None, template_folder=None)
        self.url_map.merge_slashes = False
        self._families = (*families, _Nothing())
        for family in families:
            for url, view in family.urls:
                self.add_url_rule(url.path, url.endpoint, view, methods=[url.method], provide_automatic_options=False)
        self.before_request(_refuse_broken)
        self.register_error_handler(Exception, _refuse)
        self.after_request(_finish)

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request by the rules of the first family that it belongs to."""
        path = sent_path(environ)
        family, routed = next((one, where) for one in self._families if (where := one.route(path)) is not None)
        return super().wsgi_app({**environ, "PATH_INFO": routed, _FAMILY: family}, start_response)


def make_flask(name: str, families: Sequence[Family]) -> Flask:
    """The application of the package `name`; the first family that takes an address has it."""
    return _Application(name, families)


def sent_path(environ: Environ) -> str:
    """The path as it was sent, still percent-encoded."""
    # Servers agree on no name for it; where it is missing the decoded path is encoded again.
    text = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if text.lower().startswith(("http://", "https://")):
        _, slash, rest = text.partition("://")[2].partition("/")
        text = slash + rest
    if text.startswith("/"):
        return text.partition("?")[0]
    return quote(str(environ.get("PATH_INFO", "")).encode("latin-1"), safe="/:@!$&'()*+,;=~")


def _refuse(error: Exception) -> Response:
    """The one error handler: the family of the address says what is wrong."""
    family: Family = current_request().environ[_FAMILY]
    try:
        if isinstance(error, NotFound):
            return family.nowhere([])
        if isinstance(error, MethodNotAllowed):
            return family.nowhere(sorted(error.valid_methods or []))
    except Exception as further:  # noqa: BLE001 - a family may ask for a token before it says that there is nothing
        return family.refuse(further)
    return family.refuse(error)


def _refuse_broken() -> None:
    """Nothing is done with a body that did not come whole."""
    error = current_request().broken
    if error is not None:
        raise error


def _finish(response: Response) -> Response:
    if response.status_code >= 400:
        with suppress(BodyIncompleteError, RequestMalformedError):
            current_request().drain(DRAINED_BYTES)
    for name, value in SAFE_HEADERS:
        response.headers.setdefault(name, value)
    return response
