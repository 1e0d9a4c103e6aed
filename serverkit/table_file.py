"""Reading CSV files of people: bounded, strict about columns, every faulty row named (rows C3.4, C8.1).

Spreadsheets write what their language settings say: another separator, a line `sep=`, UTF-16, capitals. All of that is
taken where it is certain from the names of the columns; what is not CSV at all is named as what it is.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from serverkit.errors import InvalidInputError, Remedy
from serverkit.files import read_bounded

T = TypeVar("T")
FILE_BYTES = 64 * 1024 * 1024
CELL_LETTERS = 131_072
SHOWN = 20
SEPARATORS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
_LINE_END = re.compile(r"\r\n|\r|\n")
_BLANK_LINES = re.compile(r"(?:[^\S\r\n]*(?:\r\n|\r|\n))*+")
_KINDS = (
    (b"PK\x03\x04", "an Excel workbook (.xlsx), or another ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook (.xls)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"%PDF", "a PDF document"),
    (b"{\\rtf", "a text document (RTF)"),
)


class TableFileError(InvalidInputError):
    """The refusal `malformed_file`."""

    code = "malformed_file"
    message = "The file is not a CSV file of this kind; nothing was imported."
    remedy = Remedy("Save the file as CSV in UTF-8 with the documented columns.", page="orders-and-catalogue.md")


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a line."""

    line: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RowWarning:
    """What is odd in a file that is taken; `line` is None where the whole file is meant."""

    line: int | None
    code: str
    message: str

    def to_dict(self) -> dict[str, Any]:
        """As JSON shows it."""
        return {"line": self.line, "code": self.code, "message": self.message}

    @property
    def text(self) -> str:
        """As a terminal shows it."""
        return f"warning: line {self.line}: {self.message}" if self.line else f"warning: {self.message}"


class FaultyRowsError(InvalidInputError):
    """The refusal `invalid_rows`."""

    code = "invalid_rows"
    message = "The file has invalid rows; nothing was imported."
    remedy = Remedy(
        "Correct the named lines and import the whole file again.",
        page="orders-and-catalogue.md#codes-of-faulty-lines",
    )

    def __init__(self, faults: list[RowFault]) -> None:
        """Name the first faults; the code is theirs where they all share one."""
        codes = {fault.code for fault in faults}
        shown = "; ".join(f"line {fault.line}: {fault.code}: {fault.message}" for fault in faults[:SHOWN])
        more = f" (and {len(faults) - SHOWN} more)" if len(faults) > SHOWN else ""
        super().__init__(shown + more, faults=[(fault.line, fault.code) for fault in faults])
        if len(codes) == 1:
            self.code = codes.pop()  # type: ignore[misc]  # the one reason that all lines share is the file's


class RowError(Exception):
    """One cell or row is wrong; raised by the reader of a row."""

    def __init__(self, code: str, message: str) -> None:
        """A stable code and a sentence."""
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Table(Generic[T]):
    """What a file holds: rows, each with its line, what is odd about it, and what is wrong."""

    rows: list[tuple[int, T]]
    warnings: list[RowWarning] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def judge_table(
    source: Path | bytes, required: Collection[str], optional: Collection[str], read: Callable[[dict[str, str]], T]
) -> Table[T]:
    """Read every row with `read`, and name every fault of one. Unknown columns are refused."""
    data = source if isinstance(source, bytes) else read_bounded(source, FILE_BYTES)
    lines = _Lines(text_of(data), [*required, *optional])
    _check_columns(lines, required, optional)
    rows, faults = _rows(lines, read)
    warnings = []
    if not rows and not faults:
        warnings.append(RowWarning(None, "no_lines", "the file holds a header and no line below it"))
    return Table(rows, warnings, faults)


def text_of(data: bytes) -> str:
    """The text of a file in UTF-8, or in UTF-16 with its mark; TableFileError names what else it is."""
    _refuse_other_kinds(data)
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if wide else "utf-8").lstrip("\ufeff")  # some programs leave a second mark
    except UnicodeDecodeError as error:
        if wide:
            raise TableFileError("the file begins as UTF-16 but is not valid UTF-16") from error
        line = len(_LINE_END.findall(data[: error.start].decode("latin-1"))) + 1
        found = f"line {line}: the byte {data[error.start]:#04x} is not UTF-8"
        raise TableFileError("{found}; the file is in another encoding: save it as CSV UTF-8", found=found) from error
    if "\0" in text:
        if b"\0" in data[:2]:
            raise TableFileError("the file is UTF-16 without a byte order mark; save it as CSV UTF-8")
        line = len(_LINE_END.findall(text.partition("\0")[0])) + 1
        raise TableFileError("line {line}: a NUL character (U+0000): the file is damaged or no text", line=line)
    if not text.strip():
        raise TableFileError("the file is empty")
    _refuse_markup(text.lstrip()[:500].lower())
    return text


def _refuse_other_kinds(data: bytes) -> None:
    if not data.strip():
        raise TableFileError("the file is empty")
    found = next((kind for start, kind in _KINDS if data.startswith(start)), None)
    if found is not None:
        found = "an OpenDocument workbook (.ods)" if b"vnd.oasis.opendocument" in data[:200] else found
        raise TableFileError("the file is {found}, not CSV: open it and save the table as CSV (UTF-8)", found=found)


def _refuse_markup(beginning: str) -> None:
    if beginning.startswith("<"):
        kind = "an Excel workbook saved as XML" if "excel.sheet" in beginning else "a web page or XML"
        raise TableFileError("the file is {kind}, not CSV: open it and save the table as CSV (UTF-8)", kind=kind)


def plain(name: str) -> str:
    """A column's name without regard to case, blanks around it, and how its words are joined."""
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


class _Lines:
    """The columns of a file, and its rows with the line that each begins in."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._before = 0
        first, rest = _first_line(text)
        named = _SEPARATOR_LINE.fullmatch(first)
        if named:
            self._before, text = 1, rest
            if named.group(1) not in SEPARATORS:
                raise TableFileError(
                    "line 1: {first!r} names no separator: {separators} is taken",
                    first=first.strip()[:20],
                    separators=", ".join(f"{name} ({mark!r})" for mark, name in SEPARATORS.items()),
                )
        blank = _BLANK_LINES.match(text)
        start = blank.end() if blank else 0
        self._before, text = self._before + len(_LINE_END.findall(text[:start])), text[start:]
        if not text.strip():
            raise TableFileError("the file holds no header line and no row")
        head = _first_line(text)[0]
        found = {mark: _names(head, mark) for mark in SEPARATORS}
        hits = {mark: len({*names} & {*known}) for mark, names in found.items()}
        best = max(hits, key=lambda mark: hits[mark])
        self.header = self._before + 1
        if not hits[best]:
            raise TableFileError(
                "line {header}: there is no header line with the names of the columns; it begins with {head!r}, "
                "the columns are {names}",
                header=self.header,
                head=head.strip()[:40],
                names=", ".join([*known][:12]),
            )
        if named and hits[named.group(1)] < hits[best]:
            said = f"line 1 names the {SEPARATORS[named.group(1)]} as separator"
            raise TableFileError(
                "{said}, line {header} is separated by the {separator}",
                said=said,
                header=self.header,
                separator=SEPARATORS[best],
            )
        self.separator = named.group(1) if named else best
        self._reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, strict=True)
        self.columns = [plain(name) for name in next(self._read())[1]]
        while self.columns and not self.columns[-1]:
            self.columns.pop()  # a spreadsheet that was wider once

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        return self._read()

    def _read(self) -> Iterator[tuple[int, list[str]]]:
        while True:
            line = self._before + self._reader.line_num + 1
            try:
                cells = next(self._reader, None)
            except csv.Error as error:
                raise TableFileError("line {line}: {said}", line=line, said=_said(str(error))) from error
            if cells is None:
                return
            yield line, cells


def _first_line(text: str) -> tuple[str, str]:
    """The first line and what follows it, whichever of the three line ends the file has."""
    end = _LINE_END.search(text)
    return (text[: end.start()], text[end.end() :]) if end else (text, "")


def _names(head: str, mark: str) -> list[str]:
    try:
        return [plain(name) for name in next(csv.reader([head], delimiter=mark), [])]
    except csv.Error:
        return []


def _said(cause: str) -> str:
    if "field limit" in cause:
        return f"a cell holds more than {CELL_LETTERS} characters; often a quotation mark is not closed"
    if "unexpected end" in cause:
        return "a quotation mark is opened and never closed"
    if "expected after" in cause:
        return "text follows a closing quotation mark; inside a cell it is written twice"
    return cause


def _check_columns(lines: _Lines, required: Collection[str], optional: Collection[str]) -> None:
    columns, where = lines.columns, f"line {lines.header}"
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise TableFileError(
            "{where}: a column occurs twice: {twice}",
            where=where,
            twice=", ".join(name[:40] or "(empty)" for name in twice),
        )
    found = f"found, separated by the {SEPARATORS[lines.separator]}: {', '.join(name[:40] for name in columns[:12])}"
    if missing := [name for name in required if name not in columns]:
        raise TableFileError(
            "{where}: columns are missing: {missing}; {found}", where=where, missing=", ".join(missing), found=found
        )
    if unknown := [name for name in columns if name not in required and name not in optional]:
        named = ", ".join(name[:40] or "(empty)" for name in unknown[:10])
        raise TableFileError(
            "{where}: columns are not known: {named}; known are {names}",
            where=where,
            named=named,
            names=", ".join([*required, *optional]),
        )


def _rows(lines: _Lines, read: Callable[[dict[str, str]], T]) -> tuple[list[tuple[int, T]], list[RowFault]]:
    found: list[tuple[int, T]] = []
    faults: list[RowFault] = []
    columns = lines.columns
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            while len(cells) > len(columns) and not cells[-1].strip():
                cells.pop()
            if len(cells) != len(columns):
                raise RowError("wrong_columns", _miscounted(cells, len(columns), lines.separator))
            found.append((line, read({name: cell.strip() for name, cell in zip(columns, cells, strict=True)})))
        except (RowError, InvalidInputError) as error:
            faults.append(RowFault(line, error.code, error.message))
    return found, faults


def _miscounted(cells: list[str], expected: int, separator: str) -> str:
    said = f"{len(cells)} cells where {expected} are expected"
    other = next((mark for mark in SEPARATORS if mark != separator and cells[0].count(mark) == expected - 1), None)
    if len(cells) == 1 and other and expected > 1:
        said += f"; the line is separated by the {SEPARATORS[other]}, the header by the {SEPARATORS[separator]}"
    return said
