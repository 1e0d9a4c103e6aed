"""Units of restricted licences: locked for a grant, moved with it, freed (rows C6.2, C7.2, C8.1)."""

from __future__ import annotations

from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.errors import RestrictedNotAvailableError
from central.domain.ledger.models import Bucket, Holding
from central.domain.ledger.postings import Place, holdings_of, post
from central.domain.ledger.taking import give_back, supply_of, take
from exchange.compliance import choose_lots
from serverkit.db.unit import Unit


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

    With `may_be_short` what is there is locked, even if it is in use: a signed grant is out already.
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
    for lot_id, count in choose_lots(supply.prepaid, quantity, unit.licence_now):
        post(unit, account_id, lot_id, count, Place(Bucket.FREE, virtual_account.id), target, "granted", grant_id)


def free_grant(unit: Unit, account_id: str, grant_id: str, reason: str) -> int:
    """Free the units locked for a grant; returns their number."""
    rows = holdings_of(unit, account_id, Holding.holder == grant_id, Holding.bucket == Bucket.LOCKED)
    return give_back(unit, rows, reason, grant_id)


def move_grant(unit: Unit, account_id: str, grant_id: str, virtual_account_id: str) -> None:
    """Move the locked units of a grant to another virtual account (row C7.2)."""
    for row in holdings_of(unit, account_id, Holding.holder == grant_id, Holding.bucket == Bucket.LOCKED):
        source = Place(Bucket.LOCKED, row.virtual_account_id, grant_id)
        target = Place(Bucket.LOCKED, virtual_account_id, grant_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, "transferred", grant_id)
