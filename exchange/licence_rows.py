"""Rows of the licences table, the same at both servers: one for each billing, with the terms behind it (rows C3.1, C3.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange.canonical import iso, parse_time
from exchange.compliance import EXPIRY_STEPS_DAYS, LicenceVerdict, LotPhase, LotView, PoolVerdict, until
from exchange.vocabulary import Billing, Compliance

SOON = timedelta(days=max(EXPIRY_STEPS_DAYS))
SHORT, ENDS, ENOUGH, BY_USAGE = "short", "ends_soon", "enough", "usage"
STATES = (SHORT, ENDS, ENOUGH, BY_USAGE)
"""What a licence is like, the worst first."""


@dataclass(frozen=True, slots=True)
class Term:
    """A quantity of one term, active now or later."""

    lot: LotView
    phase: LotPhase


NOTHING = PoolVerdict(0, 0, 0, 0, 0, Compliance.IN_COMPLIANCE)


def billing_rows(
    verdict: LicenceVerdict, terms: Iterable[Term], in_transition: int | None = None
) -> list[dict[str, Any]]:
    """The rows of a pool, prepaid first; by usage nothing is purchased beforehand or left over, so both are None there.

    `upcoming` counts the units of lots that start later, `until` says the next end inclusively, `terms` lists them all.
    """
    terms = list(terms)
    paid = [term for term in terms if term.lot.billing is Billing.PREPAID]
    billed = [term for term in terms if term.lot.billing is Billing.USAGE]
    prepaid, usage = verdict.prepaid, verdict.usage
    rows = []
    if paid or prepaid.purchased or prepaid.in_use or prepaid.pending or not (billed or usage):
        row = _row(Billing.PREPAID, prepaid, paid)
        rows.append(row if in_transition is None else {**row, "in_transition": in_transition})
    if billed or usage:
        row = {**_row(Billing.USAGE, usage or NOTHING, billed), "purchased": None, "balance": None}
        rows.append(row if in_transition is None else {**row, "in_transition": 0})
    return rows


def _row(billing: Billing, verdict: PoolVerdict, terms: Sequence[Term]) -> dict[str, Any]:
    active = [term.lot for term in terms if term.phase is LotPhase.ACTIVE]
    ends = [lot.end for lot in active if lot.end is not None]
    return {
        "types": sorted({lot.licence_type.value for lot in active}),
        "billing": billing.value,
        "purchased": verdict.purchased,
        "pending": verdict.pending,
        "in_use": verdict.in_use,
        "reserved": verdict.reserved,
        "balance": verdict.balance,
        "status": verdict.status.value,
        "upcoming": sum(term.lot.quantity for term in terms if term.phase is LotPhase.FUTURE),
        "until": until(min(ends)) if ends else None,
        "terms": _terms(terms),
    }


def _terms(terms: Iterable[Term]) -> list[dict[str, Any]]:
    sums: dict[tuple[Any, ...], int] = {}
    for term in terms:
        lot = term.lot
        key = (lot.licence_type.value, lot.start, lot.end, "upcoming" if term.phase is LotPhase.FUTURE else "active")
        sums[key] = sums.get(key, 0) + lot.quantity
    found = [
        {
            "type": kind,
            "quantity": quantity,
            "start": iso(start) if start is not None else None,
            "end": iso(end) if end is not None else None,
            "until": until(end) if end is not None else None,
            "phase": phase,
        }
        for (kind, start, end, phase), quantity in sums.items()
    ]
    return sorted(found, key=lambda term: (term["start"] or "", term["end"] or "", term["type"]))


def with_attention(row: Mapping[str, Any], terms: Iterable[Term], now: datetime) -> dict[str, Any]:
    """A row with its `state`, which says whether it is short or ends soon, and `next_end`, the end that comes first."""
    ends = [
        term.lot.end
        for term in terms
        if term.phase is LotPhase.ACTIVE and term.lot.end is not None and term.lot.billing == row["billing"]
    ]
    first = min(ends, default=None)
    return {**row, "next_end": iso(first) if first is not None else None, "state": _state(row, first, now)}


def _state(row: Mapping[str, Any], first: datetime | None, now: datetime) -> str:
    if row["balance"] is None:
        return BY_USAGE
    if row["balance"] < 0:
        return SHORT
    return ENDS if first is not None and first <= now + SOON else ENOUGH


def urgency(one: Mapping[str, Any]) -> tuple[int, int, str]:
    """The worst first: what is missing most, then what ends first, then by name."""
    rank = STATES.index(one["state"])
    ends = int(parse_time(one["next_end"]).timestamp()) if one["state"] == ENDS else 0
    within = {SHORT: one["balance"], ENDS: ends}
    return rank, within.get(one["state"], 0), str(one["name"]).casefold()


ORDERS: dict[str, Callable[[dict[str, Any]], tuple[str | int, ...]]] = {
    "state": urgency,
    "name": lambda one: (str(one["name"]).casefold(),),
    "tag": lambda one: (str(one["tag"]),),
    "virtual_account": lambda one: (str(one["virtual_account"]).casefold(),),
    "purchased": lambda one: (int(one["purchased"] or 0),),
    "in_use": lambda one: (int(one["in_use"]),),
    "balance": lambda one: (int(one["balance"] or 0),),
    "reserved": lambda one: (int(one["reserved"]),),
    "upcoming": lambda one: (int(one["upcoming"]),),
    "next_end": lambda one: (str(one["next_end"] or ""),),
    "billing": lambda one: (str(one["billing"]),),
}
"""The orders of a list of licences by name; `state` is the worst first."""
