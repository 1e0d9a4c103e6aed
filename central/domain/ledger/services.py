"""Adds lots and expires terms (rows C3.3, C3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import func, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, NewEvent, record_many, record_transactions
from central.domain.ledger.lot_fields import search_terms
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from central.domain.ledger.postings import OUTSIDE, Move, Place, holdings_of, lot_note, post_many
from central.domain.ledger.replacing import REPLACES
from central.domain.ledger.rules import LotSpec
from exchange.compliance import LotView
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, insert_rows
from serverkit.ids import new_id
from serverkit.licence_texts import quantity


def add_lots(
    unit: Unit, account_id: str, wanted: Sequence[tuple[str, LotSpec]], named: Mapping[str, str], notes: str = ""
) -> list[Lot]:
    """Add lots of the vendor to virtual accounts (row C3.4); `named` are the names of their licences."""
    for virtual_account_id in dict.fromkeys(virtual_account_id for virtual_account_id, _ in wanted):
        require(unit, Permission.ORDER_MANAGE, account_id, virtual_account_id)
    return enter_lots(unit, account_id, wanted, named, notes)


def enter_lots(
    unit: Unit,
    account_id: str,
    wanted: Sequence[tuple[str, LotSpec]],
    named: Mapping[str, str],
    notes: str = "",
    source: str = "",
) -> list[Lot]:
    """Enter lots, many at a time; the caller has asked for leave. `source` is what the transactions say instead of theirs.

    Postings, events and transactions are in the order of the lots, as if each had been added by itself.
    """
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    server: list[Lot] = []
    for piece in batches(wanted):
        lots = [(virtual_account_id, _lot(unit, account_id, spec)) for virtual_account_id, spec in piece]
        insert_rows(unit.session, Lot, [{name: getattr(lot, name) for name in _LOT_COLUMNS} for _, lot in lots])
        moves = [
            Move(lot.id, lot.quantity, OUTSIDE, Place(_first_bucket(lot), virtual_account_id), lot_note(lot))
            for virtual_account_id, lot in lots
        ]
        post_many(unit, account_id, moves, "added")
        record_many(
            unit, account_id, [_added(virtual_account_id, lot, named[lot.tag]) for virtual_account_id, lot in lots]
        )
        record_transactions(
            unit, account_id, [_entry(virtual_account_id, lot, notes, source) for virtual_account_id, lot in lots]
        )
        server += [lot for _, lot in lots]
    return server


_LOT_COLUMNS = tuple(column.name for column in Lot.__table__.columns)


def _lot(unit: Unit, account_id: str, spec: LotSpec) -> Lot:
    return Lot(
        account_id=account_id,
        id=new_id(),
        tag=spec.tag,
        licence_type=spec.licence_type,
        billing=spec.billing,
        quantity=spec.quantity,
        start=spec.start,
        end=spec.end,
        source=spec.source,
        order_number=spec.order_number,
        order_line=spec.order_line,
        sku=spec.sku,
        subscription_id=spec.subscription_id,
        details=spec.details,
        created_at=unit.now,
        **search_terms(spec.details, spec.sku),
    )


def _first_bucket(lot: Lot) -> Bucket:
    """Upgrades wait until the licences that they replace are named (row C5.1)."""
    return Bucket.PENDING if REPLACES in lot.details else Bucket.FREE


def _added(virtual_account_id: str, lot: Lot, title: str) -> NewEvent:
    subject = {"tag": lot.tag, "quantity": lot.quantity, "lot": lot.id}
    if REPLACES in lot.details:
        message = (
            f"{quantity(lot.quantity, 'upgrade')} to {title} added, not usable until the licences to replace are named"
        )
        return NewEvent(EventKind.UPGRADE_ADDED, message, subject, virtual_account_id=virtual_account_id)
    return NewEvent(
        EventKind.LICENCES_ADDED, f"{lot.quantity} of {title} added", subject, virtual_account_id=virtual_account_id
    )


def _entry(virtual_account_id: str, lot: Lot, notes: str, source: str) -> Entry:
    return Entry(
        lot.licence_type,
        lot.tag,
        lot.quantity,
        virtual_account_id,
        source or lot.source,
        "added",
        expiry=lot.end,
        order_number=lot.order_number,
        order_line=lot.order_line,
        sku=lot.sku,
        notes=notes,
        lot_id=lot.id,
    )


def lots_by_id(unit: Unit, account_id: str, ids: set[str]) -> dict[str, Lot]:
    """Lots by id."""
    query = select(Lot).where(Lot.account_id == account_id)
    return {row.id: row for piece in batches(ids) for row in unit.session.scalars(query.where(Lot.id.in_(piece)))}


def free_views(unit: Unit, account_id: str, virtual_account_id: str, tag: str) -> list[LotView]:
    """What is free of a licence in a virtual account, lot by lot; the rows are locked in a writing unit."""
    of_tag = select(Lot.id).where(Lot.account_id == account_id, Lot.tag == tag)
    rows = holdings_of(
        unit,
        account_id,
        Holding.virtual_account_id == virtual_account_id,
        Holding.bucket == Bucket.FREE,
        Holding.lot_id.in_(of_tag),
    )
    lots = lots_by_id(unit, account_id, {row.lot_id for row in rows})
    return [
        LotView(
            row.lot_id,
            LicenceType(lots[row.lot_id].licence_type),
            row.quantity,
            lots[row.lot_id].start,
            lots[row.lot_id].end,
            Billing(lots[row.lot_id].billing),
        )
        for row in rows
    ]


def expire_lots(unit: Unit) -> int:
    """Remove free units of expired terms from the balance (row C3.3); returns the number of expired lots."""
    # Nothing is expired while it is listed: the lists would shift under the reading.
    query = (
        select(Lot.account_id, Lot.id, Lot.tag, Holding.virtual_account_id, Holding.quantity, Holding.bucket)
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .where(Lot.end <= unit.licence_now, Holding.bucket.in_([Bucket.FREE, Bucket.PENDING]), Holding.holder == "")
        .order_by(Lot.account_id, Lot.id, Holding.virtual_account_id)
    )
    rows = unit.session.execute(query).all()
    for account_id, of_account in groupby(rows, key=itemgetter(0)):
        for piece in batches(of_account):
            _expire(unit, account_id, piece)
    return len(rows)


def _expire(unit: Unit, account_id: str, rows: Sequence[Any]) -> None:
    moves = [
        Move(lot, quantity, Place(Bucket(bucket), va), Place(Bucket.EXPIRED, va))
        for _, lot, _tag, va, quantity, bucket in rows
    ]
    post_many(unit, account_id, moves, "expired")
    named = titles(unit, {tag for _, _, tag, *_rest in rows})
    new_events = [
        NewEvent(
            EventKind.LICENCES_EXPIRED,
            f"{quantity} of {named.get(tag, tag)} expired and were removed",
            {"tag": tag, "quantity": quantity, "lot": lot},
            virtual_account_id=va,
        )
        for _, lot, tag, va, quantity, _bucket in rows
    ]
    record_many(unit, account_id, new_events)


def owned_in(unit: Unit, account_id: str, virtual_account_id: str) -> int:
    """How many units a virtual account holds in all."""
    query = select(func.coalesce(func.sum(Holding.quantity), 0)).where(
        Holding.account_id == account_id,
        Holding.virtual_account_id == virtual_account_id,
        Holding.bucket.in_([*OWNED, Bucket.OWED, Bucket.PENDING]),
    )
    return int(unit.session.scalar(query) or 0)
