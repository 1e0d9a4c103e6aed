"""Use cases of licences (rows S3.2, C3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange.compliance import LotPhase, lot_phase
from exchange.licence_rows import ORDERS
from satellite.actions.virtual_accounts import find_id
from satellite.core.accounts.queries import names, present_names
from satellite.core.licences import ledger, queries
from satellite.core.licences.ledger import Ledger, LedgerLine, Licence
from satellite.core.site.queries import site_of
from serverkit.clock import optional_iso
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


def list_licence_rows(unit: Unit) -> list[dict[str, Any]]:
    """List all licences with what asks for attention, in no order."""
    return ledger.licence_rows(unit, names(unit))


def list_licence_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Licences with their figures, worst first.

    Filters: q, virtual_account, state (short, ends_soon, enough, usage), type, billing, tag, restricted (yes, no). There
    are as many rows as kinds of licences in virtual accounts, and each is added up anyway: the list is short by nature.
    """
    wanted = part.wanted
    named = names(unit)
    place = next((of for of, name in named.items() if wanted.get("virtual_account") in {of, name}), None)
    if wanted.get("virtual_account") and place is None:
        return Window(())
    text = wanted.get("q", "").casefold()
    items = []
    for item in ledger.licence_rows(unit, named, place):
        if text and text not in f"{item['name']} {item['tag']}".casefold():
            continue
        if "restricted" in wanted and item["restricted"] != (wanted["restricted"] == "yes"):
            continue
        if "type" in wanted and wanted["type"] not in item["types"]:
            continue
        if all(item.get(name) == wanted[name] for name in ("state", "billing", "tag") if name in wanted):
            items.append(item)
    return window_in_memory(items, ORDERS, lambda one: str(one["id"]), part, "state")


def show_licence(unit: Unit, virtual_account_id: str, tag: str) -> Licence:
    """Show a licence of a virtual account with its ledger; UnknownLicenceError."""
    return ledger.licence_of(unit, present_names(unit), virtual_account_id, tag)


@dataclass(frozen=True, slots=True)
class AsOf:
    """What the carried figures rest on: the last response that was applied, and when."""

    response: int
    epoch: int
    at: str | None


def show_as_of(unit: Unit) -> AsOf:
    """Show what the figures of central rest on."""
    site = site_of(unit)
    return AsOf(site.applied_rseq, site.epoch, optional_iso(site.last_sync_at or site.authorized_at))


__all__ = [
    "AllotmentView",
    "AsOf",
    "Ledger",
    "LedgerLine",
    "Licence",
    "list_allotments",
    "list_licence_rows",
    "list_licence_window",
    "list_licences",
    "list_licences_of",
    "show_as_of",
    "show_licence",
]
