"""Damage in transport: recognizes the marks that mail programs, archives, editors and gateways leave on files.

Nothing is repaired: the file has to be transported again. This only explains a refusal that is given in any case.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from typing import BinaryIO, TypeVar

from exchange.errors import AlteredError, ExchangeError, MalformedError, TruncatedError
from exchange.refusal import Remedy

HEAD_BYTES = 64 * 1024
AGAIN = Remedy(
    "Carry the original file again, byte for byte: unpacked, as an attachment or in binary mode, not as text.",
    page="synchronization.md#what-can-go-wrong",
)
CHANGED = "changed"
"""The field of a refusal that says what was found."""

_OURS = (b"PERIGEE", b"{")
_PACKED = {
    b"PK\x03\x04": "a ZIP archive",
    b"PK\x05\x06": "an empty ZIP archive",
    b"\x1f\x8b": "packed by gzip",
    b"BZh": "packed by bzip2",
    b"\xfd7zXZ": "packed by xz",
    b"\x28\xb5\x2f\xfd": "packed by zstd",
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"%PDF": "a PDF document",
    b"{\\rtf": "a document of a word processor (RTF)",
    b"\xd0\xcf\x11\xe0": "an Office document or a stored e-mail message",
}
_UTF_8_MARK = b"\xef\xbb\xbf"
_PAGE = re.compile(
    rb"\s*(?:<!doctype\s+html|<html|<head|<body|<script|<title|<meta|<!--|<\?xml[^>]{0,200}>\s*(?:<!doctype\s+html|<html))",
    re.IGNORECASE,
)
_MAIL = re.compile(
    rb"(?:from |>from |(?:received|return-path|delivered-to|mime-version|content-(?:type|transfer-encoding|disposition)|"
    rb"message-id|subject|from|to|date|sender|reply-to|dkim-signature|arc-[a-z-]+|x-[a-z0-9-]+):)",
    re.IGNORECASE,
)
_PART = re.compile(rb"--[^\r\n]{1,80}\r?\ncontent-", re.IGNORECASE)
_SOFT = re.compile(rb"=(?:\r?\n|3D|22|7B|7D|2C|0D|0A)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{40,}={0,2}")
_QUOTED = re.compile(rb"[> |\t]*>[> \t]*(?:PERIGEE|\{)")

_LINE = 78
T = TypeVar("T")


def change_of(head: bytes) -> str | None:  # noqa: C901 - one mark after the other
    """What happened to a file that begins so, as the end of the sentence "it is …"; None where no mark is known."""
    for magic, name in _PACKED.items():
        if head.startswith(magic):
            return name
    if head.startswith((b"\xff\xfe", b"\xfe\xff")) or _is_wide(head):
        return "text in UTF-16"
    if head.startswith(_UTF_8_MARK):
        return "marked as text by a byte order mark (UTF-8) before its first byte"
    if _PAGE.match(head):
        return "a web page (HTML)"
    if _MAIL.match(head) or _PART.match(head.lstrip(b"\r\n")):
        return "an e-mail message: the file is its attachment"
    if head.lower().startswith((b"begin 6", b"begin-base64 ")):
        return "encoded for mail (uuencode)"
    if _is_base64(head):
        return "encoded in Base64"
    start = head.lstrip()
    if start.startswith((*_OURS, b"=7B")) and _is_printable(head):
        return "encoded for mail (quoted-printable)"
    if _QUOTED.match(head):
        return "quoted, as in the answer to an e-mail"
    if start.startswith(_OURS):
        return _of_text(head, start)
    if (at := head.find(b"PERIGEE1 ")) > 0:
        return f"preceded by {at} other bytes"
    return None


def _of_text(head: bytes, start: bytes) -> str | None:
    if start != head:
        return "preceded by blanks or line breaks"
    line = head.split(b"\n", 1)[0]
    if line.endswith(b"\r"):
        return "changed at its line ends (CR LF in place of LF)"
    if b"\r" in line and head.startswith(b"PERIGEE"):
        return "changed at its line ends (CR in place of LF)"
    return _of_object(head, line) if head.startswith(b"{") else None


def _of_object(head: bytes, line: bytes) -> str | None:
    """What happened to a file that is one object on one line."""
    if line.strip() == b"{":
        return "rewritten by another program: its line breaks are not the original's"
    if head[len(line) :].strip():
        return "followed by other bytes"
    if len(head) < HEAD_BYTES and not head.rstrip().endswith(b"}"):
        return "cut short: its end is missing"
    return None


def text_change(data: bytes, body_at: int) -> str | None:
    """Whether a packed body was treated as text, by its first bytes."""
    body = data[body_at : body_at + 16]
    if body.startswith((b"\x1f\xc2\x8b", b"\x1f\xef\xbf\xbd", b"\x1f?", b"\x1f\x8b\xef\xbf\xbd", b"\xef\xbf\xbd")):
        return "re-encoded as text"
    return None


def _is_wide(head: bytes) -> bool:
    sample = head[:40]
    return len(sample) >= 8 and (not any(sample[1::2]) or not any(sample[::2])) and any(sample)


def _is_printable(head: bytes) -> bool:
    """Whether all of it is short lines of ASCII with the escapes of quoted-printable."""
    lines = head.splitlines()[:-1]
    return head.isascii() and all(len(line) <= _LINE for line in lines) and _SOFT.search(head) is not None


def _is_base64(head: bytes) -> bool:
    lines = [line for line in head.split() if line]
    if lines and lines[0].startswith(b"-----BEGIN"):
        lines = head.split(b"\n", 1)[-1].split()
    text = b"".join(lines)[:400]
    if not _BASE64.fullmatch(text):
        return False
    text = text.rstrip(b"=")
    try:
        plain = base64.b64decode(text[: len(text) // 4 * 4], altchars=b"-_" if {*b"-_"} & {*text} else None)
    except binascii.Error:
        return False
    return plain.startswith((*_OURS, _UTF_8_MARK, b"<?xml", b"\x1f\x8b", b"PK\x03\x04"))


def named(error: ExchangeError, change: str) -> ExchangeError:
    """The same refusal with what was found and the request to transport the file again; the code stays the same."""
    made = type(error)("the file was changed on its way: it is {changed}", **{CHANGED: change})
    made.remedy = AGAIN
    return made


def reading(data: bytes | BinaryIO, read: Callable[[], T]) -> T:
    """Read a file; a refusal names the damage in transport if there is evidence of any."""
    try:
        return read()
    except (MalformedError, TruncatedError, AlteredError) as error:
        if CHANGED in error.fields:
            raise
        change = change_of(head_of(data))
        if change is None:
            raise
        raise named(error, change) from error


def head_of(data: bytes | BinaryIO, at: int = 0, most: int = HEAD_BYTES) -> bytes:
    """The first bytes of a file, from `at` on."""
    if isinstance(data, bytes | bytearray):
        return bytes(data[at : at + most])
    data.seek(at)
    return data.read(most)
