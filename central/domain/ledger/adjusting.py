"""Licences that the vendor adds or removes by hand, each with a note that says why (row C12.4)."""

from __future__ import annotations

from sqlalchemy import func, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import entitlement
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, record, record_transaction
from central.domain.ledger.errors import (
    CentralRecoveringError,
    InvalidQuantityError,
    NoteMissingError,
    NotEnoughFreeError,
    UnknownLotError,
)
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import Place, post
from central.domain.ledger.rules import MOST_QUANTITY, LotSpec
from central.domain.ledger.services import add_lots
from serverkit.db.unit import Unit
from serverkit.names import check_text

REASON = "removed"


def check_note(note: str) -> str:
    """The note of a change by hand; NoteMissingError."""
    text = check_text("note", note.strip())
    if not text:
        raise NoteMissingError
    return text


def add_by_hand(unit: Unit, pool: VirtualAccount, spec: LotSpec, note: str) -> Lot:
    """Add a lot to a virtual account."""
    require(unit, Permission.LICENCE_MANAGE, pool.account_id, pool.id)
    text, named = check_note(note), {spec.tag: entitlement(unit, spec.tag).name}
    [lot] = add_lots(unit, pool.account_id, [(pool.id, spec)], named, text)
    return lot


def removable(unit: Unit, pool: VirtualAccount, lot_id: str) -> tuple[Lot, int]:
    """A lot, and how many units of it are in a virtual account and neither reserved nor held; UnknownLotError."""
    lot = unit.session.get(Lot, (pool.account_id, lot_id))
    here = Holding.account_id == pool.account_id, Holding.lot_id == lot_id, Holding.virtual_account_id == pool.id
    if lot is None or not unit.session.scalar(select(func.count()).select_from(Holding).where(*here)):
        raise UnknownLotError("{place} has no lot {lot!r}", place=pool.name, lot=lot_id[:64])
    free = select(func.coalesce(func.sum(Holding.quantity), 0)).where(*here, Holding.bucket == Bucket.FREE)
    return lot, int(unit.session.scalar(free) or 0)


def judge_removal(unit: Unit, pool: VirtualAccount, lot: Lot, free: int, quantity: int) -> str:
    """Refuse a removal that cannot be; returns the name of the licence."""
    if not 1 <= quantity <= MOST_QUANTITY:
        raise InvalidQuantityError
    if pool.recovering:
        raise CentralRecoveringError
    name = entitlement(unit, lot.tag).name
    if quantity > free:
        raise NotEnoughFreeError(
            "{quantity} of {name} are to be removed from a lot of which {free} are neither reserved nor held",
            quantity=quantity,
            name=name,
            free=free,
        )
    return name


def remove_by_hand(unit: Unit, pool: VirtualAccount, lot_id: str, quantity: int, note: str) -> Lot:
    """Remove units of a lot that are neither reserved nor held, in use or not; NotEnoughFreeError where there are fewer."""
    require(unit, Permission.LICENCE_MANAGE, pool.account_id, pool.id)
    text = check_note(note)
    lot, free = removable(unit, pool, lot_id)
    name = judge_removal(unit, pool, lot, free, quantity)
    post(
        unit,
        pool.account_id,
        lot_id,
        quantity,
        Place(Bucket.FREE, pool.id),
        Place(Bucket.REMOVED, pool.id),
        REASON,
        text,
    )
    subject = {"tag": lot.tag, "quantity": quantity, "lot": lot_id, "note": text}
    message = f"{quantity} of {name} removed from {pool.name}"
    record(unit, pool.account_id, EventKind.LICENCES_REMOVED, message, subject=subject, virtual_account_id=pool.id)
    entry = Entry(
        lot.licence_type,
        lot.tag,
        -quantity,
        pool.id,
        lot.source,
        REASON,
        expiry=lot.end,
        order_number=lot.order_number,
        order_line=lot.order_line,
        sku=lot.sku,
        notes=text,
        lot_id=lot_id,
    )
    record_transaction(unit, pool.account_id, entry)
    return lot
