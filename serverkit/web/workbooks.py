"""Workbooks that are sent while they are made: the library makes all but the rows, which follow one after the other."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from xml.sax.saxutils import escape

from xlsxwriter import Workbook
from xlsxwriter.utility import xl_col_to_name

MOST_ROWS = 1_048_575
"""What a sheet takes below its head."""
LONGEST_TEXT = 32_767
BATCH = 500
SHEET, END = "xl/worksheets/sheet1.xml", b"</sheetData>"
# XML has no such characters; the format writes them by number, and the underscore of a text that looks like that as well.
_WRITTEN_BY_NUMBER = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")


def workbook_chunks(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A workbook in parts: texts as texts, numbers as numbers, nothing calculated, the head fixed."""
    target = _Sent()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as book:
        with zipfile.ZipFile(io.BytesIO(_frame(heads))) as frame:
            parts = {name: frame.read(name) for name in frame.namelist()}
        # Its size would have to be known beforehand.
        before, _, after = re.sub(rb"<dimension [^>]*/>", b"", parts.pop(SHEET)).partition(END)
        for name, content in parts.items():
            book.writestr(name, content)
        names = [xl_col_to_name(at) for at in range(len(heads))]
        with book.open(SHEET, "w") as sheet:
            sheet.write(before)
            for line, row in enumerate(rows, 2):
                sheet.write(_row(names, line, row).encode())
                if line % BATCH == 0:
                    yield target.taken()
            sheet.write(END + after)
    yield target.taken()


def _frame(heads: Sequence[str]) -> bytes:
    target = io.BytesIO()
    book = Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(), book.add_format({"bold": True})
    for at, head in enumerate(heads):
        sheet.write_string(0, at, head, bold)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, max(0, len(heads) - 1), 20)
    book.close()
    return target.getvalue()


def _row(names: Sequence[str], line: int, values: Sequence[Any]) -> str:
    cells = (_cell(f"{name}{line}", value) for name, value in zip(names, values, strict=True) if value is not None)
    return f'<row r="{line}">{"".join(cells)}</row>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, int | float):
        return f'<c r="{place}"><v>{value}</v></c>'
    text = _WRITTEN_BY_NUMBER.sub(lambda found: f"_x{ord(found[0]):04X}_", str(value)[:LONGEST_TEXT])
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'


class _Sent(io.RawIOBase):
    """A file that can only be written on; what was written is taken away."""

    def __init__(self) -> None:
        """Nothing is written yet."""
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """It is."""
        return True

    def write(self, data: Any) -> int:
        """Keep it until it is taken."""
        self._parts.append(bytes(data))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """What was written since."""
        found = b"".join(self._parts)
        self._parts.clear()
        return found


__all__ = ["MOST_ROWS", "workbook_chunks"]
