"""Answers of a table: its page, the rows alone, CSV and workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.bulk import MOST
from serverkit.web.errors import TooManyRowsError
from serverkit.web.pace import Pace
from serverkit.web.page import Page
from serverkit.web.tables import COUNTED_TO, ROWS, Item, Table, Wanted, chips, counted
from serverkit.web.texts import Words, _, language, speaking
from serverkit.web.views import default_of, offered
from serverkit.web.workbooks import MOST_ROWS, workbook_chunks

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 500
Line: TypeAlias = Sequence[Any]
DENSITY_WORDS = {"": _("As usual"), "compact": _("Compact"), "normal": _("Normal"), "comfortable": _("Comfortable")}


def table_page(
    page: Page,
    table: Table,
    *,
    template: str = "table.html",
    context: Mapping[str, Any] | None = None,
    help: str = "",
    title: Words = "",
    crumbs: tuple[tuple[Words, str], ...] = (),
    nav: str = "",
) -> Answer:
    """The page of a table as the address asks for it; `as=csv` and `as=xlsx` give all rows that match as a file."""
    table = table.here(page)
    kind = page.query.get("as", "")
    if kind in {"csv", "xlsx"}:
        return export(page, table, kind)
    default = default_of(page, table) if not page.asked else None
    if default is not None:
        return Moved(table.path + default)
    return Shown(
        table.name,
        title or table.title,
        template,
        {**table_context(page, table), **(context or {})},
        fragment="_table.html",
        target=f"rows-{table.name}",
        help=help,
        crumbs=crumbs,
        nav=nav or table.name,
    )


def table_context(page: Page, table: Table) -> dict[str, Any]:
    """What the template of a table needs; a page with something beside its table adds this to its own."""
    table = table.here(page)
    wanted = replace(table.wanted(page.asked), has_default=default_of(page, table) is not None)
    rows = table.rows(page, wanted)
    filtered = bool(wanted.filters)
    return {
        "table": table,
        "wanted": wanted,
        "rows": rows,
        "columns": table.shown(wanted),
        "chips": chips(table, wanted, page),
        "counted": counted(rows, filtered=filtered),
        "filtered": filtered,
        "acts": [one for one in table.acts if page.may(one.permission)],
        "bulks": [one for one in table.bulk if page.may(one.permission)],
        "kept_by_filters": parse_qsl(table.state(replace(wanted, filters={}, after=None, before=None))[1:]),
        "row_numbers": ROWS,
        "densities": DENSITY_WORDS,
        "saved": offered(page, table, wanted),
        "bulk_most": MOST,
        "counted_to": COUNTED_TO,
    }


def export(page: Page, table: Table, kind: str) -> Sent:
    """All rows that match as a file, with the columns that are shown."""
    wanted = table.everything(page.asked)
    columns = table.shown(wanted)
    name = f"{table.name}-{page.now:%Y-%m-%d}.{kind}"
    heads = [str(one.label) for one in columns]
    most = MOST_ROWS if kind == "xlsx" else None
    rows = in_parts(page, table, wanted, lambda item: [one.plain(item) for one in columns], most)
    if kind == "xlsx":
        return Sent(name, XLSX, workbook_chunks(heads, rows))
    return Sent(name, "text/csv; charset=utf-8", csv_chunks(heads, rows))


def in_parts(
    page: Page, table: Table, wanted: Wanted, show: Callable[[Item], Line], most: int | None = None
) -> Iterator[Line]:
    """The rows that match now, read and shown a part at a time in units of their own: the database is free in between.

    A row that has gone when its part is read is left out. A list that is made as a whole is read at once.
    TooManyRowsError where there are more than `most`.
    """
    found = table.rows(page, replace(wanted, only_keys=True))
    rows = len(found.items if found.keys is None else found.keys)
    if most is not None and rows > most:
        raise TooManyRowsError(rows=rows, most=most)
    if found.keys is None:
        return iter([show(item) for item in found.items])
    return _parts(page, table, wanted, found.keys, show)


def _parts(
    page: Page, table: Table, wanted: Wanted, keys: Sequence[str], show: Callable[[Item], Line]
) -> Iterator[Line]:
    pace, speech = Pace(), language()
    for start in range(0, len(keys), BATCH):
        with speaking(speech), page.console.database.read(page.actor) as unit:
            page.work = unit
            items = table.rows(page, replace(wanted, keys=tuple(keys[start : start + BATCH]))).items
            lines = [show(item) for item in items]
        page.work = None
        yield from lines
        pace.rest()


def csv_chunks(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """CSV in parts; a text that a spreadsheet would take for a formula gets an apostrophe, a number stays a number."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([no_formula(head) for head in heads])
    for number, row in enumerate(rows, 1):
        writer.writerow([no_formula(value) for value in row])
        if number % BATCH == 0:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def no_formula(value: Any) -> Any:
    """A value that no spreadsheet calculates."""
    if isinstance(value, str) and value.startswith(STARTS_FORMULA):
        return f"'{value}"
    return "" if value is None else value
