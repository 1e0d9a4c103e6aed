"""Holding licences for a device that reserves them; the holder is the instance (rows C3.2, C6.1, C6.2, C6.3, C7.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import entitlement
from central.domain.ledger.errors import NotEnoughFreeError
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import Place, holdings_of, post
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.transfers import active_views, choose, free_quantity
from exchange.compliance import LotView
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit


def hold_for(
    unit: Unit, home: VirtualAccount, tag: str, quantity: int, instance_id: str, *, longest_first: bool
) -> list[tuple[Lot, int]]:
    """Reserve free units, perpetual ones first; returns the lots they came from. NotEnoughFreeError."""
    free = free_quantity(unit, home, tag)
    if quantity > free:
        name = entitlement(unit, tag).name
        raise NotEnoughFreeError(f"{quantity} of {name} are to be reserved in {home.name}, {free} are free")
    chosen = choose(active_views(unit, home, tag), quantity, longest_first=longest_first)
    lots = lots_by_id(unit, home.account_id, {lot_id for lot_id, _ in chosen})
    for lot_id, count in chosen:
        places = Place(Bucket.FREE, home.id), Place(Bucket.RESERVED, home.id, instance_id)
        post(unit, home.account_id, lot_id, count, *places, "reserved", instance_id)
    return [(lots[lot_id], count) for lot_id, count in chosen]


HELD = (Bucket.RESERVED, Bucket.TRANSITION)


def _held(unit: Unit, account_id: str, instance_id: str, *buckets: Bucket) -> list[Holding]:
    return holdings_of(unit, account_id, Holding.holder == instance_id, Holding.bucket.in_(buckets))


def held_lots(unit: Unit, account_id: str, instance_id: str) -> list[tuple[Lot, int]]:
    """What is reserved for an instance, lot by lot, without what it gives up."""
    rows = _held(unit, account_id, instance_id, Bucket.RESERVED)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    return [(lots[row.lot_id], row.quantity) for row in rows]


def reserved_for(unit: Unit, account_id: str, ids: Collection[str]) -> dict[str, list[tuple[Lot, int]]]:
    """The lots that are reserved for instances, by instance, with what of each is held."""
    found: dict[str, list[tuple[Lot, int]]] = {}
    rows = holdings_of(unit, account_id, Holding.holder.in_(ids), Holding.bucket.in_(HELD)) if ids else []
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        counts[row.holder, row.lot_id] = counts.get((row.holder, row.lot_id), 0) + row.quantity
    for (holder, lot_id), count in counts.items():
        if count:
            found.setdefault(holder, []).append((lots[lot_id], count))
    return found


def give_up_some(unit: Unit, account_id: str, instance_id: str, tag: str, quantity: int) -> None:
    """Put reserved units in transition, those that end first before the others (rows C3.2, C6.3)."""
    held = [(lot, count) for lot, count in held_lots(unit, account_id, instance_id) if lot.tag == tag]
    views = [LotView(lot.id, LicenceType(lot.licence_type), count, lot.start, lot.end) for lot, count in held]
    chosen = dict(choose(views, quantity, longest_first=False))
    _shift(unit, account_id, instance_id, chosen, Bucket.RESERVED, Bucket.TRANSITION, "given_up")


def settle_transition(unit: Unit, account_id: str, instance_id: str) -> int:
    """Free what is in transition: the device confirmed that it uses it no longer; returns how much."""
    return _free(unit, account_id, instance_id, "confirmed", Bucket.TRANSITION)


def undo_update(unit: Unit, account_id: str, instance_id: str, raised: Mapping[str, int]) -> None:
    """Reserve again what was in transition, and free what an update had raised."""
    back = {row.lot_id: row.quantity for row in _held(unit, account_id, instance_id, Bucket.TRANSITION)}
    _shift(unit, account_id, instance_id, back, Bucket.TRANSITION, Bucket.RESERVED, "update_cancelled")
    _shift(unit, account_id, instance_id, raised, Bucket.RESERVED, Bucket.FREE, "update_cancelled")


def _shift(
    unit: Unit,
    account_id: str,
    instance_id: str,
    quantities: Mapping[str, int],
    old: Bucket,
    new: Bucket,
    reason: str,
) -> None:
    for row in _held(unit, account_id, instance_id, old):
        count = min(row.quantity, quantities.get(row.lot_id, 0))
        if count:
            holder = instance_id if new in HELD else ""
            places = Place(old, row.virtual_account_id, instance_id), Place(new, row.virtual_account_id, holder)
            post(unit, account_id, row.lot_id, count, *places, reason, instance_id)


def free_reserved(unit: Unit, account_id: str, instance_id: str, reason: str) -> int:
    """Free all that is reserved for an instance; returns how much."""
    return _free(unit, account_id, instance_id, reason, *HELD)


def _free(unit: Unit, account_id: str, instance_id: str, reason: str, *buckets: Bucket) -> int:
    freed = 0
    for row in _held(unit, account_id, instance_id, *buckets):
        source = Place(Bucket(row.bucket), row.virtual_account_id, instance_id)
        freed += row.quantity
        target = Place(Bucket.FREE, row.virtual_account_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, reason, instance_id)
    return freed


def move_reserved(unit: Unit, account_id: str, instance_id: str, virtual_account_id: str) -> None:
    """Take what is reserved for an instance along to another virtual account (row C7.2)."""
    for row in _held(unit, account_id, instance_id, *HELD):
        source = Place(Bucket(row.bucket), row.virtual_account_id, instance_id)
        target = Place(Bucket(row.bucket), virtual_account_id, instance_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, "moved_with_instance", instance_id)
