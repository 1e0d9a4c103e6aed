"""A machine takes the place of a unit of a product instance: what it does, and the change (row S4.1)."""

from __future__ import annotations

from typing import Any

from central.actions.instances import visible_instance
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain
from central.domain.catalogue.queries import titles
from central.domain.instances import queries, services, standby_sets
from central.domain.instances.errors import InstanceReservedError, UnitKnownError, UnknownUnitError
from central.domain.instances.models import Instance
from central.domain.instances.rules import why_detached
from central.domain.reservations.queries import reservation_of
from exchange.identity import Udi
from serverkit.db.unit import Unit


def preview_replacement(
    unit: Unit, domain: str, instance_id: str, machine: Udi, serial: str | None = None
) -> dict[str, Any]:
    """Say what `replace_unit` would do, with the licences that come free; nothing is changed. The same errors."""
    row, old = _judge(unit, by_domain(unit, domain), instance_id, machine, serial)
    freed = standby_sets.freed_without(unit, row, old)
    called = titles(unit, freed)
    units = [{"tag": tag, "name": called.get(tag, tag), "count": count} for tag, count in sorted(freed.items())]
    return {"replaced": old.label, "by": machine.label, "freed": units}


def replace_unit(unit: Unit, domain: str, instance_id: str, machine: Udi, serial: str | None = None) -> dict[str, Any]:
    """Put a machine in the place of a unit, the active one or that of a serial number, which is deregistered.

    UnknownUnitError, UnitKnownError, InstanceReservedError; what a removal refuses of detached and managed instances.
    """
    account = by_domain(unit, domain)
    row, old = _judge(unit, account, instance_id, machine, serial)
    standby_sets.replace_unit(unit, row, old, machine)
    unit.touched.add(account.id)
    return {"id": row.id, "replaced": old.label, "by": machine.label}


def _judge(
    unit: Unit, account: SmartAccount, instance_id: str, machine: Udi, serial: str | None
) -> tuple[Instance, Udi]:
    row = visible_instance(unit, account, instance_id)
    require(unit, Permission.INSTANCE_MANAGE, account.id, row.virtual_account_id)
    services.refuse_managed_instance(unit, row, f"instance replace {row.id}")
    detached = why_detached(queries.instance_name(row), row.detached_until, unit.licence_now)
    if detached is not None:
        raise detached
    if reservation_of(unit, account.id, row.id) is not None:
        raise InstanceReservedError
    old = queries.units_of(row).of_serial(serial)
    if old is None:
        raise UnknownUnitError
    if standby_sets.is_shown_elsewhere(unit, row, machine):
        raise UnitKnownError("{device} is known already", device=machine.label)
    return row, old
