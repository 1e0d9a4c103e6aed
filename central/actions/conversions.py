"""Use cases of conversions: list PAKs and devices, preview and convert what is chosen (rows C9.1 to C9.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.actions.visible_accounts import visible_names
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import titles
from central.domain.conversions import queries, services
from central.domain.conversions.errors import ContractNotCheckedError
from central.domain.conversions.models import ClassicSource
from central.domain.conversions.queries import find_source, holders
from central.domain.conversions.rules import Held, Holder, Line, Plan, SourceKind
from central.domain.conversions.rules import plan as plan_of
from exchange.compliance import until
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

ORDERS = Orders(
    ClassicSource.id, {"id": (), "number": (ClassicSource.number,), "changed_at": (ClassicSource.changed_at,)}, "number"
)


def list_classic(unit: Unit, domain: str, kind: SourceKind, part: Part = WHOLE) -> Window:
    """PAKs or devices with classic licences that are left.

    Filters: q (in number, family, order number, virtual account, SKU), virtual_account (an id), status.
    """
    wanted, account = part.wanted, by_domain(unit, domain)
    query = queries.sources_of(unit, account.id, kind)
    if text := wanted.get("q"):
        query = queries.searched(query, account.id, text)
    for column, name in (
        (ClassicSource.virtual_account_id, "virtual_account"),
        (ClassicSource.status, "status"),
    ):
        if value := wanted.get(name):
            query = query.where(column == value)

    def show(rows: list[ClassicSource]) -> list[dict[str, Any]]:
        names = visible_names(unit, account.id)
        found = zip(rows, holders(unit, account.id, rows), strict=True)
        return [_listed(unit, account, row, holder, names) for row, holder in found]

    return window_of(unit, query, ORDERS, part, show)


def _listed(
    unit: Unit, account: SmartAccount, row: ClassicSource, holder: Holder, names: Mapping[str, str]
) -> dict[str, Any]:
    eligible = {one.sku for one in holder.convertible(unit.licence_now)}
    return {
        "id": row.id,
        "kind": str(row.kind),
        "number": row.number,
        "domain": account.domain,
        "virtual_account": names.get(row.virtual_account_id, ""),
        "partial": row.partial,
        "order_number": row.order_number or None,
        "ordered_at": optional_iso(row.ordered_at),
        "family": row.family or None,
        "skus": [{"sku": one.sku, "quantity": one.left, "eligible": one.sku in eligible} for one in holder.held],
        "eligible": sum(one.left for one in holder.held if one.sku in eligible),
        "remaining": row.remaining,
        "converted": row.converted,
        "status": str(row.status),
        "problem": row.problem or None,
        "revision": row.revision,
        "changed_at": iso(row.changed_at),
        **{name: row.facts.get(name) for name in ("pid", "serial", "details")},
    }


def show_classic(unit: Unit, domain: str, kind: SourceKind | None, text: str) -> dict[str, Any]:
    """A PAK or device, by id or number, with each classic licence that is left: what it becomes, or why it does not."""
    account = by_domain(unit, domain)
    row = find_source(unit, account.id, kind, text)
    holder = holders(unit, account.id, [row])[0]
    named = titles(unit, {one.tag for one in holder.held if one.tag})
    licences = [_licence(unit, holder, one, named) for one in holder.held]
    return {**_listed(unit, account, row, holder, visible_names(unit, account.id)), "licences": licences}


def _licence(unit: Unit, holder: Holder, one: Held, named: Mapping[str, str]) -> dict[str, Any]:
    refusal = one.refusal(unit.licence_now)
    return {
        "sku": one.sku,
        "family": one.family or None,
        "quantity": one.left,
        "type": str(one.licence_type),
        "start": optional_iso(one.start),
        "end": optional_iso(one.end),
        "until": until(one.end) if one.end else None,
        "tag": one.tag or None,
        "name": named.get(one.tag, one.tag) or None,
        "check": str(one.check),
        "contract": one.contract,
        "may_leave_out": holder.may_leave_out(),
        "divisible": holder.may_divide(one),
        "eligible": one in holder.convertible(unit.licence_now),
        "code": refusal.code if refusal else None,
        "reason": refusal.message if refusal else None,
    }


def show_list(unit: Unit, domain: str, kind: SourceKind) -> dict[str, Any]:
    """When the list of PAKs or devices of an account came last."""
    row = queries.setting_of(unit, by_domain(unit, domain).id, kind)
    return {"kind": str(kind), "listed_at": optional_iso(row.listed_at)}


def preview_conversion(
    unit: Unit, domain: str, kind: SourceKind, text: str, wanted: Mapping[str, int] | None, target: str | None = None
) -> dict[str, Any]:
    """What converting quantities by SKU into a virtual account would do; without a choice, all that is eligible.

    Without a target the licences go to the virtual account of the PAK or device. Nothing changes.
    """
    row, place = _found(unit, domain, kind, text, target)
    holder = holders(unit, row.account_id, [row])[0]
    planned = services.plan_conversion(unit, row, place, wanted)
    return {**_shown(unit, holder, row, place, planned), "converted": False}


def convert_licences(
    unit: Unit,
    domain: str,
    kind: SourceKind,
    text: str,
    wanted: Mapping[str, int] | None,
    target: str | None = None,
    revision: int | None = None,
) -> dict[str, Any]:
    """Convert what the preview shows, all or nothing; `revision` is that of the preview. Nothing takes it back."""
    row, place = _found(unit, domain, kind, text, target)
    holder = holders(unit, row.account_id, [row])[0]
    done = services.convert(unit, row, place, wanted, revision)
    return {**_shown(unit, holder, row, place, done.plan), "converted": True, "lots": [lot.id for lot in done.lots]}


def _found(
    unit: Unit, domain: str, kind: SourceKind, text: str, target: str | None
) -> tuple[ClassicSource, VirtualAccount]:
    account = by_domain(unit, domain)
    row = find_source(unit, account.id, kind, text)
    name = visible_names(unit, account.id)[row.virtual_account_id] if target is None else target
    return row, virtual_account(unit, account.id, name)


def _shown(unit: Unit, holder: Holder, row: ClassicSource, place: VirtualAccount, planned: Plan) -> dict[str, Any]:
    named = titles(unit, {line.held.tag for line in planned.lines if line.held.tag})
    return {
        "id": row.id,
        "kind": str(row.kind),
        "number": row.number,
        "virtual_account": place.name,
        "partial": row.partial,
        "revision": row.revision,
        "lines": [_line(unit, holder, line, named) for line in planned.lines],
        "quantity": planned.quantity,
        "refused": _reasons(planned),
    }


def _line(unit: Unit, holder: Holder, line: Line, named: Mapping[str, str]) -> dict[str, Any]:
    about = _licence(unit, holder, line.held, named)
    code, reason = (line.refusal.code, line.refusal.message) if line.refusal else (None, None)
    return {**about, "left": line.held.left, "quantity": line.quantity, "code": code, "reason": reason}


def _reasons(planned: Plan) -> Sequence[dict[str, Any]]:
    return [{"code": one.code, "reason": one.message} for one in planned.refused]


def usual_choice(unit: Unit, domain: str, kind: SourceKind, text: str) -> dict[str, int]:
    """What a form offers at first: all that passes the contract check, or everything where only all can be converted."""
    account = by_domain(unit, domain)
    holder = holders(unit, account.id, [find_source(unit, account.id, kind, text)])[0]
    lines = plan_of(holder, None, unit.licence_now).lines
    may = holder.may_leave_out()
    return {
        line.held.sku: line.quantity
        for line in lines
        if line.refusal is None or not may or isinstance(line.refusal, ContractNotCheckedError)
    }
