"""A set of an active unit and its standbys: change the active unit, replace a unit, let one leave (rows C7.6, S4.1)."""

from __future__ import annotations

from sqlalchemy import delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.models import DeviceKey, Instance, Standby
from central.domain.instances.queries import instance_name, members_of, placed_name, units_of
from central.domain.instances.services import end_clones, live_keys, say, set_standbys
from central.domain.ledger.claims import claims_of, release_claims
from exchange.identity import Udi
from exchange.keys import PublicKey
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.licence_texts import freed_text


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


def is_shown_elsewhere(unit: Unit, row: Instance, udi: Udi) -> bool:
    """Whether a machine is an instance of its own, a unit of one, or a unit of this one already, whatever its UUID."""
    alone = select(Instance.id).where(
        Instance.account_id == row.account_id,
        starts_with(unit, Instance.udi_key, udi.plain_key),
        Instance.id != row.id,
    )
    within = select(Standby.instance_id).where(
        Standby.account_id == row.account_id,
        starts_with(unit, Standby.udi_key, udi.plain_key),
        Standby.instance_id != row.id,
    )
    known = any(unit.session.scalar(query.limit(1)) is not None for query in (alone, within))
    return known or udi.key in {one.key for one in members_of(row)}


def freed_without(unit: Unit, row: Instance, old: Udi) -> dict[str, int]:
    """The units by tag that come free when a unit of a set leaves: none while another unit of it is registered."""
    others = any(key.member != old.key for key in live_keys(unit, row))
    return {} if others else claims_of(unit, row.account_id, row.id)


def replace_unit(unit: Unit, row: Instance, old: Udi, new: Udi) -> None:
    """Another machine takes the place of a unit: the instance stays, and the replaced unit is deregistered (row S4.1).

    What was granted to its key stays held by that former key. An instance without a key uses nothing, until the new machine
    registers with a token of the same virtual account.
    """
    require(unit, Permission.INSTANCE_MANAGE, row.account_id, row.virtual_account_id)
    end_clones(unit, row)
    freed = freed_without(unit, row, old)
    now = units_of(row).with_replaced(old, new)
    row.udi, row.udi_key = now.active.to_dict(), now.active.key
    set_standbys(unit, row, now.standbys)
    unit.session.execute(
        delete(DeviceKey).where(
            DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id, DeviceKey.member == old.key
        ),
        execution_options={"synchronize_session": "fetch"},
    )
    if not live_keys(unit, row):
        row.marks = []
        release_claims(unit, row.account_id, [row.id])
    message = f"{old.label} of {placed_name(unit, row)} was replaced by {new.label}"
    say(unit, EventKind.INSTANCE_REPLACED, row, f"{message}{freed_text(freed, titles(unit, freed))}")


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
