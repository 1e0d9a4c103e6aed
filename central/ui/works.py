"""Changes of many rows as tasks of central."""

from __future__ import annotations

from central.actions import tasks
from central.runtime import Central
from serverkit.tasks.service import TaskKind
from serverkit.web.bulk_work import TaskWorks, kind_of

WORKS = TaskWorks(tasks.begin_bulk, tasks.show_bulk, tasks.stop_bulk, tasks.is_scheduled)


def bulk_kind(server: Central) -> TaskKind:
    """The kind of task that changes many rows."""
    from central.ui.console import CentralConsole

    return kind_of(tasks.BULK, lambda: CentralConsole(server))
