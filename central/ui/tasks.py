"""Tasks: what people asked for and runs beside the server, with its progress and what came of it (row C1.6)."""

from __future__ import annotations

from dataclasses import replace

from central.actions.report_runs import REPORT
from central.actions.site_files import FILE
from central.actions.tasks import BULK, list_tasks
from serverkit.web.answers import Answer
from serverkit.web.backup_forms import NAMES as BACKUP_NAMES
from serverkit.web.forms import Choice
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Item, Moment, Rows, State, Table, Wanted
from serverkit.web.task_pages import STATES, progress_words, took_words
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

KINDS: dict[str, Words] = {
    BULK: _("Change of many rows"),
    FILE: _("File of a satellite"),
    REPORT: _("Saved report"),
    **BACKUP_NAMES,
}


def kind_words(item: Item) -> Words:
    """What a task does."""
    kind = str(item["kind"])
    return KINDS.get(kind, kind)


def task_rows(page: Page, wanted: Wanted) -> Rows:
    """The tasks that are wanted."""
    found = rows_of(page, list_tasks, wanted)
    if wanted.only_keys:
        return found
    return replace(found, items=[{**one, "path": path_of(one)} for one in found.items])


def path_of(item: Item) -> str:
    """The page of a task."""
    if item["kind"] == FILE:
        return f"/a/{item['domain']}/satellites/files/{item['id']}"
    if item["kind"] == REPORT:
        return f"/a/{item['domain']}/reports/saved"
    if item["kind"] in BACKUP_NAMES:
        return f"/backups/task/{item['id']}"
    return f"/bulk/{item['id']}"


TASKS = Table(
    "tasks",
    _("Tasks"),
    "/tasks",
    (
        Column(
            "kind", _("Task"), value=lambda one: str(kind_words(one)), link=lambda one: one["path"], fixed=True, phone=True
        ),
        State("state", _("State"), STATES, phone=True),
        Column("detail", _("Result")),
        Column("progress", _("Progress"), value=progress_words),
        Column("created_by", _("By")),
        Column("domain", _("Smart account")),
        Moment("asked_at", _("Started"), sort=True, phone=True),
        Column("took", _("Took"), value=took_words),
        Moment("finished_at", _("Ended"), shown=False),
    ),
    task_rows,
    sort="-asked_at",
    filters=(
        Filter("q", _("By"), "text"),
        Filter("kind", _("Task"), choices=tuple(Choice(name, words) for name, words in KINDS.items())),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
    ),
    empty=Empty(
        _("No task has run yet"),
        _("Long operations run in the background: changes of more than 50 rows, files of satellites, saved reports, and backups. You see your own; the vendor's administrators see all. What has ended is kept for 30 days."),
    ),
)  # fmt: skip


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, TASKS, help="central-portal#tasks")


URLS = (Url("GET", "/tasks", list_page, SIGNED_IN, "C1.6", table=TASKS),)
