"""Lots as lists show them: those of virtual accounts, one row for each, found by index (rows C3.4, C3.5, C3.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import and_, exists, func, select, tuple_
from sqlalchemy.orm import aliased

from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from serverkit.db.paging import Query
from serverkit.db.unit import Unit

EVER = (*OWNED, Bucket.PENDING, Bucket.EXPIRED, Bucket.REMOVED, Bucket.CONVERTED)
"""The buckets of a lot that is or was here."""


def lots_of(account_id: str, virtual_account_ids: Collection[str], buckets: Sequence[Bucket] = OWNED) -> Query:
    """Lots of which virtual accounts hold something; each is met once, in the order of the holdings by lot."""
    here = sorted(virtual_account_ids)
    before = aliased(Holding)
    place, other = ((one.virtual_account_id, one.bucket, one.holder) for one in (Holding, before))
    earlier = exists().where(
        before.account_id == Holding.account_id,
        before.lot_id == Holding.lot_id,
        before.virtual_account_id.in_(here),
        before.bucket.in_(buckets),
        tuple_(*other) < tuple_(*place),
    )
    return (
        select(Lot)
        .join(Holding, and_(Holding.account_id == Lot.account_id, Holding.lot_id == Lot.id))
        .where(Holding.account_id == account_id, Holding.virtual_account_id.in_(here), Holding.bucket.in_(buckets))
        .where(~earlier)
    )


def quantities(
    unit: Unit, account_id: str, lot_ids: Sequence[str], virtual_account_ids: Collection[str]
) -> dict[str, dict[str, dict[str, int]]]:
    """How much of lots virtual accounts hold: by lot and virtual account the quantity in each bucket."""
    query = (
        select(Holding.lot_id, Holding.virtual_account_id, Holding.bucket, func.sum(Holding.quantity))
        .where(Holding.account_id == account_id, Holding.lot_id.in_(lot_ids))
        .where(Holding.virtual_account_id.in_(sorted(virtual_account_ids)))
        .group_by(Holding.lot_id, Holding.virtual_account_id, Holding.bucket)
    )
    found: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for lot, va, bucket, quantity in unit.session.execute(query):
        found[lot][va][bucket] = int(quantity)
    return found


def free_of_lots(unit: Unit, account_id: str, lot_ids: Collection[str]) -> dict[tuple[str, str], int]:
    """How many units of lots are neither reserved nor held, by lot and virtual account."""
    query = (
        select(Holding.lot_id, Holding.virtual_account_id, func.sum(Holding.quantity))
        .where(Holding.account_id == account_id, Holding.lot_id.in_(sorted(lot_ids)), Holding.bucket == Bucket.FREE)
        .group_by(Holding.lot_id, Holding.virtual_account_id)
    )
    return {(lot, va): int(count) for lot, va, count in unit.session.execute(query)}
