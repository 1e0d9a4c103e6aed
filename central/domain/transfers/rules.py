"""The one rule of transfers, for the preview and the transfer itself: what of each line may go, and what is left (row C4.1).

Each line is judged after those before it, on what was there at the beginning: what one line brings, another does not
take on. Units in use, reserved, in transition, owed, locked to a device or pending an upgrade are never free.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from central.domain.ledger.errors import (
    CentralRecoveringError,
    InvalidQuantityError,
    NotEnoughFreeError,
    SameVirtualAccountError,
    UnknownLotError,
)
from central.domain.ledger.queries import PoolFigures
from central.domain.ledger.rules import ANY_LOT, MOST_QUANTITY, LotChoice
from central.domain.transfers.errors import LotEndedError
from exchange.compliance import LotPhase, LotView, Use, lot_phase, pick_lots, stock_of
from exchange.licence_rows import Term, billing_rows
from exchange.vocabulary import Billing
from serverkit.errors import AppError

Key = tuple[str, str]
"""A pool: virtual account and tag."""


@dataclass(frozen=True, slots=True)
class Requested:
    """One line: a quantity of a licence from one virtual account to another, of any lot, some lots, or one lot.

    `up_to`: as much of it as is free, and not all or nothing.
    """

    source: str
    target: str
    tag: str
    quantity: int
    lot_id: str = ""
    choice: LotChoice = ANY_LOT
    longest_first: bool = True
    up_to: bool = False


@dataclass(frozen=True, slots=True)
class FreeLot:
    """What is free of a lot in a virtual account."""

    view: LotView
    subscription_id: str | None = None


@dataclass(slots=True)
class Inventory:
    """What the lines look at; `names` are those of virtual accounts and licences, `managed` and `recovering` are ids."""

    now: datetime
    figures: dict[Key, PoolFigures]
    lots: dict[Key, list[FreeLot]]
    names: Mapping[str, str]
    managed: Collection[str] = frozenset()
    recovering: Collection[str] = frozenset()

    def pool(self, key: Key) -> PoolFigures:
        """The figures of a pool, also of one that holds nothing."""
        return self.figures.get(key) or PoolFigures(*key, key[0] in self.managed)


@dataclass(slots=True)
class Judged:
    """A line with what of it goes, lot by lot, or why nothing does; `free` is what was free when it was its turn."""

    requested: Requested
    picks: list[tuple[LotView, int]] = field(default_factory=list)
    refusal: AppError | None = None
    free: int = 0

    @property
    def quantity(self) -> int:
        """How much goes."""
        return sum(count for _, count in self.picks)

    @property
    def billing(self) -> Billing:
        """How what goes is billed."""
        return self.picks[0][0].billing if self.picks else Billing.PREPAID


@dataclass(slots=True)
class Plan:
    """All lines, and the pools that they touch before and after."""

    lines: list[Judged]
    before: dict[Key, PoolFigures] = field(default_factory=dict)
    after: dict[Key, PoolFigures] = field(default_factory=dict)


def plan(inventory: Inventory, requests: Sequence[Requested | AppError]) -> Plan:
    """Judge the lines in their order; a line that could not be read keeps its refusal."""
    judge = _Judge(inventory)
    found = Plan([])
    for requested in requests:
        if isinstance(requested, AppError):
            found.lines.append(Judged(Requested("", "", "", 0), refusal=requested))
            continue
        line = judge.line(requested)
        found.lines.append(line)
        for key, sign in (((requested.source, requested.tag), -1), ((requested.target, requested.tag), 1)):
            found.before.setdefault(key, inventory.pool(key))
            pool = found.after.get(key, found.before[key])
            for view, count in line.picks:
                pool = shifted(pool, view, sign * count, inventory.now)
            found.after[key] = pool
    return found


class _Judge:
    """Judges lines one after another."""

    def __init__(self, inventory: Inventory) -> None:
        """Nothing has gone yet."""
        self._of = inventory
        self._gone: dict[tuple[str, str], int] = {}  # by virtual account and lot
        self._taken: dict[Key, int] = {}  # prepaid units that count now, by pool

    def line(self, requested: Requested) -> Judged:
        """One line: its picks, or its refusal."""
        free, views = self._movable(requested)
        most = min(free, sum(view.quantity for view in views))
        line = Judged(requested, free=most if requested.lot_id else free)
        try:
            self._check(requested)
            if requested.lot_id and not views:
                raise self._missing(requested)
            if most < (1 if requested.up_to else requested.quantity):
                raise self._too_few(requested, line.free)
            line.picks = self._pick(requested, views, min(requested.quantity, most))
        except AppError as error:
            line.refusal = error
        return line

    def _check(self, requested: Requested) -> None:
        if not 1 <= requested.quantity <= MOST_QUANTITY:
            raise InvalidQuantityError
        if requested.source == requested.target:
            raise SameVirtualAccountError
        if requested.source in self._of.recovering:
            raise CentralRecoveringError

    def _movable(self, requested: Requested) -> tuple[int, list[LotView]]:
        """How much may go, and of which lots. What has no predefined quantity goes only where nothing of it is in use."""
        key = (requested.source, requested.tag)
        pool, present = self._of.pool(key), self._of.lots.get(key, [])
        chosen = [lot for lot in present if self._is_meant(requested, lot)]
        left = [replace(one.view, quantity=self._left(requested.source, one.view)) for one in chosen]
        phases = {view.id: lot_phase(view.start, view.end, self._of.now) for view in left}
        active = [view for view in left if phases[view.id] is LotPhase.ACTIVE]
        prepaid = [view for view in active if not view.boundless]
        if requested.lot_id and any(phases[view.id] is LotPhase.FUTURE for view in left):
            return sum(view.quantity for view in left), left  # a lot that starts later covers nothing yet
        any_prepaid = any(
            not one.view.boundless and lot_phase(one.view.start, one.view.end, self._of.now) is LotPhase.ACTIVE
            for one in present
        )
        unbound = [view for view in active if view.boundless]
        if pool.use == Use() and (requested.lot_id or not any_prepaid) and unbound:
            return sum(view.quantity for view in unbound), unbound
        return max(0, pool.free - self._taken.get(key, 0)), prepaid

    def _is_meant(self, requested: Requested, lot: FreeLot) -> bool:
        if requested.lot_id:
            return lot.view.id == requested.lot_id
        view = lot.view
        return requested.choice == ANY_LOT or requested.choice.takes(
            view.licence_type.value, lot.subscription_id, view.start, view.end
        )

    def _left(self, source: str, view: LotView) -> int:
        return view.quantity - self._gone.get((source, view.id), 0)

    def _missing(self, requested: Requested) -> AppError:
        lots = [
            one.view
            for one in self._of.lots.get((requested.source, requested.tag), [])
            if one.view.id == requested.lot_id
        ]
        place, name = self._of.names.get(requested.source, ""), self._of.names.get(requested.tag, requested.tag)
        if lots and lot_phase(lots[0].start, lots[0].end, self._of.now) is LotPhase.EXPIRED:
            return LotEndedError("the term of this lot of {name} has ended", name=name)
        if lots:
            return NotEnoughFreeError(
                "{name} is in use in {place}; its lot without bound stays", name=name, place=place
            )
        return UnknownLotError("{place} has no free units of the lot {lot}", place=place, lot=requested.lot_id[:64])

    def _too_few(self, requested: Requested, free: int) -> AppError:
        name = self._of.names.get(requested.tag, requested.tag)
        if requested.quantity > free:
            return NotEnoughFreeError(
                "{quantity} of {name} are to be moved from {source_name}, {free} are free",
                quantity=requested.quantity,
                name=name,
                source_name=self._of.names.get(requested.source, ""),
                free=free,
            )
        return NotEnoughFreeError(
            "{quantity} of {name} are to be moved from lots that hold fewer", quantity=requested.quantity, name=name
        )

    def _pick(self, requested: Requested, views: Sequence[LotView], quantity: int) -> list[tuple[LotView, int]]:
        by_id = {view.id: view for view in views}
        picks = [
            (by_id[lot], count) for lot, count in pick_lots(views, quantity, longest_first=requested.longest_first)
        ]
        for view, count in picks:
            self._gone[requested.source, view.id] = self._gone.get((requested.source, view.id), 0) + count
            if not view.boundless and lot_phase(view.start, view.end, self._of.now) is LotPhase.ACTIVE:
                key = (requested.source, requested.tag)
                self._taken[key] = self._taken.get(key, 0) + count
        return picks


def shifted(pool: PoolFigures, view: LotView, by: int, now: datetime) -> PoolFigures:
    """A pool with so many more (or fewer) free units of a lot."""
    phase = lot_phase(view.start, view.end, now)
    if phase is LotPhase.EXPIRED:
        return pool
    alike = (view.licence_type, view.billing, view.start, view.end)
    terms, rest = [], by
    for term in pool.terms:
        lot = term.lot
        if rest and alike == (lot.licence_type, lot.billing, lot.start, lot.end):
            change = max(rest, -lot.quantity)
            rest -= change
            lot = replace(lot, quantity=lot.quantity + change)
        if lot.quantity:
            terms.append(Term(lot, term.phase))
    if rest > 0:
        terms.append(Term(replace(view, id="", quantity=rest), phase))
    return replace(pool, terms=terms, stock=stock_of([term.lot for term in terms], now))


def row_of(pool: PoolFigures, billing: Billing) -> dict[str, Any]:
    """The figures of a pool as the table of licences shows them, for one billing, and what is free."""
    rows = {row["billing"]: row for row in billing_rows(pool.verdict, pool.terms)}
    row = rows.get(billing.value)
    names = ("purchased", "in_use", "reserved", "balance", "until", "terms")
    found = {name: row[name] for name in names} if row else {**dict.fromkeys(names, 0), "until": None, "terms": []}
    return {**found, "free": pool.free if billing is Billing.PREPAID else None}
