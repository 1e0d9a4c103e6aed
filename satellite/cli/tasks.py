"""`satellite task`."""

from __future__ import annotations

import click

from satellite.actions import tasks
from satellite.cli.base import group, opened, reading, writing
from satellite.ui.bulk import bulk_kind
from serverkit.cli.base import emit, emit_list


@group.group("task", help="Long works that the scheduler runs: synchronization, and making a request file.")
def task() -> None:
    """Hold the commands of tasks."""


@task.command("start", help="Request a task; the scheduler of a running server runs it.")
@click.argument("kind", type=click.Choice(tasks.KINDS))
@click.option("--full", is_flag=True, help="Send everything, not only changes.")
@click.pass_context
def task_start(context: click.Context, kind: str, *, full: bool) -> None:
    """Ask for a task."""
    with writing(context) as (server, unit):
        found = tasks.start_task(server, unit, kind, full=full)
    emit(context, found)


@task.command("list", help="List the tasks, newest first.")
@click.pass_context
def task_list(context: click.Context) -> None:
    """List tasks."""
    with reading(context) as (server, unit):
        items = list(tasks.list_tasks(server, unit).items)
    emit_list(context, items, ("id", "kind", "created_by", "state", "stage", "asked_at", "finished_at"))


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
    done = tasks.run_next_task(server, bulk_kind(server))
    emit(context, {"task": done})
