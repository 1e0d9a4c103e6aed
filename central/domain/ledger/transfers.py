"""Moving licences between virtual accounts (row C4.1): never more than is free, all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import entitlement
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, record, record_transaction
from central.domain.ledger.errors import (
    CentralRecoveringError,
    InvalidQuantityError,
    NotEnoughFreeError,
    SameVirtualAccountError,
)
from central.domain.ledger.models import Bucket, Lot
from central.domain.ledger.postings import Place, post
from central.domain.ledger.rules import ANY_LOT, LotChoice
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.taking import Supply, choose, supply_of
from exchange.compliance import LotView, Use
from serverkit.db.unit import Unit


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
    supply = supply_of(unit, source, tag)
    free, views = _movable(supply)
    if quantity > free:
        raise NotEnoughFreeError(
            "{quantity} of {name} are to be moved from {source_name}, {free} are free",
            quantity=quantity,
            name=name,
            source_name=source.name,
            free=free,
        )
    views = _meant(unit, source, views, choice)
    if sum(view.quantity for view in views) < quantity:
        raise NotEnoughFreeError(
            "{quantity} of {name} are to be moved from lots that hold fewer", quantity=quantity, name=name
        )
    chosen = choose(views, quantity, longest_first=longest_first)
    for lot_id, count in chosen:
        places = Place(Bucket.FREE, source.id), Place(Bucket.FREE, target.id)
        post(unit, source.account_id, lot_id, count, *places, "transferred")
    _tell(unit, source, target, tag, name, quantity)
    return len(chosen)


def _movable(supply: Supply) -> tuple[int, Sequence[LotView]]:
    """How much may go, and from which lots. What has no predefined quantity goes only where nothing of it is in use."""
    if supply.prepaid or supply.figures.use != Use():
        return supply.figures.free, supply.prepaid
    return sum(view.quantity for view in supply.unbound), supply.unbound


def _meant(unit: Unit, source: VirtualAccount, views: Sequence[LotView], choice: LotChoice) -> list[LotView]:
    if choice == ANY_LOT:
        return [*views]
    lots = lots_by_id(unit, source.account_id, {view.id for view in views})
    return [view for view in views if _takes(choice, lots[view.id])]


def _takes(choice: LotChoice, lot: Lot) -> bool:
    return choice.takes(lot.licence_type, lot.subscription_id, lot.start, lot.end)


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
