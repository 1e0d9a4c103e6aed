"""Whose tasks a person sees: the own ones, and with the vendor's settings everybody's."""

from __future__ import annotations

from sqlalchemy import Select, select

from central.domain.access.rules import TRUSTED_KINDS, Permission
from central.domain.access.services import is_permitted
from central.domain.operations.models import Task
from serverkit.db.unit import Unit
from serverkit.tasks import service
from serverkit.tasks.errors import UnknownTaskError


def visible_tasks(unit: Unit) -> Select[Task]:
    """A query of the tasks that the caller may see."""
    query = select(Task)
    return query if _sees_all(unit) else query.where(Task.asked_by == unit.actor.id)


def find_task(unit: Unit, task_id: str) -> Task:
    """A task that the caller may see; UnknownTaskError."""
    row = service.find(unit, Task, task_id)
    if not isinstance(row, Task) or (row.asked_by != unit.actor.id and not _sees_all(unit)):
        raise UnknownTaskError
    return row


def open_tasks(unit: Unit, kind: str) -> list[Task]:
    """The tasks of a kind that wait or run, as far as the caller may see them."""
    query = visible_tasks(unit).where(Task.kind == kind, Task.state.in_(service.OPEN))
    return list(unit.session.scalars(query.order_by(Task.asked_at)))


def _sees_all(unit: Unit) -> bool:
    return unit.actor.kind in TRUSTED_KINDS or is_permitted(unit, Permission.VENDOR_MANAGE)
