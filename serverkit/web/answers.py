"""What a page answers with: a template to show, another address, a file, or nothing new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias
from urllib.parse import quote

from werkzeug.wrappers import Response

from serverkit.web.texts import Words


@dataclass(frozen=True)
class Shown:
    """A page.

    `name` is its `data-page`, `title` its h1 and the beginning of its title. `fragment` is the template that is sent
    instead of the whole when htmx asks for the element `target`. `help` names a page of the help and a heading in it.
    """

    name: str
    title: Words
    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    status: int = 200
    fragment: str | None = None
    target: str = "rows"
    help: str = ""
    crumbs: tuple[tuple[Words, str], ...] = ()
    nav: str = ""
    bare: bool = False
    cookies: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Moved:
    """Another address, with a notice that is on the page there."""

    path: str
    notice: Words = ""
    cookies: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Sent:
    """A file to keep; `chunks` are its bytes, in as many parts as wanted."""

    name: str
    media: str
    chunks: Iterable[bytes]


@dataclass(frozen=True)
class Unchanged:
    """Nothing new for who polls; `done`: and nothing more to come."""

    done: bool = False


Answer: TypeAlias = Shown | Moved | Sent | Unchanged | Response

PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Vary": "HX-Request, Cookie, Accept-Language",
}


def download(sent: Sent) -> Response:
    """A file, saved under its name and never shown in the page's place."""
    plain = sent.name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_")
    headers = {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(sent.name, safe='')}",
        **PAGE_HEADERS,
    }
    return Response(sent.chunks, 200, headers, content_type=sent.media)
