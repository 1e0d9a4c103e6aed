"""Whether virtual accounts may go to a satellite: one rule for the choice that is shown and for the change (row C11.1)."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from central.domain.accounts.errors import DefaultVirtualAccountError
from central.domain.accounts.models import VirtualAccount
from central.domain.instances.models import Instance
from central.domain.reservations.queries import reserving_by_place
from central.domain.satellites.errors import VirtualAccountInUseError
from serverkit.db.unit import Unit
from serverkit.errors import AppError


def reasons_against(
    unit: Unit, account_id: str, satellite_id: str, rows: Sequence[VirtualAccount]
) -> dict[str, AppError]:
    """By virtual account why it cannot go to this satellite; nothing for one that can."""
    ids = [row.id for row in rows]
    held = (
        select(Instance.virtual_account_id, func.count())
        .where(Instance.account_id == account_id, Instance.virtual_account_id.in_(ids))
        .group_by(Instance.virtual_account_id)
    )
    instances = {one: int(count) for one, count in unit.session.execute(held)}
    reserved = reserving_by_place(unit, account_id, ids)  # their devices may have registered in another one
    found: dict[str, AppError] = {}
    for row in rows:
        if row.is_default:
            found[row.id] = DefaultVirtualAccountError("the default virtual account cannot go to a satellite")
        elif row.satellite_id not in (None, satellite_id):
            found[row.id] = VirtualAccountInUseError("{name} belongs to another satellite", name=row.name)
        elif instances.get(row.id):
            found[row.id] = VirtualAccountInUseError("{name} holds product instances", name=row.name)
        elif reserved.get(row.id):
            found[row.id] = VirtualAccountInUseError("{name} holds reservations", name=row.name)
    return found
