"""Removing and moving product instances at central (rows C7.2, C7.3)."""

from __future__ import annotations

from sqlalchemy import delete

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.services import refuse_managed, refuse_managed_by
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.instances.models import DeviceKey, Instance
from central.domain.instances.queries import instance_name
from central.domain.ledger.claims import move_claims, release_claims
from central.domain.ledger.reserving import move_reserved
from serverkit.db.unit import Unit


def refuse_managed_instance(unit: Unit, row: Instance, there: str) -> None:
    """Refuse what only the satellite may do; `there` is the command that does it on the site (row C1.3)."""
    refuse_managed_by(unit, row.account_id, row.satellite_id, "product instance", there)


def remove_instance(unit: Unit, row: Instance) -> None:
    """Take an instance off and free its ordinary licences; the caller has dealt with restricted ones."""
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    refuse_managed_instance(unit, row, f"instance remove {row.id}")
    release_claims(unit, row.account_id, [row.id])
    unit.session.execute(
        delete(DeviceKey).where(DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id),
        execution_options={"synchronize_session": "fetch"},
    )
    message = f"product instance {instance_name(row)} removed"
    record(
        unit,
        row.account_id,
        EventKind.INSTANCE_REMOVED,
        message,
        subject={"instance": row.id},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )
    unit.session.delete(row)


def transfer_instance(unit: Unit, row: Instance, target: VirtualAccount) -> Instance:
    """Move an instance with what it uses to another virtual account (row C7.2)."""
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, target.id)
    refuse_managed_instance(unit, row, f"instance transfer {row.id} --to {target.name}")
    refuse_managed(unit, target)
    if target.id != row.virtual_account_id:
        move_claims(unit, row.account_id, {row.id: target.id})
        move_reserved(unit, row.account_id, row.id, target.id)
        subject = {"instance": row.id, "old": row.virtual_account_id, "new": target.id}
        row.virtual_account_id = target.id
        message = f"product instance {instance_name(row)} transferred to {target.name}"
        record(
            unit,
            row.account_id,
            EventKind.INSTANCE_TRANSFERRED,
            message,
            subject=subject,
            virtual_account_id=target.id,
            instance_id=row.id,
        )
    return row
