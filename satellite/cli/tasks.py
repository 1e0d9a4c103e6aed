"""`satellite task`."""

from __future__ import annotations

import click

from satellite.actions import tasks
from satellite.cli.base import OPENER, group, writing
from satellite.runtime import Satellite
from satellite.ui.bulk import bulk_kind
from serverkit.cli.base import emit
from serverkit.cli.tasks import TaskActions, add_task_commands

ACTIONS = TaskActions[Satellite](
    items=lambda server, unit: tasks.list_tasks(server, unit).items,
    show=tasks.show_task,
    stop=tasks.stop_task,
    run=lambda server: tasks.run_next_task(server, bulk_kind(server)),
)
task = add_task_commands(
    group,
    OPENER,
    ACTIONS,
    "Long works that the scheduler runs: synchronization, and making a request file.",
    ("id", "kind", "created_by", "state", "stage", "asked_at", "finished_at"),
)


@task.command("start", help="Request a task; the scheduler of a running server runs it.")
@click.argument("kind", type=click.Choice(tasks.KINDS))
@click.option("--full", is_flag=True, help="Send everything, not only changes.")
@click.pass_context
def task_start(context: click.Context, kind: str, *, full: bool) -> None:
    """Ask for a task."""
    with writing(context) as (server, unit):
        found = tasks.start_task(server, unit, kind, full=full)
    emit(context, found)
