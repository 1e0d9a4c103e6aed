"""Units for a replacement: the same terms as its failed device holds, from what is free; the rest is owed (row C6.7).

Both devices may run, so both count as in use. What is owed was never bought; it turns into real units as soon as the failed
device gives its own back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.postings import OUTSIDE, Place, holdings_of, lot_note, post
from central.domain.ledger.rules import LotSource
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.taking import Supply, end_text, supply_of, take
from exchange.codes.authorization import ReservedLine
from exchange.compliance import pick_lots
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.ids import new_id


@dataclass(frozen=True, slots=True)
class Copied:
    """What a replacement holds: the lots, and how many of their units are owed."""

    lots: Sequence[tuple[Lot, int]]
    owed: int


def missing_for(unit: Unit, virtual_account: VirtualAccount, lines: Sequence[ReservedLine]) -> dict[str, int]:
    """By how much each licence falls short where these units are reserved once more; nothing where all are free."""
    wanted: dict[str, int] = {}
    for line in lines:
        if line.licence_type is not LicenceType.REPORTING_ONLY:
            wanted[line.tag] = wanted.get(line.tag, 0) + line.quantity
    free = {tag: max(0, supply_of(unit, virtual_account, tag).figures.free) for tag in wanted}
    return {tag: count - free[tag] for tag, count in wanted.items() if count > free[tag]}


def copy_units(unit: Unit, virtual_account: VirtualAccount, lines: Sequence[ReservedLine], instance_id: str) -> Copied:
    """Reserve the same units once more, for another instance."""
    target = Place(Bucket.RESERVED, virtual_account.id, instance_id)
    lots: list[tuple[Lot, int]] = []
    owed = 0
    for line in lines:
        supply = supply_of(unit, virtual_account, line.tag)
        taken = _take(unit, virtual_account, supply, line, target)
        lots += taken
        rest = line.quantity - sum(count for _, count in taken)
        if rest:
            place = Place(Bucket.OWED, virtual_account.id, instance_id)
            lots.append((_owe(unit, virtual_account.account_id, line, rest, place), rest))
            owed += rest
    return Copied(lots, owed)


def _take(
    unit: Unit, virtual_account: VirtualAccount, supply: Supply, line: ReservedLine, target: Place
) -> list[tuple[Lot, int]]:
    if line.licence_type is LicenceType.REPORTING_ONLY:
        if supply.boundless is None:
            return []
        return take(
            unit, virtual_account, replace(supply, prepaid=()), line.quantity, target, "rehosted", longest_first=True
        )
    same = supply.of_end(end_text(line.end))
    count = min(line.quantity, max(0, supply.figures.free), sum(view.quantity for view in same.prepaid))
    return take(unit, virtual_account, same, count, target, "rehosted", longest_first=True) if count else []


def _owe(unit: Unit, account_id: str, line: ReservedLine, quantity: int, target: Place) -> Lot:
    lot = Lot(
        account_id=account_id,
        id=new_id(),
        tag=line.tag,
        licence_type=line.licence_type,
        billing=Billing.PREPAID,
        quantity=quantity,
        start=line.start,
        end=line.end,
        source=LotSource.DEVICE_REQUEST,
        details={},
        created_at=unit.now,
    )
    unit.session.add(lot)
    unit.session.flush()  # its posting names it
    post(unit, account_id, lot.id, quantity, OUTSIDE, target, "owed", lot_note(lot))
    return lot


def settle_owed(unit: Unit, virtual_account: VirtualAccount, instance_id: str) -> int:
    """Hold free units of the same term instead of those that are owed; returns how many. The balance stays as it is."""
    account_id, settled = virtual_account.account_id, 0
    rows = holdings_of(unit, account_id, Holding.holder == instance_id, Holding.bucket == Bucket.OWED)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    for row in rows:
        lot, quantity = lots[row.lot_id], row.quantity
        same = supply_of(unit, virtual_account, lot.tag).of_end(end_text(lot.end))
        for lot_id, count in pick_lots(same.prepaid, quantity):
            source, target = (
                Place(Bucket.FREE, virtual_account.id),
                Place(Bucket.RESERVED, virtual_account.id, instance_id),
            )
            post(unit, account_id, lot_id, count, source, target, "rehosted", instance_id)
            owed = Place(Bucket.OWED, virtual_account.id, instance_id)
            post(
                unit,
                account_id,
                row.lot_id,
                count,
                owed,
                replace(owed, bucket=Bucket.REMOVED, holder=""),
                "settled",
                instance_id,
            )
            settled += count
    return settled
