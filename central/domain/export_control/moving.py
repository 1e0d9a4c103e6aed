"""Restricted units follow the instance that holds them (row C7.2)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update

from central.domain.base import next_change
from central.domain.export_control.models import ExportRequestRecord, GrantRecord
from central.domain.export_control.services import ACTIVE
from central.domain.ledger.granting import move_grant
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches


def move_grants(unit: Unit, account_id: str, targets: Mapping[str, str]) -> None:
    """Move the restricted units of instances; `targets` are the new virtual accounts by instance id."""
    for piece in batches(targets):
        query = select(GrantRecord).where(
            GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE, GrantRecord.instance_id.in_(piece)
        )
        for grant in unit.session.scalars(query.order_by(GrantRecord.id)).all():
            target = targets[grant.instance_id]
            if grant.virtual_account_id != target:
                move_grant(unit, account_id, grant.id, target)
                grant.virtual_account_id, grant.change_no = target, next_change(unit, account_id)
        # Requests are shown, and answered, in the virtual account of their instance.
        for target in {targets[instance_id] for instance_id in piece}:
            theirs = [instance_id for instance_id in piece if targets[instance_id] == target]
            asked = update(ExportRequestRecord).where(
                ExportRequestRecord.account_id == account_id, ExportRequestRecord.instance_id.in_(theirs)
            )
            unit.session.execute(asked.values(virtual_account_id=target))


def follow_keys(unit: Unit, account_id: str, satellite_id: str | None, machines: Mapping[str, str]) -> None:
    """Machines became instances of their own, by the hash of their key: what that key holds and asked for goes with them.

    So it is renewed for the machine that has it, and not counted again when that one asks for more (rows S4.1, C8.1).
    """
    for key_hash, instance_id in machines.items():
        for model in (GrantRecord, ExportRequestRecord):
            query = update(model).where(
                model.account_id == account_id, model.satellite_id == satellite_id, model.key_hash == key_hash
            )
            unit.session.execute(query.values(instance_id=instance_id))
