"""The one place where a quantity moves: a posting, its hash, and the two holdings that follow from it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from central.domain.base import next_number
from central.domain.ledger.models import Bucket, Holding, Lot, Posting
from central.domain.ledger.rules import LOT_TERMS, lot_digest, posting_hash
from chassis.db.unit import Unit


@dataclass(frozen=True, slots=True)
class Place:
    """A bucket in a virtual account, held for someone or for nobody."""

    bucket: Bucket
    virtual_account_id: str
    holder: str = ""


OUTSIDE = Place(Bucket.OUTSIDE, "")
POSTING_NUMBERS = "posting"


def lot_note(lot: Lot) -> str:
    """What the first posting of a lot says of its terms, so that an edit of the lot shows."""
    return f"lot {lot_digest(tuple(getattr(lot, name) for name in LOT_TERMS))}"


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


def _hash_before(unit: Unit, account_id: str, number: int) -> str:
    # An import makes many postings in a row: the one before is known. After an undone savepoint the numbers differ.
    if unit.session.info.get("last_posting", ("", 0, ""))[:2] == (account_id, number - 1):
        return str(unit.session.info["last_posting"][2])
    previous = unit.session.get(Posting, (account_id, number - 1)) if number > 1 else None
    return previous.hash if previous else ""


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
            quantity=0,
        )
        unit.session.add(row)
    row.quantity += by
    if row.quantity == 0 and by < 0:
        unit.session.delete(row)


def holdings_of(unit: Unit, account_id: str, *conditions: object) -> list[Holding]:
    """Holdings of an account, locked for the unit where it writes."""
    query = select(Holding).where(Holding.account_id == account_id, *conditions)  # type: ignore[arg-type]  # clauses
    if unit.writing:
        query = query.with_for_update()
    return list(unit.session.scalars(query.order_by(Holding.lot_id, Holding.bucket, Holding.holder)))
