"""From the bytes of a file to the lines that a person saw on the terminal.

Captures carry what the terminal did: colours, pagers with their backspaces, lines written over, marks in front of each
line. All of it is undone here, so that the readers see the output alone.
"""

from __future__ import annotations

import re
from itertools import pairwise

from agent.inventory.codes import Note
from agent.inventory.model import Draft

MOST_CHARS = 2 * 1024 * 1024
MOST_LINES = 30_000
MOST_LINE = 500
_STRANGE = re.compile("[\x00-\x06\x0e-\x1a\x1f\x7f-\x84\x86-\x9f]")
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ESCAPES = re.compile(
    r"\x1b(?:\[[0-9;?]{0,32}[ -/]?[@-~]|\][^\x07\x1b\n]{0,256}(?:\x07|\x1b\\)|[()][A-Z0-9]|[=>78cDEHM])"
)
_PAGER = re.compile(
    r"<?-{2,8} ?More ?-{2,8}>?(?:\(\d{1,3}%\))?|Press any key to continue(?: \(Q to quit\))?", re.IGNORECASE
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x07\x0e\x0f")) | {
    0xA0: " ",
    0x2007: " ",
    0x202F: " ",
}
_STAMP = re.compile(
    r"\[?(?:(?:\d{4}[-/.]\d{2}[-/.]\d{2}|[A-Z][a-z]{2} {1,2}\d{1,2}(?: \d{4})?)[T ])?"
    r"\d{2}:\d{2}:\d{2}(?:[.,]\d{1,9})?(?:Z|[+-]\d{2}:?\d{2}| (?:UTC|GMT|[CEMPJIW]E?[SD]?T))?\]?(?: ?[|>:-])?(?: |\t|$)"
)
_NUMBERED = re.compile(r"\s{0,8}(\d{1,6})(?:[:|] ?|\t| {2})")
_SYSLOG = re.compile(r"[A-Za-z0-9._-]{1,64} [A-Za-z0-9._/-]{1,64}(?:\[\d{1,8}\])?: ?")
_QUOTES = ("> ", ">", "| ", "|", "! ", "!", "# ")


def to_text(data: bytes, draft: Draft) -> str | None:
    """The text of a file, or None where it is none."""
    text = _decoded(data, draft)
    if text is None:
        return None
    if text.count("\x00") * 100 <= len(text):
        text = text.replace("\x00", "")
    if any(count * 50 > len(text) for count, _ in enumerate(_STRANGE.finditer(text), start=1)):
        return None
    return None if "\x00" in text else text


def too_long(text: str) -> bool:
    """Whether a text is longer than any output of a device is."""
    return len(text) > MOST_CHARS or text.count("\n") >= MOST_LINES or text.count("\r") >= MOST_LINES


def as_seen(text: str) -> str:
    """A text as it stood on the screen: without the marks of the terminal and its pager."""
    text = _ESCAPES.sub("", text)
    text = text.translate(_INVISIBLE) if not text.isascii() or "\x07" in text or "\x0f" in text else text
    text = re.sub(r"\r{1,8}\n", "\n", text)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028":
        text = text.replace(mark, "\n")
    text = _PAGER.sub("\r", text)
    return "\n".join(map(_line_as_seen, text.split("\n"))) if "\r" in text or "\x08" in text else text


def _decoded(data: bytes, draft: Draft) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding)
            except UnicodeDecodeError:
                return None
    head = data[:4096]
    if len(head) >= 8 and head.count(0) * 3 >= len(head):
        even = head[::2].count(0)
        encoding = "utf-16-be" if even * 2 > head.count(0) else "utf-16-le"
        try:
            return data[: len(data) // 2 * 2].decode(encoding)
        except UnicodeDecodeError:
            return None
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        draft.note(Note.DECODED_AS_LATIN_1)
        return data.decode("latin-1")


def _line_as_seen(line: str) -> str:
    """A line as it stood on the screen: what was erased or written over is gone."""
    if "\x08" in line:
        kept: list[str] = []
        for letter in line:
            if letter != "\x08":
                kept.append(letter)
            elif kept and kept[-1] != "\r":
                kept.pop()
        line = "".join(kept)
    if "\r" not in line:
        return line
    seen = ""
    for part in line.split("\r"):
        # A part of blanks wipes what stood there before; a part with text replaces it.
        if part:
            seen = part if part.strip() else part + seen[len(part) :]
    return seen


def to_lines(text: str, draft: Draft) -> list[str]:
    """The lines of a text without the marks that a log puts in front of them."""
    lines = text.split("\n")
    if any(len(line) > MOST_LINE for line in lines):
        draft.note(Note.OVERLONG_LINE)
    lines = [line.expandtabs(8).rstrip() if len(line) <= MOST_LINE else "" for line in lines]
    lines = _without_quotes(lines)
    lines = _without_numbers(lines)
    return _without_stamps(lines)


def _filled(lines: list[str]) -> list[str]:
    return [line for line in lines if line]


def _without_quotes(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    if len(filled) < 3:
        return lines
    for quote in _QUOTES:
        bare = quote.rstrip()
        if all(line.startswith(quote) or line == bare for line in filled):
            return [line[len(quote) :] for line in lines]
    return lines


def _without_numbers(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    found = [_NUMBERED.match(line) for line in filled]
    marks = [int(mark[1]) for mark in found if mark is not None]
    rising = all(first < second for first, second in pairwise(marks))
    if len(marks) < 3 or len(marks) * 10 < len(filled) * 9 or not rising:
        return lines
    return [line[mark.end() :] if (mark := _NUMBERED.match(line)) else "" for line in lines]


def _without_stamps(lines: list[str]) -> list[str]:
    filled = _filled(lines)
    stamped = sum(_STAMP.match(line) is not None for line in filled)
    if stamped < 3 or stamped * 5 < len(filled) * 4:
        return lines
    lines = [line[mark.end() :] if (mark := _STAMP.match(line)) else line for line in lines]
    logged = [_SYSLOG.match(line) for line in lines]
    heads = {mark[0] for mark in logged if mark is not None}
    if len(heads) == 1 and sum(mark is not None for mark in logged) * 5 >= len(_filled(lines)) * 4:
        head = next(iter(heads))
        return [line.removeprefix(head) for line in lines]
    return lines
