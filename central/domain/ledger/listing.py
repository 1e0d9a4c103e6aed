"""Licences for the console: rows with what asks for attention, their terms, and why a balance is what it is (rows C3.1, C3.5, B23)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import and_, case, func, or_, select

from central.domain.accounts.places import chosen_places, in_places
from central.domain.catalogue.models import Entitlement
from central.domain.ledger.models import OWNED, Bucket, Claim, Holding, Lot, Posting, of_lot
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
    found = pools(unit, account_id, chosen_places(names), None if tag is None else [tag])
    return called(unit, [row for pool in found.values() for row in rows_of_pool(pool, unit.licence_now)], names)


def rows_of_pool(pool: PoolFigures, now: datetime) -> list[dict[str, Any]]:
    """The rows of one licence in one virtual account, without the names of either."""
    return [
        {
            **with_attention(row, pool.terms, now),
            "id": f"{pool.virtual_account_id}|{pool.tag}|{row['billing']}",
            "virtual_account_id": pool.virtual_account_id,
            "tag": pool.tag,
        }
        for row in billing_rows(pool.verdict, pool.terms, in_transition=pool.in_transition)
    ]


def called(unit: Unit, rows: Sequence[dict[str, Any]], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows with the names of their virtual accounts and licences, and what the catalogue says of these."""
    tags = sorted({row["tag"] for row in rows})
    query = select(Entitlement.tag, Entitlement.name, Entitlement.restricted, Entitlement.family)
    query = query.where(Entitlement.tag.in_(tags)) if len(tags) <= 500 else query
    known = {row.tag: row for row in unit.session.execute(query)}
    return [
        {
            **row,
            "virtual_account": names[row["virtual_account_id"]],
            "name": known[row["tag"]].name if row["tag"] in known else row["tag"],
            "restricted": known[row["tag"]].restricted if row["tag"] in known else False,
            "family": known[row["tag"]].family if row["tag"] in known else "",
        }
        for row in rows
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
        .join(Lot, of_lot())
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
    unit: Unit,
    account_id: str,
    virtual_account_ids: Collection[str],
    tag: str,
    *,
    pending: bool = False,
    most: int | None = None,
) -> list[TermLine]:
    """What virtual accounts own of a licence by type, term and subscription; what counts now first, then by its end.

    With `pending` also the upgrades that wait, apart from what is owned. At most `most` of them.
    """
    waits = Holding.bucket == Bucket.PENDING
    columns = (Lot.licence_type, Lot.billing, Lot.start, Lot.end, Lot.subscription_id, waits)
    now = unit.licence_now
    later = or_(Lot.end <= now, Lot.start > now)
    query = (
        select(
            *columns,
            func.sum(Holding.quantity),
            func.sum(case((Holding.bucket.in_(HELD), Holding.quantity), else_=0)),
        )
        .join(Lot, of_lot())
        .where(Holding.account_id == account_id, Holding.tag == tag, Holding.quantity > 0)
        .where(Holding.bucket.in_((*OWNED, Bucket.PENDING) if pending else OWNED))
        .where(in_places(Holding.virtual_account_id, virtual_account_ids))
        .group_by(*columns)
        .order_by(
            waits,
            case((later, 1), else_=0),
            case((Lot.end.is_(None), 1), else_=0),
            Lot.end,
            Lot.start,
            Lot.licence_type,
            Lot.subscription_id,
        )
    )
    return [
        TermLine(
            kind,
            billing,
            int(count),
            int(reserved),
            start,
            end,
            subscription,
            lot_phase(start, end, now),
            bool(waiting),
        )
        for kind, billing, start, end, subscription, waiting, count, reserved in unit.session.execute(query.limit(most))
    ]


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
    of_tag = pools(unit, account_id, chosen_places(virtual_account_ids), [tag])
    figures = [one for (_, of), one in of_tag.items() if of == tag]
    claimants = select(func.count(Claim.instance_id.distinct())).where(
        Claim.account_id == account_id, in_places(Claim.virtual_account_id, virtual_account_ids), Claim.tag == tag
    )
    verdicts = [one.verdict for one in figures]
    return Ledger(
        **_flows(unit, account_id, virtual_account_ids, tag),
        **{name: sum(one.apart[name] for one in figures) for name in ("later", "ended", "usage", "reporting")},
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
    came = and_(in_places(Posting.to_virtual_account, virtual_account_ids), Posting.to_bucket.in_(OWNED))
    went = and_(in_places(Posting.from_virtual_account, virtual_account_ids), Posting.from_bucket.in_(OWNED))
    query = (
        select(Posting.from_bucket, Posting.to_bucket, came, went, func.sum(Posting.quantity), func.max(Posting.number))
        .where(Posting.lot_id.in_(select(Lot.id).where(Lot.account_id == account_id, Lot.tag == tag)))
        .where(func.coalesce(Posting.account_id, "") == account_id, or_(came, went))  # by its lots, not one by one
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
