"""Allotment: the quantities reported to a server's devices, by term (rows C3.6, C6.9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from central.domain.catalogue.models import Entitlement
from central.domain.ledger.models import GRANTED, OWNED, Bucket, Holding, Lot
from exchange.compliance import LotPhase, lot_phase
from exchange.limits import in_parts
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class AllotmentLine:
    """The allotment of a satellite."""

    virtual_account_id: str
    tag: str
    licence_type: LicenceType
    start: datetime | None
    end: datetime | None
    quantity: int
    billing: Billing
    restricted: bool


def allotment_lines(
    unit: Unit,
    account_id: str,
    virtual_account_ids: list[str],
    tags: list[str] | None = None,
    holders: Collection[str] = (),
) -> list[AllotmentLine]:
    """What virtual accounts have for the devices of one server, by term; those to come included, those ended left out.

    That is what is free, and what the grants named by `holders` have locked. What others hold is not theirs, and what
    others hold of ended terms, or hold though no one bought it, lowers the lines, those that end first before the others
    (row C6.9). A term of more units than a line of a file holds has several lines.
    """
    terms = (Lot.tag, Lot.licence_type, Lot.start, Lot.end, Lot.billing, Entitlement.restricted)
    query = (
        select(Holding.virtual_account_id, *terms, Holding.bucket, Holding.holder, func.sum(Holding.quantity))
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .join(Entitlement, Entitlement.tag == Lot.tag)
        .where(
            Holding.account_id == account_id,
            Holding.virtual_account_id.in_(virtual_account_ids),
            Holding.bucket.in_([*OWNED, Bucket.OWED]),
        )
        .group_by(Holding.virtual_account_id, *terms, Holding.bucket, Holding.holder)
        .order_by(Holding.virtual_account_id, Lot.tag, Lot.licence_type, Lot.end)
    )
    if tags is not None:
        query = query.where(Lot.tag.in_(tags))
    sums: dict[tuple[Any, ...], int] = defaultdict(int)
    lacking: dict[tuple[str, str], int] = defaultdict(int)
    for *term, bucket, holder, quantity in unit.session.execute(query):
        va, tag, _, start, end = term[:5]
        ended = lot_phase(start, end, unit.licence_now) is LotPhase.EXPIRED
        theirs = bucket == Bucket.FREE or (bucket in GRANTED and holder in holders)
        owed = bucket == Bucket.OWED
        if theirs and not ended and not owed:
            sums[tuple(term)] += int(quantity)
        elif (ended or owed) and not theirs:
            lacking[va, tag] += int(quantity)
    lines = [
        AllotmentLine(va, tag, LicenceType(kind), start, end, quantity, Billing(billing), restricted)
        for (va, tag, kind, start, end, billing, restricted), quantity in sums.items()
    ]
    return [
        replace(line, quantity=part)
        for line in _lowered(lines, lacking, unit.licence_now)
        for part in in_parts(line.quantity)
    ]


def _lowered(lines: list[AllotmentLine], lacking: dict[tuple[str, str], int], now: datetime) -> list[AllotmentLine]:
    """Take from the prepaid lines that are active now what ended terms lack."""
    found = {id(line): line for line in lines}
    for line in sorted(lines, key=lambda line: (line.end is None, line.end or now)):
        missing = lacking.get((line.virtual_account_id, line.tag), 0)
        prepaid = line.billing is Billing.PREPAID and line.licence_type is not LicenceType.REPORTING_ONLY
        if missing and prepaid and lot_phase(line.start, line.end, now) is LotPhase.ACTIVE:
            taken = min(missing, line.quantity)
            lacking[line.virtual_account_id, line.tag] -= taken
            found[id(line)] = replace(line, quantity=line.quantity - taken)
    return [*found.values()]
