"""The history of synchronization: every step by file or over the network, with its outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from satellite.core.site.models import HistoryEntry
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.ids import new_id

NETWORK = "network"
MOST_FAILURES = 100


def note_history(
    unit: Unit, step: str, outcome: str, *, epoch: int, number: int, counts: dict[str, int], detail: str = ""
) -> None:
    """Record a step of synchronization."""
    unit.session.add(
        HistoryEntry(
            id=new_id(),
            at=unit.now,
            step=step,
            outcome=outcome,
            epoch=epoch,
            number=number,
            counts=counts,
            detail=detail,
        )
    )


def history(unit: Unit) -> list[dict[str, Any]]:
    """List the steps of synchronization, newest first."""
    query = select(HistoryEntry).order_by(HistoryEntry.at.desc(), HistoryEntry.id).limit(1000)
    return [entry_dict(row) for row in unit.session.scalars(query)]


def entry_dict(row: HistoryEntry) -> dict[str, Any]:
    """A step for people and programs."""
    return {
        "id": row.id,
        "at": iso(row.at),
        "step": row.step,
        "outcome": row.outcome,
        "epoch": row.epoch,
        "sequence": row.number,
        "counts": row.counts,
        "detail": row.detail,
    }


def attempts(unit: Unit) -> tuple[datetime | None, int]:
    """The time of the last attempt over the network, and how many in a row have failed."""
    query = (
        select(HistoryEntry).where(HistoryEntry.step == NETWORK).order_by(HistoryEntry.at.desc()).limit(MOST_FAILURES)
    )
    last: datetime | None = None
    failures = 0
    for row in unit.session.scalars(query):
        last = last or row.at
        if row.outcome != "failed":
            break
        failures += 1
    return last, failures
