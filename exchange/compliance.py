"""Compliance: compares what is owned with what is used; pure and identical on both sides (rows C3.1, C3.3, B5).

Central, satellite and device must give the same answer for the same snapshot, so all call these functions and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum

from exchange.refusal import Filled
from exchange.vocabulary import Billing, Compliance, LicenceType

DEMO_DAYS = 60
EXPIRY_STEPS_DAYS = (90, 60, 30, 14, 7, 3, 2, 1)
_MONTHS = tuple(map(Filled, ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")))


class LotPhase(StrEnum):
    """The phase of a lot."""

    FUTURE = "future"
    ACTIVE = "active"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class LotView:
    """What the rules need of a lot; `quantity` is what is free or held of it, as the caller asks."""

    id: str
    licence_type: LicenceType
    quantity: int
    start: datetime | None
    end: datetime | None
    billing: Billing = Billing.PREPAID

    @property
    def boundless(self) -> bool:
        """Whether no quantity limits its use: reporting only (row C3.3) or billed by usage (row C3.6)."""
        return self.licence_type is LicenceType.REPORTING_ONLY or self.billing is Billing.USAGE


def lot_phase(start: datetime | None, end: datetime | None, now: datetime) -> LotPhase:
    """Phase of a term; its end is the first moment at which it no longer counts."""
    if end is not None and now >= end:
        return LotPhase.EXPIRED
    if start is not None and now < start:
        return LotPhase.FUTURE
    return LotPhase.ACTIVE


def purchased(lots: Iterable[LotView], now: datetime) -> int:
    """What counts as purchased now: active lots, reporting-only ones apart (row C3.3)."""
    return sum(
        lot.quantity
        for lot in lots
        if lot.licence_type is not LicenceType.REPORTING_ONLY and lot_phase(lot.start, lot.end, now) is LotPhase.ACTIVE
    )


@dataclass(frozen=True, slots=True)
class Pool:
    """One licence in one virtual account: quantities, all of them whole and not negative."""

    purchased: int
    in_use: int
    reserved: int = 0
    pending: int = 0
    reporting_only: bool = False
    by_usage: bool = False


@dataclass(frozen=True, slots=True)
class PoolVerdict:
    """Figures of a pool as every table shows them."""

    purchased: int
    in_use: int
    reserved: int
    pending: int
    balance: int
    status: Compliance

    @property
    def shortage(self) -> int:
        """How many are missing; 0 when none is."""
        return max(0, -self.balance)


def judge_pool(pool: Pool) -> PoolVerdict:
    """Row C3.1: balance is purchased minus in use; a reporting-only or by-usage pool is never short (rows C3.3, C3.6)."""
    bought = pool.in_use if pool.reporting_only else pool.purchased
    balance = 0 if pool.reporting_only or pool.by_usage else bought - pool.in_use
    status = Compliance.IN_COMPLIANCE if balance >= 0 else Compliance.OUT_OF_COMPLIANCE
    return PoolVerdict(bought, pool.in_use, pool.reserved, pool.pending, balance, status)


@dataclass(frozen=True, slots=True)
class Stock:
    """What a virtual account has of a licence now: units paid in advance, and whether further kinds of lots are there."""

    prepaid: int = 0
    by_usage: bool = False
    reporting_only: bool = False

    def __add__(self, other: Stock) -> Stock:
        """Both together."""
        return Stock(
            self.prepaid + other.prepaid, self.by_usage or other.by_usage, self.reporting_only or other.reporting_only
        )


def stock_of(lots: Iterable[LotView], now: datetime) -> Stock:
    """Add up the lots that are active now, by billing and type."""
    found = Stock()
    for lot in lots:
        if lot_phase(lot.start, lot.end, now) is not LotPhase.ACTIVE:
            continue
        if lot.licence_type is LicenceType.REPORTING_ONLY:
            found += Stock(reporting_only=True)
        elif lot.billing is Billing.USAGE:
            found += Stock(by_usage=True)
        else:
            found += Stock(prepaid=lot.quantity)
    return found


@dataclass(frozen=True, slots=True)
class Use:
    """What is in use of a licence in a virtual account, by what may cover it; whole numbers, not negative.

    `direct`: claims of directly connected devices, and what is held of prepaid lots, also of ended ones (row C6.9).
    `reported`: what a satellite reports; it may be by usage. `reserved`: how much of the whole is reserved.
    `of_usage`, `of_reporting`: held of by-usage and reporting-only lots, which cover themselves.
    """

    direct: int = 0
    reported: int = 0
    reserved: int = 0
    of_usage: int = 0
    of_reporting: int = 0


@dataclass(frozen=True, slots=True)
class LicenceVerdict:
    """A pool judged per billing; `usage` is None where nothing is billed so."""

    prepaid: PoolVerdict
    usage: PoolVerdict | None

    @property
    def shortage(self) -> int:
        """How many are missing; 0 when none is."""
        return self.prepaid.shortage

    @property
    def status(self) -> Compliance:
        """Whether the licence is in compliance: by usage never lacks anything."""
        return self.prepaid.status


def judge_licence(stock: Stock, use: Use) -> LicenceVerdict:
    """Judge a pool per billing (rows C3.3, C3.6).

    Direct devices consume prepaid. Of what a satellite reports prepaid covers what it can, and the rest is by usage where
    that is there. Reporting-only lots cover what is left: purchased then equals what is in use.
    """
    reported = use.reported
    if stock.by_usage and not stock.reporting_only:
        reported = min(reported, max(0, stock.prepaid - use.direct))
    wanted = use.direct + reported
    bought = max(stock.prepaid, wanted) if stock.reporting_only else stock.prepaid
    prepaid = judge_pool(Pool(bought + use.of_reporting, wanted + use.of_reporting, use.reserved))
    by_usage = use.reported - reported + use.of_usage
    billed = stock.by_usage or by_usage > 0
    return LicenceVerdict(prepaid, judge_pool(Pool(0, by_usage, by_usage=True)) if billed else None)


def free_units(stock: Stock, use: Use) -> int:
    """Row C4.1: prepaid units that no one uses, reserves or holds; taking as many leaves no shortage."""
    return max(0, stock.prepaid - use.direct - use.reported)


def choose_lots(lots: Iterable[LotView], wanted: int, now: datetime) -> tuple[tuple[str, int], ...]:
    """Row C6.2: active lots, perpetual ones first, then the term that ends furthest away."""
    return pick_lots([lot for lot in lots if lot_phase(lot.start, lot.end, now) is LotPhase.ACTIVE], wanted)


def pick_lots(lots: Iterable[LotView], wanted: int, *, longest_first: bool = True) -> tuple[tuple[str, int], ...]:
    """Lots for a quantity, those that end last (or first) before the others; short when the lots do not suffice.

    A perpetual lot never ends. Of lots that end together, that with the lower id is picked first in either order.
    """
    chosen = []
    far, sign = float("inf"), -1 if longest_first else 1
    for lot in sorted(lots, key=lambda lot: (sign * (lot.end.timestamp() if lot.end else far), lot.id)):
        taken = min(lot.quantity, wanted)
        if taken > 0:
            chosen.append((lot.id, taken))
            wanted -= taken
    return tuple(chosen)


def expiry_step(end: datetime, now: datetime) -> int | None:
    """The warning step (days) that a term has reached, None before the first and after the end (row C10.2)."""
    left = end - now
    if left <= timedelta(0):
        return None
    reached = [step for step in EXPIRY_STEPS_DAYS if left <= timedelta(days=step)]
    return min(reached) if reached else None


def following_warning(end: datetime, now: datetime) -> datetime | None:
    """When the next warning step of an end is reached, the end itself after the last one, None once it is past."""
    ahead = [end - timedelta(days=step) for step in (*EXPIRY_STEPS_DAYS, 0)]
    return min((at for at in ahead if at > now), default=None)


def last_moment(end: datetime) -> datetime:
    """The last second of a term; its end is the first moment that no longer counts."""
    return end - timedelta(seconds=1)


def until(end: datetime) -> Filled:
    """The end of a term in words, its last day included: `until the end of 30 Nov 2027 UTC`."""
    at, last = end.astimezone(UTC), last_moment(end).astimezone(UTC)
    if at.time() == time():
        return Filled(
            "until the end of {day} {month} {year} UTC",
            {"day": last.day, "month": _MONTHS[last.month - 1], "year": last.year},
        )
    return Filled(
        "until {time} on {day} {month} {year} UTC",
        {"time": f"{at:%H:%M}", "day": at.day, "month": _MONTHS[at.month - 1], "year": at.year},
    )
