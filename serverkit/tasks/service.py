"""Ask for a task, run what waits, tell how far it is, stop it between two stages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from serverkit.actor import SYSTEM, Actor, ActorKind
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError
from serverkit.ids import new_id
from serverkit.locks import for_change
from serverkit.log import get_logger
from serverkit.tasks.errors import TaskOverError, TaskRunningError, TaskStoppedError, UnknownTaskError
from serverkit.tasks.models import TaskMixin

LEASE, KEPT = timedelta(minutes=15), timedelta(days=30)
MOST_LINES = 500
OPEN = ("waiting", "running")


@dataclass(frozen=True, slots=True)
class TaskKind:
    """A kind of task: its stages in order, and its work, which gets who asked, what was wanted, and where to tell."""

    name: str
    stages: tuple[str, ...]
    work: Callable[[Actor, Mapping[str, Any], Progress], dict[str, Any]]


class Progress:
    """Where a running task tells how far it is; each word is a transaction of its own, so that others see it at once.

    A task that has ended, because its lease was over, is not continued: each word raises TaskStoppedError then.
    """

    def __init__(self, database: Database, model: type[TaskMixin], task_id: str) -> None:
        """`task_id` is the running task."""
        self._database = database
        self._model = model
        self.id = task_id

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage; TaskStoppedError where someone asked to stop."""

        def begin(unit: Unit) -> bool:
            row = self._row(unit)
            if row.stop_asked:
                return False
            row.stage, row.done, row.total = name, 0, total
            row.log = _with_line(row, unit, name)
            return True

        if not self._database.run(SYSTEM, begin):
            raise TaskStoppedError

    def count(self, done: int) -> None:
        """Tell how much of a stage is done."""

        def note(unit: Unit) -> None:
            row = self._row(unit)
            row.done = min(done, row.total) if row.total else done

        self._database.run(SYSTEM, note)

    def advance(self, done: int, result: dict[str, Any]) -> None:
        """Tell how much is done and what came of it; TaskStoppedError where someone asked to stop. The result stays then."""

        def note(unit: Unit) -> bool:
            row = self._row(unit)
            row.done, row.result = done, result
            return row.stop_asked

        if self._database.run(SYSTEM, note):
            raise TaskStoppedError

    def say(self, text: str) -> None:
        """Write a line into the task's log."""

        def note(unit: Unit) -> None:
            row = self._row(unit)
            row.log = _with_line(row, unit, text)

        self._database.run(SYSTEM, note)

    def _row(self, unit: Unit) -> TaskMixin:
        row = unit.session.scalars(for_change(select(self._model).where(self._model.id == self.id))).one()
        if row.state != "running":  # shown as failed already: others may have asked for it again
            raise TaskStoppedError
        row.lease_until = unit.now + LEASE
        return row


def _with_line(row: TaskMixin, unit: Unit, text: str) -> list[dict[str, str]]:
    return [*row.log, {"at": iso(unit.now), "text": text[:1000]}][-MOST_LINES:]


def ask(
    unit: Unit, model: type[TaskMixin], kind: str, wanted: Mapping[str, Any], *, most: int = 1, own: bool = False
) -> TaskMixin:
    """Ask for a task in the name of the unit's actor; TaskRunningError while `most` of its kind wait or run.

    `own`: only those that the actor asked for count.
    """
    query = select(func.count()).select_from(model).where(model.kind == kind, model.state.in_(OPEN))
    if own:
        query = query.where(model.asked_by == unit.actor.id)
    if (unit.session.scalar(query) or 0) >= most:
        raise TaskRunningError
    unit.session.execute(delete(model).where(model.asked_at < unit.now - KEPT, model.state.not_in(OPEN)))
    actor = unit.actor
    scopes = sorted(actor.scopes) if actor.scopes is not None else None
    row = model()
    row.id, row.kind, row.created_by, row.wanted = new_id(), kind, actor.label, dict(wanted)
    row.asked_by = actor.id
    row.actor = {"kind": actor.kind.value, "id": actor.id, "name": actor.name, "scopes": scopes}
    row.state, row.stage, row.done, row.total, row.log = "waiting", "", 0, 0, []
    row.stop_asked, row.asked_at = False, unit.now
    unit.session.add(row)
    unit.session.flush()  # the view reads the new row
    return row


def find(unit: Unit, model: type[TaskMixin], task_id: str) -> TaskMixin:
    """A task by its id; UnknownTaskError. The row is locked in a writing unit."""
    query = select(model).where(model.id == task_id.strip()[:32])
    row = unit.session.scalars(for_change(query, writing=unit.writing)).one_or_none()
    if row is None:
        raise UnknownTaskError
    return row


def stop(unit: Unit, row: TaskMixin) -> None:
    """Ask a task to stop before its next stage; one that waits is stopped at once. TaskOverError."""
    if row.state not in OPEN:
        raise TaskOverError
    row.stop_asked = True
    if row.state == "waiting":
        row.state, row.finished_at = "stopped", unit.now


def run_next(
    database: Database,
    model: type[TaskMixin],
    kinds: Mapping[str, TaskKind],
    still: Callable[[Unit, Actor], Actor | None],
    roots: tuple[type[Exception], ...] = (AppError,),
) -> str | None:
    """Run the task that has waited longest; its id, None where none waits.

    `still` gives the actor with what it may do now, None for one who is gone. `roots` are the roots of all refusals.
    """
    claimed = database.run(SYSTEM, lambda unit: _claim(unit, model, kinds))
    if claimed is None:
        return None
    task_id, kind, actor, wanted = claimed
    with database.read(SYSTEM) as unit:
        acting = still(unit, actor)
    result: dict[str, Any] | None = None
    state, error = "done", None
    try:
        if acting is None:
            raise UnknownTaskError("who asked for this is gone")
        result = kinds[kind].work(acting, wanted, Progress(database, model, task_id))
    except TaskStoppedError:
        state = "stopped"
    except roots as refusal:
        state = "failed"
        error = {name: str(getattr(refusal, name, "")) for name in ("code", "message", "remedy")}
    except Exception as failure:  # noqa: BLE001 - a task that is left running blocks its kind until its lease is over
        get_logger().error("task_failed", task=task_id, kind=kind, cause=type(failure).__name__, exc_info=failure)
        state, error = "failed", {"code": "internal_error", "message": "See the server's log.", "remedy": "Try again."}
    values = {"state": state, "error": error} | ({"result": result} if result is not None else {})

    def finish(unit: Unit) -> None:
        ended = {**values, "finished_at": unit.now, "lease_until": None}
        unit.session.execute(update(model).where(model.id == task_id, model.state == "running").values(ended))

    database.run(SYSTEM, finish)
    return task_id


def _claim(
    unit: Unit, model: type[TaskMixin], kinds: Mapping[str, TaskKind]
) -> tuple[str, str, Actor, dict[str, Any]] | None:
    dead = {
        "state": "failed",
        "finished_at": unit.now,
        "error": {"code": "task_died", "message": "It did not end before its lease was over.", "remedy": "Try again."},
    }
    over = (model.state == "running", model.lease_until <= unit.now)
    unit.session.execute(update(model).where(*over).values(dead))
    query = select(model).where(model.state == "waiting", model.kind.in_(list(kinds)))
    row = unit.session.scalars(for_change(query.order_by(model.asked_at, model.id).limit(1))).one_or_none()
    if row is None:
        return None
    row.state, row.started_at, row.lease_until = "running", unit.now, unit.now + LEASE
    told = row.actor
    scopes = frozenset(told["scopes"]) if told["scopes"] is not None else None
    return row.id, row.kind, Actor(ActorKind(told["kind"]), told["id"], told["name"], scopes), dict(row.wanted)


def task_dict(row: TaskMixin, kinds: Mapping[str, TaskKind]) -> dict[str, Any]:
    """A task for people and programs."""
    kind = kinds.get(row.kind)
    return {
        "id": row.id,
        "kind": row.kind,
        "created_by": row.created_by,
        "state": row.state,
        "stage": row.stage,
        "stages": list(kind.stages) if kind is not None else [],
        "done": row.done,
        "total": row.total,
        "log": list(row.log),
        "result": row.result,
        "error": row.error,
        "stopping": row.stop_asked and row.state == "running",
        "asked_at": iso(row.asked_at),
        "started_at": optional_iso(row.started_at),
        "finished_at": optional_iso(row.finished_at),
    }
