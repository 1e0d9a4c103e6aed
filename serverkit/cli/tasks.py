"""The commands of tasks that both servers have: `task list | show | stop | run`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import click

from serverkit.cli.base import emit, emit_list
from serverkit.cli.opening import Opener, Server
from serverkit.db.unit import Unit

S = TypeVar("S", bound=Server)
View = dict[str, Any]


@dataclass(frozen=True)
class TaskActions(Generic[S]):
    """What a server does about its tasks; `run` gives the id of the task that ran, or None."""

    items: Callable[[S, Unit], Iterable[View]]
    show: Callable[[S, Unit, str], View]
    stop: Callable[[S, Unit, str], View]
    run: Callable[[S], str | None]


def add_task_commands(
    parent: click.Group, opener: Opener[S], actions: TaskActions[S], text: str, columns: Sequence[str]
) -> click.Group:
    """Add the group `task` to a program; a server may add commands of its own to it."""

    @parent.group("task", help=text)
    def task() -> None:
        """Hold the commands of tasks."""

    @task.command("list", help="List the tasks, newest first.")
    @click.pass_context
    def task_list(context: click.Context) -> None:
        with opener.reading(context) as (server, unit):
            items = list(actions.items(server, unit))
        emit_list(context, items, columns)

    @task.command("show", help="Show a task with its log and result.")
    @click.argument("task_id", metavar="ID")
    @click.pass_context
    def task_show(context: click.Context, task_id: str) -> None:
        with opener.reading(context) as (server, unit):
            found = actions.show(server, unit, task_id)
        emit(context, found)

    @task.command("stop", help="Stop a task before its next stage.")
    @click.argument("task_id", metavar="ID")
    @click.pass_context
    def task_stop(context: click.Context, task_id: str) -> None:
        with opener.writing(context) as (server, unit):
            found = actions.stop(server, unit, task_id)
        emit(context, found)

    @task.command("run", help="Run the task that has waited longest, if no scheduler is running.")
    @click.pass_context
    def task_run(context: click.Context) -> None:
        emit(context, {"task": actions.run(opener.opened(context))})

    return task
