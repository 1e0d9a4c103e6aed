"""A reservation follows its instance to another virtual account, or outlives its virtual account (rows C7.2, C1.2)."""

from __future__ import annotations

from sqlalchemy import update

from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE, RELEASED
from serverkit.db.unit import Unit


def move_reservations(unit: Unit, account_id: str, instance_id: str, source_id: str, virtual_account_id: str) -> None:
    """Take the reservation that `source_id` made for an instance along to another virtual account (row C7.2)."""
    query = update(Reservation).where(
        Reservation.account_id == account_id,
        Reservation.instance_id == instance_id,
        Reservation.state == ACTIVE,
        Reservation.virtual_account_id == source_id,
    )
    unit.session.execute(query.values(virtual_account_id=virtual_account_id))


def keep_released(unit: Unit, account_id: str, source_id: str, virtual_account_id: str) -> None:
    """Before a virtual account goes: what the vendor released there waits for its return codes in another one (row C6.7).

    Otherwise no one could enter them, and no quota would count these devices.
    """
    query = update(Reservation).where(
        Reservation.account_id == account_id,
        Reservation.virtual_account_id == source_id,
        Reservation.state == RELEASED,
    )
    unit.session.execute(query.values(virtual_account_id=virtual_account_id))
