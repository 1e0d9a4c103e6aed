"""From bytes to clean lines: encodings, terminal escapes, pagers."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from agent.inventory.reasons import Note, Reason

MAX_BYTES = 8 * 1024 * 1024
_LOOK = 4096
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|\x1b[ -/]?[0-Z\\^_a-z=>]")
_PAGER = re.compile(r"<?-{2,3} ?\(?more(?: \d+%)?\)? ?-{2,3}>?(?:[ \t]*\x08[ \x08]*)?", re.IGNORECASE)
_PAGER_LAST = re.compile(r"-{2,3} ?\(?more(?: \d+%)?\)? ?-{2,3}>?\s*\Z", re.IGNORECASE)
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f\ufffd]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """Clean text, or the reason why there is none; `cut` tells that the last line has no end."""

    text: str = ""
    notes: tuple[Note, ...] = ()
    reason: Reason | None = None
    cut: bool = False


def decode(data: bytes) -> Decoded:
    """The text of an output without what the terminal added."""
    if not data:
        return Decoded(reason=Reason.EMPTY)
    if len(data) > MAX_BYTES:
        return Decoded(reason=Reason.TOO_LARGE)
    raw, notes = _to_text(data)
    if raw is None:
        return Decoded(reason=Reason.NOT_TEXT)
    raw = raw.rstrip("\x00\x1a")
    if _PAGER_LAST.search(raw):
        notes.append(Note.TRUNCATED)
    text = _clean(raw)
    odd = len(_CONTROLS.findall(text))
    if odd and odd * 50 > len(text):
        return Decoded(reason=Reason.NOT_TEXT)
    text = _CONTROLS.sub("\ufffd", text)
    if not text.strip():
        return Decoded(reason=Reason.EMPTY)
    return Decoded(text=text, notes=tuple(notes), cut=not raw.endswith(("\n", "\r")))


def _to_text(data: bytes) -> tuple[str | None, list[Note]]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace"), []
    if b"\x00" in data.rstrip(b"\x00\x1a")[:_LOOK]:
        wide = _wide_encoding(data[:_LOOK])
        return (None if wide is None else data.decode(wide, errors="replace")), []
    try:
        return data.decode("utf-8"), []
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data[: error.start].decode("utf-8"), [Note.TRUNCATED]
        return data.decode("latin-1"), [Note.NOT_UTF8]


def _wide_encoding(head: bytes) -> str | None:
    """Two bytes per character without a mark: every other byte of such text is zero."""
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    if odd.count(0) * 10 > len(odd) * 8 and even.count(0) * 20 < len(even):
        return "utf-16-le"
    if even.count(0) * 10 > len(even) * 8 and odd.count(0) * 20 < len(odd):
        return "utf-16-be"
    return None


def _clean(raw: str) -> str:
    text = raw.replace("\ufeff", "").replace("\u00a0", " ").replace("\u200b", "")
    text = _ESCAPES.sub("", text)
    text = re.sub(r"\r+\n", "\n", text)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    text = _PAGER.sub("\r", text)
    return "\n".join(_visible(line).rstrip() for line in re.split(r"[\n\x0b\x0c\x85\u2028\u2029]", text))


def _visible(line: str) -> str:
    """What a terminal shows of a line with returns and backspaces in it."""
    if "\r" in line:
        parts = [part for part in line.split("\r") if part.strip()]
        line = parts[-1] if parts else ""
    if "\x08" not in line:
        return line
    shown: list[str] = []
    for character in line:
        if character != "\x08":
            shown.append(character)
        elif shown:
            shown.pop()
    return "".join(shown)
