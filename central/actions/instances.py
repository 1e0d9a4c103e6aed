"""Removing and moving an instance with regard to the restricted licences that it holds (rows C7.3, C8.3)."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select, update

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.alerts.services import refresh_alerts
from central.domain.base import next_change
from central.domain.export_control.models import ExportRequestRecord, GrantRecord
from central.domain.export_control.services import ACTIVE, release
from central.domain.instances.errors import ReasonNeededError, RestrictedHeldError, UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.instances.services import refuse_managed_instance, remove_instance, transfer_instance
from central.domain.ledger.granting import move_grant
from central.domain.reservations.ending import take_back
from central.domain.reservations.queries import move_reservations
from central.keyring import KeyRing
from exchange.vocabulary import ReleaseReason
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.names import check_text


def transfer(unit: Unit, row: Instance, target: VirtualAccount) -> Instance:
    """Move an instance; restricted units that it holds go with it, ordinary ones stay where they were bought."""
    old = row.virtual_account_id
    transfer_instance(unit, row, target)
    if target.id == old:
        return row
    move_grants(unit, row.account_id, {row.id: target.id})
    move_reservations(unit, row.account_id, row.id, old, target.id)
    return row


def move_grants(unit: Unit, account_id: str, homes: Mapping[str, str]) -> None:
    """Take the restricted units of instances along to the virtual accounts that these moved to (row C7.2)."""
    for piece in batches(homes):
        query = select(GrantRecord).where(
            GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE, GrantRecord.instance_id.in_(piece)
        )
        for grant in unit.session.scalars(query.order_by(GrantRecord.id)).all():
            target = homes[grant.instance_id]
            if grant.virtual_account_id != target:
                move_grant(unit, account_id, grant.id, target)
                grant.virtual_account_id, grant.change_no = target, next_change(unit)
        # What they asked for is shown, and answered for, where they are.
        for target in {homes[instance_id] for instance_id in piece}:
            theirs = [instance_id for instance_id in piece if homes[instance_id] == target]
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


def remove(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    instance_id: str,
    *,
    release_restricted: bool,
    reason: str,
    return_code: str = "",
) -> dict[str, object]:
    """Remove an instance; restricted units only by the vendor's word with a reason, which is kept.

    One that reserves licences goes only with its return code (row C6.5). The units of an instance that is gone (its satellite was removed) can be released the same way.
    """
    query = select(GrantRecord).where(
        GrantRecord.account_id == account.id, GrantRecord.instance_id == instance_id, GrantRecord.state == ACTIVE
    )
    held = list(unit.session.scalars(query))
    row = unit.session.get(Instance, (account.id, instance_id))
    if row is None and not held:
        raise UnknownInstanceError(f"there is no product instance {instance_id[:64]!r}")
    if held and release_restricted:
        require(unit, Permission.RESTRICTED_RELEASE, account.id)
        if not reason.strip():
            raise ReasonNeededError
        check_text("reason", reason)
        for grant in held:
            release(unit, keyring, grant, ReleaseReason.VENDOR_RELEASE, reason)
    elif row is not None:
        refuse_managed_instance(unit, row, f"instance remove {row.id}")
    if held and not release_restricted:
        raise RestrictedHeldError(f"{sum(grant.quantity for grant in held)} restricted units are held")
    removed = row is not None and row.satellite_id is None
    if row is not None and removed:
        take_back(unit, row, return_code)
        remove_instance(unit, row)
    refresh_alerts(unit, account)
    return {"id": instance_id, "removed": removed, "released": [grant.id for grant in held]}


def holder_pool(unit: Unit, account_id: str, instance_id: str) -> str | None:
    """The virtual account of an instance, or that of the restricted units which a gone one still holds."""
    row = unit.session.get(Instance, (account_id, instance_id))
    if row is not None:
        return row.virtual_account_id
    query = select(GrantRecord.virtual_account_id).where(
        GrantRecord.account_id == account_id, GrantRecord.instance_id == instance_id, GrantRecord.state == ACTIVE
    )
    return unit.session.scalars(query).first()
