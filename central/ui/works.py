"""Changes of many rows as tasks of central."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions import tasks
from central.runtime import Central
from serverkit.actor import Actor
from serverkit.db.unit import Unit
from serverkit.tasks.service import Progress, TaskKind
from serverkit.web import bulk_work


class BulkWorks:
    """Where they run: beside the server, by the scheduler of any node."""

    def begin(self, unit: Unit, wanted: Mapping[str, Any]) -> str:
        """Ask for one; its id."""
        return tasks.begin_bulk(unit, wanted)

    def find(self, unit: Unit, task_id: str) -> Mapping[str, Any]:
        """How far one is."""
        return tasks.show_bulk(unit, task_id)

    def stop(self, unit: Unit, task_id: str) -> None:
        """Stop one."""
        tasks.stop_bulk(unit, task_id)

    def is_scheduled(self, unit: Unit) -> bool:
        """Whether a scheduler is there."""
        return tasks.is_scheduled(unit)


def bulk_kind(server: Central) -> TaskKind:
    """The kind of task that changes many rows."""
    from central.ui.console import CentralConsole

    def work(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        return bulk_work.run(CentralConsole(server), actor, wanted, progress)

    return TaskKind(tasks.BULK, bulk_work.STAGES, work)
