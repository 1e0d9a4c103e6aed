"""Units of restricted licences: locked for a grant, moved with it, freed (rows C6.2, C7.2, C8.1)."""

from __future__ import annotations

from datetime import datetime

from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.errors import RestrictedNotAvailableError
from central.domain.ledger.models import GRANTED, Bucket, Holding, Lot, held_for
from central.domain.ledger.postings import OUTSIDE, Place, holdings_of, lot_note, post
from central.domain.ledger.rules import LotSource
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.taking import give_back, supply_of, take
from exchange.compliance import pick_lots
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.ids import new_id


def grantable(unit: Unit, account_id: str, virtual_account_id: str, tag: str) -> int:
    """How much of a restricted licence may be granted in a virtual account now."""
    return supply_of(unit, _virtual_account(unit, account_id, virtual_account_id), tag).most


def _virtual_account(unit: Unit, account_id: str, virtual_account_id: str) -> VirtualAccount:
    return unit.session.get_one(VirtualAccount, (account_id, virtual_account_id))


def lock_for_grant(
    unit: Unit,
    account_id: str,
    virtual_account_id: str,
    tag: str,
    quantity: int,
    grant_id: str,
    *,
    may_be_short: bool = False,
) -> None:
    """Lock free units for a grant: perpetual first (row C6.2), exactly as many winners as units (row C8.1).

    With `may_be_short` a signed grant is out already: what is there is locked, even if it is in use, and the rest is owed.
    """
    virtual_account = _virtual_account(unit, account_id, virtual_account_id)
    supply, target = supply_of(unit, virtual_account, tag), Place(Bucket.LOCKED, virtual_account_id, grant_id)
    if quantity <= supply.most:
        take(unit, virtual_account, supply, quantity, target, "granted", longest_first=True)
        return
    if not may_be_short:
        raise RestrictedNotAvailableError(
            "{quantity} of {tag} are asked for, {most} are free", quantity=quantity, tag=tag, most=supply.most
        )
    for lot_id, count in pick_lots(supply.prepaid, quantity):
        post(unit, account_id, lot_id, count, Place(Bucket.FREE, virtual_account.id), target, "granted", grant_id)
        quantity -= count
    if quantity:
        _owe(unit, account_id, tag, quantity, Place(Bucket.OWED, virtual_account_id, grant_id))


def end_of_granted(unit: Unit, account_id: str, grant_id: str) -> datetime | None:
    """The end of the first term among the units that are locked for a grant; None where none of them ends."""
    rows = holdings_of(unit, account_id, held_for(grant_id), Holding.bucket == Bucket.LOCKED)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    return min((lot.end for lot in lots.values() if lot.end is not None), default=None)


def _owe(unit: Unit, account_id: str, tag: str, quantity: int, target: Place) -> None:
    """Book units that a grant gives and no one bought: they count as in use, never as purchased, until the grant ends."""
    lot = Lot(
        account_id=account_id,
        id=new_id(),
        tag=tag,
        licence_type=LicenceType.PERPETUAL,
        billing=Billing.PREPAID,
        quantity=quantity,
        source=LotSource.DEVICE_REQUEST,
        details={},
        created_at=unit.now,
    )
    unit.session.add(lot)
    unit.session.flush()  # its posting names it
    post(unit, account_id, lot.id, quantity, OUTSIDE, target, "owed", lot_note(lot))


def free_grant(unit: Unit, account_id: str, grant_id: str, reason: str) -> int:
    """Free the units locked for a grant, and forget those that are owed; returns their number."""
    rows = holdings_of(unit, account_id, held_for(grant_id), Holding.bucket.in_(GRANTED))
    return give_back(unit, rows, reason, grant_id)


def move_grant(unit: Unit, account_id: str, grant_id: str, virtual_account_id: str) -> None:
    """Move the units of a grant to another virtual account, those that are owed too (row C7.2)."""
    for row in holdings_of(unit, account_id, held_for(grant_id), Holding.bucket.in_(GRANTED)):
        source = Place(Bucket(row.bucket), row.virtual_account_id, grant_id)
        target = Place(Bucket(row.bucket), virtual_account_id, grant_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, "transferred", grant_id)
