"""Quantities of licences and their explanation (rows C3.1, C3.3, C3.5, B23)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.models import Entitlement
from central.domain.ledger.models import OWNED, Bucket, Claim, Holding, Lot, PoolTotal, Posting, of_lot
from central.domain.ledger.rules import HeldLot
from exchange.compliance import (
    LicenceVerdict,
    LotPhase,
    LotView,
    Stock,
    Use,
    free_units,
    judge_licence,
    lot_phase,
    stock_of,
)
from exchange.licence_rows import SOON, Term, billing_rows
from exchange.vocabulary import Billing, LicenceType
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit


@dataclass(slots=True)
class PoolFigures:
    """One licence in one virtual account, added up; `managed` where a satellite has the virtual account.

    `owed` is the part of `locked` that was granted and is not owned; `apart` is what is owned and not purchased now, each unit
    once, by the first reason that holds: `ended`, `later`, `reporting`, `usage`. `due` is the next moment at which time alone changes what
    a list says of it.
    """

    virtual_account_id: str
    tag: str
    managed: bool = False
    stock: Stock = field(default_factory=Stock)
    locked: int = 0
    owed: int = 0
    pending: int = 0
    reserved: int = 0
    in_transition: int = 0
    claimed: int = 0
    of_usage: int = 0
    of_reporting: int = 0
    terms: list[Term] = field(default_factory=list)
    apart: Counter[str] = field(default_factory=Counter)
    due: datetime | None = None

    @property
    def use(self) -> Use:
        """What is in use, by what may cover it: all that a satellite reports may be by usage (row C3.6)."""
        of_usage, of_reporting = self.of_usage, self.of_reporting
        if self.managed:
            reported = self.claimed + self.locked + self.reserved
            return Use(reported=reported, reserved=self.reserved)
        direct = self.claimed + self.locked + self.reserved - of_usage - of_reporting
        return Use(direct=direct, reserved=self.reserved, of_usage=of_usage, of_reporting=of_reporting)

    @property
    def verdict(self) -> LicenceVerdict:
        """The figures as every table shows them."""
        found = judge_licence(self.stock, self.use)
        return replace(found, prepaid=replace(found.prepaid, pending=self.pending)) if self.pending else found

    @property
    def free(self) -> int:
        """Prepaid units that no one uses, reserves or holds, less reserved units of ended terms (rows C4.1, C6.9)."""
        return free_units(self.stock, self.use)


def pools(
    unit: Unit,
    account_id: str,
    virtual_account_ids: list[str] | None = None,
    tags: list[str] | None = None,
    *,
    terms: bool = False,
) -> dict[tuple[str, str], PoolFigures]:
    """Figures by (virtual account, tag): all of the account, or those of some virtual accounts and tags.

    With `terms` each term of their lots is told; without, the terms of a type that count now, later or no more are one each,
    which begins and ends with the first of them: the figures are the same, and the database adds them up.
    """
    now = unit.licence_now
    phase = case((Lot.end <= now, LotPhase.EXPIRED.value), (Lot.start > now, LotPhase.FUTURE.value), else_="")
    kinds = (Holding.virtual_account_id, Holding.tag, Holding.bucket, Lot.licence_type, Lot.billing)
    dates = (Lot.start, Lot.end) if terms else (func.min(Lot.start), func.min(Lot.end))
    held = (
        select(*kinds, *dates, func.sum(Holding.quantity))
        .join(Lot, of_lot())
        .where(Holding.account_id == account_id, Holding.bucket.in_([*OWNED, Bucket.OWED, Bucket.PENDING]))
        .group_by(*kinds, *((Lot.start, Lot.end) if terms else (phase,)))
    )
    totals = select(PoolTotal.virtual_account_id, PoolTotal.tag, PoolTotal.claimed).where(
        PoolTotal.account_id == account_id, PoolTotal.claimed > 0
    )
    if virtual_account_ids is not None:
        held = held.where(Holding.virtual_account_id.in_(virtual_account_ids))
        totals = totals.where(PoolTotal.virtual_account_id.in_(virtual_account_ids))
    if tags is not None:
        held = held.where(Holding.tag.in_(tags))
        totals = totals.where(PoolTotal.tag.in_(tags))
    managed = set(
        unit.session.scalars(
            select(VirtualAccount.id).where(
                VirtualAccount.account_id == account_id, VirtualAccount.satellite_id.is_not(None)
            )
        )
    )
    found: dict[tuple[str, str], PoolFigures] = {}
    for va, tag, *held_so in unit.session.execute(held):
        _add(found.setdefault((va, tag), PoolFigures(va, tag, va in managed)), held_so, unit.licence_now)
    for va, tag, claimed in unit.session.execute(totals):
        found.setdefault((va, tag), PoolFigures(va, tag, va in managed)).claimed += claimed
    return found


def _apart_as(lot: LotView, phase: LotPhase) -> str:
    """Why units that are owned are not purchased now; empty where they are."""
    if phase is not LotPhase.ACTIVE:
        return "ended" if phase is LotPhase.EXPIRED else "later"
    if lot.licence_type is LicenceType.REPORTING_ONLY:
        return "reporting"
    return "usage" if lot.billing is Billing.USAGE else ""


def _add(figures: PoolFigures, held_so: Sequence[Any], now: datetime) -> None:
    bucket, licence_type, billing, start, end, total = held_so
    if bucket == Bucket.OWED:  # held by a device, and owned by no one
        figures.locked, figures.owed = figures.locked + int(total), figures.owed + int(total)
        return
    lot = LotView("", LicenceType(licence_type), int(total), start, end, Billing(billing))
    phase = lot_phase(start, end, now)
    turns = [at for at in (start, end, end and end - SOON) if at is not None and at > now]
    figures.due = min(turns if figures.due is None else [figures.due, *turns], default=None)
    if bucket == Bucket.PENDING:  # it counts as purchased once the licences that it replaces are named (row C5.1)
        figures.pending += lot.quantity if phase is not LotPhase.EXPIRED else 0
        return
    figures.apart[_apart_as(lot, phase)] += lot.quantity
    if bucket == Bucket.LOCKED:
        figures.locked += lot.quantity
    elif bucket in {Bucket.RESERVED, Bucket.TRANSITION}:
        figures.reserved += lot.quantity
        figures.in_transition += lot.quantity if bucket == Bucket.TRANSITION else 0
    if bucket != Bucket.FREE and lot.licence_type is LicenceType.REPORTING_ONLY:
        figures.of_reporting += lot.quantity  # it covers itself, and no one else
    elif bucket != Bucket.FREE and lot.billing is Billing.USAGE and phase is LotPhase.ACTIVE:
        figures.of_usage += lot.quantity
    if bucket == Bucket.FREE or lot.licence_type is not LicenceType.REPORTING_ONLY:
        figures.stock += stock_of([lot], now)
    if phase is not LotPhase.EXPIRED:
        figures.terms.append(Term(lot, phase))


def licences(
    unit: Unit, account_id: str, names: dict[str, str], virtual_account_id: str | None = None
) -> list[dict[str, Any]]:
    """The licences table (row C3.1); `names` are the virtual accounts that may be seen."""
    wanted = [virtual_account_id] if virtual_account_id else sorted(names)
    figures = pools(unit, account_id, wanted, terms=True)
    tags = {tag for _, tag in figures}
    titles = dict(
        unit.session.execute(select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(tags))).all()
    )
    items = [
        {"virtual_account": names[va], "tag": tag, "name": titles.get(tag, tag), **row}
        for (va, tag), pool in figures.items()
        for row in billing_rows(pool.verdict, pool.terms, in_transition=pool.in_transition)
    ]
    items.sort(key=lambda item: (item["name"], item["tag"], item["virtual_account"], item["billing"]))
    return items


def held_lots(
    unit: Unit, account_id: str, virtual_account_ids: list[str], tags: set[str] | None, *, ended: bool = False
) -> list[HeldLot]:
    """Lots by virtual account and tag; with `ended` also what has expired."""
    buckets = (*OWNED, Bucket.EXPIRED) if ended else OWNED
    query = (
        select(Holding.virtual_account_id, Lot, Entitlement.name, func.sum(Holding.quantity))
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .join(Entitlement, Entitlement.tag == Lot.tag)
        .where(
            Holding.account_id == account_id,
            Holding.bucket.in_(buckets),
            Holding.virtual_account_id.in_(virtual_account_ids),
        )
        .group_by(Holding.virtual_account_id, *Lot.__table__.columns, Entitlement.name)
        .order_by(Holding.virtual_account_id, Lot.tag, Lot.created_at, Lot.id)
    )
    if tags is not None:
        query = query.where(Holding.tag.in_(tags))
    return [
        HeldLot(
            virtual_account_id=va,
            tag=lot.tag,
            name=name,
            licence_type=lot.licence_type,
            billing=lot.billing,
            quantity=int(quantity),
            start=lot.start,
            end=lot.end,
            sku=lot.sku,
            order_number=lot.order_number,
            order_line=lot.order_line,
            subscription_id=lot.subscription_id,
        )
        for va, lot, name, quantity in unit.session.execute(query)
    ]


def explain(unit: Unit, account_id: str, virtual_account_id: str, tag: str) -> dict[str, Any]:
    """Explain the quantities of a licence: every posting and claim behind them (row B23)."""
    lots = {
        row.id: row for row in unit.session.scalars(select(Lot).where(Lot.account_id == account_id, Lot.tag == tag))
    }
    postings = unit.session.scalars(
        select(Posting).where(Posting.account_id == account_id, Posting.lot_id.in_(lots)).order_by(Posting.number)
    )
    here = [row for row in postings if virtual_account_id in {row.from_virtual_account, row.to_virtual_account}]
    # What is owed was never bought: its postings explain it, and it is no lot of the account's.
    bought = {row.lot_id for row in here} - {row.lot_id for row in here if row.to_bucket == Bucket.OWED}
    sums: dict[str, int] = defaultdict(int)
    for row in here:
        if row.from_virtual_account == virtual_account_id:
            sums[row.from_bucket] -= row.quantity
        if row.to_virtual_account == virtual_account_id:
            sums[row.to_bucket] += row.quantity
    claims = list(
        unit.session.scalars(
            select(Claim).where(
                Claim.account_id == account_id, Claim.virtual_account_id == virtual_account_id, Claim.tag == tag
            )
        )
    )
    figures = pools(unit, account_id, [virtual_account_id], [tag]).get((virtual_account_id, tag)) or PoolFigures(
        virtual_account_id, tag
    )
    verdict = figures.verdict.prepaid
    usage = figures.verdict.usage
    return {
        "tag": tag,
        "purchased": verdict.purchased,
        "in_use": verdict.in_use,
        "reserved": verdict.reserved,
        "balance": verdict.balance,
        "free": figures.free,
        "by_usage": usage.in_use if usage else 0,
        "status": verdict.status.value,
        "buckets": {name: count for name, count in sorted(sums.items()) if count},
        "owed": figures.owed,
        "lots": [_lot_dict(row, unit.licence_now) for row in lots.values() if row.id in bought],
        "postings": [_posting_dict(row) for row in here],
        "claims": [{"instance": row.instance_id, "count": row.count, "since": iso(row.since)} for row in claims],
        "claimed": sum(row.count for row in claims),
    }


def _lot_dict(lot: Lot, now: datetime) -> dict[str, Any]:
    return {
        "lot": lot.id,
        "type": lot.licence_type,
        "quantity": lot.quantity,
        "start": optional_iso(lot.start),
        "end": optional_iso(lot.end),
        "phase": lot_phase(lot.start, lot.end, now).value,
        "source": lot.source,
        "order_number": lot.order_number,
        "order_line": lot.order_line,
    }


def _posting_dict(row: Posting) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": iso(row.at),
        "actor": row.actor,
        "reason": row.reason,
        "quantity": row.quantity,
        "from": row.from_bucket,
        "to": row.to_bucket,
        "lot": row.lot_id,
        "note": row.note,
    }
