"""A reservation follows its instance to another virtual account (row C7.2)."""

from __future__ import annotations

from sqlalchemy import update

from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE
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
