"""What is owned, what is used, and whether that fits: pure, and the same on both sides of the gap (rows C3.1, C3.3).

Central and satellite must give the same answer for the same snapshot, so both call these functions and no other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from exchange.vocabulary import Compliance, LicenceType

DEMO_DAYS = 60
EXPIRY_STEPS_DAYS = (90, 60, 30, 14, 7, 3, 2, 1)


class LotPhase(StrEnum):
    """Where a lot stands in its life."""

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


def choose_lots(lots: Iterable[LotView], wanted: int, now: datetime) -> tuple[tuple[str, int], ...]:
    """Row C6.2: perpetual lots first, then the term that ends furthest away; short when the lots do not suffice."""
    active = [lot for lot in lots if lot.quantity > 0 and lot_phase(lot.start, lot.end, now) is LotPhase.ACTIVE]
    active.sort(key=lambda lot: (lot.end is not None, -(lot.end.timestamp() if lot.end else 0), lot.id))
    chosen = []
    for lot in active:
        if wanted <= 0:
            break
        taken = min(lot.quantity, wanted)
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


@dataclass(frozen=True, slots=True)
class SyncDeadlines:
    """When a satellite that does not synchronize is reminded, called overdue, and removed (row C10.3)."""

    reminder: datetime
    overdue: datetime
    removal: datetime


def sync_deadlines(last_sync: datetime, reminder_days: int, overdue_days: int, removal_days: int) -> SyncDeadlines:
    """Deadlines counted in full days from the last successful synchronization."""
    return SyncDeadlines(
        last_sync + timedelta(days=reminder_days),
        last_sync + timedelta(days=overdue_days),
        last_sync + timedelta(days=removal_days),
    )
