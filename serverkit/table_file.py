"""Reading CSV files of people: bounded, strict about columns, every faulty row named."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from serverkit.errors import InvalidInputError
from serverkit.files import read_bounded

T = TypeVar("T")
FILE_BYTES = 64 * 1024 * 1024
SHOWN = 20


class TableFileError(InvalidInputError):
    """The file is no CSV of this kind; nothing of it was taken in."""

    code = "malformed_file"
    remedy = "Save the file as CSV in UTF-8 with the columns that the documentation names."


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with a line."""

    line: int
    code: str
    message: str


class FaultyRowsError(InvalidInputError):
    """Rows of the file cannot be taken; none was."""

    code = "invalid_rows"
    remedy = "Correct the lines that are named and import the whole file again."

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


def read_table(
    path: Path, required: Collection[str], optional: Collection[str], read: Callable[[dict[str, str]], T]
) -> list[tuple[int, T]]:
    """Read every row with `read`, each with its line; all or nothing. Unknown columns, short and long rows are refused."""
    data = read_bounded(path, FILE_BYTES)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TableFileError("the file is not UTF-8") from error
    if "\0" in text:
        raise TableFileError("the file is not text")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = [name.strip() for name in next(reader, [])]
        _check_columns(columns, required, optional)
        return _rows(reader, columns, read)
    except csv.Error as error:
        raise TableFileError(f"line {reader.line_num}: {error}") from error


def _check_columns(columns: list[str], required: Collection[str], optional: Collection[str]) -> None:
    if len(set(columns)) != len(columns):
        raise TableFileError("a column stands twice")
    if missing := [name for name in required if name not in columns]:
        raise TableFileError(f"columns are missing: {', '.join(missing)}")
    if unknown := [name for name in columns if name not in required and name not in optional]:
        raise TableFileError(f"columns are not known: {', '.join(name[:40] or '(empty)' for name in unknown[:10])}")


def _rows(reader: Any, columns: list[str], read: Callable[[dict[str, str]], T]) -> list[tuple[int, T]]:
    found: list[tuple[int, T]] = []
    faults: list[RowFault] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        try:
            if len(cells) != len(columns):
                raise RowError("wrong_columns", f"{len(cells)} cells where {len(columns)} are expected")
            row = read({name: cell.strip() for name, cell in zip(columns, cells, strict=True)})
            found.append((reader.line_num, row))
        except RowError as error:
            faults.append(RowFault(reader.line_num, error.code, error.message))
        except InvalidInputError as error:
            faults.append(RowFault(reader.line_num, error.code, error.message))
    if faults:
        raise FaultyRowsError(faults)
    return found
