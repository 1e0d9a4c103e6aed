"""A set of an active unit and its standbys: change the active unit, let a unit leave (row C7.6)."""

from __future__ import annotations

from sqlalchemy import delete

from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.models import DeviceKey, Instance
from central.domain.instances.queries import instance_name, units_of
from central.domain.instances.services import live_keys, say, set_standbys
from exchange.identity import Udi
from exchange.keys import PublicKey
from serverkit.db.unit import Unit


def change_active(unit: Unit, row: Instance, active: Udi) -> None:
    """Another unit of the set is the active one; the count does not change (row C7.6)."""
    before = units_of(row)
    now = before.led_by(active)
    row.udi, row.udi_key = now.active.to_dict(), now.active.key
    set_standbys(unit, row, now.standbys)
    for key in live_keys(unit, row):
        if key.member == now.active.key:
            row.key_hash = PublicKey.from_dict(key.public).key_hash
    message = f"{now.active.label} is the active member in place of {before.active.label}"
    say(unit, EventKind.INSTANCE_ACTIVE_CHANGED, row, message)


def leave_set(unit: Unit, row: Instance, key: DeviceKey) -> bool:
    """Remove a unit from a set in which another unit has a key of its own; False if it is the last one."""
    others = [one for one in live_keys(unit, row) if one.member != key.member]
    if not others:
        return False
    gone = units_of(row).find(key.member)
    if key.member == row.udi_key:
        change_active(unit, row, units_of(row).heir({one.member for one in others}))
    set_standbys(unit, row, units_of(row).standbys_without(key.member))
    unit.session.execute(
        delete(DeviceKey).where(
            DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id, DeviceKey.member == key.member
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    label = gone.label if gone is not None else "a unit"
    say(unit, EventKind.INSTANCE_CONNECTED_STANDBYS, row, f"{label} left the set of {instance_name(row)}")
    return True
