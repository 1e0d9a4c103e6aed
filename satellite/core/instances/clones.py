"""Old keys and old numbers: restored and copied machines (row S4.1)."""

from __future__ import annotations

from sqlalchemy import select

from exchange.device.rules import is_clone
from exchange.device.timers import AUTHORIZATION_RENEWAL
from exchange.identity import Udi
from exchange.keys import PublicKey
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.export_queue.moving import follow_key
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.instances.queries import instance_name, members_of
from satellite.core.instances.services import say, touch
from serverkit.db.unit import Unit
from serverkit.ids import new_id


def revive_key(unit: Unit, key: DeviceKey) -> None:
    """The old key is used again: two machines become two instances, each counted, until a person decides (row S4.1)."""
    old = unit.session.get_one(Instance, key.instance_id)
    udi = next((member for member in members_of(old) if member.key == key.member), Udi.from_dict(old.udi))
    marks = sorted({*old.marks, "clone"})
    values = {column.key: getattr(old, column.key) for column in Instance.__table__.columns if column.computed is None}
    values |= {
        "id": new_id(),
        "udi": udi.to_dict(),
        "udi_key": udi.key,
        "standbys": [],
        "key_hash": PublicKey.from_dict(key.public).key_hash,
        "marks": marks,
        "change_no": next_change(unit),
        "detached_until": None,
        "detached_term": None,
        "token_id": None,  # the right of the other machine is not this one's
        "export_allowed": False,
        **(key.described or {}),
    }
    separate = Instance(**values)
    unit.session.add(separate)
    old.marks, old.change_no = marks, next_change(unit)
    key.instance_id, key.superseded, key.described = separate.id, False, None
    follow_key(unit, separate.key_hash, old.id, separate.id)
    unit.session.flush()  # the request processor asks for the instance at once
    for row in (old, separate):  # each event names its own machine only
        message = f"two machines show the identity of {udi.label}; this one is {instance_name(row)}"
        say(unit, EventKind.INSTANCE_CLONE, row, message)


def note_restored(unit: Unit, key: DeviceKey, resumed: int) -> bool:
    """Mark a device that continued above the number named to it (exchange rule 8); True if it counts as a clone."""
    row = unit.session.get_one(Instance, key.instance_id)
    if resumed <= key.resumed:
        return False  # the same message again
    clone = is_clone(key.restored_at, unit.now)
    key.resumed, key.restored_at = resumed, unit.now
    row.marks = sorted({*row.marks, "clone" if clone else "restored"})
    touch(unit, row)
    if clone:
        message = f"{instance_name(row)} used old numbers twice within {AUTHORIZATION_RENEWAL.days} days: two machines have its key"
    else:
        message = f"{instance_name(row)} used an old number: it was restored from an older copy"
    say(unit, EventKind.INSTANCE_CLONE if clone else EventKind.INSTANCE_RESTORED, row, message)
    return clone


def end_restored_marks(unit: Unit) -> int:
    """Clear the mark *restored* after a renewal interval; returns the number of devices."""
    query = select(DeviceKey).where(DeviceKey.restored_at <= unit.licence_now - AUTHORIZATION_RENEWAL)
    rows = list(unit.session.scalars(query))
    for key in rows:
        key.restored_at = None
        row = unit.session.get(Instance, key.instance_id)
        if row is not None:
            row.marks, row.change_no = [mark for mark in row.marks if mark != "restored"], next_change(unit)
    return len(rows)
