"""Reserves licences for a device; the holder is the instance (rows C3.2, C6.1, C6.2, C6.3, C7.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import entitlement
from central.domain.ledger.errors import NotEnoughFreeError
from central.domain.ledger.models import Bucket, Holding, Lot, held_for
from central.domain.ledger.postings import Place, holdings_of, post
from central.domain.ledger.services import lots_by_id
from central.domain.ledger.taking import Supply, give_back, is_boundless, names_end, supply_of, take
from exchange.compliance import LotPhase, LotView, lot_phase, pick_lots
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit


def hold_for(
    unit: Unit,
    virtual_account: VirtualAccount,
    tag: str,
    quantity: int,
    instance_id: str,
    *,
    longest_first: bool,
    terms: Sequence[tuple[str, int]] = (),
) -> list[tuple[Lot, int]]:
    """Reserve free units: so many of each end that `terms` names, else perpetual ones first (row C6.2).

    Returns the lots they came from. NotEnoughFreeError.
    """
    supply = supply_of(unit, virtual_account, tag)
    _refuse_more_than_free(unit, virtual_account, tag, supply, quantity, terms)
    target = Place(Bucket.RESERVED, virtual_account.id, instance_id)
    if not terms:
        return take(unit, virtual_account, supply, quantity, target, "reserved", longest_first=longest_first)
    return [
        taken
        for end, count in terms
        for taken in take(
            unit,
            virtual_account,
            supply_of(unit, virtual_account, tag).of_end(end),  # without what the ends before it took
            count,
            target,
            "reserved",
            longest_first=longest_first,
        )
    ]


def _refuse_more_than_free(
    unit: Unit,
    virtual_account: VirtualAccount,
    tag: str,
    supply: Supply,
    quantity: int,
    terms: Sequence[tuple[str, int]],
) -> None:
    named = {"virtual_account": virtual_account.name, "name": entitlement(unit, tag).name}
    asked: dict[str, int] = {}  # an end may be named in two ways: the units of both are of the same lots
    for end, count in terms:
        views = supply.of_end(end).prepaid
        most = sum(view.quantity for view in views) - (asked.get(views[0].id, 0) if views else 0)
        asked |= {view.id: asked.get(view.id, 0) + count for view in views}
        if count > most:
            raise NotEnoughFreeError(
                "{quantity} of {name} with the term {end} are to be reserved in {virtual_account}, {most} are free",
                quantity=count,
                end=end,
                most=most,
                **named,
            )
    most = supply.figures.free if terms else supply.most
    if quantity > most:
        raise NotEnoughFreeError(
            "{quantity} of {name} are to be reserved in {virtual_account}, {most} are free",
            quantity=quantity,
            most=most,
            **named,
        )


HELD = (Bucket.RESERVED, Bucket.TRANSITION, Bucket.OWED)


def _held(unit: Unit, account_id: str, instance_id: str, *buckets: Bucket) -> list[Holding]:
    return holdings_of(unit, account_id, held_for(instance_id), Holding.bucket.in_(buckets))


def held_lots(unit: Unit, account_id: str, instance_id: str) -> list[tuple[Lot, int]]:
    """What is reserved for an instance, lot by lot, without what it gives up."""
    rows = _held(unit, account_id, instance_id, Bucket.RESERVED)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    return [(lots[row.lot_id], row.quantity) for row in rows]


def transition_lots(unit: Unit, account_id: str, instance_id: str) -> list[tuple[Lot, int]]:
    """What an instance gives up and has not confirmed yet, lot by lot."""
    rows = _held(unit, account_id, instance_id, Bucket.TRANSITION)
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    return [(lots[row.lot_id], row.quantity) for row in rows]


def reserved_for(unit: Unit, account_id: str, ids: Collection[str]) -> dict[str, list[tuple[Lot, int]]]:
    """The lots that are reserved for instances, by instance, with what of each is held."""
    found: dict[str, list[tuple[Lot, int]]] = {}
    rows = holdings_of(unit, account_id, held_for(*ids), Holding.bucket.in_(HELD)) if ids else []
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        counts[row.holder, row.lot_id] = counts.get((row.holder, row.lot_id), 0) + row.quantity
    for (holder, lot_id), count in counts.items():
        if count:
            found.setdefault(holder, []).append((lots[lot_id], count))
    return found


Gone = list[tuple[str, str, int]]


def drop_ended(unit: Unit, account_id: str, instance_id: str, tag: str) -> Gone:
    """Release reserved units of expired terms, which no device can use any more (row C6.9); returns the released quantities."""
    gone: Gone = []
    for lot, count in held_lots(unit, account_id, instance_id):
        if lot.tag == tag and is_ended(unit, lot):
            _shift(unit, account_id, instance_id, {lot.id: count}, Bucket.RESERVED, Bucket.EXPIRED, "replaced")
            gone.append((lot.id, Bucket.EXPIRED.value, count))
    return gone


def is_ended(unit: Unit, lot: Lot) -> bool:
    """Whether the term of a lot has ended."""
    return lot_phase(lot.start, lot.end, unit.licence_now) is LotPhase.EXPIRED


def give_up_some(
    unit: Unit, account_id: str, instance_id: str, tag: str, quantity: int, end: str | None = None
) -> Gone:
    """Release reserved units, of an `end` or of any; returns what was released without transition (rows C3.2, C6.3).

    Reporting-only ones are gone at once; of the others those that end first go in transition.
    """
    held = [(lot, count) for lot, count in held_lots(unit, account_id, instance_id) if lot.tag == tag]
    held = [(lot, count) for lot, count in held if end is None or (names_end(end, lot.end) and not is_boundless(lot))]
    gone: Gone = []
    for lot, count in held:
        taken = min(count, quantity) if is_boundless(lot) else 0
        if taken:
            _shift(unit, account_id, instance_id, {lot.id: taken}, Bucket.RESERVED, Bucket.REMOVED, "given_up")
            gone.append((lot.id, Bucket.REMOVED.value, taken))
            quantity -= taken
    views = [
        LotView(lot.id, LicenceType(lot.licence_type), count, lot.start, lot.end)
        for lot, count in held
        if not is_boundless(lot)
    ]
    chosen = dict(pick_lots(views, quantity, longest_first=False))
    _shift(unit, account_id, instance_id, chosen, Bucket.RESERVED, Bucket.TRANSITION, "given_up")
    return gone


def settle_transition(unit: Unit, account_id: str, instance_id: str) -> int:
    """Free units in transition, after the device confirmed that it no longer uses them; returns their number."""
    return give_back(unit, _held(unit, account_id, instance_id, Bucket.TRANSITION), "confirmed", instance_id)


def undo_update(
    unit: Unit, virtual_account_id: str, account_id: str, instance_id: str, raised: Mapping[str, int], gone: Gone
) -> None:
    """Reserve again what an update had given up, and release what it had raised; `virtual_account_id` is the device's virtual account."""
    back = {row.lot_id: row.quantity for row in _held(unit, account_id, instance_id, Bucket.TRANSITION)}
    _shift(unit, account_id, instance_id, back, Bucket.TRANSITION, Bucket.RESERVED, "update_cancelled")
    rows = _held(unit, account_id, instance_id, Bucket.RESERVED)
    give_back(unit, rows, "update_cancelled", instance_id, dict(raised))
    target = Place(Bucket.RESERVED, virtual_account_id, instance_id)
    for lot_id, bucket, count in gone:
        missing = count
        for row in holdings_of(unit, account_id, Holding.lot_id == lot_id, Holding.bucket == bucket):
            taken = min(row.quantity, missing)
            if taken:
                source = Place(Bucket(bucket), row.virtual_account_id, row.holder)
                post(unit, account_id, lot_id, taken, source, target, "update_cancelled", instance_id)
            missing -= taken


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
    """Release all that is reserved for an instance; returns how much."""
    return give_back(unit, _held(unit, account_id, instance_id, *HELD), reason, instance_id)


def move_reserved(unit: Unit, account_id: str, instance_id: str, source_id: str, virtual_account_id: str) -> None:
    """Take what `source_id` reserves for an instance along to another virtual account (row C7.2).

    What any other virtual account reserves for the device stays there: no one else may dispose of it.
    """
    for row in _held(unit, account_id, instance_id, *HELD):
        if row.virtual_account_id != source_id:
            continue
        source = Place(Bucket(row.bucket), row.virtual_account_id, instance_id)
        target = Place(Bucket(row.bucket), virtual_account_id, instance_id)
        post(unit, account_id, row.lot_id, row.quantity, source, target, "moved_with_instance", instance_id)
