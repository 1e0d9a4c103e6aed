"""Which subscriptions there are, and where."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, or_, select

from central.domain.ledger.models import Bucket, Holding, Lot, Posting, of_lot
from central.domain.subscriptions.rules import Present
from exchange.compliance import LotPhase, LotView, lot_phase
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.locks import for_change


def present(
    unit: Unit, account_id: str, tag: str | None = None, places: Collection[str] | None = None
) -> list[Present]:
    """The subscriptions billed by usage of an account whose terms have not ended, in the order in which they came."""
    query = (
        select(Holding, Lot)
        .join(Lot, of_lot())
        .where(Holding.account_id == account_id, Holding.bucket == Bucket.FREE, Holding.holder == "")
        .where(Lot.billing == Billing.USAGE, Lot.subscription_id.is_not(None))
        .order_by(Lot.tag, Lot.subscription_id, Lot.id)
    )
    if tag is not None:
        query = query.where(Holding.tag == tag)  # the index of pools holds it
    if places is not None:
        query = query.where(Holding.virtual_account_id.in_(places))
    rows = [
        (holding, lot)
        for holding, lot in unit.session.execute(for_change(query, writing=unit.writing)).all()
        if lot_phase(lot.start, lot.end, unit.licence_now) is not LotPhase.EXPIRED
    ]
    came = _arrivals(unit, account_id, {lot.id for _, lot in rows})
    found: dict[tuple[str, str, str], list[tuple[LotView, int]]] = {}
    for holding, lot in rows:
        view = LotView(
            lot.id, LicenceType(lot.licence_type), holding.quantity, lot.start, lot.end, Billing(lot.billing)
        )
        key = (holding.virtual_account_id, lot.tag, str(lot.subscription_id))
        found.setdefault(key, []).append((view, came.get((lot.id, holding.virtual_account_id), 0)))
    listed = [
        Present(place, of, subscription, tuple((view, view.quantity) for view, _ in lots), min(at for _, at in lots))
        for (place, of, subscription), lots in found.items()
    ]
    return sorted(listed, key=lambda one: (one.arrived, one.place, one.tag, one.subscription))


def _arrivals(unit: Unit, account_id: str, lots: Collection[str]) -> dict[tuple[str, str], int]:
    """The number of the last posting that brought each lot to each virtual account."""
    found: dict[tuple[str, str], int] = {}
    for piece in batches(lots):
        query = (
            select(Posting.lot_id, Posting.to_virtual_account, func.max(Posting.number))
            .where(Posting.account_id == account_id, Posting.lot_id.in_(piece), Posting.to_bucket == Bucket.FREE)
            .where(
                or_(
                    Posting.from_bucket == Bucket.OUTSIDE,
                    Posting.from_virtual_account != Posting.to_virtual_account,
                )
            )
            .group_by(Posting.lot_id, Posting.to_virtual_account)
        )
        found |= {(lot, place): int(number) for lot, place, number in unit.session.execute(query)}
    return found
