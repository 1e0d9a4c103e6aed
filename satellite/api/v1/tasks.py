"""Tasks: long works that the scheduler runs."""

from __future__ import annotations

from typing import Any, Literal

from satellite.actions import tasks
from satellite.api.v1.context import Call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.http.operations import Access, Operation, Strict, example, list_of
from serverkit.http.schemas import BASE, Nothing
from serverkit.http.task_views import TASK, TaskPage


class NewTask(Strict):
    """A synchronization over the network, or the making of a request file."""

    model_config = example({"kind": "synchronize", "full": False})

    kind: Literal["synchronize", "export"]
    full: bool = False


def list_tasks(call: Call) -> dict[str, Any]:
    """The tasks."""
    found = tasks.list_tasks(call.server, call.unit, call.query.part)
    return {"items": list(found.items), "next": found.next}


def show_task(call: Call) -> dict[str, Any]:
    """A task."""
    return tasks.show_task(call.server, call.unit, call.path["task"])


def start_task(call: Call) -> dict[str, Any]:
    """Ask for a task."""
    body: NewTask = call.body
    return tasks.start_task(call.server, call.unit, body.kind, full=body.full)


def stop_task(call: Call) -> dict[str, Any]:
    """Stop a task."""
    return tasks.stop_task(call.server, call.unit, call.path["task"])


Op = Operation[Satellite]
OPERATIONS = (
    Op(
        "list_tasks", "GET", f"{BASE}tasks", "List tasks, newest first.", list_tasks, list_of(TASK), TaskPage,
        permission=Access.SIGNED_IN, row="S2.2",
    ),
    Op(
        "show_task", "GET", f"{BASE}tasks/{{task}}", "Show a task with its log and result.", show_task, TASK,
        permission=Access.SIGNED_IN, row="S2.2",
    ),
    Op(
        "start_task", "POST", f"{BASE}tasks", "Ask for a task.", start_task, TASK, body=NewTask, changes=True,
        permission=Permission.SYNC_RUN, row="S2.2",
    ),
    Op(
        "stop_task", "POST", f"{BASE}tasks/{{task}}/stop", "Stop a task before its next stage.", stop_task, TASK,
        body=Nothing, changes=True,
        permission=Permission.SYNC_RUN, row="S2.2",
    ),
)  # fmt: skip
