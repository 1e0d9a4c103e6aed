"""Moving licences between virtual accounts (row C4.1): never more than is free, all of it or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.activity.events import EventKind
from central.domain.activity.services import Entry, record, record_transaction
from central.domain.catalogue.queries import entitlement
from central.domain.ledger.errors import (
    CentralRecoveringError,
    InvalidQuantityError,
    NotEnoughFreeError,
    SameVirtualAccountError,
)
from central.domain.ledger.models import Bucket, Lot
from central.domain.ledger.postings import Place, post
from central.domain.ledger.queries import pools
from central.domain.ledger.services import free_views, lots_by_id
from exchange.compliance import LotPhase, LotView, lot_phase
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class LotChoice:
    """Which lots are meant, where not every lot of a licence is: by type, subscription, days of start and end."""

    subscription_id: str | None = None
    start: str | None = None
    end: str | None = None
    types: frozenset[str] = frozenset()

    def takes(self, lot: Lot) -> bool:
        """Whether a lot is meant."""
        wanted = (self.subscription_id, self.start, self.end)
        has = (lot.subscription_id, _day(lot.start), _day(lot.end))
        if self.types and lot.licence_type not in self.types:
            return False
        return all(want is None or want == have for want, have in zip(wanted, has, strict=True))


def _day(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d}" if at else None


ANY_LOT = LotChoice()


def transfer_licences(
    unit: Unit,
    source: VirtualAccount,
    target: VirtualAccount,
    tag: str,
    quantity: int,
    *,
    longest_first: bool = True,
    choice: LotChoice = ANY_LOT,
) -> int:
    """Move `quantity` free units of a licence; returns how many lots they came from.

    InvalidQuantityError and SameVirtualAccountError for what cannot be; NotEnoughFreeError when less is free: what is in
    use, reserved or locked to a device stays.
    """
    require(unit, Permission.LICENCE_TRANSFER, source.account_id, source.id)
    require(unit, Permission.LICENCE_TRANSFER, target.account_id, target.id)
    name = entitlement(unit, tag).name
    if quantity < 1:
        raise InvalidQuantityError
    if source.id == target.id:
        raise SameVirtualAccountError
    if source.recovering:
        raise CentralRecoveringError
    free = free_quantity(unit, source, tag)
    if quantity > free:
        raise NotEnoughFreeError(f"{quantity} of {name} are to be moved from {source.name}, {free} are free")
    views = _meant(unit, source, tag, choice)
    if sum(view.quantity for view in views) < quantity:
        raise NotEnoughFreeError(f"{quantity} of {name} are to be moved from lots that hold fewer")
    chosen = choose(views, quantity, longest_first=longest_first)
    for lot_id, count in chosen:
        places = Place(Bucket.FREE, source.id), Place(Bucket.FREE, target.id)
        post(unit, source.account_id, lot_id, count, *places, "transferred")
    _tell(unit, source, target, tag, name, quantity)
    return len(chosen)


def free_quantity(unit: Unit, row: VirtualAccount, tag: str) -> int:
    """What of a licence nobody uses, reserves or holds."""
    pool = pools(unit, row.account_id, [row.id]).get((row.id, tag))
    if pool is None:
        return 0
    there = sum(view.quantity for view in active_views(unit, row, tag))
    return max(0, there - pool.claimed)


def active_views(unit: Unit, row: VirtualAccount, tag: str) -> list[LotView]:
    """What is free now of a licence, lot by lot."""
    views = free_views(unit, row.account_id, row.id, tag)
    return [view for view in views if lot_phase(view.start, view.end, unit.licence_now) is LotPhase.ACTIVE]


def _meant(unit: Unit, source: VirtualAccount, tag: str, choice: LotChoice) -> list[LotView]:
    views = active_views(unit, source, tag)
    if choice == ANY_LOT:
        return views
    lots = lots_by_id(unit, source.account_id, {view.id for view in views})
    return [view for view in views if choice.takes(lots[view.id])]


def choose(views: list[LotView], quantity: int, *, longest_first: bool) -> list[tuple[str, int]]:
    """Lots for a quantity, those that end last (or first) before the others; a perpetual one never ends."""
    far = float("inf")
    views = sorted(
        views,
        key=lambda view: (view.end.timestamp() if view.end else far, view.id),
        reverse=longest_first,
    )
    chosen = []
    for view in views:
        taken = min(view.quantity, quantity)
        if taken:
            chosen.append((view.id, taken))
        quantity -= taken
    return chosen


def _tell(unit: Unit, source: VirtualAccount, target: VirtualAccount, tag: str, name: str, quantity: int) -> None:
    message = f"{quantity} of {name} transferred from {source.name} to {target.name}"
    subject = {"tag": tag, "quantity": quantity, "from": source.id, "to": target.id}
    for row, count, action in ((source, -quantity, "transferred_out"), (target, quantity, "transferred_in")):
        record(
            unit,
            row.account_id,
            EventKind.LICENCES_TRANSFERRED,
            message,
            subject=subject,
            virtual_account_id=row.id,
        )
        record_transaction(unit, row.account_id, Entry("transfer", tag, count, row.id, "transfer", action))
