"""Use cases of orders: import what a customer bought, list and show it (row C3.3)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_accounts
from central.domain.catalogue.queries import titles
from central.domain.ledger import cancelling, order_files
from central.domain.ledger.adjusting import check_note
from central.domain.ledger.errors import UnknownOrderLineError
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.queries import pools
from central.domain.ledger.rules import LotSpec
from central.domain.licence_tags.services import drop_lost_tags
from central.domain.transfers.rules import shifted
from exchange.compliance import LotView, until
from exchange.vocabulary import Billing, LicenceType
from serverkit.clock import iso, optional_iso
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.table_file import FaultyRowsError, RowWarning

MOST_OTHERS = 100
ORDERS = Orders(Lot.id, {"created_at": (Lot.created_at,)}, "-created_at")


@dataclass(frozen=True, slots=True)
class ImportedOrders:
    """The lots that an order file added or, as a preview, would add, and what is odd in the file."""

    items: list[dict[str, Any]]
    quantity: int
    warnings: list[RowWarning]
    imported: bool = True

    @property
    def summary(self) -> dict[str, Any]:
        """How many lots and units there are, and the warnings."""
        shown = [warning.to_dict() for warning in self.warnings]
        return {"lots": len(self.items), "quantity": self.quantity, "imported": self.imported, "warnings": shown}


def import_orders(unit: Unit, domain: str, source: Path | bytes, *, preview: bool = False) -> ImportedOrders:
    """Import an order file, all or nothing; `preview` only shows what it would add."""
    account = by_domain(unit, domain)
    if preview:
        file = order_files.judge_orders(unit, account.id, source)
        if file.faults:
            raise FaultyRowsError(list(file.faults))
        quantity = sum(spec.quantity for _, spec in file.rows)
        return ImportedOrders([_line(spec) for _, spec in file.rows], quantity, list(file.warnings), imported=False)
    found = order_files.import_orders(unit, account.id, source)
    return ImportedOrders(
        [_view(lot) for lot in found.lots], sum(lot.quantity for lot in found.lots), [*found.warnings]
    )


def preview_orders(unit: Unit, domain: str, source: bytes) -> dict[str, Any]:
    """Judge every line of an order file, without changing anything: `rows` with line and verdict, faults first.

    A verdict is `refused`, `warning` or `added`; `code` and `message` say why for the first two.
    """
    file = order_files.judge_orders(unit, by_domain(unit, domain).id, source)
    warned: dict[int | None, list[RowWarning]] = {}
    for warning in file.warnings:
        warned.setdefault(warning.line, []).append(warning)
    rows: list[dict[str, Any]] = [
        {"line": one.line, "verdict": "refused", "code": one.code, "message": one.message} for one in file.faults
    ]
    taken = []
    for line, spec in file.rows:
        odd = warned.get(line, [])
        said = {"code": ", ".join(one.code for one in odd), "message": "; ".join(one.message for one in odd)}
        facts = {**_line(spec), "name": file.named[spec.tag], "virtual_account": spec.virtual_account}
        taken.append({"line": line, "verdict": "warning" if odd else "added", **said, **facts})
    rows += sorted(taken, key=lambda one: (one["verdict"] != "warning", one["line"]))
    return {
        "rows": rows,
        "usable": not file.faults,
        "faults": len(file.faults),
        "lots": len(file.rows),
        "quantity": sum(spec.quantity for _, spec in file.rows),
        "warnings": [one.message for one in warned.get(None, [])],
    }


def list_order_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Lines of orders of all accounts, the newest first.

    Filters: q (beginning of an order number or of a licence tag), account (a domain).
    """
    require(unit, Permission.ORDER_MANAGE)
    wanted, query = part.wanted, select(Lot)
    if domain := wanted.get("account"):
        query = query.where(Lot.account_id == by_domain(unit, domain).id)
    if text := wanted.get("q"):
        query = query.where(or_(*(_begins(unit, one, text) for one in (Lot.order_number, Lot.tag))))

    def show(lots: list[Lot]) -> list[dict[str, Any]]:
        named = titles(unit, {lot.tag for lot in lots})
        accounts = select(SmartAccount).where(SmartAccount.id.in_({lot.account_id for lot in lots}))
        known = {one.id: one for one in unit.session.scalars(accounts)}
        return [{**_listed(lot, known[lot.account_id]), "name": named.get(lot.tag, lot.tag)} for lot in lots]

    return window_of(unit, query, ORDERS, part, show)


def _begins(unit: Unit, column: Any, text: str) -> Any:
    # The index knows beginnings that end with ASCII.
    return starts_with(unit, column, text) if text.isascii() else column.startswith(text, autoescape=True)


def show_order_line(unit: Unit, lot_id: str) -> dict[str, Any]:
    """Show a line of an order: all that the file said, where its units are now, and the order's other lines."""
    require(unit, Permission.ORDER_MANAGE)
    row = unit.session.execute(
        select(Lot, SmartAccount).join(SmartAccount, SmartAccount.id == Lot.account_id).where(Lot.id == lot_id)
    ).first()
    if row is None:
        raise UnknownOrderLineError
    lot, account = row
    pools = {one.id: one.name for one in virtual_accounts(unit, account.id)}
    held = (
        select(Holding.bucket, Holding.virtual_account_id, func.sum(Holding.quantity))
        .where(Holding.account_id == account.id, Holding.lot_id == lot.id, Holding.quantity > 0)
        .group_by(Holding.bucket, Holding.virtual_account_id)
        .order_by(Holding.bucket, Holding.virtual_account_id)
    )
    other = aliased(Lot)
    others = select(other).where(other.account_id == account.id, other.order_number == lot.order_number)
    in_order = func.length(other.order_line), other.order_line  # 2 before 10
    rest = unit.session.scalars(others.where(other.id != lot.id).order_by(*in_order).limit(MOST_OTHERS)).all()
    names = titles(unit, [lot.tag, *(one.tag for one in rest)])
    return {
        **_listed(lot, account),
        "name": names.get(lot.tag, lot.tag),
        "details": dict(lot.details),
        "held": [
            {"state": str(bucket), "virtual_account": pools.get(pool, ""), "quantity": int(quantity)}
            for bucket, pool, quantity in unit.session.execute(held)
        ],
        "others": [
            {
                "id": one.id,
                "order_line": one.order_line,
                "tag": one.tag,
                "name": names.get(one.tag, one.tag),
                "quantity": one.quantity,
            }
            for one in rest
        ],
    }


def preview_cancellation(unit: Unit, domain: str, order: str, line: str | None = None) -> dict[str, Any]:
    """What the cancellation of an order, or of one line of it, takes out of which virtual account, and every reason against it."""
    account = by_domain(unit, domain)
    return _cancelled(unit, account, cancelling.plan_cancellation(unit, account.id, order, line or None))


def cancel_order(unit: Unit, domain: str, order: str, note: str, line: str | None = None) -> dict[str, Any]:
    """Take out what came with an order that was cancelled upstream, copies of its subscriptions included (row C4.2)."""
    account = by_domain(unit, domain)
    found = cancelling.plan_cancellation(unit, account.id, order, line or None)
    text, view = check_note(note), _cancelled(unit, account, found)
    found.verdict.enforce()
    for va in found.units:
        gone: dict[str, int] = {}
        for held, lot in found.taken:
            if held.virtual_account_id == va:
                gone[lot.id] = gone.get(lot.id, 0) + held.quantity
        drop_lost_tags(unit, account.id, va, gone)
    cancelling.cancel_order(unit, account.id, found, text)
    unit.touched.add(account.id)
    return view


def _cancelled(unit: Unit, account: SmartAccount, found: cancelling.Cancelled) -> dict[str, Any]:
    figures = pools(unit, account.id, sorted(found.units), sorted({lot.tag for _, lot in found.taken}))
    left = dict(figures)
    for held, lot in found.taken:
        if held.bucket == Bucket.FREE:
            key = (held.virtual_account_id, lot.tag)
            view = LotView(
                lot.id, LicenceType(lot.licence_type), held.quantity, lot.start, lot.end, Billing(lot.billing)
            )
            left[key] = shifted(left[key], view, -held.quantity, unit.licence_now)
    items = [
        {
            "virtual_account": found.places[va],
            "tag": tag,
            "name": found.names.get(tag, tag),
            "quantity": count,
            "missing": left[va, tag].verdict.shortage if (va, tag) in left else 0,
        }
        for va, here in found.units.items()
        for tag, count in here.items()
    ]
    items.sort(key=lambda one: (one["virtual_account"], one["name"], one["tag"]))
    return {
        "order": found.order,
        "line": found.line,
        "account": account.domain,
        "items": items,
        **found.verdict.to_dict(),
    }


def _listed(lot: Lot, account: SmartAccount) -> dict[str, Any]:
    return {
        **_view(lot),
        "billing": str(lot.billing),
        "subscription_id": lot.subscription_id,
        "created_at": iso(lot.created_at),
        "account": account.domain,
        "account_name": account.name,
    }


def _view(lot: Lot) -> dict[str, Any]:
    return {"id": lot.id, **_line(lot)}


def _line(line: Lot | LotSpec) -> dict[str, Any]:
    return {
        "tag": line.tag,
        "quantity": line.quantity,
        "type": str(line.licence_type),
        "source": str(line.source),
        "start": optional_iso(line.start),
        "end": optional_iso(line.end),
        "until": until(line.end) if line.end else None,
        "order_number": line.order_number,
        "order_line": line.order_line,
        "sku": line.sku,
    }
