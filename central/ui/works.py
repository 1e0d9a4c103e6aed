"""Changes of many rows and runs of saved reports as tasks of central."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from central.actions import tasks
from central.actions.report_runs import report_kind
from central.runtime import Central
from serverkit.tasks.service import TaskKind
from serverkit.web.bulk_work import TaskWorks, kind_of
from serverkit.web.errors import TooManyRowsError
from serverkit.web.table_pages import csv_chunks
from serverkit.web.workbooks import MOST_ROWS, workbook_chunks

WORKS = TaskWorks(tasks.begin_bulk, tasks.show_bulk, tasks.stop_bulk, tasks.is_scheduled)


def edge_kinds(server: Central) -> tuple[TaskKind, ...]:
    """The kinds of tasks that pages bring: changes of many rows, and reports, whose files are made here."""
    return bulk_kind(server), report_kind(server, {"csv": csv_chunks, "xlsx": _workbook})


def _workbook(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A workbook; TooManyRowsError for more rows than a sheet takes."""

    def counted() -> Iterator[Sequence[Any]]:
        for number, row in enumerate(rows, 1):
            if number > MOST_ROWS:
                raise TooManyRowsError(rows=number, most=MOST_ROWS)
            yield row

    return workbook_chunks(heads, counted())


def bulk_kind(server: Central) -> TaskKind:
    """The kind of task that changes many rows."""
    from central.ui.console import CentralConsole

    return kind_of(tasks.BULK, lambda: CentralConsole(server))
