"""Tasks: what runs by itself or was started by a person, with its progress and what it said (row S3.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from satellite.actions.jobs import list_works, show_task
from satellite.core.access.rules import Permission
from serverkit.web.answers import Answer, Shown, Unchanged
from serverkit.web.forms import Choice
from serverkit.web.job_words import BY, result_words, results_of
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Column, Empty, Filter, Item, Moment, Rows, State, Table, Wanted
from serverkit.web.task_pages import STATES, progress_words, took_words
from serverkit.web.texts import Words, _
from serverkit.web.urls import SIGNED_IN, Url
from serverkit.web.windowed import rows_of

KINDS = {
    "clock": _("Check the clock"),
    "tls": _("Renew the TLS certificate"),
    "synchronize": _("Synchronize over the network"),
    "anchor": _("Update the restore anchor"),
    "devices": _("Free licences of silent devices"),
    "alerts": _("Refresh the alerts"),
    "backup": _("Start the backup that is due"),
    "update": _("Note what became of an update"),
    "webhooks": _("Tell webhooks what is new"),
    "mail": _("Mail new alerts"),
    "syslog": _("Send events to the log server"),
    "task-synchronize": _("Synchronize now"),
    "task-export": _("Make the request"),
    "task-backup": _("Make a backup"),
    "task-verify_backup": _("Verify a backup"),
    "task-copy_backup": _("Copy a backup"),
    "task-test_backup_target": _("Test the target of copies"),
    "task-preview_backup": _("Preview a restore"),
    "task-rehearse_backup": _("Rehearse a restore"),
    "task-update": _("Install an update"),
    "task-support": _("Support bundle"),
    "task-bulk": _("Change of many rows"),
}
RESULTS = results_of(
    {
        "alerts": (_("alerts refreshed"),),
        "anchor": (_("change {change}"), _("this satellite was restored from an older copy")),
        "devices": (_("{instances} changed, {marks} lapsed"),),
        "mail": (_("{sent} sent, {failed} failed"),),
        "synchronize": (_("next at {at}"), _("no schedule"), _("failed: {code}")),
        "syslog": (_("{sent} sent; {error}"), _("{sent} sent")),
        "update": (
            _("no update"),
            _("known"),
            _("update to version {version} installed"),
            _("update to version {version} not installed"),
        ),
    }
)
"""What jobs say of their work, by job."""
ASKED = {
    "task-synchronize": "/sync/now",
    "task-backup": "/settings/backup/task",
    "task-verify_backup": "/settings/backup/task",
    "task-copy_backup": "/settings/backup/task",
    "task-test_backup_target": "/settings/backup/task",
    "task-preview_backup": "/settings/backup/task",
    "task-rehearse_backup": "/settings/backup/task",
    "task-update": "/settings/update/task",
    "task-support": "/health/bundle",
    "task-bulk": "/bulk",
}
"""Where the pages of tasks are; one that only programs ask for has none."""


def kind_words(item: Item) -> Words:
    """What a task does."""
    return KINDS.get(item["kind"], str(item["kind"]).replace("_", " ").capitalize())


def task_rows(page: Page, wanted: Wanted) -> Rows:
    """The tasks that are wanted."""
    found = rows_of(page, list_works, wanted)
    if wanted.only_keys:
        return found
    return replace(found, items=[{**one, "path": path_of(page, one)} for one in found.items])


def path_of(page: Page, item: Item) -> str | None:
    """The page of a task, if the person may open it; of a change of many rows, whose own it is, or who may run jobs."""
    if not item["kind"].startswith("task-"):
        return f"/tasks/{item['id']}"
    if item["kind"] == "task-bulk" and item["who_id"] != page.actor.id and not page.may(Permission.JOB_RUN):
        return None
    folder = ASKED.get(item["kind"])
    path = f"{folder}/{item['id']}" if folder else ""
    return path if path and page.may_open(path) else None


def by_words(item: Item) -> str:
    """Who started it: by name where that is known."""
    return str(item.get("who") or BY[item["by"]])


TASKS = Table(
    "tasks",
    _("Tasks"),
    "/tasks",
    (
        Column(
            "kind", _("Task"), value=lambda one: str(kind_words(one)), link=lambda one: one["path"], fixed=True, phone=True,
        ),
        State("state", _("State"), STATES, phone=True),
        Column("detail", _("Result"), value=lambda one: result_words(RESULTS, one["kind"], one["detail"])),
        Column("progress", _("Progress"), value=progress_words),
        Column("by", _("By"), value=by_words),
        Moment("started", _("Started"), sort=True, phone=True),
        Column("took", _("Took"), value=took_words),
        Moment("finished", _("Ended"), shown=False),
    ),
    task_rows,
    sort="-started",
    filters=(
        Filter("q", _("Result or name"), "text"),
        Filter("kind", _("Task"), choices=tuple(Choice(name, words) for name, words in KINDS.items())),
        Filter("state", _("State"), choices=tuple(Choice(name, one.words) for name, one in STATES.items())),
        Filter(
            "by", _("By"), choices=tuple(Choice(name, words) for name, words in BY.items()),
            usual=_("all but the schedule"),
        ),
    ),
    empty=Empty(
        _("No task yet"),
        _("A task runs in the background, such as a backup or a change of many rows. What has ended is kept for 30 days."),
    ),
)  # fmt: skip


def list_page(page: Page) -> Answer:
    """The list."""
    return table_page(page, TASKS, help="portal#tasks")


@dataclass(frozen=True)
class TaskView:
    """A task as the kit shows one that runs."""

    id: str
    path: str
    title: Words
    stage: Words
    done: bool
    log: list[tuple[datetime, Words]]
    result: str
    kind: str
    at: int = 0
    of: int = 0
    stop: str = ""


def find_task(page: Page) -> dict[str, Any]:
    """The task of the address; UnknownTaskError."""
    return show_task(page.unit, page.parts["id"])


def task_page(page: Page) -> Answer:
    """One task: where it is, what it said, and a log; one that runs is polled."""
    one = page.thing
    done = one["state"] != "running"
    if page.query.get("seen") == one["state"]:
        return Unchanged(done)
    log: list[tuple[datetime, Words]] = [
        (datetime.fromisoformat(one["started"]), _("started by {by}", by=BY[one["by"]]))
    ]
    if one["finished"]:
        log.append((datetime.fromisoformat(one["finished"]), STATES[one["state"]].words))
    failed = one["state"] == "failed"
    name = one["id"].replace(":", "-").replace(".", "-")
    view = TaskView(
        name,
        f"/tasks/{one['id']}?seen={one['state']}",
        kind_words(one),
        STATES[one["state"]].words,
        done,
        log,
        "",
        "major" if failed else "good",
    )
    context = {"one": one, "task_view": view, "took": took_words(one), "by": BY[one["by"]], "failed": failed}
    crumbs = ((TASKS.title, TASKS.path),)
    return Shown(
        "task", kind_words(one), "task.html", context, fragment="_task.html", target=f"task-{name}", crumbs=crumbs,
        nav="tasks", help="portal#tasks",
    )  # fmt: skip


URLS = (
    Url("GET", "/tasks", list_page, SIGNED_IN, "S3.2", table=TASKS),
    Url("GET", "/tasks/{id}", task_page, SIGNED_IN, "S3.2", load=find_task),
)
