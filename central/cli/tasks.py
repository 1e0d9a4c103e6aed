"""`central task`."""

from __future__ import annotations

from central.actions import tasks
from central.cli.base import OPENER, group
from central.runtime import Central
from central.ui.works import edge_kinds
from serverkit.cli.tasks import TaskActions, add_task_commands

ACTIONS = TaskActions[Central](
    items=lambda _server, unit: tasks.list_tasks(unit).items,
    show=tasks.show_task,
    stop=tasks.stop_task,
    run=lambda server: tasks.run_next_task(server, *edge_kinds(server)),
)
task = add_task_commands(
    group,
    OPENER,
    ACTIONS,
    "Long works that the scheduler runs: changes of many rows, files of satellites, saved reports.",
    ("id", "kind", "created_by", "state", "domain", "asked_at", "finished_at"),
)
