"""Changes of many rows as tasks of this satellite."""

from __future__ import annotations

from satellite.actions import tasks
from satellite.runtime import Satellite
from serverkit.tasks.service import TaskKind
from serverkit.web.bulk_work import TaskWorks, kind_of

WORKS = TaskWorks(tasks.begin_bulk, tasks.show_bulk, tasks.stop_bulk, tasks.is_scheduled)


def bulk_kind(server: Satellite) -> TaskKind:
    """The kind of task that changes many rows."""
    from satellite.ui.console import SatelliteConsole

    return kind_of(tasks.BULK, lambda: SatelliteConsole(server))
