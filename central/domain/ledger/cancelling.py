"""Orders that were cancelled upstream: what came with them goes, with the copies of their subscriptions (row C4.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, NewEvent, record_many, record_transactions
from central.domain.ledger.errors import (
    CentralRecoveringError,
    OrderCancelledError,
    OrderHeldError,
    UnknownOrderLineError,
)
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from central.domain.ledger.postings import Move, Place, post_many
from central.domain.ledger.taking import ISSUED_OF
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.errors import AppError
from serverkit.licence_texts import units_text
from serverkit.locks import for_change
from serverkit.verdicts import Verdict

REASON = "cancelled"
COPIED_FROM = "copied_from"
TAKEN = (Bucket.FREE, Bucket.PENDING)
"""What goes with the order; what is reserved or granted has to be returned first, since a device may use it."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What the cancellation of an order, or of one line of it, takes: holdings with their lots, and the reasons against it."""

    order: str
    line: str | None
    taken: Sequence[tuple[Holding, Lot]]
    verdict: Verdict
    names: dict[str, str]
    places: dict[str, str]

    @property
    def units(self) -> dict[str, dict[str, int]]:
        """By virtual account the units of each licence that go."""
        found: dict[str, dict[str, int]] = defaultdict(dict)
        for held, lot in self.taken:
            here = found[held.virtual_account_id]
            here[lot.tag] = here.get(lot.tag, 0) + held.quantity
        return dict(found)


def plan_cancellation(unit: Unit, account_id: str, order: str, line: str | None = None) -> Cancelled:
    """What would go with an order of an account, or with one line of it; UnknownOrderLineError where there is none."""
    require(unit, Permission.ORDER_MANAGE)
    ordered = select(Lot.id).where(Lot.account_id == account_id, Lot.order_number == order)
    if line is not None:
        ordered = ordered.where(Lot.order_line == line)
    ids = set(unit.session.scalars(ordered))
    if not order or not ids:
        raise UnknownOrderLineError("there is no order {order!r} with this line", order=order[:255])
    ids |= _copies(unit, account_id, ids, COPIED_FROM)
    ids |= _copies(unit, account_id, ids, ISSUED_OF)
    held = []
    for piece in batches(sorted(ids)):
        query = (
            select(Holding, Lot)
            .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
            .where(Holding.account_id == account_id, Holding.lot_id.in_(piece), Holding.quantity > 0)
            .where(Holding.bucket.in_((*OWNED, Bucket.PENDING)))
            .order_by(Holding.lot_id, Holding.virtual_account_id, Holding.bucket, Holding.holder)
        )
        held += [(row[0], row[1]) for row in unit.session.execute(for_change(query, writing=unit.writing))]
    pools = {row.id: row for row in _places(unit, account_id, {one.virtual_account_id for one, _ in held})}
    names = titles(unit, {lot.tag for _, lot in held})
    taken = [(one, lot) for one, lot in held if one.bucket in TAKEN]
    kept = [(one, lot) for one, lot in held if one.bucket not in TAKEN]
    reasons: list[AppError] = []
    if not held:
        reasons.append(OrderCancelledError("nothing of order {order} is left", order=order))
    for one, lot in kept:
        where, name = pools[one.virtual_account_id].name, names.get(lot.tag, lot.tag)
        reasons.append(
            OrderHeldError(
                "{quantity} of {name} are held for a device in {place}", quantity=one.quantity, name=name, place=where
            )
        )
    if any(row.recovering for row in pools.values()):
        reasons.append(CentralRecoveringError())
    places = {row.id: row.name for row in pools.values()}
    return Cancelled(order, line, taken, Verdict(tuple(reasons)), names, places)


def _copies(unit: Unit, account_id: str, ids: Collection[str], how: str) -> set[str]:
    """Lots that were made of these: for further virtual accounts of a subscription, or for a device that took units.

    Only what has no predefined quantity is taken so.
    """
    kinds = or_(
        Lot.subscription_id.is_not(None),
        Lot.licence_type == LicenceType.REPORTING_ONLY,
        Lot.billing == Billing.USAGE,
    )
    query = select(Lot.id, Lot.details).where(Lot.account_id == account_id, Lot.order_number.is_(None), kinds)
    return {lot for lot, details in unit.session.execute(query) if details.get(how) in ids}


def _places(unit: Unit, account_id: str, ids: Collection[str]) -> Sequence[VirtualAccount]:
    query = select(VirtualAccount).where(VirtualAccount.account_id == account_id, VirtualAccount.id.in_(sorted(ids)))
    return unit.session.scalars(query).all()


def cancel_order(unit: Unit, account_id: str, found: Cancelled, text: str) -> None:
    """Take out all that was planned, or nothing, with a note that was checked; nothing brings it back.

    OrderHeldError, OrderCancelledError, CentralRecoveringError.
    """
    found.verdict.enforce()
    order, line = found.order, found.line
    moves = [
        Move(lot.id, held.quantity, Place(Bucket(held.bucket), held.virtual_account_id), _gone(held), text)
        for held, lot in found.taken
    ]
    entries = [_entry(held, lot, order, text) for held, lot in found.taken]
    units = found.units
    post_many(unit, account_id, moves, REASON)
    events = []
    for va, here in units.items():
        went, place = units_text(here, found.names), found.places[va]
        if line is None:
            said = f"order {order} was cancelled: {went} taken out of {place}"
        else:
            said = f"line {line} of order {order} was cancelled: {went} taken out of {place}"
        subject = {"order": order, "line": line, "licences": here, "note": text}
        events.append(NewEvent(EventKind.ORDER_CANCELLED, said, subject, virtual_account_id=va))
    record_many(unit, account_id, events)
    record_transactions(unit, account_id, entries)


def _gone(held: Holding) -> Place:
    return Place(Bucket.REMOVED, held.virtual_account_id)


def _entry(held: Holding, lot: Lot, order: str, note: str) -> Entry:
    return Entry(
        lot.licence_type,
        lot.tag,
        -held.quantity,
        held.virtual_account_id,
        lot.source,
        REASON,
        expiry=lot.end,
        order_number=order,
        order_line=lot.order_line,
        sku=lot.sku,
        notes=note,
        lot_id=lot.id,
    )
