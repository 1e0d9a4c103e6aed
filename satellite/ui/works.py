"""Long works that a person started, as their pages show them: polled, with stages, a log, and a way to stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from satellite.actions.tasks import is_scheduled
from serverkit.web.answers import Shown, Unchanged
from serverkit.web.page import Page
from serverkit.web.texts import Words, _

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
) -> TaskView:
    """A task at `path`, its stages in words."""
    names, over = list(task["stages"]), task["state"] in OVER
    at = names.index(task["stage"]) + 1 if task["stage"] in names else 0
    stage = states[task["state"]] if over or not at else stages.get(task["stage"], task["stage"])
    log = tuple((datetime.fromisoformat(one["at"]), stages.get(one["text"], one["text"])) for one in task["log"])
    stop = "" if over or task["stopping"] else f"{path}/stop"
    mark = f"{task['state']}-{at}-{len(log)}-{'stopping' if task['stopping'] else ''}"
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
) -> Shown | Unchanged:
    """The page of one task, or nothing new for a poll; `back` leads to where it was started, `more` to what came of it."""
    task = page.thing
    if (nothing_new := unchanged(page, view)) is not None:
        return nothing_new
    context = {
        "view": view,
        "error": task["error"] if task["state"] == "failed" else None,
        "scheduled": is_scheduled(page.unit),
        "back": back,
        "more": more,
    }
    return Shown(
        name, view.title, "work.html", context, fragment="sync_now_part.html", target=f"task-{task['id']}",
        crumbs=crumbs, nav=nav, help=help,
    )  # fmt: skip
