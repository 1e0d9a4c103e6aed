"""Static files of the consoles: each at an address that holds its digest, so that it may be kept forever."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from werkzeug.wrappers import Response

from serverkit.errors import NotFoundError
from serverkit.http.answers import failed, refusal
from serverkit.http.app import Url, View
from serverkit.http.operations import Access

PATH = "/static/<mark>/<name>"
FAMILY = "static"
FOR_EVER = "public, max-age=31536000, immutable"
MARK_DIGITS = 8
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml; charset=utf-8",
}


@cache
def catalogue() -> dict[str, tuple[str, bytes]]:
    """Every static file: its mark and its bytes."""
    return {
        file.name: (hashlib.sha256(data := file.read_bytes()).hexdigest()[:MARK_DIGITS], data)
        for file in _walk(files("serverkit.web") / "static")
        if _suffix(file.name) in _TYPES
    }


def address_of(name: str) -> str:
    """Where a static file stands."""
    return f"/static/{catalogue()[name][0]}/{name}"


def static_urls() -> list[Url]:
    """The row of static files in the URL table."""
    return [Url(FAMILY, "GET", PATH, Access.OPEN, show, "S3.1")]


def show(mark: str, name: str) -> Response:
    """A static file; an address with another mark is that of another version."""
    found = catalogue().get(name)
    if found is None or found[0] != mark:
        raise NotFoundError("There is no such file.")
    headers = {"Cache-Control": FOR_EVER, "Cross-Origin-Resource-Policy": "same-origin"}
    return Response(found[1], 200, headers, content_type=_TYPES[_suffix(name)])


class Static:
    """The family of static files; it needs neither session nor database."""

    @property
    def urls(self) -> Sequence[tuple[Url, View]]:
        """One rule for all of them."""
        return [(url, show) for url in static_urls()]

    def route(self, path: str) -> str | None:
        """What is below /static/."""
        return path if path.startswith("/static/") else None

    def nowhere(self, _methods: Sequence[str]) -> Response:
        """Another address, or another method."""
        return refusal(NotFoundError("There is no such file."))

    def refuse(self, error: Exception) -> Response:
        """A problem."""
        return refusal(error) if isinstance(error, NotFoundError) else failed(error)


def _walk(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _walk(entry)
        else:
            yield entry


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
