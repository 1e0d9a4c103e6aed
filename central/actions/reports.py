"""Reports on all virtual accounts or some of them: licences, subscriptions, product instances (row C12.1)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from central.actions.visible_accounts import chosen_names
from central.domain.accounts.queries import by_domain
from central.domain.accounts.tags import tags_of
from central.domain.catalogue.models import Product
from central.domain.catalogue.queries import titles
from central.domain.export_control.queries import held_units
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_dicts
from central.domain.ledger.lot_lists import lots_of, quantities
from central.domain.ledger.models import Lot
from central.domain.licence_tags.kept_lists import kept_window
from central.domain.licence_tags.queries import has_all, licence_tags, lot_tags, tagged_lots, wanted_keys
from central.domain.satellites.queries import satellite_names
from exchange.compliance import lot_phase
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import NotFoundError, Remedy

FIELDS: Mapping[str, tuple[str, ...]] = {
    "licences": (
        "name", "licence", "virtual_account", "billing", "types", "purchased", "in_use", "reserved", "balance", "state",
        "next_end", "family", "tags",
    ),
    "subscriptions": (
        "name", "licence", "subscription", "virtual_accounts", "type", "billing", "quantity", "free", "start", "end",
        "phase", "order_number", "order_line", "sku", "tags",
    ),
    "instances": (
        "name", "pid", "serial", "product", "virtual_account", "satellite", "state", "software_version",
        "registered_at", "last_contact", "licences",
    ),
}  # fmt: skip
"""The reports, and the fields of each."""
FILTERS = ("virtual_accounts", "va_tags", "tags", "untagged", "products")
BATCH = 500
COMPUTED = frozenset({"licences"})
"""Reports whose rows change in their order while a run reads them: it takes one virtual account at a time."""
SUBSCRIPTIONS = Orders(
    Lot.id,
    {
        "licence": (Lot.tag,),
        "subscription": (func.coalesce(Lot.subscription_id, ""),),
        "quantity": (Lot.quantity,),
    },
    "licence",
)
INSTANCES = Orders(Instance.id, {"name": (Instance.order_name,), "last_contact": (Instance.last_contact,)}, "name")


class UnknownReportError(NotFoundError):
    """The refusal `unknown_report`."""

    code = "unknown_report"
    message = "There is no such report."
    remedy = Remedy("Run one of licences, subscriptions, instances.", page="central-portal.md#reports")


def run_report(unit: Unit, domain: str, report: str, part: Part = WHOLE, names: Sequence[str] | None = None) -> Window:
    """A part of a report on these virtual accounts, on all that the caller may see without a choice.

    Filters: virtual_accounts (names, separated by commas), va_tags (virtual accounts with all of these tags); of licences and
    subscriptions tags (all of them), untagged (yes: none); of instances products (tags, names or families).
    UnknownReportError, UnknownVirtualAccountError.
    """
    if report not in RUNS:
        raise UnknownReportError("there is no report {name!r}", name=report[:32])
    account, wanted = by_domain(unit, domain), part.wanted
    places = chosen_names(unit, account.id, names)
    if names is None and (text := part.filters.get("virtual_accounts", "").strip()):
        places = chosen_names(unit, account.id, listed_names(text, places.values()))
    if keys := wanted_keys(wanted.get("va_tags", "")):
        tags = tags_of(unit, account.id)
        places = {va: name for va, name in places.items() if has_all(tags.get(va, ()), keys)}
    return RUNS[report](unit, account.id, places, part)


def listed_names(text: str, known: Collection[str]) -> list[str]:
    """The names of a list separated by commas, where a known name may have commas itself; blanks around them do not count."""
    names = {tuple(_parts(name)): name for name in known}
    parts, found, at = [one for one in _parts(text) if one], list[str](), 0
    most = max((len(one) for one in names), default=1)
    while at < len(parts):
        ends = range(min(at + most, len(parts)), at, -1)
        end = next((end for end in ends if tuple(parts[at:end]) in names), at + 1)
        found.append(names.get(tuple(parts[at:end]), parts[at]))
        at = end
    return found


def _parts(text: str) -> list[str]:
    return [one.strip() for one in text.split(",")]


def report_rows(
    unit: Unit, domain: str, report: str, wanted: Mapping[str, str], names: Sequence[str] | None = None
) -> Iterator[list[Any]]:
    """All rows of a report as its fields, read a part at a time."""
    part = Part(most=BATCH, filters=wanted)
    while True:
        window = run_report(unit, domain, report, part, names)
        for item in window.items:
            yield [plain(item[name]) for name in FIELDS[report]]
        if window.next is None:
            return
        part = replace(part, after=window.next)


def plain(value: Any) -> Any:
    """What a cell of a file says."""
    return "; ".join(str(one) for one in value) if isinstance(value, list) else value


def _licences(unit: Unit, account_id: str, places: dict[str, str], part: Part) -> Window:
    found = kept_window(unit, account_id, places, part, "name")
    if part.only_ids:
        return found
    tags = licence_tags(unit, account_id, {one["virtual_account_id"] for one in found.items})
    items = [
        {**one, "licence": one["tag"], "tags": tags.get((one["virtual_account_id"], one["tag"]), [])}
        for one in found.items
    ]
    return replace(
        found, items=[{"id": one["id"], **{name: one[name] for name in FIELDS["licences"]}} for one in items]
    )


def _subscriptions(unit: Unit, account_id: str, places: dict[str, str], part: Part) -> Window:
    query = lots_of(account_id, places).where(Lot.subscription_id.is_not(None))
    for key in wanted_keys(part.wanted.get("tags", "")):
        query = query.where(Lot.id.in_(tagged_lots(account_id, places, key)))
    if "untagged" in part.wanted:
        query = query.where(Lot.id.not_in(tagged_lots(account_id, places)))

    def show(rows: list[Lot]) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        held, tags = quantities(unit, account_id, ids, places), lot_tags(unit, account_id, places, ids)
        known = titles(unit, {row.tag for row in rows})
        return [_subscription(unit, row, held[row.id], places, known, tags.get(row.id, [])) for row in rows]

    return window_of(unit, query, SUBSCRIPTIONS, part, show)


def _subscription(
    unit: Unit,
    row: Lot,
    held: dict[str, dict[str, int]],
    places: dict[str, str],
    known: dict[str, str],
    tags: list[str],
) -> dict[str, Any]:
    here = ("free", "locked", "reserved", "transition")
    owned = {va: sum(count for bucket, count in buckets.items() if bucket in here) for va, buckets in held.items()}
    return {
        "id": row.id,
        "name": known.get(row.tag, row.tag),
        "licence": row.tag,
        "subscription": row.subscription_id,
        "virtual_accounts": sorted(places[va] for va, count in owned.items() if count),
        "type": row.licence_type,
        "billing": row.billing,
        "quantity": sum(owned.values()),
        "free": sum(buckets.get("free", 0) for buckets in held.values()),
        "start": optional_iso(row.start),
        "end": optional_iso(row.end),
        "phase": lot_phase(row.start, row.end, unit.licence_now).value,
        "order_number": row.order_number,
        "order_line": row.order_line,
        "sku": row.sku,
        "tags": tags,
    }


def _of_products(words: Sequence[str]) -> ColumnElement[bool]:
    """Devices of products by tag, name or family: as the device reports its product, else by its product id."""
    said = (func.lower(Product.tag), func.lower(Product.name), func.lower(Product.family))
    begins = func.substr(Instance.udi_key, 1, func.length(Product.tag) + 1) == func.lower(Product.tag) + "|"
    known = exists().where(or_(*(one.in_(words) for one in said)), or_(Instance.product_tag == Product.tag, begins))
    own = [Instance.udi_key.startswith(f"{word}|", autoescape=True) for word in words]
    return or_(known, func.lower(Instance.product_tag).in_(words), *own)


def _instances(unit: Unit, account_id: str, places: dict[str, str], part: Part) -> Window:
    query = select(Instance).where(Instance.account_id == account_id, Instance.virtual_account_id.in_(sorted(places)))
    if words := {one.strip().lower() for one in part.wanted.get("products", "").split(",") if one.strip()}:
        query = query.where(_of_products(sorted(words)))

    def show(rows: list[Instance]) -> list[dict[str, Any]]:
        sites = satellite_names(unit, account_id)
        found = instance_dicts(unit, account_id, rows, places, sites, partial(held_units, unit, account_id))
        named = titles(unit, {one["tag"] for item in found for one in item["licences"]})
        for item in found:
            item["licences"] = [f"{one['count']} {named.get(one['tag'], one['tag'])}" for one in item["licences"]]
        return [{"id": item["id"], **{name: item[name] for name in FIELDS["instances"]}} for item in found]

    return window_of(unit, query, INSTANCES, part, show)


RUNS = {"licences": _licences, "subscriptions": _subscriptions, "instances": _instances}
