"""Holding licences for a device that reserves them; the holder is the instance (rows C6.1, C6.2, C7.2)."""

from __future__ import annotations

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import entitlement
from central.domain.ledger.errors import NotEnoughFreeError
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import Place, holdings_of, post
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.transfers import active_views, choose, free_quantity
from chassis.db.unit import Unit


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


def _held(unit: Unit, account_id: str, instance_id: str) -> list[Holding]:
    return holdings_of(unit, account_id, Holding.holder == instance_id, Holding.bucket == Bucket.RESERVED)


def free_reserved(unit: Unit, account_id: str, instance_id: str, reason: str) -> int:
    """Free what is reserved for an instance; returns how much."""
    freed = 0
    for row in _held(unit, account_id, instance_id):
        places = Place(Bucket.RESERVED, row.virtual_account_id, instance_id), Place(Bucket.FREE, row.virtual_account_id)
        freed += row.quantity
        post(unit, account_id, row.lot_id, row.quantity, *places, reason, instance_id)
    return freed


def move_reserved(unit: Unit, account_id: str, instance_id: str, virtual_account_id: str) -> None:
    """Take what is reserved for an instance along to another virtual account (row C7.2)."""
    for row in _held(unit, account_id, instance_id):
        source = Place(Bucket.RESERVED, row.virtual_account_id, instance_id)
        target = Place(Bucket.RESERVED, virtual_account_id, instance_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, "moved_with_instance", instance_id)
