"""Reading the event log and the transaction history."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.base import VENDOR
from central.domain.event_log.models import Event, LicenceTransaction
from serverkit.db.paging import Query
from serverkit.db.unit import Unit


def events(account_id: str, virtual_account_id: str | None, allowed: frozenset[str] | None) -> Query:
    """The events of an account; `allowed` limits them to virtual accounts (row C12.4)."""
    query = select(Event).where(Event.account_id == account_id)
    if virtual_account_id is not None:
        query = query.where(Event.virtual_account_id == virtual_account_id)
    return query if allowed is None else query.where(Event.virtual_account_id.in_(sorted(allowed)))


def transactions(account_id: str, virtual_account_id: str | None, allowed: frozenset[str] | None) -> Query:
    """The licence transactions of an account (row C12.4); `allowed` limits them to virtual accounts."""
    query = select(LicenceTransaction).where(LicenceTransaction.account_id == account_id)
    if virtual_account_id is not None:
        query = query.where(LicenceTransaction.virtual_account_id == virtual_account_id)
    return query if allowed is None else query.where(LicenceTransaction.virtual_account_id.in_(sorted(allowed)))


def founding_vendor(unit: Unit) -> str | None:
    """The id of the vendor whose `init` wrote the first event of this database; None before any did."""
    first = unit.session.get(Event, (VENDOR, 1))
    return str(first.subject.get("vendor_id", "")) if first is not None else None
