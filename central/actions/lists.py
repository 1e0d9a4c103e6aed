"""The lists of the console, a window at a time: filtered and ordered by the database, forth and back (rows C2.3, C12.4).

Names of filters and orders are those of the members that the lists show. An empty filter is none; a filter of a kind that a
list does not know is ignored, as an address that someone typed may hold anything.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, and_, case, cast, func, or_, select

from central.actions.actors import hidden_names, named_for
from central.actions.views import EventView, TokenView, TransactionView
from central.domain.access.rules import Permission
from central.domain.access.services import require, visible_virtual_accounts
from central.domain.accounts.queries import by_domain, by_number, managers, virtual_accounts
from central.domain.base import VENDOR
from central.domain.catalogue.queries import named_like, titles
from central.domain.event_log import queries
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.models import Event, LicenceTransaction
from central.domain.ledger.lot_lists import free_of_lots
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE as RESERVED
from central.domain.reservations.queries import device_of, reservation_dict
from central.domain.tokens.models import Token
from central.domain.tokens.queries import token_dict
from serverkit.clock import moment_or_none
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

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


def list_token_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """Registration tokens of a virtual account. Filters: q, state."""
    wanted, account = part.wanted, by_domain(unit, domain)
    pool = by_number(unit, account.id, number)
    used_up = and_(Token.max_uses.is_not(None), Token.uses >= Token.max_uses)
    state = case(
        (Token.revoked.is_(True), "revoked"),
        (Token.expires_at <= unit.licence_now, "expired"),
        (used_up, "used_up"),
        else_="active",
    )
    orders = Orders(
        Token.id,
        {
            "description": (func.lower(Token.description),),
            "state": (state,),
            "expires_at": (Token.expires_at,),
            "created_at": (Token.created_at,),
            "created_by": (Token.created_by,),
            "uses": (Token.uses,),
        },
        "-created_at",
    )
    query = select(Token).where(Token.account_id == account.id, Token.virtual_account_id == pool.id)
    if text := wanted.get("q"):
        found = func.lower(Token.description).contains(text.lower(), autoescape=True)
        query = query.where(or_(found, Token.id == text, Token.created_by.contains(text, autoescape=True)))
    if chosen := wanted.get("state"):
        query = query.where(state == chosen)
    known = managers(unit, account.id)

    def show(rows: list[Token]) -> list[dict[str, Any]]:
        place = {"domain": domain, "number": number}
        return [{**TokenView(**token_dict(row, pool.name, unit, known)).shown(), **place} for row in rows]

    return window_of(unit, query, orders, part, show)


def _between(query: Query, column: Any, wanted: dict[str, str]) -> Query:
    since, until = moment_or_none(wanted.get("since")), moment_or_none(wanted.get("until"))
    if since is not None:
        query = query.where(column >= since)
    return query.where(column <= until) if until is not None else query


def list_reservation_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """Reservations of a virtual account. Filters: q (in the request code: product and serial number), state."""
    wanted, account = part.wanted, by_domain(unit, domain)
    pool = by_number(unit, account.id, number)
    shown = case(
        (Reservation.state != RESERVED, Reservation.state),
        (Reservation.seen_as.is_not(None), "former_key"),
        (and_(Reservation.rehosted_to.is_not(None), Reservation.reset_at.is_(None)), "pending_removal"),
        (Reservation.waiting.is_(True), "waiting"),
        else_=RESERVED,
    )
    orders = Orders(
        Reservation.id,
        {
            "device": (func.lower(Reservation.request_code),),
            "status": (shown,),
            "created_at": (Reservation.created_at,),
            "created_by": (Reservation.created_by,),
        },
        "-created_at",
    )
    query = select(Reservation).where(Reservation.account_id == account.id, Reservation.virtual_account_id == pool.id)
    if text := wanted.get("q"):
        query = query.where(func.lower(Reservation.request_code).contains(text.lower(), autoescape=True))
    if chosen := wanted.get("status"):
        query = query.where(shown == chosen)

    def show(rows: list[Reservation]) -> list[dict[str, Any]]:
        place = {"domain": domain, "place": number}
        return [{**reservation_dict(row, {pool.id: pool.name}), **device_of(row), **place} for row in rows]

    return window_of(unit, query, orders, part, show)
