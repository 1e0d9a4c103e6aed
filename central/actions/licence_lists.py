"""Licences for the console: summary, details, their devices and orders, and why a balance is what it is (rows C3.1, C3.5, B23)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from central.actions.visible_accounts import visible_names
from central.domain.access.rules import ALL_POOLS, Permission
from central.domain.access.services import require, visible_virtual_accounts
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.places import EveryPlace, chosen_places, in_places
from central.domain.accounts.queries import by_domain, by_number, virtual_accounts
from central.domain.alerts.queries import open_by_licence
from central.domain.catalogue.queries import entitlement, product_names
from central.domain.export_control.models import GrantRecord
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name
from central.domain.ledger.errors import UnknownLicenceError
from central.domain.ledger.listing import Ledger, TermLine, ledger_of, term_lines
from central.domain.ledger.lot_lists import EVER, lots_of, quantities
from central.domain.ledger.models import Bucket, Claim, Holding, Lot, held_for, is_held
from central.domain.licence_tags.kept_lists import kept_window
from central.domain.licence_tags.queries import licence_tags
from central.domain.subscriptions.queries import present
from central.domain.subscriptions.rules import Standing, standings
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

ORDER_LINES = Orders(
    Lot.id,
    {
        "created_at": (Lot.created_at,),
        "order_number": (
            func.coalesce(Lot.order_number, ""),
            func.length(func.coalesce(Lot.order_line, "")),  # 2 before 10
            func.coalesce(Lot.order_line, ""),
        ),
        "quantity": (Lot.quantity,),
    },
    "-created_at",
)
MOST_TERMS = 100
"""So many terms a page of a licence shows; the orders of the licence list each of its lots."""
USERS = Orders(Instance.id, {"name": (func.lower(func.coalesce(Instance.hostname, Instance.udi_key)),)}, "name")


@dataclass(frozen=True, slots=True)
class Scope:
    """The virtual accounts that an address means: by id their names and numbers; `managed` are those of satellites."""

    account_id: str
    names: dict[str, str]
    numbers: dict[str, int]
    managed: frozenset[str]


def scope_of(unit: Unit, domain: str, number: str) -> Scope:
    """One virtual account by its number, or all of them (`all`); UnknownVirtualAccountError."""
    account = by_domain(unit, domain)
    if number == ALL_POOLS:
        require(unit, Permission.ACCOUNT_VIEW, account.id)
        rows: list[VirtualAccount] = virtual_accounts(unit, account.id)
    else:
        rows = [by_number(unit, account.id, number)]
    names = {row.id: row.name for row in rows}
    return Scope(
        account.id,
        EveryPlace(names) if number == ALL_POOLS and visible_virtual_accounts(unit, account.id) is None else names,
        {row.id: row.number for row in rows},
        frozenset(row.id for row in rows if row.satellite_id),
    )


def list_licence_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """Licences with their figures and open alerts, worst first.

    Filters: q (name or id), tags (all of them, separated by commas), state (short, ends_soon, enough, usage), type, billing, restricted (yes, no).
    """
    scope = scope_of(unit, domain, number)
    found = kept_window(unit, scope.account_id, scope.names, part)
    if part.only_ids:
        return found
    pools = {(item["virtual_account_id"], item["tag"]) for item in found.items}
    alerts = open_by_licence(unit, scope.account_id, pools)
    tags = licence_tags(unit, scope.account_id, {va for va, _ in pools})
    return replace(
        found,
        items=[
            {
                **item,
                "alerts": alerts.get((item["virtual_account_id"], item["tag"]), {}),
                "tags": tags.get((item["virtual_account_id"], item["tag"]), []),
                "domain": domain,
                "number": scope.numbers[item["virtual_account_id"]],
            }
            for item in found.items
        ],
    )


@dataclass(frozen=True, slots=True)
class LicenceDetails:
    """A licence in one virtual account or in all: `use` is what is in use by virtual account, of all that may be seen.

    `terms` are the first ones, `more_terms` says that there are others; `duplicates` names the virtual accounts where a subscription is a duplicate of another one that counts; `numbers` are
    those of the virtual accounts by id.
    """

    tag: str
    name: str
    description: str
    family: str
    restricted: bool
    products: list[str]
    tags: list[str]
    rows: list[dict[str, Any]]
    terms: list[TermLine]
    use: list[tuple[str, int]]
    duplicates: dict[str, list[str]]
    numbers: dict[str, int]
    more_terms: bool = False


@dataclass(frozen=True, slots=True)
class NamedLicence:
    """A licence by its id and its name."""

    tag: str
    name: str


def name_licence(unit: Unit, domain: str, number: str, tag: str) -> NamedLicence:
    """What a licence is called that is there; UnknownLicenceError where it is not."""
    scope = scope_of(unit, domain, number)
    part = Part("virtual_account", most=1, filters={"licence": tag})
    if not kept_window(unit, scope.account_id, scope.names, part).items:
        raise UnknownLicenceError("there is no licence {tag!r} here", tag=tag[:80])
    return NamedLicence(tag, entitlement(unit, tag).name)


def show_licence(unit: Unit, domain: str, number: str, tag: str) -> LicenceDetails:
    """Show a licence; UnknownLicenceError where it is not there."""
    scope = scope_of(unit, domain, number)
    seen = visible_names(unit, scope.account_id)
    every = kept_window(
        unit, scope.account_id, seen, Part("virtual_account", most=None, filters={"licence": tag})
    ).items
    rows = [row for row in every if row["virtual_account_id"] in scope.names]
    if not rows:
        raise UnknownLicenceError("there is no licence {tag!r} here", tag=tag[:80])
    entry = entitlement(unit, tag)
    use: Counter[str] = Counter()
    for row in every:
        use[row["virtual_account_id"]] += row["in_use"]
    lines = term_lines(unit, scope.account_id, scope.names, tag, pending=True, most=MOST_TERMS + 1)
    tags = licence_tags(unit, scope.account_id, scope.names, tag)
    return LicenceDetails(
        tag,
        entry.name,
        entry.description,
        entry.family,
        entry.restricted,
        list(entry.products),
        sorted({name for names in tags.values() for name in names}, key=str.casefold),
        rows,
        lines[:MOST_TERMS],
        sorted(((seen[va], count) for va, count in use.items() if count), key=lambda one: (-one[1], one[0])),
        _duplicates(unit, scope, tag),
        scope.numbers,
        len(lines) > MOST_TERMS,
    )


def _duplicates(unit: Unit, scope: Scope, tag: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for (place, _tag, subscription), standing in standings(
        present(unit, scope.account_id, tag, chosen_places(scope.names))
    ).items():
        if standing is Standing.DISABLED:
            found.setdefault(subscription, []).append(scope.names[place])
    return found


def explain_balance(unit: Unit, domain: str, number: str, tag: str) -> Ledger:
    """Why the balance of a licence is what it is."""
    scope = scope_of(unit, domain, number)
    return ledger_of(unit, scope.account_id, scope.names, tag)


def list_order_window(unit: Unit, domain: str, number: str, tag: str, part: Part = WHOLE) -> Window:
    """The lots of a licence that are or were in virtual accounts, with their orders, the newest first."""
    scope = scope_of(unit, domain, number)
    query = lots_of(scope.account_id, scope.names, EVER, tag=tag)

    def show(rows: list[Lot]) -> list[dict[str, Any]]:
        held = quantities(unit, scope.account_id, [row.id for row in rows], scope.names)
        return [
            {
                "id": row.id,
                "order_number": row.order_number,
                "order_line": row.order_line,
                "created_at": iso(row.created_at),
                "source": row.source,
                "sku": row.sku,
                "quantity": row.quantity,
                "here": sum(count for places in held[row.id].values() for count in places.values()),
                "start": optional_iso(row.start),
                "end": optional_iso(row.end),
                "type": row.licence_type,
            }
            for row in rows
        ]

    return window_of(unit, query, ORDER_LINES, part, show)


def list_licence_users(unit: Unit, domain: str, number: str, tag: str, part: Part = WHOLE) -> Window:
    """The product instances that use a licence, have it reserved or hold it, with how many."""
    scope = scope_of(unit, domain, number)
    claims = select(Claim.instance_id).where(
        Claim.account_id == scope.account_id, in_places(Claim.virtual_account_id, scope.names), Claim.tag == tag
    )
    holders = select(Holding.holder).where(
        Holding.account_id == scope.account_id, in_places(Holding.virtual_account_id, scope.names), Holding.tag == tag
    )
    reserved = holders.where(Holding.bucket.in_((Bucket.RESERVED, Bucket.TRANSITION)), is_held())
    granted = select(GrantRecord.instance_id).where(
        GrantRecord.account_id == scope.account_id,
        in_places(GrantRecord.virtual_account_id, scope.names),
        GrantRecord.tag == tag,
        GrantRecord.state == "active",
    )
    query = select(Instance).where(
        Instance.account_id == scope.account_id, Instance.id.in_(claims.union_all(reserved, granted))
    )
    if text := part.wanted.get("q"):
        name = func.lower(func.coalesce(Instance.hostname, Instance.udi_key))
        query = query.where(name.contains(text.lower(), autoescape=True))

    def show(rows: list[Instance]) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        counts = select(Claim.instance_id, Claim.count).where(
            Claim.account_id == scope.account_id, Claim.instance_id.in_(ids), Claim.tag == tag
        )
        used = {one: int(count) for one, count in unit.session.execute(counts)}
        sums = (
            select(Holding.holder, func.sum(Holding.quantity))
            .where(Holding.account_id == scope.account_id, held_for(*ids), Holding.tag == tag)
            .where(Holding.bucket.in_((Bucket.RESERVED, Bucket.TRANSITION)))
            .group_by(Holding.holder)
        )
        held = {one: int(count) for one, count in unit.session.execute(sums)}
        grants = select(GrantRecord.instance_id, func.sum(GrantRecord.quantity)).where(
            GrantRecord.account_id == scope.account_id,
            GrantRecord.instance_id.in_(ids),
            GrantRecord.tag == tag,
            GrantRecord.state == "active",
        )
        products = product_names(unit, {one for row in rows for one in (row.product_tag, row.udi["pid"]) if one})
        of_grants = {one: int(count) for one, count in unit.session.execute(grants.group_by(GrantRecord.instance_id))}
        return [
            {
                "id": row.id,
                "name": instance_name(row),
                "pid": row.udi["pid"],
                "serial": row.udi["serial"],
                "product": products.get(row.product_tag or "") or products.get(row.udi["pid"]),
                "used": used.get(row.id, 0) + held.get(row.id, 0) + of_grants.get(row.id, 0),
                "reserved": held.get(row.id, 0),
                "restricted": of_grants.get(row.id, 0),
                "virtual_account": scope.names.get(row.virtual_account_id, ""),
            }
            for row in rows
        ]

    return window_of(unit, query, USERS, part, show)


__all__ = [
    "Ledger",
    "LicenceDetails",
    "NamedLicence",
    "Scope",
    "TermLine",
    "explain_balance",
    "list_licence_users",
    "list_licence_window",
    "list_order_window",
    "name_licence",
    "scope_of",
    "show_licence",
]
