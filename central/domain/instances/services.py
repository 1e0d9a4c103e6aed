"""Removing and moving product instances at central (rows C7.2, C7.3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.managed_accounts import refuse_managed, refuse_managed_by
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.hardware import same_hardware
from central.domain.instances.models import RESERVED, DeviceKey, Instance, Standby
from central.domain.instances.queries import instance_name, placed_name
from central.domain.ledger.claims import claims_of, move_claims, release_claims
from central.domain.ledger.reserving import move_reserved
from exchange.identity import Udi
from serverkit.db.unit import Unit
from serverkit.db.upsert import insert_rows
from serverkit.licence_texts import freed_text, quantity


def refuse_managed_instance(unit: Unit, row: Instance, there: str) -> None:
    """Refuse what only the satellite may do; `there` is the command that does it on the site (row C1.3)."""
    refuse_managed_by(unit, row.account_id, row.satellite_id, "product instance", there)


def set_standbys(unit: Unit, row: Instance, units: Sequence[Udi]) -> None:
    """Write the standbys of an instance where it shows them and where they are found."""
    if row.standbys:
        unit.session.execute(
            delete(Standby).where(Standby.account_id == row.account_id, Standby.instance_id == row.id),
            execution_options={"synchronize_session": False},
        )
    row.standbys = [udi.to_dict() for udi in units]
    insert_rows(
        unit.session,
        Standby,
        [{"account_id": row.account_id, "instance_id": row.id, "udi_key": udi.key} for udi in units],
    )


def end_instance(unit: Unit, row: Instance) -> None:
    """Delete an instance: free its ordinary licences, delete its keys and standbys."""
    _empty(unit, row)
    unit.session.delete(row)


def leave_to_reservation(unit: Unit, row: Instance, udi: Udi) -> None:
    """Delete a device with reserved licences: what a former key holds stays, under the identity of its request code.

    What the device said of itself goes with it: it may have been another machine than the one that holds the code.
    """
    _empty(unit, row)
    row.udi, row.udi_key = udi.to_dict(), udi.key
    row.hostname = row.product_tag = row.software_version = row.ip_address = None
    row.state, row.key_hash, row.marks, row.token_id, row.export_allowed = RESERVED, "", [], None, False


def _empty(unit: Unit, row: Instance) -> None:
    release_claims(unit, row.account_id, [row.id])
    end_clones(unit, row)
    set_standbys(unit, row, ())
    unit.session.execute(
        delete(DeviceKey).where(DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id),
        execution_options={"synchronize_session": "fetch"},
    )


def end_clones(unit: Unit, row: Instance) -> None:
    """After an instance is removed: if only one other has its identity, that one is no longer a clone."""
    others = same_hardware(unit, row)
    if len(others) == 1:
        other = unit.session.get(Instance, (row.account_id, others[0]))
        if other is not None and other.satellite_id is None:
            other.marks = [mark for mark in other.marks if mark != "clone"]


def remove_instance(unit: Unit, row: Instance, *, silent: bool = False) -> None:
    """Remove an instance, as someone asked or since it was silent, and free its ordinary licences.

    The caller has handled restricted ones.
    """
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    refuse_managed_instance(unit, row, f"instance remove {row.id}")
    unit.touched.add(row.account_id)
    if silent:
        note_removed(unit, row, "removed: silent for a year", EventKind.INSTANCE_REMOVED_SILENT)
    else:
        note_removed(unit, row, "removed")
    end_instance(unit, row)


def free_claims(unit: Unit, row: Instance, how: str) -> None:
    """Free the ordinary licences of an instance that stays, and record which; restricted ones stay locked."""
    freed = claims_of(unit, row.account_id, row.id)
    release_claims(unit, row.account_id, [row.id])
    record(
        unit,
        row.account_id,
        EventKind.INSTANCE_RELEASED,
        f"{placed_name(unit, row)}: {how}{freed_text(freed, titles(unit, freed))}",
        subject={"instance": row.id, "freed": freed},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )


def note_removed(unit: Unit, row: Instance, how: str, kind: EventKind = EventKind.INSTANCE_REMOVED) -> None:
    """Record that an instance is removed and which ordinary licences it frees."""
    freed = claims_of(unit, row.account_id, row.id)
    text = freed_text(freed, titles(unit, freed))
    record(
        unit,
        row.account_id,
        kind,
        f"product instance {placed_name(unit, row)} {how}{text}",
        subject={"instance": row.id, "freed": freed},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )


def transfer_instance(unit: Unit, row: Instance, target: VirtualAccount) -> Instance:
    """Move an instance with what it uses to another virtual account (row C7.2)."""
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, target.id)
    refuse_managed_instance(unit, row, f"instance transfer {row.id} --to {target.name}")
    refuse_managed(unit, target)
    if target.id != row.virtual_account_id:
        move_claims(unit, row.account_id, {row.id: target.id})
        move_reserved(unit, row.account_id, row.id, row.virtual_account_id, target.id)
        subject = {"instance": row.id, "old": row.virtual_account_id, "new": target.id}
        source = unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id))
        row.virtual_account_id = target.id
        message = f"product instance {instance_name(row)} transferred from {source.name} to {target.name}"
        for virtual_account_id in (source.id, target.id):  # recorded in both logs
            record(
                unit,
                row.account_id,
                EventKind.INSTANCE_TRANSFERRED,
                message,
                subject=subject,
                virtual_account_id=virtual_account_id,
                instance_id=row.id,
            )
    return row


def note_removed_with(
    unit: Unit,
    account_id: str,
    satellite_id: str,
    satellite_name: str,
    counts: Mapping[str, int],
    freed: Mapping[str, Mapping[str, int]],
) -> None:
    """Record for each virtual account how many instances were removed with a satellite, and which licences that frees."""
    named = titles(unit, {tag for of in freed.values() for tag in of})
    for virtual_account_id, count in sorted(counts.items()):
        name = unit.session.get_one(VirtualAccount, (account_id, virtual_account_id)).name
        text = freed_text(freed.get(virtual_account_id, {}), named)
        record(
            unit,
            account_id,
            EventKind.INSTANCE_REMOVED_VIA_SATELLITE,
            f"{quantity(count, 'product instance')} removed from {name} with satellite {satellite_name}{text}",
            subject={"instances": count, "freed": freed.get(virtual_account_id, {})},
            virtual_account_id=virtual_account_id,
            satellite_id=satellite_id,
        )


def live_keys(unit: Unit, row: Instance) -> list[DeviceKey]:
    """The keys with which the units of an instance may speak."""
    query = select(DeviceKey).where(
        DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id, DeviceKey.superseded.is_(False)
    )
    return list(unit.session.scalars(query.order_by(DeviceKey.key_id)))


def say(unit: Unit, kind: EventKind, row: Instance, message: str) -> None:
    """Record an event of a device."""
    record(
        unit,
        row.account_id,
        kind,
        message,
        subject={"instance": row.id, "pid": row.udi["pid"], "serial": row.udi["serial"]},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )
