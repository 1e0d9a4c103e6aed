"""What people type or name on the agent's command line, read so that each slip is told by its option."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import InvalidDaysError, InvalidInputError, InvalidQuantityError
from agent.files import read_file
from agent.transport import Server, require_usable
from exchange.conversion import SKU_CHARS
from exchange.errors import ExchangeError
from exchange.identity import Udi
from exchange.limits import IDENTITY_CHARS

TOKEN_BYTES = 4096
_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,512}")


def text_of(data: bytes, what: str) -> str:
    """The text of a file, with or without byte order mark, in UTF-8 or UTF-16; InvalidInputError names another form."""
    form = "utf-16" if data[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE} else "utf-8-sig"
    try:
        text = data.decode(form)
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            "{what} is not text in UTF-8 or UTF-16", remedy="Save it as plain text.", what=what
        ) from error
    if "\0" in text:
        raise InvalidInputError(
            "{what} holds binary data, or UTF-16 without its mark", remedy="Save it as UTF-8.", what=what
        )
    return text


def token_of(text: str | None, path: str | None) -> str:
    """A token that was typed or is in a file, without what comes along when it is copied.

    Blanks, line ends and a byte order mark around it do not count. InvalidInputError where it can be no token.
    """
    if text is None:
        text = text_of(read_file(Path(path or ""), most_bytes=TOKEN_BYTES), "the token file")
    plain = text.strip().strip("\ufeff").strip()
    if not plain:
        raise InvalidInputError("there is no token", remedy="Give the token as the server's console shows it.")
    if not _TOKEN.fullmatch(plain):
        raise InvalidInputError(
            "a token is one word of letters, digits, - and _",
            remedy="Copy it again, without the text around it and without line breaks inside.",
        )
    return plain


def identity(pid: str, serial: str, uuid: str | None = None) -> Udi:
    """A device as it was typed: blanks around a part do not count, a product id may have some inside."""
    serial = _printable("--serial", serial)
    if any(letter.isspace() for letter in serial):
        raise InvalidInputError("--serial: {serial!r} has a blank inside", serial=serial[:40])
    pid, uuid = _printable("--pid", pid), _printable("--uuid", uuid) if uuid is not None else None
    return Udi(pid=pid, serial=serial, uuid=uuid)


def described(option: str, text: str | None) -> str | None:
    """What a device says of itself beside its identity, as it was typed; None where the option is not given."""
    return None if text is None else _printable(option, text)


def _printable(option: str, text: str) -> str:
    plain = _composed(text)
    if not plain:
        raise InvalidInputError("{option}: there is nothing but blanks, or nothing at all", option=option)
    if len(plain) > IDENTITY_CHARS or not plain.isprintable():
        raise InvalidInputError(
            "{option}: {plain!r} is not 1 to {identity_chars} printable characters",
            option=option,
            plain=plain[:40],
            identity_chars=IDENTITY_CHARS,
        )
    return plain


def _composed(text: str) -> str:
    """A text without blanks around it, its letters as what is signed holds them: a keyboard or file may have them in parts."""
    return unicodedata.normalize("NFC", text.strip())


def unit_of(text: str) -> Udi:
    """A unit written as `PID:SN`; the serial number is behind the last colon."""
    shown, remedy = f"{text[:80]!r} is not PID:SN", "Write the unit as PID:SN, as `show` commands of the device do."
    pid, colon, serial = _composed(text).rpartition(":")
    if not colon:
        raise InvalidInputError(shown, remedy=remedy)
    if any(letter.isspace() for letter in serial.strip()):
        raise InvalidInputError("{shown}: there is a blank inside the serial number", remedy=remedy, shown=shown)
    try:
        return Udi(pid=pid, serial=serial)
    except ExchangeError as error:
        raise InvalidInputError("{shown}: {reason}", remedy=remedy, shown=shown, reason=error.message) from error


def server_of(url: str, ca: str | None, fingerprint: str | None) -> Server:
    """The server of a command; what it is to be recognized by is looked at before anything is changed."""
    if ca is not None and not ca:
        raise InvalidInputError("--ca: no file is named")
    try:
        server = Server(url, str(Path(ca).resolve()) if ca is not None else None, fingerprint)
    except (OSError, ValueError) as error:
        raise InvalidInputError("--ca: this is not the name of a file") from error
    require_usable(server)
    return server


def folder_of(text: str) -> Path:
    """A folder that was named."""
    if not text:
        raise InvalidInputError("no folder is named")
    return Path(text)


def quantity(text: str) -> int:
    """A whole number in plain digits; whether it is in range is asked where it is used."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InvalidQuantityError("{text!r} is not a quantity", text=text[:40])
    return int(text)


def classic_lines(texts: Sequence[str]) -> dict[str, int]:
    """Units by SKU from texts such as `L-ADV-K9=2`; a SKU may hold `=`."""
    found: dict[str, int] = {}
    for text in texts:
        sku, mark, count = text.rpartition("=")
        sku = _composed(sku)
        if not mark or not sku or len(sku) > SKU_CHARS or not sku.isprintable():
            raise InvalidInputError("{text!r} is not SKU=QUANTITY", text=text[:80])
        if sku in found:
            raise InvalidInputError("{sku!r} is named twice", sku=sku[:80])
        found[sku] = quantity(count)
    return found


def days_of(text: str) -> int:
    """A whole number of days in plain digits."""
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise InvalidDaysError("{text!r} is not a number of days", text=text[:40])
    return int(text)


_TIME = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]{1,6})?)?.*")
_EXAMPLE = "such as 2027-01-31T12:00:00Z"


def time_of(text: str) -> datetime:
    """An ISO 8601 time with `Z` or an offset, in UTC; a day or hour that does not exist is told from a wrong form."""
    shown, found = repr(text[:40]), _TIME.fullmatch(text)
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        if found is None:
            raise InvalidInputError(
                "{shown} is not an ISO 8601 time {example}", shown=shown, example=_EXAMPLE
            ) from error
        raise InvalidInputError("{text}; write a time {example}", text=_impossible(found), example=_EXAMPLE) from error
    if at.tzinfo is None:
        raise InvalidInputError("{shown} names no zone; add Z for UTC, {example}", shown=shown, example=_EXAMPLE)
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInputError("{shown} is out of range", shown=shown) from error


def _impossible(found: re.Match[str]) -> str:
    year, month, day, *_ = (int(part or 0) for part in found.groups())
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return f"there is no such day as {found.group()[:10]}"
    return f"there is no such time as {found.group()[11:40]} on a day"
