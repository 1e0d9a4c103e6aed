"""The list of reservations of a virtual account, a window at a time: filtered and ordered by the database (row C6.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, case, func, select

from central.domain.accounts.queries import by_domain, by_number
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE as RESERVED
from central.domain.reservations.queries import device_of, reservation_dict
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of


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
