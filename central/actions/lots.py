"""Use cases of lots: the transactions of licences with their sources, searched by index (rows C3.4, C3.8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, literal, or_, select

from central.actions.licence_lists import Scope, scope_of
from central.actions.visible_accounts import chosen_names
from central.domain.access.rules import ALL_POOLS
from central.domain.access.services import is_of_vendor
from central.domain.accounts.queries import by_domain
from central.domain.catalogue.models import Entitlement
from central.domain.catalogue.queries import titles
from central.domain.ledger.lot_fields import SOURCE_FIELDS, lot_fields
from central.domain.ledger.lot_lists import ORDER_OF_PLACE, lots_named, lots_of, of_one_place, quantities
from central.domain.ledger.models import Lot
from central.domain.ledger.rules import LotSource
from central.domain.licence_tags.queries import lot_tags, tagged_lots, wanted_keys
from central.domain.preferences.errors import TransactionsOffError
from central.domain.preferences.queries import is_on
from exchange.compliance import lot_phase, until
from serverkit.clock import iso, optional_iso
from serverkit.dates import DateFormError, read_end
from serverkit.db.base import UtcDateTime
from serverkit.db.paging import ALL, Listing, Query, Slice, UnknownKeyError, write_key
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import InvalidInputError, Remedy
from serverkit.ids import is_id

FAR = literal(datetime(9000, 1, 1, tzinfo=UTC), UtcDateTime())
ORDERS = Orders(
    Lot.id,
    {
        "id": (),
        "created_at": (Lot.created_at,),
        "licence": (Lot.tag,),
        "source": (Lot.source,),
        "quantity": (Lot.quantity,),
        "end": (func.coalesce(Lot.end, FAR),),
    },
    "licence",
)
EXACT = {"order": (Lot.order_number, Lot.web_order), "po": (Lot.po_number,), "pak": (Lot.pak,)}
"""Filters that name the whole of something: they lead an index."""
CONTAINED = {"customer": Lot.end_customer, "country": Lot.country, "family": Lot.families, "sku": Lot.skus}
FEW = 500
"""So many lots that an index found are named one by one."""
SUGGESTED = 20
FILTERS = ("source", "licence", *EXACT, *CONTAINED, "expires_by", "tags")


class InvalidSearchError(InvalidInputError):
    """The refusal `invalid_search`."""

    code = "invalid_search"
    message = "A search cannot be read."
    remedy = Remedy("Give a date such as 2027-11-30, and a source that there is.", page="central-portal.md#lots")


def shows_lots(unit: Unit, domain: str) -> bool:
    """Whether the inventory shows its lots: customers see none while the flag of their account is off (row C12.3)."""
    return _shows(unit, by_domain(unit, domain).id)


def _shows(unit: Unit, account_id: str) -> bool:
    return is_on(unit, account_id, "transaction_details") or is_of_vendor(unit)


def refuse_hidden_lots(unit: Unit, account_id: str) -> None:
    """TransactionsOffError where the inventory of an account does not show its lots."""
    if not _shows(unit, account_id):
        raise TransactionsOffError


def suggest_paks(unit: Unit, domain: str, number: str, text: str) -> list[str]:
    """The first PAK numbers of lots in a virtual account that begin with a text, as it is typed (row C3.8)."""
    scope = scope_of(unit, domain, number)
    refuse_hidden_lots(unit, scope.account_id)
    if not text.isascii():
        return []
    query = lots_of(scope.account_id, scope.names, each=True).with_only_columns(Lot.pak).where(Lot.pak.is_not(None))
    if text:
        query = query.where(starts_with(unit, Lot.pak, text))
    return list(unit.session.scalars(query.distinct().order_by(Lot.pak).limit(SUGGESTED)))


def list_lot_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """The lots of a virtual account, or of all (`all`).

    Filters: source, licence (its id), order (number of the sales or the web order), po, pak: the whole of it; customer,
    country, family, sku: a part of it; expires_by: ends on this day or before; tags: all of them.
    """
    scope = scope_of(unit, domain, number)
    refuse_hidden_lots(unit, scope.account_id)
    return _window(unit, (domain, number), scope, part)


def list_lots(
    unit: Unit, domain: str, names: Sequence[str] | None, wanted: dict[str, str], part: Slice = ALL
) -> Listing:
    """The lots of these virtual accounts, or of all that the caller may see, by their ids; InvalidSearchError."""
    account = by_domain(unit, domain)
    names_of = chosen_names(unit, account.id, names)
    refuse_hidden_lots(unit, account.id)
    if wanted.get("source") and wanted["source"] not in set(LotSource):
        known = ", ".join(LotSource)
        raise InvalidSearchError(
            "there is no source {name!r}; there are {known}", name=wanted["source"][:32], known=known
        )
    if wanted.get("expires_by") and _day(wanted["expires_by"]) is None:
        raise InvalidSearchError("{text!r} is no day", text=wanted["expires_by"][:32])
    if part.after is not None and not is_id(part.after):
        raise UnknownKeyError
    scope = Scope(account.id, names_of, {}, frozenset())
    after = write_key([part.after]) if part.after is not None else None
    found = _window(unit, (domain, ALL_POOLS), scope, Part("id", after, most=part.limit, filters=wanted))
    items = [{name: value for name, value in one.items() if name not in {"domain", "number"}} for one in found.items]
    return Listing(items, items[-1]["id"] if found.next is not None else None)


def _window(unit: Unit, place: tuple[str, str], scope: Scope, part: Part) -> Window:
    def show(rows: list[Lot]) -> list[dict[str, Any]]:
        ids = [row.id for row in rows]
        held = quantities(unit, scope.account_id, ids, scope.names)
        tags = lot_tags(unit, scope.account_id, scope.names, ids)
        known = titles(unit, {row.tag for row in rows})
        return [_shown(unit, row, held[row.id], scope, known, tags.get(row.id, []), place) for row in rows]

    by_licence = part.sort.removeprefix("-") in {"", "licence"} and part.ids is None
    if len(scope.names) == 1 and by_licence and not part.wanted:
        # However many lots a virtual account has: a part of them is read by an index that has them in this order.
        here = of_one_place(scope.account_id, next(iter(scope.names)))
        return window_of(unit, here, ORDER_OF_PLACE, part, lambda ids: show(lots_named(unit, scope.account_id, ids)))
    found = lots_of(scope.account_id, scope.names, each=any(name in part.wanted for name in EXACT))
    return window_of(unit, _filtered(unit, scope, found, part.wanted), ORDERS, part, show)


def _shown(
    unit: Unit,
    row: Lot,
    held: dict[str, dict[str, int]],
    scope: Scope,
    known: dict[str, str],
    tags: list[str],
    place: tuple[str, str],
) -> dict[str, Any]:
    owned = {va: sum(count for bucket, count in places.items() if bucket in _HERE) for va, places in held.items()}
    return {
        "id": row.id,
        "licence": row.tag,
        "name": known.get(row.tag, row.tag),
        "source": row.source,
        "type": row.licence_type,
        "billing": row.billing,
        "quantity": sum(owned.values()),
        "free": sum(places.get("free", 0) for places in held.values()),
        "virtual_accounts": sorted(scope.names[va] for va, count in owned.items() if count),
        "start": optional_iso(row.start),
        "end": optional_iso(row.end) if row.source != LotSource.DEVICE_REQUEST else None,
        "until": until(row.end) if row.end is not None and row.source != LotSource.DEVICE_REQUEST else None,
        "phase": lot_phase(row.start, row.end, unit.licence_now).value,
        "subscription_id": row.subscription_id,
        "added_at": iso(row.created_at),
        "web_order_id": row.web_order,
        "end_customer": row.details.get("end_customer"),
        **lot_fields(row),
        "of_source": list(SOURCE_FIELDS[LotSource(row.source)]),
        "tags": tags,
        "domain": place[0],
        "number": place[1],
    }


_HERE = ("free", "locked", "reserved", "transition")


def _filtered(unit: Unit, scope: Scope, query: Query, wanted: dict[str, str]) -> Query:
    if source := wanted.get("source"):
        query = query.where(Lot.source == source)
    if licence := wanted.get("licence"):
        text = licence.lower()
        found = select(Entitlement.tag).where(
            or_(
                func.lower(Entitlement.name).contains(text, autoescape=True),
                func.lower(Entitlement.tag).contains(text, autoescape=True),
            )
        )
        query = query.where(Lot.tag.in_(list(unit.session.scalars(found.limit(FEW)))))
    for name, columns in EXACT.items():
        if whole := wanted.get(name):
            query = query.where(_exactly(unit, scope.account_id, columns, whole))
    for name, column in CONTAINED.items():
        if part := wanted.get(name):
            held = column.contains(part.casefold(), autoescape=True)
            if name == "family":
                family = func.lower(Entitlement.family).contains(part.lower(), autoescape=True)
                held = or_(held, Lot.tag.in_(select(Entitlement.tag).where(family)))
            query = query.where(held)
    if day := wanted.get("expires_by"):
        end = _day(day)
        query = query.where(Lot.end <= end) if end is not None else query.where(Lot.id.is_(None))
    for key in wanted_keys(wanted.get("tags", "")):
        query = query.where(Lot.id.in_(tagged_lots(scope.account_id, scope.names, key)))
    return query


def _exactly(unit: Unit, account_id: str, columns: Sequence[Any], text: str) -> Any:
    """Lots by an index: few are named one by one, so that nothing has to guess where to begin."""
    ids: set[str] = set()
    for column in columns:
        query = select(Lot.id).where(Lot.account_id == account_id, column == text).limit(FEW + 1)
        ids.update(unit.session.scalars(query))
    if len(ids) <= FEW:
        return Lot.id.in_(sorted(ids))
    return or_(*(column == text for column in columns))


def _day(text: str) -> datetime | None:
    """The first moment after a day; None for what is no day."""
    try:
        return read_end(text)
    except DateFormError:
        return None
