"""Restricted units follow the instance that holds them (row C7.2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import select, update

from central.domain.base import next_change
from central.domain.export_control.models import ExportRequestRecord, GrantRecord
from central.domain.export_control.services import ACTIVE
from central.domain.instances.models import Instance
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


def strayed(unit: Unit, account_id: str, satellite_id: str) -> dict[str, str]:
    """Instances of a satellite that hold units of another virtual account than their own, with their own.

    A device may come into another virtual account while central does not know it: its satellite was removed meanwhile.
    """
    query = select(GrantRecord.instance_id, Instance.virtual_account_id).join(
        Instance, (Instance.account_id == GrantRecord.account_id) & (Instance.id == GrantRecord.instance_id)
    )
    query = query.where(
        GrantRecord.account_id == account_id,
        GrantRecord.satellite_id == satellite_id,
        GrantRecord.state == ACTIVE,
        GrantRecord.virtual_account_id != Instance.virtual_account_id,
    )
    return dict(unit.session.execute(query).all())


def heirs(unit: Unit, account_id: str, satellite_id: str, gone: Collection[str]) -> dict[str, str]:
    """Of instances that are gone, the keys that hold something and speak for another instance of the satellite now."""
    found: dict[str, str] = {}
    for piece in batches(gone):
        held = select(GrantRecord.key_hash).where(
            GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE, GrantRecord.instance_id.in_(piece)
        )
        keys = {*unit.session.scalars(held)}
        if keys:
            query = select(Instance.key_hash, Instance.id).where(
                Instance.account_id == account_id, Instance.satellite_id == satellite_id, Instance.key_hash.in_(keys)
            )
            found |= {key: of for key, of in unit.session.execute(query.order_by(Instance.id)) if of not in gone}
    return found


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
