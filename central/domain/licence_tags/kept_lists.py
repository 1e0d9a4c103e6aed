"""Windows of the licences table: most rows as they are kept, those that changed since added up now (rows C3.1, C3.7)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select

from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.places import in_places
from central.domain.catalogue.models import Entitlement
from central.domain.ledger.kept import added_up, is_outdated, of_place, outdated_pools
from central.domain.ledger.listing import called, rows_of_pool
from central.domain.ledger.models import KeptLicence, PoolTotal
from central.domain.licence_tags.models import LicenceTag, TaggedLicence
from central.domain.licence_tags.queries import has_all, licence_tags, wanted_keys
from exchange.identity import ascii_lower
from exchange.licence_rows import STATES, urgency
from serverkit.db.named import Named
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import Orders, Part, Window, merged, window_in_memory, window_of

UNTAGGED = "untagged"
_NAME = KeptLicence.order_name
_PLACE = (
    select(func.lower(VirtualAccount.name))
    .where(VirtualAccount.account_id == KeptLicence.account_id, VirtualAccount.id == KeptLicence.virtual_account_id)
    .scalar_subquery()
)
KEPT_ORDERS = Orders(
    KeptLicence.key,
    {
        "state": (KeptLicence.rank, KeptLicence.within, _NAME),
        "name": (_NAME,),
        "tag": (KeptLicence.tag,),
        "virtual_account": (_PLACE,),
        "purchased": (KeptLicence.purchased,),
        "in_use": (KeptLicence.in_use,),
        "balance": (KeptLicence.balance,),
        "reserved": (KeptLicence.reserved,),
        "upcoming": (KeptLicence.upcoming,),
        "next_end": (KeptLicence.next_end,),
        "billing": (KeptLicence.billing,),
    },
    "state",
)
_ORDERS: Mapping[str, Callable[[dict[str, Any]], tuple[str | int, ...]]] = {
    "state": lambda one: (*urgency(one)[:2], ascii_lower(one["name"])),
    "name": lambda one: (ascii_lower(one["name"]),),
    "tag": lambda one: (str(one["tag"]),),
    "virtual_account": lambda one: (ascii_lower(one["virtual_account"]),),
    "purchased": lambda one: (int(one["purchased"] or 0),),
    "in_use": lambda one: (int(one["in_use"]),),
    "balance": lambda one: (int(one["balance"] or 0),),
    "reserved": lambda one: (int(one["reserved"]),),
    "upcoming": lambda one: (int(one["upcoming"]),),
    "next_end": lambda one: (str(one["next_end"] or ""),),
    "billing": lambda one: (str(one["billing"]),),
}
"""The same orders of rows that are added up now."""


def kept_window(unit: Unit, account_id: str, names: Mapping[str, str], part: Part, usual: str = "state") -> Window:
    """A window of the licences of virtual accounts, given as names by id; what is read grows with how many pools there are.

    Filters: licence (its id), q, tags, untagged (yes: none), state, type, billing, restricted. `usual` is the order where none is asked for.
    """
    wanted = part.wanted
    orders = Orders(KEPT_ORDERS.identity, KEPT_ORDERS.by, usual)
    changed = outdated_pools(unit, account_id, names, wanted.get("licence"))
    query = select(KeptLicence).where(KeptLicence.account_id == account_id)
    if changed:
        outdated = exists().where(
            PoolTotal.account_id == KeptLicence.account_id,
            PoolTotal.virtual_account_id == KeptLicence.virtual_account_id,
            PoolTotal.tag == KeptLicence.tag,
            of_place(),
            is_outdated(unit),
        )
        query = query.where(~outdated)
    if len(names) == 1:
        query = query.where(KeptLicence.virtual_account_id == next(iter(names)))
    else:
        query = query.where(in_places(KeptLicence.virtual_account_id, names))

    def show(rows: list[KeptLicence]) -> list[dict[str, Any]]:
        return called(unit, [dict(row.figures) for row in rows], names)

    found = window_of(unit, _filtered(query, wanted), orders, part, show)
    if not changed:
        return found
    fresh = added_up(unit, account_id, changed)
    items = called(unit, [row for pool in fresh.values() for row in rows_of_pool(pool, unit.licence_now)], names)
    matching = _matching(unit, account_id, items, wanted)
    now = window_in_memory(matching, _ORDERS, lambda one: str(one["id"]), part, usual)
    if part.only_ids:
        return Window(Named.joined((found.items, now.items)), count=found.count + now.count)
    order = part.sort or usual
    place = _ORDERS[order.removeprefix("-")]
    return merged((found, now), part, lambda one: (*place(one), str(one["id"])), reverse=order.startswith("-"))


def _filtered(query: Query, wanted: Mapping[str, str]) -> Query:
    if text := wanted.get("q"):
        texts = (KeptLicence.order_name, func.lower(KeptLicence.tag))
        query = query.where(or_(*(one.contains(text.lower(), autoescape=True) for one in texts)))
    if licence := wanted.get("licence"):
        query = query.where(KeptLicence.tag == licence)
    if restricted := wanted.get("restricted"):
        listed = KeptLicence.tag.in_(select(Entitlement.tag).where(Entitlement.restricted.is_(True)))
        query = query.where(listed if restricted == "yes" else ~listed)
    if kind := wanted.get("type"):
        query = query.where(KeptLicence.types.contains(f"|{kind}|", autoescape=True))
    if state := wanted.get("state"):
        query = query.where(KeptLicence.rank == (STATES.index(state) if state in STATES else -1))
    if billing := wanted.get("billing"):
        query = query.where(KeptLicence.billing == billing)
    for key in wanted_keys(wanted.get("tags", "")):
        query = query.where(_is_tagged(key))
    return query.where(~_is_tagged()) if UNTAGGED in wanted else query


def _is_tagged(key: str | None = None) -> ColumnElement[bool]:
    found = exists().where(
        TaggedLicence.account_id == KeptLicence.account_id,
        TaggedLicence.licence == KeptLicence.tag,
        LicenceTag.account_id == KeptLicence.account_id,
        LicenceTag.id == TaggedLicence.tag_id,
        LicenceTag.virtual_account_id == KeptLicence.virtual_account_id,
    )
    return found.where(LicenceTag.key == key) if key is not None else found


def _matching(
    unit: Unit, account_id: str, items: Sequence[dict[str, Any]], wanted: Mapping[str, str]
) -> list[dict[str, Any]]:
    keys, text = wanted_keys(wanted.get("tags", "")), wanted.get("q", "").lower()
    tags = licence_tags(unit, account_id, {item["virtual_account_id"] for item in items}) if items else {}
    found = []
    for item in items:
        of_it = tags.get((item["virtual_account_id"], item["tag"]), [])
        if text and text not in item["name"].lower() and text not in item["tag"].lower():
            continue
        if "restricted" in wanted and item["restricted"] != (wanted["restricted"] == "yes"):
            continue
        if "type" in wanted and wanted["type"] not in item["types"]:
            continue
        if any(item[name] != wanted[name] for name in ("state", "billing") if name in wanted):
            continue
        if has_all(of_it, keys) and not (UNTAGGED in wanted and of_it):
            found.append(item)
    return found
