"""Synchronize over the network now: a task, whose stages are watched (row S2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from satellite.actions.tasks import SYNCHRONIZE, is_scheduled, show_task, start_task, stop_task
from satellite.ui.sync.frame import CRUMBS, RUN, server_of
from satellite.ui.sync.overview import Make, show
from satellite.ui.sync.remedies import remedy_of, said_of
from serverkit.errors import NotFoundError
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.page import Page
from serverkit.web.task_pages import COMMON, TaskView, task_view, unchanged
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

STAGES: dict[str, Words] = {
    "check": _("Look at this machine"),
    "make": _("Make the request"),
    "send": _("Send it, and wait for the response"),
    "apply": _("Apply the response"),
}
STATES: dict[str, Words] = {**COMMON, "done": _("Synchronized.")}


def begin(page: Page) -> Answer:
    """Ask for it."""
    made = start_task(server_of(page), page.unit, SYNCHRONIZE, full=cast("Make", page.read).full)
    return Moved(f"/sync/now/{made['id']}")


def find(page: Page) -> dict[str, Any]:
    """The task of the address, if it is a synchronization; NotFoundError."""
    found = show_task(server_of(page), page.unit, page.parts["id"])
    if found["kind"] != SYNCHRONIZE:
        raise NotFoundError
    return found


def watch(page: Page) -> Answer:
    """How far it is."""
    task, view = page.thing, view_of(page.thing)
    if (nothing_new := unchanged(page, view)) is not None:
        return nothing_new
    error = task["error"]
    failed = task["state"] == "failed" and error is not None
    context = {
        "view": view,
        "task": task,
        "error": said_of(error) if failed else None,
        "remedy": remedy_of(error["code"]) if failed else None,
        "scheduled": is_scheduled(page.unit),
    }
    return Shown(
        "sync-now", _("Synchronize now"), "sync_now.html", context, fragment="_work.html",
        target=f"task-{task['id']}", help="network", crumbs=CRUMBS, nav="sync",
    )  # fmt: skip


def view_of(task: Mapping[str, Any]) -> TaskView:
    """A task as it is shown."""
    return task_view(task, f"/sync/now/{task['id']}", _("Synchronize now"), STAGES, STATES)


def stop(page: Page) -> Answer:
    """Stop before the next stage."""
    stop_task(server_of(page), page.unit, page.thing["id"])
    return Moved(f"/sync/now/{page.thing['id']}")


URLS = (
    Url("POST", "/sync/now", begin, RUN, "S2.2", form=Make, again=show),
    Url("GET", "/sync/now/{id}", watch, RUN, "S2.2", load=find),
    Url("POST", "/sync/now/{id}/stop", stop, RUN, "S2.2", load=find, again=watch),
)
