"""Use cases of tasks: long works that a page or a program asks for, run by the scheduler beside the server (row S2.2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from exchange.errors import ExchangeError
from satellite.actions import support, synchronization
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.incoming import Incoming, apply_checked
from satellite.core.access.models import User
from satellite.core.access.rules import Permission, permissions_of
from satellite.core.access.services import require, require_actor
from satellite.core.operations.models import Task
from satellite.core.operations.queries import SCHEDULER_SILENT, last_sign
from satellite.runtime import Satellite
from satellite.sync.failures import refuse_failure
from serverkit.actor import Actor, ActorKind
from serverkit.backup.works import task_kinds
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import AppError
from serverkit.tasks import service
from serverkit.tasks.errors import UnknownTaskError
from serverkit.tasks.models import TaskMixin
from serverkit.tasks.service import Progress, TaskKind
from serverkit.updates.acts import INSTALL
from serverkit.updates.acts import STAGES as UPDATE_STAGES

SYNCHRONIZE, EXPORT, BULK = "synchronize", "export", "bulk"
KINDS = (SYNCHRONIZE, EXPORT)
"""The kinds that are started by themselves; `bulk` is a change of many rows, which begins at its preview."""
ORDERS = Orders(
    Task.id, {"asked_at": (Task.asked_at,), "kind": (Task.kind, Task.asked_at), "state": (Task.state,)}, "-asked_at"
)


def kinds_of(server: Satellite) -> dict[str, TaskKind]:
    """The kinds of tasks of this satellite."""

    def synchronize(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        require_actor(actor, Permission.SYNC_RUN)  # the role may have changed since it was asked for
        full = bool(wanted.get("full"))
        attempt = synchronization.attempt_synchronization(server, actor, full=full, tell=progress.stage)
        refuse_failure(attempt)
        return attempt.to_dict()

    def export(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        require_actor(actor, Permission.SYNC_RUN)
        progress.stage("make")
        return synchronization.export_request(server, actor, full=bool(wanted.get("full"))).view

    def make_bundle(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        parts, key = wanted.get("parts", ()), str(wanted.get("key", ""))
        return support.make_bundle(server, actor, progress.stage, parts, key)

    def install_update(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        return apply_checked(server, actor, Incoming.UPDATE, str(wanted["sha256"]), progress.stage)

    return {
        INSTALL: TaskKind(INSTALL, UPDATE_STAGES, install_update),
        SYNCHRONIZE: TaskKind(SYNCHRONIZE, synchronization.ATTEMPT_STAGES, synchronize),
        EXPORT: TaskKind(EXPORT, ("make",), export),
        support.KIND: TaskKind(support.KIND, ("collect", "write"), make_bundle),
        **task_kinds(BACKUPS, server),
    }


def start_task(server: Satellite, unit: Unit, kind: str, *, full: bool = False) -> dict[str, Any]:
    """Ask for a synchronization over the network, or for a request file; TaskRunningError while one is under way."""
    require(unit, Permission.SYNC_RUN)
    return service.task_dict(service.ask(unit, Task, kind, {"full": full}), kinds_of(server))


def list_tasks(server: Satellite, unit: Unit, part: Part = WHOLE) -> Window:
    """Tasks, the newest first. Filters: kind, state, created_by."""
    query, wanted, kinds = select(Task), part.wanted, kinds_of(server)
    for column, name in ((Task.kind, "kind"), (Task.state, "state"), (Task.created_by, "created_by")):
        if value := wanted.get(name):
            query = query.where(column == value)
    return window_of(unit, query, ORDERS, part, lambda rows: [service.task_dict(row, kinds) for row in rows])


def show_task(server: Satellite, unit: Unit, task_id: str) -> dict[str, Any]:
    """Show a task with stage, log and result; UnknownTaskError."""
    return service.task_dict(service.find(unit, Task, task_id), kinds_of(server))


def stop_task(server: Satellite, unit: Unit, task_id: str) -> dict[str, Any]:
    """Stop a task before its next stage: one's own, or with the right to run jobs anyone's. TaskOverError."""
    require(unit, Permission.SYNC_RUN)
    row = service.find(unit, Task, task_id)
    if row.actor["id"] != unit.actor.id:
        require(unit, Permission.JOB_RUN)
    service.stop(unit, row)
    return service.task_dict(row, kinds_of(server))


def begin_bulk(unit: Unit, wanted: Mapping[str, Any]) -> str:
    """Ask for a change of many rows, whose permission the page has asked for; the task's id. TaskRunningError."""
    return service.ask(unit, Task, BULK, wanted).id


def show_bulk(unit: Unit, task_id: str) -> dict[str, Any]:
    """Show a change of many rows: one's own, or with the right to run jobs anyone's. UnknownTaskError."""
    row = _bulk(unit, task_id)
    return {**service.task_dict(row, {}), "wanted": dict(row.wanted)}


def stop_bulk(unit: Unit, task_id: str) -> None:
    """Stop a change of many rows between two of its parts; what is done stays done. UnknownTaskError, TaskOverError."""
    service.stop(unit, _bulk(unit, task_id))


def _bulk(unit: Unit, task_id: str) -> TaskMixin:
    row = service.find(unit, Task, task_id)
    own = row.actor["id"] == unit.actor.id
    if row.kind != BULK or not (own or unit.actor.scopes is None or Permission.JOB_RUN in unit.actor.scopes):
        raise UnknownTaskError
    return row


def run_next_task(server: Satellite, *more: TaskKind) -> str | None:
    """Run the task that has waited longest; its id, None where none waits. `more` are kinds that an edge brings."""
    kinds = kinds_of(server) | {one.name: one for one in more}
    return service.run_next(server.database, Task, kinds, _still, (AppError, ExchangeError))


def is_scheduled(unit: Unit) -> bool:
    """Whether a scheduler showed a sign of life lately; without one, tasks wait."""
    seen = last_sign(unit)
    return seen is not None and unit.now - seen < SCHEDULER_SILENT


def _still(unit: Unit, actor: Actor) -> Actor | None:
    """The actor with what its role permits now; None for a user who was removed."""
    if actor.kind is not ActorKind.USER:
        return actor
    row = unit.session.get(User, actor.id)
    if row is None:
        return None
    scopes = permissions_of(row.role)
    return Actor(actor.kind, row.id, row.name, scopes if actor.scopes is None else scopes & actor.scopes)
