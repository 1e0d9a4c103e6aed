"""REST operations of tasks: long works that the scheduler runs."""

from __future__ import annotations

from typing import Any

from central.actions import tasks
from central.api.v1.context import Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import OPTIONAL_TIME, TEXT, TIME, Access, Operation, list_of, object_of
from serverkit.http.schemas import BASE, Nothing, with_members
from serverkit.http.task_views import TASK as COMMON
from serverkit.http.task_views import TaskPage

LISTED = object_of(
    id=TEXT, kind=TEXT, created_by=TEXT, state=TEXT, domain=TEXT, asked_at=TIME, finished_at=OPTIONAL_TIME
)
TASK = with_members(COMMON, domain=TEXT)


def list_tasks(call: Call) -> dict[str, Any]:
    """The tasks that the caller may see."""
    found = tasks.list_tasks(call.unit, call.query.part)
    return {"items": list(found.items), "next": found.next}


def show_task(call: Call) -> dict[str, Any]:
    """A task."""
    return tasks.show_task(call.server, call.unit, call.path["task"])


def stop_task(call: Call) -> dict[str, Any]:
    """Stop a task."""
    return tasks.stop_task(call.server, call.unit, call.path["task"])


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_tasks", "GET", f"{BASE}tasks", "List tasks, newest first.", list_tasks, list_of(LISTED), TaskPage,
        permission=Access.SIGNED_IN, row="C11.2",
    ),
    Op(
        "show_task", "GET", f"{BASE}tasks/{{task}}", "Show a task with its log and result.", show_task, TASK,
        permission=Access.SIGNED_IN, row="C11.2",
    ),
    Op(
        "stop_task", "POST", f"{BASE}tasks/{{task}}/stop", "Stop a task before its next stage.", stop_task, TASK,
        body=Nothing, changes=True,
        permission=(Permission.ALERT_MANAGE, Permission.SATELLITE_MANAGE), row="C11.2",
    ),
)  # fmt: skip
