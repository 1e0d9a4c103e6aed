"""Files on pages: what a person sent, the card of a file, names for downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO

from serverkit.web.answers import Sent
from serverkit.web.errors import NoFileError
from serverkit.web.page import Page
from serverkit.web.texts import Words

MEDIA = "application/octet-stream"
FIELDS_BYTES = 64 * 1024
"""What a form may hold beside its file."""


@dataclass(frozen=True, slots=True)
class Card:
    """A file as it is shown everywhere."""

    kind: str
    title: Words
    facts: Sequence[tuple[Words, Any]]
    digest: str = ""


def sent_file(page: Page, field: str = "file") -> Callable[[], AbstractContextManager[BinaryIO]]:
    """The file of a form, to be opened as often as wanted; NoFileError. Its name is never used."""
    found = page.files.get(field)
    if found is None or not (found.filename or found.stream.read(1)):
        raise NoFileError
    stream = found.stream

    @contextmanager
    def opened() -> Iterator[BinaryIO]:
        stream.seek(0)
        yield stream  # type: ignore[misc]  # werkzeug names it more generally

    return opened


def download(name: str, content: bytes) -> Sent:
    """A file to carry out."""
    return Sent(name, MEDIA, [content])


def file_name(*parts: object) -> str:
    """A name for a file that every file system takes."""
    plain = "-".join(str(part) for part in parts)
    kept = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in plain)
    return f"{'-'.join(one for one in kept.split('-') if one)[:80].lower()}.pgx"
