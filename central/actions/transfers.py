"""Use cases of transfers: preview, transfer, list, reverse; the preview and the outcome come from one plan (rows C4.1, B23)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from central.actions.visible_accounts import visible_names
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, numbers_by_id, virtual_account
from central.domain.catalogue.queries import by_name, titles
from central.domain.transfers import queries, services
from central.domain.transfers.errors import TooManyLinesError, UnknownTransferError
from central.domain.transfers.models import Transfer
from central.domain.transfers.rules import Inventory, Judged, Plan, Requested, row_of
from exchange.compliance import until
from exchange.vocabulary import Billing
from serverkit.clock import iso, optional_iso
from serverkit.db.paging import UnknownKeyError
from serverkit.db.unit import Unit
from serverkit.errors import AppError

MOST_LINES = 1_000
_NUMBER = re.compile(r"[0-9]{1,15}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as people write it: names instead of ids; with a lot the licence is known, and the source may be."""

    target: str
    quantity: int
    source: str | None = None
    licence: str | None = None
    lot: str | None = None


def preview_transfer(unit: Unit, domain: str, lines: Sequence[Line]) -> dict[str, Any]:
    """What a transfer would do: each line, or why it is refused, and each pool before and after; nothing changes."""
    account, requests = _wishes(unit, domain, lines)
    inventory, planned = services.plan_transfer(unit, account.id, requests)
    return {**_shown(inventory, planned, lines), **_lost(unit, account, inventory, planned)}


def transfer_lines(unit: Unit, domain: str, lines: Sequence[Line]) -> dict[str, Any]:
    """Move all lines or none; the result is that of the preview, with the number of the transfer."""
    account, requests = _wishes(unit, domain, lines)
    inventory, planned = services.plan_transfer(unit, account.id, requests)
    services.enforce(planned.lines)
    lost = _lost(unit, account, inventory, planned)
    row = services.perform(unit, account.id, inventory, planned)
    return {**_shown(inventory, planned, lines), **lost, **_numbered(row)}


def list_transfers(
    unit: Unit, domain: str, virtual_account_name: str | None = None, most: int = 200, after: str | None = None
) -> list[dict[str, Any]]:
    """The newest transfers from or to virtual accounts that the actor may see, or one of them; `after` is an id."""
    account = by_domain(unit, domain)
    names = visible_names(unit, account.id)
    places = list(names)
    if virtual_account_name is not None:
        places = [virtual_account(unit, account.id, virtual_account_name).id]
    if after is not None and not _NUMBER.fullmatch(after):
        raise UnknownKeyError
    before = int(after) if after is not None else None
    rows = queries.newest_transfers(unit, account.id, places, most, before)
    return _listed(unit, account, rows, names)


def show_transfer(unit: Unit, domain: str, transfer: str | int) -> dict[str, Any]:
    """One transfer; UnknownTransferError also where neither virtual account of any line may be seen."""
    account = by_domain(unit, domain)
    row = _visible(unit, account, transfer)
    return _listed(unit, account, [row], visible_names(unit, account.id))[0]


def preview_reversal(unit: Unit, domain: str, transfer: str | int) -> dict[str, Any]:
    """What of a transfer would come back now."""
    account = by_domain(unit, domain)
    inventory, planned = services.plan_reversal(unit, _visible(unit, account, transfer))
    return {**_shown(inventory, planned), **_lost(unit, account, inventory, planned), "reverses": int(transfer)}


def reverse_transfer(unit: Unit, domain: str, transfer: str | int) -> dict[str, Any]:
    """Transfer back what is still free of a transfer, within the time that the vendor sets."""
    account = by_domain(unit, domain)
    found = _visible(unit, account, transfer)
    lost = _lost(unit, account, *services.plan_reversal(unit, found))
    inventory, planned, row = services.reverse_transfer(unit, found)
    return {**_shown(inventory, planned), **lost, **_numbered(row)}


def _visible(unit: Unit, account: SmartAccount, text: str | int) -> Transfer:
    if not _NUMBER.fullmatch(str(text)):
        raise UnknownTransferError("there is no transfer {number}", number=str(text)[:32])
    number = int(text)
    row = queries.transfer(unit, account.id, number)
    names = visible_names(unit, account.id)
    moves = queries.moves_of(unit, account.id, [number]).get(number, [])
    if not any(place in names for one in moves for place in (one.from_virtual_account, one.to_virtual_account)):
        raise UnknownTransferError("there is no transfer {number}", number=number)
    return row


def _wishes(unit: Unit, domain: str, lines: Sequence[Line]) -> tuple[SmartAccount, list[Requested | AppError]]:
    account = by_domain(unit, domain)
    if not 1 <= len(lines) <= MOST_LINES:
        raise TooManyLinesError("{count} lines; a transfer has 1 to {most}", count=len(lines), most=MOST_LINES)
    return account, _Reader(unit, account).read(lines)


class _Reader:
    """Finds what lines name; each name is looked up once."""

    def __init__(self, unit: Unit, account: SmartAccount) -> None:
        """Read the names that the actor may see."""
        self._unit, self._account = unit, account
        self._places = {name: place for place, name in visible_names(unit, account.id).items()}
        self._tags: dict[str, str] = {}

    def read(self, lines: Sequence[Line]) -> list[Requested | AppError]:
        """Each line as a requested, or why it is none."""
        return [self._read(line) for line in lines]

    def _read(self, line: Line) -> Requested | AppError:
        try:
            target = self._place(line.target)
            source = self._place(line.source) if line.source is not None else None
            if line.lot is not None:
                visible = self._places.values()
                source, tag = queries.place_of_lot(self._unit, self._account.id, line.lot, visible, source)
                return Requested(source, target, tag, line.quantity, lot_id=line.lot)
            return Requested(source or "", target, self._tag(line.licence or ""), line.quantity)
        except AppError as error:
            return error

    def _place(self, name: str) -> str:
        return self._places.get(name) or virtual_account(self._unit, self._account.id, name).id

    def _tag(self, text: str) -> str:
        if text not in self._tags:
            self._tags[text] = by_name(self._unit, text)
        return self._tags[text]


def _shown(inventory: Inventory, planned: Plan, lines: Sequence[Line] = ()) -> dict[str, Any]:
    shown = [line_view(inventory, number, one) for number, one in enumerate(planned.lines, 1)]
    for row, line in zip(shown, lines, strict=False):
        if not row["tag"]:  # what could not be found is shown as it was written
            written = {"name": line.licence or "", "lot": line.lot, "virtual_account": line.source or ""}
            row.update(written, target=line.target, asked=line.quantity)
    billings = {
        (place, one.requested.tag): one.billing
        for one in planned.lines
        if one.picks
        for place in (one.requested.source, one.requested.target)
    }
    changed = [key for key in planned.before if key in billings]
    return {
        "lines": shown,
        "accounts": [
            {
                "virtual_account": inventory.names[place],
                "tag": tag,
                "name": inventory.names.get(tag, tag),
                "billing": billings[place, tag].value,
                "before": _figures(planned.before[place, tag], billings[place, tag]),
                "after": _figures(planned.after[place, tag], billings[place, tag]),
            }
            for place, tag in changed
        ],
        "refused": sum(one.refusal is not None for one in planned.lines),
        "quantity": sum(one.quantity for one in planned.lines),
    }


def _lost(unit: Unit, account: SmartAccount, inventory: Inventory, planned: Plan) -> dict[str, Any]:
    """The tags that are lost for what is transferred: of each licence, or lot, that a virtual account gives away."""
    names = inventory.names
    of_lot = {view.id: line.requested.tag for line in planned.lines for view, _ in line.picks}
    return {
        "dropped_tags": [
            {
                "virtual_account": names[place],
                "name": names.get(of_lot.get(thing, thing), thing),
                "lot": thing if thing in of_lot else None,
                "tags": tags,
            }
            for place, lost in services.lost_tags(unit, account.id, planned).items()
            for thing, tags in lost.items()
        ]
    }


def _figures(pool: Any, billing: Billing) -> dict[str, Any]:
    row = row_of(pool, billing)
    return {name: row[name] for name in ("purchased", "in_use", "reserved", "balance", "free")}


def line_view(inventory: Inventory, number: int, one: Judged) -> dict[str, Any]:
    """A judged line as people and programs read it."""
    requested = one.requested
    key = (requested.source, requested.tag)
    billing = one.billing if one.picks or not requested.tag else _billing(inventory, requested)
    row = row_of(inventory.pool(key), billing)
    ends = [{"lot": view.id, "quantity": count, "until": _until(view.end)} for view, count in one.picks]
    return {
        "line": number,
        "virtual_account": inventory.names.get(requested.source, ""),
        "target": inventory.names.get(requested.target, ""),
        "tag": requested.tag,
        "name": inventory.names.get(requested.tag, requested.tag),
        "lot": requested.lot_id or None,
        "billing": billing.value,
        "purchased": row["purchased"],
        "in_use": row["in_use"],
        "reserved": row["reserved"],
        "balance": row["balance"],
        "free": one.free,
        "asked": requested.quantity,
        "quantity": one.quantity,
        "lots": ends,
        "allowed": one.refusal is None,
        "code": one.refusal.code if one.refusal else None,
        "reason": one.refusal.message if one.refusal else None,
    }


def _billing(inventory: Inventory, requested: Requested) -> Billing:
    """How a line that moves nothing is billed: as the lot, or as all lots of the licence are."""
    lots = inventory.lots.get((requested.source, requested.tag), [])
    found = {one.view.billing for one in lots if not requested.lot_id or one.view.id == requested.lot_id}
    return Billing.USAGE if found == {Billing.USAGE} else Billing.PREPAID


def _until(end: Any) -> Any:
    return until(end) if end is not None else None


def _numbered(row: Transfer) -> dict[str, Any]:
    found = {"transfer": row.number, "reversible_until": optional_iso(row.reversible_until)}
    return found if row.reverses is None else {**found, "reverses": row.reverses}


def _listed(unit: Unit, account: SmartAccount, rows: Sequence[Transfer], names: dict[str, str]) -> list[dict[str, Any]]:
    moves = queries.moves_of(unit, account.id, [row.number for row in rows])
    named = titles(unit, {one.tag for found in moves.values() for one in found})
    there = numbers_by_id(unit, account.id)
    items = []
    for row in rows:
        lines: dict[tuple[str, str, str], list[int]] = {}
        for one in moves.get(row.number, []):
            sums = lines.setdefault((one.from_virtual_account, one.to_virtual_account, one.tag), [0, 0])
            sums[0], sums[1] = sums[0] + one.quantity, sums[1] + one.returned
        back = sum(sums[1] for sums in lines.values())
        total = sum(sums[0] for sums in lines.values())
        open_moves = [one for one in moves.get(row.number, []) if one.returned < one.quantity]
        possible = any({one.from_virtual_account, one.to_virtual_account} <= there.keys() for one in open_moves)
        over = row.reversible_until is None or unit.now >= row.reversible_until
        items.append(
            {
                "id": str(row.number),
                **_numbered(row),
                "at": iso(row.at),
                "actor": row.actor,
                "reversible": not over and possible,
                "quantity": total,
                "returned": back,
                "lines": [
                    {
                        "virtual_account": names.get(source, "–"),
                        "target": names.get(target, "–"),
                        "tag": tag,
                        "name": named.get(tag, tag),
                        "quantity": sums[0],
                        "returned": sums[1],
                    }
                    for (source, target, tag), sums in lines.items()
                ],
            }
        )
    return items
