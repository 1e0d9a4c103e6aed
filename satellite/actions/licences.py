"""Use cases of licences (rows S3.2, C3.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from exchange.compliance import LotPhase, lot_phase
from satellite.actions.virtual_accounts import find_id
from satellite.core.accounts.queries import names
from satellite.core.licences import queries
from serverkit.clock import parse_time
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Part, Window, window_in_memory


@dataclass(frozen=True, slots=True)
class AllotmentView:
    """One line that central allotted; `phase` is that of licence time."""

    virtual_account_id: str
    tag: str
    billing: str
    licence_type: str
    quantity: int
    start: datetime | None
    end: datetime | None
    phase: LotPhase


def list_licences(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List licences with what is purchased, in use and free."""
    return queries.licences(unit, names(unit), find_id(unit, virtual_account_name))


def list_licences_of(unit: Unit, wanted: dict[str, str]) -> list[dict[str, Any]]:
    """List the licences of some virtual accounts, given as names by id."""
    return [row for row in queries.licences(unit, wanted, None) if row["virtual_account"] in wanted.values()]


def list_allotments(unit: Unit) -> list[AllotmentView]:
    """List the lines that central allotted, by tag."""
    return [
        AllotmentView(
            row.virtual_account_id,
            row.tag,
            row.billing,
            row.licence_type,
            row.quantity,
            row.start,
            row.end,
            lot_phase(row.start, row.end, unit.licence_now),
        )
        for row in queries.allotment_lines(unit)
    ]


_STATES = ("short", "ends_soon", "enough")
SOON = timedelta(days=30)


def list_licence_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Licences with their figures, worst first.

    Filters: q, virtual_account, state (short, ends_soon, enough), type, billing, tag, restricted (yes). There are as many
    rows as kinds of licences in virtual accounts, and each is added up anyway: the list is short by nature.
    """
    wanted = part.wanted
    named = names(unit)
    place = next((of for of, name in named.items() if wanted.get("virtual_account") in {of, name}), None)
    if wanted.get("virtual_account") and place is None:
        return Window(())
    text, restricted = wanted.get("q", "").casefold(), queries.restricted_tags(unit)
    items = []
    for row in queries.licences(unit, named, place):
        item = {
            **row,
            "id": _licence_id(row),
            "state": _licence_state(row, unit.licence_now),
            "restricted": row["tag"] in restricted,
        }
        if text and text not in f"{row['name']} {row['tag']}".casefold():
            continue
        if wanted.get("restricted") and not item["restricted"]:
            continue
        if "type" in wanted and wanted["type"] not in item["types"]:
            continue
        if all(item.get(name) == wanted[name] for name in ("state", "billing", "tag") if name in wanted):
            items.append(item)
    return window_in_memory(items, LICENCE_ORDERS, lambda one: str(one["id"]), part, "state")


def _licence_id(row: Mapping[str, Any]) -> str:
    return f"{row['virtual_account']}|{row['tag']}|{row['billing']}"


def _licence_state(row: Mapping[str, Any], now: datetime) -> str:
    """Short of units, ending within thirty days, or enough."""
    if (row["balance"] or 0) < 0:
        return "short"
    ends = [parse_time(term["end"]) for term in row.get("terms", ()) if term.get("end")]
    return "ends_soon" if any(now < end <= now + SOON for end in ends) else "enough"


LICENCE_ORDERS: dict[str, Callable[[dict[str, Any]], tuple[str | int, ...]]] = {
    "state": lambda one: (_STATES.index(one["state"]), str(one["name"]).casefold()),
    "name": lambda one: (str(one["name"]).casefold(),),
    "tag": lambda one: (str(one["tag"]),),
    "virtual_account": lambda one: (str(one["virtual_account"]).casefold(),),
    "purchased": lambda one: (int(one["purchased"] or 0),),
    "in_use": lambda one: (int(one["in_use"]),),
    "balance": lambda one: (int(one["balance"] or 0),),
}
