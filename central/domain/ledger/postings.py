"""Postings: the one place where quantities move, with their hashes and holdings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, delete, select

from central.domain.base import next_number, next_numbers
from central.domain.ledger.models import Bucket, Holding, Lot, Posting
from central.domain.ledger.outdating import outdate
from central.domain.ledger.rules import LOT_TERMS, lot_digest, posting_hash
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, forget, insert_rows, table_of, upsert
from serverkit.locks import for_change


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket in a virtual account, held for someone or for no one."""

    bucket: Bucket
    virtual_account_id: str
    holder: str = ""


OUTSIDE = Place(Bucket.OUTSIDE, "")
POSTING_NUMBERS = "posting"


def lot_note(lot: Lot) -> str:
    """What the first posting of a lot says of its terms, so that an edit of the lot shows."""
    return f"lot {lot_digest(tuple(getattr(lot, name) for name in LOT_TERMS))}"


@dataclass(frozen=True, slots=True)
class Move:
    """One of many movements that are posted at once."""

    lot_id: str
    quantity: int
    source: Place
    target: Place
    note: str = ""


def content_of(posting: Posting) -> tuple[object, ...]:
    """What a posting's hash covers."""
    return (
        posting.account_id,
        posting.number,
        posting.lot_id,
        posting.at,
        posting.actor,
        posting.reason,
        posting.quantity,
        posting.from_bucket,
        posting.from_virtual_account,
        posting.from_holder,
        posting.to_bucket,
        posting.to_virtual_account,
        posting.to_holder,
        posting.note,
    )


def post(
    unit: Unit, account_id: str, lot_id: str, quantity: int, source: Place, target: Place, reason: str, note: str = ""
) -> None:
    """Move a quantity of a lot; a holding never falls below zero (the database refuses it)."""
    number = next_number(unit, account_id, POSTING_NUMBERS)
    before = _hash_before(unit, account_id, number)
    posting = Posting(
        account_id=account_id,
        number=number,
        lot_id=lot_id,
        at=unit.now.replace(microsecond=0),
        actor=unit.actor.label,
        reason=reason,
        quantity=quantity,
        from_bucket=source.bucket,
        from_virtual_account=source.virtual_account_id,
        from_holder=source.holder,
        to_bucket=target.bucket,
        to_virtual_account=target.virtual_account_id,
        to_holder=target.holder,
        note=note,
    )
    posting.hash = posting_hash(before, content_of(posting))
    unit.session.add(posting)
    unit.session.info["last_posting"] = (account_id, number, posting.hash)
    if source != OUTSIDE:
        _change(unit, account_id, lot_id, source, -quantity)
    _change(unit, account_id, lot_id, target, quantity)
    unit.session.flush()  # the next posting of this unit reads this one's hash and holdings
    tag = unit.session.get_one(Lot, (account_id, lot_id)).tag
    outdate(unit, account_id, [(source.virtual_account_id, tag), (target.virtual_account_id, tag)])


def _hash_before(unit: Unit, account_id: str, number: int) -> str:
    # An import makes many postings in a row: the one before is known. After an undone savepoint the numbers differ.
    if unit.session.info.get("last_posting", ("", 0, ""))[:2] == (account_id, number - 1):
        return str(unit.session.info["last_posting"][2])
    previous = unit.session.get(Posting, (account_id, number - 1)) if number > 1 else None
    return previous.hash if previous else ""


_CONTENT = tuple(column.name for column in Posting.__table__.columns if column.name != "hash")


def post_many(unit: Unit, account_id: str, moves: Sequence[Move], reason: str) -> None:
    """Move many quantities in their order: the same postings, hashes and holdings as one by one, in few statements."""
    if not moves:
        return
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    first = next_numbers(unit, account_id, POSTING_NUMBERS, len(moves))
    query = select(Posting.hash).where(Posting.account_id == account_id, Posting.number == first - 1)
    before = unit.session.scalar(query) or ""
    rows = []
    for number, move in enumerate(moves, first):
        content = (
            account_id,
            number,
            move.lot_id,
            unit.now.replace(microsecond=0),
            unit.actor.label,
            reason,
            move.quantity,
            move.source.bucket,
            move.source.virtual_account_id,
            move.source.holder,
            move.target.bucket,
            move.target.virtual_account_id,
            move.target.holder,
            move.note,
        )
        before = posting_hash(before, content)
        rows.append({**dict(zip(_CONTENT, content, strict=True)), "hash": before})
    insert_rows(unit.session, Posting, rows)
    unit.session.info.pop("last_posting", None)
    _change_many(unit, account_id, moves)


def _change_many(unit: Unit, account_id: str, moves: Sequence[Move]) -> None:
    changes: dict[tuple[str, Place], int] = defaultdict(int)
    for move in moves:
        if move.source != OUTSIDE:
            changes[move.lot_id, move.source] -= move.quantity
        changes[move.lot_id, move.target] += move.quantity
    lots = {move.lot_id for move in moves}
    query = select(Holding.lot_id, Holding.bucket, Holding.virtual_account_id, Holding.holder, Holding.quantity)
    query = for_change(query.where(Holding.account_id == account_id))
    present = {
        (lot, bucket, va, holder): n
        for piece in batches(sorted(lots))
        for lot, bucket, va, holder, n in unit.session.execute(query.where(Holding.lot_id.in_(piece)))
    }
    of_lots = select(Lot.id, Lot.tag).where(Lot.account_id == account_id)
    tags = {
        lot: tag
        for piece in batches(sorted(lots))
        for lot, tag in unit.session.execute(of_lots.where(Lot.id.in_(piece)))
    }
    rows, gone = [], []
    for (lot, place), by in changes.items():
        key = (lot, place.bucket.value, place.virtual_account_id, place.holder)
        values = dict(zip(("lot_id", "bucket", "virtual_account_id", "holder"), key, strict=True))
        quantity = present.get(key, 0) + by
        if quantity or by >= 0:
            rows.append({"account_id": account_id, **values, "tag": tags[lot], "quantity": quantity})
        else:
            gone.append({f"of_{name}": value for name, value in values.items()})
    upsert(unit.session, Holding, rows)
    if gone:
        table = table_of(Holding)
        named = [
            table.c[name] == bindparam(f"of_{name}") for name in ("lot_id", "bucket", "virtual_account_id", "holder")
        ]
        unit.session.connection().execute(delete(table).where(table.c.account_id == account_id, *named), gone)
    forget(unit.session, Holding)
    outdate(unit, account_id, [(place.virtual_account_id, tags[lot]) for lot, place in changes])


def _change(unit: Unit, account_id: str, lot_id: str, place: Place, by: int) -> None:
    key = (account_id, lot_id, place.bucket.value, place.virtual_account_id, place.holder)
    row = unit.session.get(Holding, key)
    if row is None:
        row = Holding(
            account_id=account_id,
            lot_id=lot_id,
            bucket=place.bucket.value,
            virtual_account_id=place.virtual_account_id,
            holder=place.holder,
            tag=unit.session.get_one(Lot, (account_id, lot_id)).tag,
            quantity=0,
        )
        unit.session.add(row)
    row.quantity += by
    if row.quantity == 0 and by < 0:
        unit.session.delete(row)


def holdings_of(unit: Unit, account_id: str, *conditions: object) -> list[Holding]:
    """Holdings of an account, locked for the unit where it writes."""
    query = select(Holding).where(Holding.account_id == account_id, *conditions)  # type: ignore[arg-type]  # clauses
    query = for_change(query, writing=unit.writing)
    return list(unit.session.scalars(query.order_by(Holding.lot_id, Holding.bucket, Holding.holder)))
