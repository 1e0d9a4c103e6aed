"""Use cases of tasks: long works that a page asks for, run by the scheduler beside the server (rows C1.6, C11.2).

People see the tasks that they asked for; who manages the vendor's settings sees those of everybody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import func, or_, select

from central.actions.backups import ACTS as BACKUPS
from central.actions.report_runs import REPORT, STAGES
from central.actions.site_files import FILE, file_kind
from central.domain.access.models import User
from central.domain.operations.models import JobRun, Task
from central.domain.operations.tasks import find_task, visible_tasks
from central.domain.operations.uploads import forget_upload
from central.runtime import Central
from exchange.errors import ExchangeError
from serverkit.actor import Actor, ActorKind
from serverkit.backup.works import task_kinds
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import AppError
from serverkit.tasks import service
from serverkit.tasks.errors import UnknownTaskError
from serverkit.tasks.models import TaskMixin
from serverkit.tasks.service import TaskKind

BULK = "bulk"
SCHEDULER_SILENT = timedelta(minutes=3)
"""Without a sign of life for this long, nobody runs tasks."""
ORDERS = Orders(Task.id, {"asked_at": (Task.asked_at,), "kind": (Task.kind, Task.asked_at)}, "-asked_at")


def kinds_of(server: Central) -> dict[str, TaskKind]:
    """The kinds of tasks of this central, but for those that an edge brings."""
    return {
        FILE: file_kind(server),
        REPORT: TaskKind(REPORT, STAGES, lambda *_: {}),
        **task_kinds(BACKUPS, server),
    }


def list_tasks(unit: Unit, part: Part = WHOLE) -> Window:
    """Tasks that the caller may see, the newest first. Filters: q (who asked), kind, state."""
    query, wanted = visible_tasks(unit), part.wanted
    for column, name in ((Task.kind, "kind"), (Task.state, "state")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if text := wanted.get("q"):
        query = query.where(or_(func.lower(Task.created_by).contains(text.lower(), autoescape=True), Task.id == text))
    return window_of(unit, query, ORDERS, part, lambda rows: [_listed(row) for row in rows])


def show_task(server: Central, unit: Unit, task_id: str) -> dict[str, Any]:
    """Show a task with stage, log and result; UnknownTaskError."""
    return shown(server, find_task(unit, task_id))


def stop_task(server: Central, unit: Unit, task_id: str) -> dict[str, Any]:
    """Stop a task before its next stage; what is done stays done. UnknownTaskError, TaskOverError."""
    row = find_task(unit, task_id)
    service.stop(unit, row)
    if row.kind == FILE and row.state == "stopped":
        forget_upload(unit, str(row.wanted["upload"]))
    return shown(server, row)


def shown(server: Central, row: TaskMixin) -> dict[str, Any]:
    """A task for people and programs."""
    return {**service.task_dict(row, kinds_of(server)), "domain": str(row.wanted.get("domain", ""))}


def begin_bulk(unit: Unit, wanted: Mapping[str, Any]) -> str:
    """Ask for a change of many rows, whose permission the page has asked for; its id. TaskRunningError for a second one."""
    return service.ask(unit, Task, BULK, wanted, own=True).id


def show_bulk(unit: Unit, task_id: str) -> dict[str, Any]:
    """Show a change of many rows; UnknownTaskError."""
    row = _bulk(unit, task_id)
    return {**service.task_dict(row, {}), "wanted": dict(row.wanted)}


def stop_bulk(unit: Unit, task_id: str) -> None:
    """Stop a change of many rows between two of its parts; UnknownTaskError, TaskOverError."""
    service.stop(unit, _bulk(unit, task_id))


def run_next_task(server: Central, *more: TaskKind) -> str | None:
    """Run the task that has waited longest; its id, None where none waits. `more` are kinds that an edge brings."""
    kinds = kinds_of(server) | {one.name: one for one in more}
    return service.run_next(server.database, Task, kinds, _still, (AppError, ExchangeError))


def is_scheduled(unit: Unit) -> bool:
    """Whether a scheduler showed a sign of life lately; without one, tasks wait."""
    query = select(func.max(JobRun.started)).where(JobRun.slot.not_like("manual-%"))
    seen = unit.session.scalar(query)
    return seen is not None and unit.now - seen < SCHEDULER_SILENT


def _bulk(unit: Unit, task_id: str) -> TaskMixin:
    row = find_task(unit, task_id)
    if row.kind != BULK:
        raise UnknownTaskError
    return row


def _listed(row: Task) -> dict[str, Any]:
    ended = row.finished_at
    return {
        "id": row.id,
        "kind": row.kind,
        "created_by": row.created_by,
        "state": row.state,
        "domain": str(row.wanted.get("domain") or dict(row.wanted.get("parts") or {}).get("domain") or ""),
        "asked_at": iso(row.asked_at),
        "finished_at": optional_iso(ended),
        "took_seconds": (ended - row.asked_at).total_seconds() if ended is not None else None,
        "detail": (row.error or {}).get("message") or str(row.wanted.get("title", "")),
        "progress": (row.done, row.total) if row.total else None,
    }


def _still(unit: Unit, actor: Actor) -> Actor | None:
    """The actor of a task, as long as it is there: what its roles permit is asked by each use case."""
    return actor if actor.kind is not ActorKind.USER or unit.session.get(User, actor.id) is not None else None
