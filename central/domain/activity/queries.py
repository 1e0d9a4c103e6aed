"""Reading the event log and the transaction history."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.domain.activity.models import Event, LicenceTransaction
from central.domain.base import VENDOR
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit

MOST = 10_000


def events(
    unit: Unit, account_id: str, virtual_account_id: str | None, allowed: frozenset[str] | None
) -> list[dict[str, Any]]:
    """The newest events first; `allowed` limits them to virtual accounts (row B49)."""
    query = select(Event).where(Event.account_id == account_id)
    if virtual_account_id is not None:
        query = query.where(Event.virtual_account_id == virtual_account_id)
    if allowed is not None:
        query = query.where(Event.virtual_account_id.in_(allowed))
    rows = unit.session.scalars(query.order_by(Event.number.desc()).limit(MOST))
    return [
        {
            "id": row.id,
            "at": iso(row.at),
            "kind": row.kind,
            "actor": row.actor,
            "message": row.message,
            "subject": row.subject,
        }
        for row in rows
    ]


def vendor_events(unit: Unit) -> list[dict[str, Any]]:
    """What happened outside any account: keys, policies, catalogue, tokens that nobody made; for the vendor alone."""
    return events(unit, VENDOR, None, None)


def transactions(
    unit: Unit, account_id: str, virtual_account_id: str | None, allowed: frozenset[str] | None, names: dict[str, str]
) -> list[dict[str, Any]]:
    """The newest licence transactions first (row C12.4)."""
    query = select(LicenceTransaction).where(LicenceTransaction.account_id == account_id)
    if virtual_account_id is not None:
        query = query.where(LicenceTransaction.virtual_account_id == virtual_account_id)
    if allowed is not None:
        query = query.where(LicenceTransaction.virtual_account_id.in_(allowed))
    rows = unit.session.scalars(query.order_by(LicenceTransaction.number.desc()).limit(MOST))
    return [
        {
            "id": row.id,
            "at": iso(row.at),
            "type": row.type,
            "order_number": row.order_number,
            "order_line": row.order_line,
            "sku": row.sku,
            "tag": row.tag,
            "expiry": optional_iso(row.expiry),
            "count": row.count,
            "virtual_account": names.get(row.virtual_account_id, row.virtual_account_id),
            "source": row.source,
            "action": row.action,
            "user": row.actor,
            "notes": row.notes,
        }
        for row in rows
    ]


def founding_vendor(unit: Unit) -> str | None:
    """The id of the vendor whose `init` wrote the first event of this database; None before any did."""
    first = unit.session.get(Event, (VENDOR, 1))
    return str(first.subject.get("vendor_id", "")) if first is not None else None
