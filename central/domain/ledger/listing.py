"""Licences for the console: rows with what asks for attention, their terms, and why a balance is what it is (rows C3.1, C3.5, B23)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select

from central.domain.catalogue.models import Entitlement
from central.domain.ledger.models import OWNED, Bucket, Claim, Holding, Lot, Posting
from central.domain.ledger.queries import PoolFigures, pools
from exchange.compliance import LotPhase, LotView, lot_phase
from exchange.licence_rows import billing_rows, with_attention
from exchange.vocabulary import Billing, LicenceType
from serverkit.db.unit import Unit

HELD = (Bucket.RESERVED, Bucket.TRANSITION)


def licence_rows(unit: Unit, account_id: str, names: Mapping[str, str], tag: str | None = None) -> list[dict[str, Any]]:
    """The licences of virtual accounts, given as names by id: one row for each billing, with its `state`.

    The number of queries is fixed; what is read grows with the terms of the lots, not with the devices.
    """
    found = pools(unit, account_id, sorted(names), None if tag is None else [tag])
    tags = sorted({of for _, of in found})
    query = select(Entitlement.tag, Entitlement.name, Entitlement.restricted, Entitlement.family)
    query = query.where(Entitlement.tag.in_(tags)) if len(tags) <= 500 else query
    known = {row.tag: row for row in unit.session.execute(query)}
    return [
        {
            **with_attention(row, pool.terms, unit.licence_now),
            "id": f"{va}|{of}|{row['billing']}",
            "virtual_account": names[va],
            "virtual_account_id": va,
            "tag": of,
            "name": known[of].name if of in known else of,
            "restricted": known[of].restricted if of in known else False,
            "family": known[of].family if of in known else "",
        }
        for (va, of), pool in found.items()
        for row in billing_rows(pool.verdict, pool.terms, in_transition=pool.in_transition)
    ]


def term_views(
    unit: Unit, account_id: str, virtual_account_ids: Collection[str], tags: Collection[str]
) -> dict[tuple[str, str], list[LotView]]:
    """What virtual accounts have or had of licences until its term ended, by (virtual account, tag): one view for each term."""
    query = (
        select(
            Holding.virtual_account_id,
            Holding.tag,
            Lot.licence_type,
            Lot.billing,
            Lot.start,
            Lot.end,
            func.sum(Holding.quantity),
        )
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.account_id == account_id, Holding.virtual_account_id.in_(sorted(virtual_account_ids)))
        .where(Holding.bucket.in_((*OWNED, Bucket.EXPIRED)), Holding.tag.in_(sorted(tags)))
        .group_by(Holding.virtual_account_id, Holding.tag, Lot.licence_type, Lot.billing, Lot.start, Lot.end)
    )
    found: dict[tuple[str, str], list[LotView]] = {}
    for va, tag, kind, billing, start, end, count in unit.session.execute(query):
        view = LotView("", LicenceType(kind), int(count), start, end, Billing(billing))
        found.setdefault((va, tag), []).append(view)
    return found


@dataclass(frozen=True, slots=True)
class TermLine:
    """Units of one type, term and subscription, and how many of them are reserved.

    `pending` ones are upgrades that wait for the licences that they replace: they do not count yet.
    """

    licence_type: str
    billing: str
    quantity: int
    reserved: int
    start: datetime | None
    end: datetime | None
    subscription_id: str | None
    phase: LotPhase
    pending: bool = False


def term_lines(
    unit: Unit, account_id: str, virtual_account_ids: Collection[str], tag: str, *, pending: bool = False
) -> list[TermLine]:
    """What virtual accounts own of a licence by type, term and subscription; what counts now first, then by its end.

    With `pending` also the upgrades that wait, apart from what is owned.
    """
    columns = (Lot.licence_type, Lot.billing, Lot.start, Lot.end, Lot.subscription_id)
    query = (
        select(*columns, Holding.bucket, func.sum(Holding.quantity))
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .where(Holding.account_id == account_id, Holding.tag == tag, Holding.quantity > 0)
        .where(Holding.bucket.in_((*OWNED, Bucket.PENDING) if pending else OWNED))
        .where(Holding.virtual_account_id.in_(sorted(virtual_account_ids)))
        .group_by(*columns, Holding.bucket)
    )
    sums: dict[tuple[Any, ...], list[int]] = {}
    for *key, bucket, quantity in unit.session.execute(query):
        both = sums.setdefault((*key, bucket == Bucket.PENDING), [0, 0])
        both[0] += int(quantity)
        both[1] += int(quantity) if bucket in HELD else 0
    lines = [
        TermLine(
            kind, billing, count, reserved, start, end, subscription, lot_phase(start, end, unit.licence_now), waits
        )
        for (kind, billing, start, end, subscription, waits), (count, reserved) in sums.items()
    ]
    return sorted(
        lines,
        key=lambda one: (one.pending, one.phase != LotPhase.ACTIVE, one.end is None, str(one.end), str(one.start)),
    )


@dataclass(frozen=True, slots=True)
class Ledger:
    """Why a balance is what it is.

    owned = bought + received - given - expired - removed - converted; purchased = owned - `later` - `ended` - `usage` -
    `reporting` + `covered`; in use = `claimed` + `reserved` + `restricted` - `billed`; balance = purchased - in use.
    `ended` is reserved or held though its term is over; `covered` is what reporting-only licences cover. `last` is the number
    of the last posting.
    """

    bought: int = 0
    received: int = 0
    given: int = 0
    expired: int = 0
    removed: int = 0
    converted: int = 0
    later: int = 0
    ended: int = 0
    usage: int = 0
    reporting: int = 0
    covered: int = 0
    purchased: int = 0
    claimed: int = 0
    claimants: int = 0
    reserved: int = 0
    restricted: int = 0
    owed: int = 0
    billed: int = 0
    balance: int = 0
    last: int = 0
    pools: list[tuple[str, int]] = field(default_factory=list)

    @property
    def owned(self) -> int:
        """What is here of all that came."""
        return self.bought + self.received - self.given - self.expired - self.removed - self.converted


def ledger_of(unit: Unit, account_id: str, virtual_account_ids: Collection[str], tag: str) -> Ledger:
    """The ledger of a licence in virtual accounts, seen as one; `pools` says what is in use in each."""
    figures = [one for (_, of), one in pools(unit, account_id, sorted(virtual_account_ids), [tag]).items() if of == tag]
    claimants = select(func.count(Claim.instance_id.distinct())).where(
        Claim.account_id == account_id, Claim.virtual_account_id.in_(sorted(virtual_account_ids)), Claim.tag == tag
    )
    verdicts = [one.verdict for one in figures]
    return Ledger(
        **_flows(unit, account_id, virtual_account_ids, tag),
        **_apart(term_lines(unit, account_id, virtual_account_ids, tag)),
        covered=sum(one.verdict.prepaid.purchased - one.stock.prepaid for one in figures),
        purchased=sum(one.prepaid.purchased for one in verdicts),
        claimed=sum(one.claimed for one in figures),
        claimants=unit.session.scalar(claimants) or 0,
        reserved=sum(one.reserved for one in figures),
        restricted=sum(one.locked for one in figures),
        owed=sum(one.owed for one in figures),
        billed=sum(one.usage.in_use for one in verdicts if one.usage is not None),
        balance=sum(one.prepaid.balance for one in verdicts),
        pools=[(one.virtual_account_id, _used(one)) for one in figures],
    )


def _used(one: PoolFigures) -> int:
    usage = one.verdict.usage
    return one.verdict.prepaid.in_use + (usage.in_use if usage is not None else 0)


def _flows(unit: Unit, account_id: str, virtual_account_ids: Collection[str], tag: str) -> dict[str, int]:
    """What came and went, by why; movements within the virtual accounts cancel out."""
    here = sorted(virtual_account_ids)
    came = and_(Posting.to_virtual_account.in_(here), Posting.to_bucket.in_(OWNED))
    went = and_(Posting.from_virtual_account.in_(here), Posting.from_bucket.in_(OWNED))
    query = (
        select(Posting.from_bucket, Posting.to_bucket, came, went, func.sum(Posting.quantity), func.max(Posting.number))
        .join(Lot, (Lot.account_id == Posting.account_id) & (Lot.id == Posting.lot_id))
        .where(Posting.account_id == account_id, Lot.tag == tag, or_(came, went))
        .group_by(Posting.from_bucket, Posting.to_bucket, came, went)
    )
    sums = {"bought": 0, "received": 0, "given": 0, "expired": 0, "removed": 0, "converted": 0, "last": 0}
    for source, target, arrives, leaves, quantity, last in unit.session.execute(query):
        sums["last"] = max(sums["last"], int(last))
        if arrives and not leaves:
            sums["bought" if source in {Bucket.OUTSIDE, Bucket.OWED, Bucket.PENDING} else "received"] += int(quantity)
        elif leaves and not arrives:
            sums[target if target in {Bucket.EXPIRED, Bucket.REMOVED, Bucket.CONVERTED} else "given"] += int(quantity)
    return sums


def _apart(lines: Sequence[TermLine]) -> dict[str, int]:
    """What is owned and not purchased now: each unit once, by the first reason that holds."""
    sums = {"later": 0, "ended": 0, "usage": 0, "reporting": 0}
    for line in lines:
        if line.phase is LotPhase.FUTURE:
            sums["later"] += line.quantity
        elif line.phase is LotPhase.EXPIRED:
            sums["ended"] += line.quantity
        elif line.licence_type == LicenceType.REPORTING_ONLY:
            sums["reporting"] += line.quantity
        elif line.billing == Billing.USAGE:
            sums["usage"] += line.quantity
    return sums
