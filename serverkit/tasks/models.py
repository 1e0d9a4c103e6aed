"""Columns of a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of

TASK_STATES = ("waiting", "running", "done", "failed", "stopped")
"""How far a task is."""


class TaskMixin:
    """A work that someone asked for, with how far it is and what came of it.

    `done` of `total` count within a stage, 0 of 0 where nothing is counted. `log` holds lines with their times, `error` what
    is said of a failure. `asked_by` is the id of the actor, `created_by` the name. A running task whose lease is over is taken for dead.
    """

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64), index=True)
    actor: Mapped[dict[str, Any]] = mapped_column(JsonText)
    asked_by: Mapped[str] = mapped_column(String(255), index=True)
    created_by: Mapped[str] = mapped_column(Text)
    wanted: Mapped[dict[str, Any]] = mapped_column(JsonText)
    state: Mapped[str] = mapped_column(String(16), one_of("state", TASK_STATES), index=True)
    stage: Mapped[str] = mapped_column(Text)
    done: Mapped[int] = mapped_column(Integer, bounded("done"))
    total: Mapped[int] = mapped_column(Integer, bounded("total"))
    log: Mapped[list[dict[str, str]]] = mapped_column(JsonText)
    result: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    error: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    stop_asked: Mapped[bool] = mapped_column(Boolean)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
