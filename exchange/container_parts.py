"""The parts of an exchange file that its writer and its reader share: the first line, and what is said of the body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from exchange import limits
from exchange.canonical import JsonObject, iso, parse_time
from exchange.errors import (
    MalformedError,
    UnsupportedVersionError,
)
from exchange.fields import Fields
from exchange.vocabulary import FileKind

FORMAT = 1

MAGIC = "PERIGEE1"
MARK = b"PERIGEE"
"""What a file of any version of the format begins with."""

CHUNK = 256 * 1024

SPOOL_BYTES = 8 * 1024 * 1024

_HEADER = re.compile(r"PERIGEE1 ([a-z-]{1,20}) ([0-9a-f]{32}) (\d{1,9})/(\d{1,9}) (\S{20})", re.ASCII)

SIZE_LIMITS: Mapping[FileKind, int] = {
    FileKind.REGISTRATION: limits.REGISTRATION_BYTES,
    FileKind.AUTHORIZATION: limits.AUTHORIZATION_BYTES,
    FileKind.SYNC_REQUEST: limits.SYNC_FILE_BYTES,
    FileKind.SYNC_RESPONSE: limits.SYNC_FILE_BYTES,
}


def not_a_file() -> MalformedError:
    """What does not even begin as a file of any version."""
    return MalformedError(
        "this is not a Perigee file: it does not begin as one",
        remedy="Choose the file that central or a satellite made.",
    )


@dataclass(frozen=True, slots=True)
class Header:
    """The first line."""

    kind: FileKind
    satellite: str
    epoch: int
    number: int
    created: datetime

    def line(self) -> bytes:
        """The line without its line feed."""
        text = f"{MAGIC} {self.kind.value} {self.satellite} {self.epoch}/{self.number} {iso(self.created)}"
        return text.encode("ascii")

    @classmethod
    def parse(cls, line: bytes) -> Header:
        """Read the line; says plainly when this is no file of this format, or one of a newer."""
        try:
            text = line.decode("ascii")
        except UnicodeDecodeError as error:
            raise not_a_file() from error
        if text.startswith("PERIGEE") and not text.startswith(MAGIC + " ") and text[7:8].isdigit():
            raise UnsupportedVersionError("the file is written in another version of the format")
        found = _HEADER.fullmatch(text)
        if found is None:
            raise (
                MalformedError("the first line is not one of this format")
                if text.startswith("PERIGEE")
                else not_a_file()
            )
        kind, satellite, epoch, number, created = found.groups()
        try:
            known = FileKind(kind)
        except ValueError as error:
            raise MalformedError("{kind!r} is not a kind of file", kind=kind) from error
        return cls(known, satellite, int(epoch), int(number), parse_time(created))


@dataclass(frozen=True, slots=True)
class Body:
    """What the manifest says of the body."""

    sha256: str
    size: int
    rows: int
    counts: dict[str, int]

    def to_dict(self) -> JsonObject:
        """The member `body` of the manifest."""
        return {"sha256": self.sha256, "size": self.size, "rows": self.rows, "counts": self.counts}

    @classmethod
    def from_dict(cls, data: object) -> Body:
        """Read the member."""
        fields = Fields(data, "body")
        counts = fields.mapping("counts")
        reader = Fields(counts, "body.counts")
        return cls(
            sha256=fields.digest("sha256"),
            size=fields.integer("size", most=limits.SYNC_FILE_BYTES),
            rows=fields.integer("rows", most=limits.ROWS),
            counts={name: reader.integer(name, most=limits.ROWS) for name in counts},
        )
