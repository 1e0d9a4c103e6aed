"""Refusals about tasks."""

from __future__ import annotations

from serverkit.errors import NotFoundError, Remedy


class UnknownTaskError(NotFoundError):
    code = "unknown_task"
    message = "There is no such task; ended tasks are kept for 30 days."
    remedy = Remedy("Open the list of tasks.", page="operations.md")
