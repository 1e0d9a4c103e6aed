"""Numbers in the cells of tables, as spreadsheets write them: what is not certain is named, never converted (row C3.4)."""

from __future__ import annotations

import re

from serverkit.table_file import RowError

_GROUPED = re.compile(r"[0-9]{1,3}(?:[.,'’ \u00a0\u202f][0-9]{3})+")
_DECIMAL = re.compile(r"[0-9]+[.,][0-9]*")


def whole_number(text: str, least: int, most: int) -> int:
    """A quantity in ASCII digits, no sign, blank, point or grouping; RowError `invalid_quantity` names what was found."""
    if text.isascii() and re.fullmatch(r"[0-9]{1,10}", text) and least <= int(text) <= most:
        return int(text)
    said = "nothing is written there" if not text else f"{text[:20]!r} is not a whole number from {least} to {most}"
    raise RowError("invalid_quantity", said + _what_else(text))


def _what_else(text: str) -> str:
    if text.startswith(("=", "@")):
        return ": it is a formula, save its value"
    if _GROUPED.fullmatch(text):
        return ": its thousands are separated, write the digits alone"
    if _DECIMAL.fullmatch(text):
        return ": it has a decimal point or comma"
    if text[:1] in {"'", "’"}:
        return ": an apostrophe is before it"
    if text.isdigit() and not text.isascii():
        return ": write it with the digits 0 to 9"
    return ""
