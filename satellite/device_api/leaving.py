"""What follows when a device leaves by its own word (rows S4.3, C7.6)."""

from __future__ import annotations

from collections.abc import Iterable

from exchange.canonical import JsonObject
from exchange.keys import PublicKey
from exchange.statements import ExportReturn
from satellite.core.alerts.services import refresh_touched
from satellite.core.export_queue.services import take_return
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import same_hardware
from satellite.core.instances.services import take_off
from satellite.core.instances.standby_sets import leave_set
from satellite.core.licences.services import claims_of
from satellite.runtime import Satellite
from serverkit.db.unit import Unit


def leave(
    unit: Unit,
    server: Satellite,
    of: tuple[DeviceKey, Instance],
    key: PublicKey,
    returns: Iterable[tuple[ExportReturn, JsonObject]],
    *,
    restricted: bool,
) -> None:
    """Ordinary licences are free, restricted ones come back by the device's signed returns; of a set only the unit leaves."""
    row, instance = of
    for statement, envelope in returns:
        take_return(unit, instance.id, statement, envelope, key)
    doubled = bool(same_hardware(unit, instance) or "clone" in instance.marks)
    if leave_set(unit, instance, row):
        server.refresh_alerts(unit)
        return
    pools = {(instance.virtual_account_id, tag) for tag in claims_of(unit, instance.id)}
    take_off(unit, instance, "removed itself")
    if restricted or doubled:
        server.refresh_alerts(unit)  # also what it left behind or asked for without success
    else:
        refresh_touched(unit, instances=[instance.id], pools=pools)
