"""`central task`."""

from __future__ import annotations

import click

from central.actions import tasks
from central.cli.base import group, opened, reading, writing
from central.ui.works import bulk_kind
from serverkit.cli.base import emit, emit_list


@group.group("task", help="Long works that the scheduler runs: changes of many rows, and files of satellites.")
def task() -> None:
    """Hold the commands of tasks."""


@task.command("list", help="List the tasks, newest first.")
@click.pass_context
def task_list(context: click.Context) -> None:
    """List tasks."""
    with reading(context) as (_server, unit):
        items = list(tasks.list_tasks(unit).items)
    emit_list(context, items, ("id", "kind", "created_by", "state", "domain", "asked_at", "finished_at"))


@task.command("show", help="Show a task with its log and result.")
@click.argument("task_id", metavar="ID")
@click.pass_context
def task_show(context: click.Context, task_id: str) -> None:
    """Show a task."""
    with reading(context) as (server, unit):
        found = tasks.show_task(server, unit, task_id)
    emit(context, found)


@task.command("stop", help="Stop a task before its next stage.")
@click.argument("task_id", metavar="ID")
@click.pass_context
def task_stop(context: click.Context, task_id: str) -> None:
    """Stop a task."""
    with writing(context) as (server, unit):
        found = tasks.stop_task(server, unit, task_id)
    emit(context, found)


@task.command("run", help="Run the task that has waited longest, if no scheduler is running.")
@click.pass_context
def task_run(context: click.Context) -> None:
    """Run a task."""
    server = opened(context)
    emit(context, {"task": tasks.run_next_task(server, bulk_kind(server))})
