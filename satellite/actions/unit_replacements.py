"""A machine takes the place of a unit of a product instance: what it does, and the change (row S4.1)."""

from __future__ import annotations

from typing import Any

from exchange.identity import Udi
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.event_log.event_kinds import SITE
from satellite.core.instances import queries, standby_sets
from satellite.core.instances.detached import is_detached
from satellite.core.instances.errors import DetachedInstanceError, UnitKnownError, UnknownUnitError
from satellite.core.instances.models import Instance
from satellite.core.licences.queries import titles
from serverkit.db.unit import Unit


def preview_replacement(unit: Unit, instance_id: str, machine: Udi, serial: str | None = None) -> dict[str, Any]:
    """Say what `replace_unit` would do, with the licences that come free; nothing is changed. The same errors."""
    row, old = _judge(unit, instance_id, machine, serial)
    freed = standby_sets.freed_without(unit, row, old)
    called = titles(unit, freed)
    units = [{"tag": tag, "name": called.get(tag, tag), "count": count} for tag, count in sorted(freed.items())]
    return {"replaced": old.label, "by": machine.label, "freed": units}


def replace_unit(unit: Unit, instance_id: str, machine: Udi, serial: str | None = None) -> dict[str, Any]:
    """Put a machine in the place of a unit, the active one or that of a serial number, which is deregistered.

    UnknownUnitError, UnitKnownError, DetachedInstanceError.
    """
    row, old = _judge(unit, instance_id, machine, serial)
    standby_sets.replace_unit(unit, row, old, machine)
    unit.touched.add(SITE)
    return {"id": row.id, "replaced": old.label, "by": machine.label}


def _judge(unit: Unit, instance_id: str, machine: Udi, serial: str | None) -> tuple[Instance, Udi]:
    require(unit, Permission.INSTANCE_MANAGE)
    row = queries.find_instance(unit, instance_id)
    if is_detached(row.detached_until, unit.licence_now):
        raise DetachedInstanceError
    old = queries.units_of(row).of_serial(serial)
    if old is None:
        raise UnknownUnitError
    if standby_sets.is_shown_elsewhere(unit, row, machine):
        raise UnitKnownError("{device} is known already", device=machine.label)
    return row, old
