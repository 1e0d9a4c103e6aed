"""Use cases of the catalogue: import and list it (rows C8.1, C3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, or_, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.catalogue import queries
from central.domain.catalogue.errors import RestrictionInUseError
from central.domain.catalogue.models import Entitlement, Product
from central.domain.catalogue.services import CatalogueChange, apply_catalogue, judge_catalogue, read_catalogue
from central.domain.ledger.kept import rename_kept
from central.domain.ledger.models import GRANTED, OWNED, Bucket, Claim, Holding, Lot
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

MOST_ACCOUNTS = 200


def import_catalogue(
    unit: Unit, source: Path | bytes, *, preview: bool = False, change_restriction: bool = False
) -> dict[str, Any]:
    """Import a catalogue file, all or nothing; `preview` only shows what it would change.

    An ordinary licence that becomes restricted is taken from every device at its next contact, until the device has a
    grant; a restricted one that becomes ordinary makes grants meaningless. RestrictionInUseError for a licence that
    devices use, unless `change_restriction` confirms the change.
    """
    change = read_catalogue(unit, source)
    used = _used(unit, change)
    if used and not preview and not change_restriction:
        named = ", ".join(f"{tag} ({count} in use)" for tag, count in sorted(used.items())[:20])
        raise RestrictionInUseError("the restriction of licences in use would change: {named}", named=named)
    if not preview:
        apply_catalogue(unit, change)
        judged = zip(change.rows, change.verdicts, strict=True)
        rename_kept(
            unit, {row.tag: row.name for row, verdict in judged if row.kind == "entitlement" and verdict == "changed"}
        )
    return {
        **change.counts,
        "added": change.added,
        "changed": change.changed,
        "restriction_changes": _restrictions(change, used),
        "imported": not preview,
        "warnings": [warning.to_dict() for warning in change.warnings],
    }


def preview_catalogue(unit: Unit, source: bytes) -> dict[str, Any]:
    """Judge every row of a catalogue file, without changing anything: `rows` with line and verdict, faults first.

    A verdict is `refused`, `restriction` (a licence becomes restricted or ordinary), `changed`, `new` or `same`.
    """
    change = judge_catalogue(unit, source)
    used = _used(unit, change)
    rows: list[dict[str, Any]] = [
        {"line": one.line, "verdict": "refused", "code": one.code, "message": one.message} for one in change.faults
    ]
    turned = {*change.restricted, *change.unrestricted}
    for line, row, verdict in zip(change.lines, change.rows, change.verdicts, strict=True):
        turns = row.kind == "entitlement" and row.tag in turned
        facts = {"kind": row.kind, "tag": row.tag, "name": row.name, "restricted": row.restricted}
        in_use = used.get(row.tag, 0) if turns else 0
        rows.append({"line": line, "verdict": "restriction" if turns else verdict, "in_use": in_use, **facts})
    rows.sort(key=lambda one: (_FIRST.index(one["verdict"]), one["line"]))
    return {
        "rows": rows,
        "usable": not change.faults,
        "faults": len(change.faults),
        **change.counts,
        "added": change.added,
        "changed": change.changed,
        "restriction_changes": _restrictions(change, used),
        "in_use": sum(used.values()),
        "warnings": [one.message for one in change.warnings],
    }


_FIRST = ("refused", "restriction", "changed", "new", "same")


def _used(unit: Unit, change: CatalogueChange) -> Counter[str]:
    """How many units of the licences that become restricted or ordinary are in use, by tag."""
    # An ordinary licence may also be held by the code of a device that never asks again.
    reserved = _held(unit, change.restricted, Bucket.RESERVED, Bucket.TRANSITION)
    used = Counter(_claimed(unit, change.restricted)) + Counter(reserved)
    return used + Counter(_held(unit, change.unrestricted, *GRANTED))


def _restrictions(change: CatalogueChange, used: Counter[str]) -> list[dict[str, Any]]:
    changing = sorted({*change.restricted, *change.unrestricted})
    return [{"tag": tag, "restricted": tag in change.restricted, "in_use": used.get(tag, 0)} for tag in changing]


def list_entitlement_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Licences of the catalogue. Filters: q (in tag, name, description or family), restricted (yes or no)."""
    require(unit, Permission.CATALOGUE_MANAGE)
    query = _searched(select(Entitlement), Entitlement, part)
    if (chosen := part.wanted.get("restricted")) in {"yes", "no"}:
        query = query.where(Entitlement.restricted.is_(chosen == "yes"))

    def show(rows: list[Entitlement]) -> list[dict[str, Any]]:
        return [{**queries.entitlement_members(row), "id": row.tag} for row in rows]

    return window_of(unit, query, _orders(Entitlement), part, show)


def list_product_window(unit: Unit, part: Part = WHOLE) -> Window:
    """Products of the catalogue. Filters: q (in tag, name, description or family)."""
    require(unit, Permission.CATALOGUE_MANAGE)

    def show(rows: list[Product]) -> list[dict[str, Any]]:
        return [{**queries.product_members(row), "id": row.tag} for row in rows]

    return window_of(unit, _searched(select(Product), Product, part), _orders(Product), part, show)


def _orders(of: type[Entitlement | Product]) -> Orders:
    columns = {"name": (func.lower(of.name),), "family": (func.lower(of.family),), "tag": ()}
    return Orders(of.tag, columns, "tag")


def _searched(query: Query, of: type[Entitlement | Product], part: Part) -> Query:
    text = part.wanted.get("q")
    if not text:
        return query
    return query.where(
        or_(
            *(
                func.lower(one).contains(text.lower(), autoescape=True)
                for one in (of.tag, of.name, of.description, of.family)
            )
        )
    )


def show_entitlement(unit: Unit, tag: str) -> dict[str, Any]:
    """Show a licence of the catalogue, and how many units each account owns; UnknownEntitlementError."""
    require(unit, Permission.CATALOGUE_MANAGE)
    row = queries.entitlement(unit, tag)
    owned = (
        select(SmartAccount.domain, SmartAccount.name, func.sum(Holding.quantity))
        .join(Lot, Lot.account_id == SmartAccount.id)
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .where(Lot.tag == tag, Holding.bucket.in_(OWNED))
        .group_by(SmartAccount.domain, SmartAccount.name)
        .order_by(func.sum(Holding.quantity).desc(), SmartAccount.domain)
        .limit(MOST_ACCOUNTS)
    )
    accounts = [
        {"account": domain, "account_name": name, "owned": int(count)}
        for domain, name, count in unit.session.execute(owned)
    ]
    return {**queries.entitlement_members(row), "accounts": accounts}


def list_catalogue(unit: Unit) -> list[dict[str, Any]]:
    """All entitlements, then all products, by tag."""
    return queries.listing(unit)


def _claimed(unit: Unit, tags: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in batches(tags):
        query = select(Claim.tag, func.sum(Claim.count)).where(Claim.tag.in_(piece)).group_by(Claim.tag)
        found |= {tag: int(count) for tag, count in unit.session.execute(query)}
    return found


def _held(unit: Unit, tags: Sequence[str], *buckets: Bucket) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in batches(tags):
        query = (
            select(Lot.tag, func.sum(Holding.quantity))
            .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
            .where(Lot.tag.in_(piece), Holding.bucket.in_(buckets))
            .group_by(Lot.tag)
        )
        found |= {tag: int(count) for tag, count in unit.session.execute(query)}
    return found
