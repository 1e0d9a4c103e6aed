"""Use cases of the event log and the licence transactions (rows C12.4, C12.6)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, and_, cast, func, or_

from central.actions.actors import hidden_names, named_for
from central.actions.views import EventView, TransactionView
from central.domain.access.rules import Permission
from central.domain.access.services import require, visible_virtual_accounts
from central.domain.accounts.queries import by_domain, by_number, virtual_account, virtual_accounts
from central.domain.base import VENDOR
from central.domain.catalogue.queries import named_like, titles
from central.domain.event_log import queries
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.models import Event, LicenceTransaction
from central.domain.ledger.lot_lists import free_of_lots
from serverkit.clock import moment_or_none
from serverkit.db.paging import Listing, Query, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

EVENTS, TRANSACTIONS = Sorting((Event.number,), {}), Sorting((LicenceTransaction.number,), {})
NEWEST = "-id"


def list_events(unit: Unit, domain: str | None, virtual_account_name: str | None, part: Slice) -> Listing:
    """List the events of an account, newest first; without a domain those that belong to no account.

    Those who may see parts of an account see the events of these parts (row C12.4).
    """
    if domain is None:
        require(unit, Permission.VENDOR_MANAGE)
        query = queries.events(VENDOR, None, None)
    else:
        account_id, chosen = _chosen(unit, domain, virtual_account_name)
        query = queries.events(account_id, chosen, visible_virtual_accounts(unit, account_id))
    rows, following = page_of(unit, query, EVENTS, Slice(part.limit, part.after, NEWEST))
    label = named_for(unit)
    found = [
        {**EventView.of(row).shown(), "actor": row.actor if row.kind == EventKind.SATELLITE_EVENT else label(row.actor)}
        for row, *_ in rows
    ]
    return Listing(found, following)


def list_transactions(unit: Unit, domain: str, virtual_account_name: str | None, part: Slice) -> Listing:
    """List the licence transactions of an account, newest first."""
    account_id, chosen = _chosen(unit, domain, virtual_account_name)
    query = queries.transactions(account_id, chosen, visible_virtual_accounts(unit, account_id))
    rows, following = page_of(unit, query, TRANSACTIONS, Slice(part.limit, part.after, NEWEST))
    names = {one.id: one.name for one in virtual_accounts(unit, account_id)}
    items, label = [], named_for(unit)
    for row, *_ in rows:
        name = names.get(row.virtual_account_id, row.virtual_account_id)
        items.append(
            TransactionView.of(row).model_copy(update={"virtual_account": name, "user": label(row.actor)}).shown()
        )
    return Listing(items, following)


def _chosen(unit: Unit, domain: str, virtual_account_name: str | None) -> tuple[str, str | None]:
    account = by_domain(unit, domain)
    if virtual_account_name is None:
        return account.id, None
    return account.id, virtual_account(unit, account.id, virtual_account_name).id


EVENT_ORDERS = Orders(Event.number, {"at": ()}, "-at")
TRANSACTION_ORDERS = Orders(LicenceTransaction.number, {"at": ()}, "-at")


def list_event_window(unit: Unit, domain: str | None, number: str | None = None, part: Part = WHOLE) -> Window:
    """Events of an account, or of one virtual account by its number; without a domain those of no account.

    Filters: q, kind (`token:` stands for all of tokens), virtual_account (an id), instance, tag, since, until (ISO).
    """
    wanted, named = part.wanted, dict[str, str]()
    if domain is None:
        require(unit, Permission.VENDOR_MANAGE)
        query = queries.events(VENDOR, None, None)
    else:
        account = by_domain(unit, domain)
        named = {one.id: one.name for one in virtual_accounts(unit, account.id)}
        chosen = by_number(unit, account.id, number).id if number is not None else wanted.get("virtual_account")
        query = queries.events(account.id, chosen, visible_virtual_accounts(unit, account.id))
    if text := wanted.get("q"):
        in_name = func.lower(Event.actor).contains(text.lower(), autoescape=True)
        if hidden := hidden_names(unit):
            in_name = and_(in_name, Event.actor.not_in(hidden))
        in_text = func.lower(Event.message).contains(text.lower(), autoescape=True)
        query = query.where(or_(in_text, in_name, Event.kind.contains(text, autoescape=True)))
    if kind := wanted.get("kind"):
        query = query.where(Event.kind.startswith(kind, autoescape=True) if kind.endswith(":") else Event.kind == kind)
    if instance := wanted.get("instance"):
        query = query.where(Event.instance_id == instance)
    if tag := wanted.get("tag"):
        query = query.where(cast(Event.subject, String).contains(f'"{tag}"', autoescape=True))
    query = _between(query, Event.at, wanted)

    label = named_for(unit)

    def show(rows: list[Event]) -> list[dict[str, Any]]:
        return [
            {
                **EventView.of(row).shown(),
                "actor": row.actor if row.kind == EventKind.SATELLITE_EVENT else label(row.actor),
                "number": row.number,
                "virtual_account": named.get(row.virtual_account_id or ""),
                "instance": row.instance_id,
            }
            for row in rows
        ]

    return window_of(unit, query, EVENT_ORDERS, part, show)


def list_transaction_window(unit: Unit, domain: str, part: Part = WHOLE) -> Window:
    """Licence transactions of an account. Filters: q (order, line, SKU, licence, notes), virtual_account (an id), type."""
    wanted, account = part.wanted, by_domain(unit, domain)
    query = queries.transactions(account.id, wanted.get("virtual_account"), visible_virtual_accounts(unit, account.id))
    row = LicenceTransaction
    if text := wanted.get("q"):
        texts = (row.order_number, row.order_line, row.sku, row.tag, row.notes)
        found = [func.lower(one).contains(text.lower(), autoescape=True) for one in texts]
        query = query.where(or_(*found, row.tag.in_(named_like(text))))
    if kind := wanted.get("type"):
        query = query.where(row.type == kind)
    query = _between(query, row.at, wanted)
    places = virtual_accounts(unit, account.id)
    named = {one.id: one.name for one in places}

    label = named_for(unit)

    def show(rows: list[LicenceTransaction]) -> list[dict[str, Any]]:
        here = {one.id: one.number for one in places}
        free = free_of_lots(unit, account.id, {one.lot_id for one in rows if one.lot_id is not None})
        licences = titles(unit, {one.tag for one in rows})
        return [
            {
                **TransactionView.of(one).shown(),
                "name": licences.get(one.tag, one.tag),
                "user": label(one.actor),
                "virtual_account": named.get(one.virtual_account_id, ""),
                "number": here.get(one.virtual_account_id),
                "domain": domain,
                "free": free.get((one.lot_id or "", one.virtual_account_id), 0),
            }
            for one in rows
        ]

    return window_of(unit, query, TRANSACTION_ORDERS, part, show)


def _between(query: Query, column: Any, wanted: dict[str, str]) -> Query:
    since, until = moment_or_none(wanted.get("since")), moment_or_none(wanted.get("until"))
    if since is not None:
        query = query.where(column >= since)
    return query.where(column <= until) if until is not None else query
