"""Refusals about tasks."""

from __future__ import annotations

from serverkit.errors import NotFoundError, RefusedError, Remedy


class UnknownTaskError(NotFoundError):
    code = "unknown_task"
    message = "There is no such task."


class TaskRunningError(RefusedError):
    code = "task_running"
    message = "A task of this kind waits or runs already."
    remedy = Remedy("Wait until it has ended, or stop it.")


class TaskOverError(RefusedError):
    code = "task_over"
    message = "The task has ended already."
    remedy = Remedy("Look at its result.")


class TaskStoppedError(RefusedError):
    code = "task_stopped"
    message = "The task was stopped between two stages; the completed stages are kept."
    remedy = Remedy("Start it again if it is still needed.")
