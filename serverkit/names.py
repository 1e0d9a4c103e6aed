"""Names that people give: bounded, printable, without blanks at the ends."""

from __future__ import annotations

import re
import unicodedata

from serverkit.errors import InvalidInputError

MOST = 255
_DOMAIN = re.compile(r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")


class InvalidNameError(InvalidInputError):
    """A name is empty, too long, or holds characters that cannot be shown."""

    code = "invalid_name"
    remedy = "Use 1 to 255 printable characters, without a blank at either end."


def check_name(what: str, value: str, most: int = MOST) -> str:
    """Refuse a name that cannot be shown as it is; returns it."""
    if not value or value != value.strip() or len(value) > most or not value.isprintable():
        raise InvalidNameError(f"{what} {value[:40]!r} cannot be used")
    if unicodedata.normalize("NFC", value) != value:
        raise InvalidNameError(f"{what} {value[:40]!r} is not in the usual Unicode form (NFC)")
    return value


def check_text(what: str, value: str, most: int = 1024) -> str:
    """Refuse a free text that is too long or holds control characters; returns it."""
    if len(value) > most or not value.isprintable() or unicodedata.normalize("NFC", value) != value:
        raise InvalidNameError(
            f"{what} is too long or holds control characters", remedy=f"Use at most {most} printable characters."
        )
    return value


def check_domain(value: str) -> str:
    """Refuse what is no domain identifier; returns it."""
    if not value.isascii() or not _DOMAIN.fullmatch(value):
        raise InvalidNameError(
            f"{value[:80]!r} is no domain identifier",
            remedy="Use lower-case letters, digits, dots and hyphens, such as example.com.",
        )
    return value
