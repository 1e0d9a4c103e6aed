"""Long works that a person started, as their pages show them: polled, with stages, a log, and a way to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from serverkit.web.answers import Shown, Unchanged
from serverkit.web.console import Severity
from serverkit.web.page import Page
from serverkit.web.tables import Item, StateWords
from serverkit.web.texts import Words, _, ngettext

STATES = {
    "waiting": StateWords(_("Waiting")),
    "running": StateWords(_("Running")),
    "done": StateWords(_("Done")),
    "failed": StateWords(_("Failed"), Severity.MAJOR),
    "stopped": StateWords(_("Stopped")),
}
COMMON: dict[str, Words] = {
    "waiting": _("It waits to be begun."),
    "running": _("Under way"),
    "done": _("Done."),
    "failed": _("It failed."),
    "stopped": _("It was stopped."),
}
OVER = frozenset({"done", "failed", "stopped"})


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as `task` of the templates shows it; `mark` is what a poll has seen of it."""

    id: str
    path: str
    title: Words
    stage: Words
    at: int
    of: int
    done: bool
    stop: str
    log: tuple[tuple[datetime, Words], ...] = ()
    result: Words = ""
    kind: str = "good"
    mark: str = ""


def task_view(
    task: Mapping[str, Any],
    path: str,
    title: Words,
    stages: Mapping[str, Words],
    states: Mapping[str, Words] = COMMON,
    result: Words = "",
    mark: str = "",
) -> TaskView:
    """A task at `path`, its stages in words; `mark` is what a poll has to have seen where that is more than the stage."""
    names, over = list(task["stages"]), task["state"] in OVER
    at = names.index(task["stage"]) + 1 if task["stage"] in names else 0
    stage = states[task["state"]] if over or not at else stages.get(task["stage"], task["stage"])
    log = tuple((datetime.fromisoformat(one["at"]), stages.get(one["text"], one["text"])) for one in task["log"])
    stop = "" if over or task["stopping"] else f"{path}/stop"
    mark = mark or f"{task['state']}-{at}-{len(log)}-{'stopping' if task['stopping'] else ''}"
    of = 0 if over else len(names)
    return TaskView(task["id"], f"{path}?seen={mark}", title, stage, at, of, over, stop, log, result, mark=mark)


def unchanged(page: Page, view: TaskView) -> Unchanged | None:
    """The answer to a poll that has seen this already."""
    return Unchanged(view.done) if page.query.get("seen") == view.mark else None


def work_page(
    page: Page,
    name: str,
    view: TaskView,
    *,
    crumbs: tuple[tuple[Words, str], ...],
    nav: str,
    help: str,
    back: tuple[Words, str],
    more: tuple[Words, str] | None = None,
    template: str = "work.html",
    fragment: str = "_work.html",
    context: Mapping[str, Any] | None = None,
) -> Shown | Unchanged:
    """The page of one task, or nothing new for a poll; `back` leads to where it was started, `more` to what came of it."""
    task = page.thing
    if (nothing_new := unchanged(page, view)) is not None:
        return nothing_new
    works = page.console.works
    shown = {
        "view": view,
        "error": task["error"] if task["state"] == "failed" else None,
        "scheduled": works is None or works.is_scheduled(page.unit),
        "back": back,
        "more": more,
        **(context or {}),
    }
    return Shown(
        name, view.title, template, shown, fragment=fragment, target=f"task-{task['id']}",
        crumbs=crumbs, nav=nav, help=help,
    )  # fmt: skip


def took_words(item: Item) -> str | None:
    """How long a task took."""
    seconds = item["took_seconds"]
    if seconds is None:
        return None
    if seconds < 1:
        return str(_("less than a second"))
    count = round(seconds)
    if count < 120:
        return str(ngettext("{count} second", "{count} seconds", count))
    return str(ngettext("{count} minute", "{count} minutes", count // 60))


def progress_words(item: Item) -> str | None:
    """How much of what is counted is done."""
    counted = item.get("progress")
    return str(_("{uses} of {most}", uses=counted[0], most=counted[1])) if counted else None
