"""Reading reservations."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.domain.reservations.errors import UnknownReservationError
from central.domain.reservations.models import Reservation
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit

ACTIVE, RETURNED, GIVEN_UP = "active", "returned", "given_up"


def reservation_of(unit: Unit, account_id: str, instance_id: str) -> Reservation | None:
    """The reservation in force of an instance."""
    query = select(Reservation).where(
        Reservation.account_id == account_id, Reservation.instance_id == instance_id, Reservation.state == ACTIVE
    )
    return unit.session.scalars(query).one_or_none()


def find_reservation(unit: Unit, account_id: str, names: dict[str, str], reservation_id: str) -> Reservation:
    """A reservation by its id; `names` are the virtual accounts that may be seen."""
    row = unit.session.get(Reservation, (account_id, reservation_id))
    if row is None or row.virtual_account_id not in names:
        raise UnknownReservationError(f"there is no reservation {reservation_id[:64]!r}")
    return row


def newest_code(row: Reservation) -> str:
    """The authorization code that is to be installed: that of an update which waits, else the one in force."""
    return str(row.pending["code"]) if row.pending else row.authorization_code


def reservations(
    unit: Unit, account_id: str, names: dict[str, str], virtual_account_id: str | None = None
) -> list[dict[str, Any]]:
    """The reservations of an account, newest first."""
    query = select(Reservation).where(Reservation.account_id == account_id).order_by(Reservation.created_at.desc())
    return [
        reservation_dict(row, names)
        for row in unit.session.scalars(query)
        if row.virtual_account_id in names and virtual_account_id in {None, row.virtual_account_id}
    ]


def reservation_dict(row: Reservation, names: dict[str, str]) -> dict[str, Any]:
    """A reservation for people and programs."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "virtual_account": names.get(row.virtual_account_id, row.virtual_account_id),
        "request_code": row.request_code,
        "verified_code": row.own_code,
        "licences": row.lines,
        "number": row.number,
        "installed": row.installed,
        "waiting": row.waiting,
        "pending": {"number": row.pending["number"], "licences": row.pending["lines"]} if row.pending else None,
        "state": row.state,
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "ended_at": optional_iso(row.ended_at),
    }
