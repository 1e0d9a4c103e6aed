"""Use cases of licences (rows S3.2, C3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange.compliance import LotPhase, lot_phase
from satellite.actions.virtual_accounts import find_id
from satellite.core.accounts.queries import names
from satellite.core.licences import queries
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class AllotmentView:
    """One line that central allotted; `phase` is that of licence time."""

    virtual_account_id: str
    tag: str
    billing: str
    licence_type: str
    quantity: int
    start: datetime | None
    end: datetime | None
    phase: LotPhase


def list_licences(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List licences with what is purchased, in use and free."""
    return queries.licences(unit, names(unit), find_id(unit, virtual_account_name))


def list_licences_of(unit: Unit, wanted: dict[str, str]) -> list[dict[str, Any]]:
    """List the licences of some virtual accounts, given as names by id."""
    return [row for row in queries.licences(unit, wanted, None) if row["virtual_account"] in wanted.values()]


def list_allotments(unit: Unit) -> list[AllotmentView]:
    """List the lines that central allotted, by tag."""
    return [
        AllotmentView(
            row.virtual_account_id,
            row.tag,
            row.billing,
            row.licence_type,
            row.quantity,
            row.start,
            row.end,
            lot_phase(row.start, row.end, unit.licence_now),
        )
        for row in queries.allotment_lines(unit)
    ]
