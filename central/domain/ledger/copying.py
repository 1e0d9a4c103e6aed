"""Units for a replacement: the same terms as its failed device holds, from what is free; the rest is owed (row C6.7).

Both devices may run, so both count as in use. What is owed was never bought; it turns into real units as soon as the failed
device gives its own back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from central.domain.accounts.models import VirtualAccount
from central.domain.ledger.models import Bucket, Holding, Lot, held_for
from central.domain.ledger.postings import OUTSIDE, Place, holdings_of, lot_note, post
from central.domain.ledger.rules import LotSource
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.taking import Supply, end_text, is_boundless, supply_of, take
from exchange.codes.authorization import ReservedLine
from exchange.compliance import LotPhase, lot_phase, pick_lots
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
    """Hold free units of the same term instead of those that are owed; returns how many. The balance stays as it is.

    Of a term that has ended nothing is owed any more: the device holds its ended units, as any other does until an update.
    """
    account_id, settled = virtual_account.account_id, 0
    rows = holdings_of(unit, account_id, held_for(instance_id), Holding.bucket == Bucket.OWED)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    reserved = Place(Bucket.RESERVED, virtual_account.id, instance_id)
    for row in rows:
        lot, owed = lots[row.lot_id], Place(Bucket.OWED, virtual_account.id, instance_id)
        ended = lot_phase(lot.start, lot.end, unit.licence_now) is LotPhase.EXPIRED
        found = _ended_units(unit, virtual_account, lot, row.quantity) if ended else []
        if not ended:
            same = supply_of(unit, virtual_account, lot.tag).of_end(end_text(lot.end))
            found = [(of, Bucket.FREE, count) for of, count in pick_lots(same.prepaid, row.quantity)]
        for lot_id, bucket, count in found:
            post(unit, account_id, lot_id, count, Place(bucket, virtual_account.id), reserved, "rehosted", instance_id)
        done = row.quantity if ended else sum(count for _, _, count in found)
        if done:
            gone = replace(owed, bucket=Bucket.REMOVED, holder="")
            post(unit, account_id, row.lot_id, done, owed, gone, "settled", instance_id)
        settled += done
    return settled


def _ended_units(unit: Unit, virtual_account: VirtualAccount, lot: Lot, most: int) -> list[tuple[str, Bucket, int]]:
    """Units of the same term that ended in the virtual account and that no device holds: at most so many."""
    found: list[tuple[str, Bucket, int]] = []
    of_tag = Holding.virtual_account_id == virtual_account.id, Holding.tag == lot.tag, Holding.holder == ""
    rows = holdings_of(unit, lot.account_id, *of_tag, Holding.bucket.in_([Bucket.FREE, Bucket.EXPIRED]))
    lots = lots_by_id(unit, lot.account_id, {row.lot_id for row in rows})
    for row in rows:
        count = min(row.quantity, most)
        if count and lots[row.lot_id].end == lot.end and not is_boundless(lots[row.lot_id]):
            found.append((row.lot_id, Bucket(row.bucket), count))
            most -= count
    return found
