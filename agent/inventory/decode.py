"""From the bytes of a file to the lines that a person saw on the terminal.

Captures carry what the terminal did: colours, pagers with their backspaces, lines written over, marks in front of each
line. All of it is undone here, so that the readers see the output alone.
"""

from __future__ import annotations

import re

from agent.inventory.codes import Note, Reason
from agent.inventory.model import Draft

MOST_CHARS = 2 * 1024 * 1024
MOST_LINES = 30_000
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
# The mark of an escape is lost where someone copied from a window, or is shown as two letters.
_LEFT_OVER = re.compile(r"\^\[\[[0-9;?]{0,16}[@-~]|\[(?:\d{1,2}(?:;\d{1,2}){0,4})?m|\[[0-2]?K|\[\d{1,3};\d{1,3}H")
_PAGER = re.compile(
    r"<?-{2,8} ?\(?More(?: \d{1,3}%| \d{1,4} lines?)?\)? ?-{2,8}>?(?:\(\d{1,3}%\)|\(byte \d{1,9}\))?(?:, next page: Space.{0,60}$)?"
    r"|Press any key to continue(?: \(Q to quit\))?|Press <(?:space|return|enter)> (?:to continue|for more).{0,40}$"
    r"|--More or \(q\)uit.{0,60}$|^lines \d{1,6}-\d{1,6}(?:/\d{1,6})?(?: \((?:END|\d{1,3}%)\))?$|^\(END\)$",
    re.IGNORECASE | re.MULTILINE,
)
_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff\u00ad\x07\x0e\x0f")) | {
    **dict.fromkeys((160, 5760, *range(8192, 8203), 8239, 8287, 12288), " "),
    # What word processors and mail programs make of plain marks.
    **dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013, 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-"),
    **dict.fromkeys((0x2014, 0x2015), "--"),
    **dict.fromkeys((0x2018, 0x2019, 0x201A, 0x2032, 0xFF07), "'"),
    **dict.fromkeys((0x201C, 0x201D, 0x201E, 0x00AB, 0x00BB, 0x2033, 0xFF02), '"'),
    0x2026: "...",
    0xFF1A: ":",
    0xFF0C: ",",
}


_PACKED = (
    (b"\x1f\x8b", "gzip"),
    (b"PK\x03\x04", "zip (workbooks and text documents are zip files too)"),
    (b"PK\x05\x06", "zip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"Rar!\x1a", "rar"),
    (b"\x1f\x9d", "compress"),
    (b"\x04\x22\x4d\x18", "lz4"),
)
_DOCUMENTS = (
    (b"%PDF-", "a PDF document"),
    (b"{\\rtf", "an RTF document"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def other_kind(data: bytes, draft: Draft) -> Reason | None:
    """Why a file is not text although its first bytes are known: an archive, a document, a picture."""
    packed = next((name for mark, name in _PACKED if data.startswith(mark)), None)
    if packed is None and data[257:262] == b"ustar":
        packed = "tar"
    if packed is not None:
        draft.detail = f"the file is packed as {packed}; unpack it and give the text that is in it"
        return Reason.COMPRESSED
    document = next((name for mark, name in _DOCUMENTS if data.startswith(mark)), None)
    if document is not None:
        draft.detail = f"the file is {document}; save the output as plain text"
        return Reason.NOT_TEXT
    return None


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
    """A text as it was on the screen: without the marks of the terminal and its pager."""
    if "^" in text:
        # `cat -v` and some editors show what the terminal got as two letters.
        text = text.replace("^H", "\x08").replace("^M", "\r")
    text = _ESCAPES.sub("", text)
    text = _LEFT_OVER.sub("", text) if "[" in text else text
    text = text.translate(_INVISIBLE) if not text.isascii() or "\x07" in text or "\x0f" in text else text
    text = re.sub(r"\r{1,8}\n", "\n", text)
    if "\n" not in text:
        text = text.replace("\r", "\n")
    for mark in "\x0b\x0c\x1c\x1d\x1e\x85\u2028":
        text = text.replace(mark, "\n")
    text = _PAGER.sub("\r", text.rstrip("\x1a"))
    return "\n".join(map(_line_as_seen, text.split("\n"))) if "\r" in text or "\x08" in text else text


def _decoded(data: bytes, draft: Draft) -> str | None:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return _cut_decoded(data, encoding, draft)
            except UnicodeDecodeError:
                return None
    head = data[:4096]
    if len(head) >= 8 and head.count(0) * 3 >= len(head):
        even = head[::2].count(0)
        encoding = "utf-16-be" if even * 2 > head.count(0) else "utf-16-le"
        try:
            return _cut_decoded(data, encoding, draft)
        except UnicodeDecodeError:
            return None
    try:
        return _cut_decoded(data, "utf-8-sig", draft)
    except UnicodeDecodeError:
        draft.note(Note.DECODED_AS_LATIN_1)
    try:
        # What is called Latin-1 on most desks has dashes and quotation marks where Latin-1 has control letters.
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _cut_decoded(data: bytes, encoding: str, draft: Draft) -> str:
    """The text of the bytes; a last letter of which a part is missing is left out and named."""
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        if error.reason not in {"unexpected end of data", "truncated data"} or error.start < len(data) - 4:
            raise
        text = data[: error.start].decode(encoding)
        if not text.strip("\ufeff \r\n"):
            raise
        draft.note(Note.TRUNCATED_OUTPUT)
        return text


def _line_as_seen(line: str) -> str:
    """A line as it was on the screen: what was erased or written over is gone."""
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
        # A part of blanks wipes what was there before; a part with text replaces it.
        if part:
            seen = part if part.strip() else part + seen[len(part) :]
    return seen
