"""Synchronize over the network now: a task, whose stages are watched (row S2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from satellite.actions.tasks import SYNCHRONIZE, is_scheduled, show_task, start_task, stop_task
from satellite.ui.sync.frame import CRUMBS, RUN, server_of
from satellite.ui.sync.overview import Make, show
from satellite.ui.sync.remedies import remedy_of
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

STAGES: dict[str, Words] = {
    "check": _("Look at this machine"),
    "make": _("Make the request"),
    "send": _("Send it, and wait for the response"),
    "apply": _("Apply the response"),
}
STATES: dict[str, Words] = {
    "waiting": _("It waits to be begun."),
    "running": _("Under way"),
    "done": _("Synchronized."),
    "failed": _("It failed."),
    "stopped": _("It was stopped."),
}
OVER = frozenset({"done", "failed", "stopped"})


@dataclass(frozen=True, slots=True)
class TaskView:
    """A task as `task` of the templates shows it."""

    id: str
    path: str
    title: Words
    stage: Words
    at: int
    of: int
    done: bool
    stop: str
    log: tuple[tuple[str, Words], ...] = ()
    result: Words = ""
    kind: str = "good"


def begin(page: Page) -> Answer:
    """Ask for it."""
    made = start_task(server_of(page), page.unit, SYNCHRONIZE, full=cast("Make", page.read).full)
    return Moved(f"/sync/now/{made['id']}")


def find(page: Page) -> dict[str, Any]:
    """The task of the address; UnknownTaskError."""
    return show_task(server_of(page), page.unit, page.parts["id"])


def watch(page: Page) -> Answer:
    """How far it is."""
    task = page.thing
    error = task["error"]
    failed = task["state"] == "failed" and error is not None
    context = {
        "view": view_of(task),
        "task": task,
        "error": error if failed else None,
        "remedy": remedy_of(error["code"]) if failed else None,
        "scheduled": is_scheduled(page.unit),
    }
    return Shown(
        "sync-now", _("Synchronize now"), "sync_now.html", context, fragment="sync_now_part.html",
        target=f"task-{task['id']}", help="network", crumbs=CRUMBS, nav="sync",
    )  # fmt: skip


def view_of(task: Mapping[str, Any]) -> TaskView:
    """A task as it is shown."""
    stages, over = list(task["stages"]), task["state"] in OVER
    at = stages.index(task["stage"]) + 1 if task["stage"] in stages else 0
    stage = STATES[task["state"]] if over or not at else STAGES.get(task["stage"], task["stage"])
    path = f"/sync/now/{task['id']}"
    return TaskView(
        task["id"], path, _("Synchronize now"), stage, at, 0 if over else len(stages), over,
        "" if over or task["stopping"] else f"{path}/stop",
    )  # fmt: skip


def stop(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_task(server_of(page), page.unit, page.thing["id"])
    return Moved(f"/sync/now/{page.thing['id']}")


URLS = (
    Url("POST", "/sync/now", begin, RUN, "S2.2", form=Make, again=show),
    Url("GET", "/sync/now/{id}", watch, RUN, "S2.2", load=find),
    Url("POST", "/sync/now/{id}/stop", stop, RUN, "S2.2", load=find, again=watch),
)
