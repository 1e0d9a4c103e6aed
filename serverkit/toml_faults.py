"""What is wrong with a line of a settings file, in the words of anyone who typed it; no value is quoted, it may be a secret."""

from __future__ import annotations

import re
import unicodedata

_QUOTES = "“”„‟‘’‚«»´"
_WORDS = {"yes", "no", "on", "off", "true", "false"}
_PAIR = re.compile(r"\s*([A-Za-z0-9_.-]+)\s*([=:])\s*(.*?)\s*$")


def fault_of(text: str, error: ValueError) -> tuple[int, str]:
    """Line and fault of a text that the TOML reader refused with `error`, and what was expected there."""
    said = str(error)
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)", said)
    lines = text.split("\n")
    number = int(place[1]) if place and place[1] else len(text.rstrip().split("\n"))
    what = said.replace(place[0], "") if place else said
    line = lines[number - 1].rstrip("\r") if number <= len(lines) else ""
    return number, _expected(line, what)


def _expected(line: str, what: str) -> str:
    odd = next((sign for sign in line.partition("#")[0] if sign in _QUOTES), None)
    if odd is not None:
        return f'{unicodedata.name(odd)} (U+{ord(odd):04X}) is not a quotation mark here; use the straight one (")'
    if "overwrite" in what or "twice" in what:
        pair = _PAIR.match(line)
        return f"{pair[1] if pair else line.strip()[:60]} is set twice in this file; remove one of them"
    if "'\\'" in what or "backslash" in what.lower() or "hex value" in what:
        return r"a backslash between double quotation marks is an escape; write \\, or use single quotation marks"
    if re.match(r"\s*\[", line) and "]" not in line:
        return "the name of a table ends with `]`, as in `[server]`"
    pair = _PAIR.match(line)
    return _expected_of(pair[1], pair[2], pair[3], what) if pair else f"`KEY = VALUE` or `[TABLE]` is expected ({what})"


def _expected_of(key: str, sign: str, value: str, what: str) -> str:
    if sign == ":":
        return f"a key and its value are joined by `=`: `{key} = …`"
    if not value or value.startswith("#"):
        return f"{key} has no value"
    if value.lower() in _WORDS:
        return f"write `{key} = true` or `{key} = false`, in small letters"
    if value[0] in "\"'":
        closed = value.count(value[0]) > 1
        return (
            f"nothing may follow the value of {key}"
            if closed
            else f"the value of {key} lacks its closing quotation mark"
        )
    if value[0] in "[{":
        return f"the list that begins here is not closed, or its entries lack commas ({what})"
    return f'a text is between quotation marks: `{key} = "…"`'
