"""Lots as lists show them: those of virtual accounts, one row for each, found by index (rows C3.4, C3.5, C3.8)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select

from central.domain.accounts.places import in_places
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import Orders

FEW_PLACES = 4
EVER = (*OWNED, Bucket.PENDING, Bucket.EXPIRED, Bucket.REMOVED, Bucket.CONVERTED)
"""The buckets of a lot that is or was here."""


def lots_of(
    account_id: str,
    virtual_account_ids: Collection[str],
    buckets: Sequence[Bucket] = OWNED,
    *,
    each: bool = False,
    tag: str | None = None,
) -> Query:
    """Lots of which virtual accounts hold something, or those of one licence; each is met once.

    The lots of few places are looked up by their holdings. Of many places, or where `each` says so, each lot is asked whether
    it is held there, so that a part of them needs no more than that part.
    """
    here = in_places(Holding.virtual_account_id, virtual_account_ids)
    held: tuple[ColumnElement[bool], ...] = (Holding.account_id == account_id, here, Holding.bucket.in_(buckets))
    query = select(Lot).where(Lot.account_id == account_id)
    if tag is not None:
        query = query.where(Lot.tag == tag)
    if len(virtual_account_ids) <= FEW_PLACES and not each:
        of_tag = () if tag is None else (Holding.tag == tag,)
        return query.where(Lot.id.in_(select(Holding.lot_id).where(*held, *of_tag)))
    return query.where(exists().where(*held, Holding.lot_id == Lot.id))


def of_one_place(account_id: str, virtual_account_id: str) -> Query:
    """The ids of the lots of one virtual account by licence, as the index of its holdings has them."""
    return (
        select(Holding.lot_id)
        .where(Holding.account_id == account_id, Holding.virtual_account_id == virtual_account_id)
        .where(Holding.bucket.in_(OWNED))
        .group_by(Holding.tag, Holding.lot_id)
    )


ORDER_OF_PLACE = Orders(Holding.lot_id, {"licence": (Holding.tag,)}, "licence")


def lots_named(unit: Unit, account_id: str, ids: Sequence[str]) -> list[Lot]:
    """Lots in the order of their ids as given."""
    query = select(Lot).where(Lot.account_id == account_id, Lot.id.in_(ids))
    known = {row.id: row for row in unit.session.scalars(query)}
    return [known[one] for one in ids if one in known]


def quantities(
    unit: Unit, account_id: str, lot_ids: Sequence[str], virtual_account_ids: Collection[str]
) -> dict[str, dict[str, dict[str, int]]]:
    """How much of lots virtual accounts hold: by lot and virtual account the quantity in each bucket."""
    query = (
        select(Holding.lot_id, Holding.virtual_account_id, Holding.bucket, func.sum(Holding.quantity))
        .where(Holding.account_id == account_id, Holding.lot_id.in_(lot_ids))
        .where(in_places(Holding.virtual_account_id, virtual_account_ids))
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
