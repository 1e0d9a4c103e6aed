"""One identity of hardware that is counted more than once, or whose key two machines use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence

from sqlalchemy import Text, func, or_, select, type_coerce, union

from central.domain.alerts.snapshot import Snapshot
from central.domain.instances.hardware import keys_without_uuid
from central.domain.instances.models import DeviceKey, Instance, Standby
from central.domain.instances.queries import instance_name, members_of
from central.domain.satellites.models import Satellite
from exchange.identity import Udi
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.prefix import starts_with

MOST_NAMED = 4
MOST_COUNTED = 1000
_KEYS = Instance.udi_key, Standby.udi_key


def clones(snapshot: Snapshot) -> Iterator[Wanted]:
    """Rows B6, C7.6: one identity at two servers, in two sets, or shown by two machines; one alert for each identity.

    A UDI without a UUID and the same one with a UUID may be one machine: lists of standbys and request codes carry none.
    """
    account_id, unit = snapshot.account.id, snapshot.unit
    apart = Instance.account_id == account_id
    twice = select(Instance.udi_key).where(apart).group_by(Instance.udi_key).having(func.count() > 1)
    both = (
        select(Standby.udi_key)
        .join(Instance, (Instance.account_id == Standby.account_id) & (Instance.udi_key == Standby.udi_key))
        .where(Standby.account_id == account_id, Instance.id != Standby.instance_id)
    )
    sets = (
        select(Standby.udi_key)
        .where(Standby.account_id == account_id)
        .group_by(Standby.udi_key)
        .having(func.count() > 1)
    )
    marked = select(Instance.udi_key).where(apart, type_coerce(Instance.marks, Text).like('%"clone"%'))
    keys = set(unit.session.scalars(union(twice, both, sets, marked)))
    mixed = keys_without_uuid(unit, account_id)
    for key in sorted({key for key in keys if key[: key.rfind("|") + 1] not in mixed} | mixed):
        one, other = (starts_with(unit, column, key) if key in mixed else column == key for column in _KEYS)
        within = select(Standby.instance_id).where(Standby.account_id == account_id, other)
        query = select(Instance).where(apart, or_(one, Instance.id.in_(within)))
        rows = list(unit.session.scalars(query.order_by(Instance.registered_at, Instance.id)))
        if len(rows) > 1 or (rows and "clone" in rows[0].marks):
            yield _clone(snapshot, key, rows)


def _step(snapshot: Snapshot, rows: Sequence[Instance]) -> int:
    """What brings back an alert that was dismissed: a further machine, or a use of old numbers on a later day."""
    marked = [row.id for row in rows if "clone" in row.marks]
    query = select(func.max(DeviceKey.restored_at)).where(DeviceKey.account_id == snapshot.account.id)
    last = snapshot.unit.session.scalar(query.where(DeviceKey.instance_id.in_(marked)))
    return (last.date().toordinal() if last is not None else 0) * MOST_COUNTED + min(len(rows), MOST_COUNTED - 1)


def _clone(snapshot: Snapshot, key: str, rows: Sequence[Instance]) -> Wanted:
    first = rows[0]
    udi = next((member for row in rows for member in members_of(row) if member.key == key), Udi.from_dict(first.udi))
    if len(rows) == 1:
        text = said(
            "Two machines use the key of {name} ({device}); decide which one to keep.",
            name=instance_name(first),
            device=udi.label,
        )
    else:
        shown = " and ".join(_where(snapshot, row, key) for row in rows[:MOST_NAMED])
        shown += f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else ""
        text = said(
            "{device} is listed {count} times and is counted each time: {shown}. Decide which one to keep.",
            device=udi.label,
            count=len(rows),
            shown=shown,
        )
    subject: dict[str, object] = {
        "virtual_account": first.virtual_account_id,
        "virtual_accounts": sorted({row.virtual_account_id for row in rows}),
        "instance": first.id,
        "instances": [row.id for row in rows[:MOST_NAMED]],
        "places": [row.virtual_account_id for row in rows[:MOST_NAMED]],
    }
    digest = hashlib.sha256(key.encode()).hexdigest()
    return Wanted(
        "device_clone",
        digest,
        text,
        snapshot.name(first.virtual_account_id),
        step=_step(snapshot, rows),
        grows=True,
        subject=subject,
    )


def _where(snapshot: Snapshot, row: Instance, key: str) -> str:
    site = snapshot.unit.session.get(Satellite, (row.account_id, row.satellite_id)) if row.satellite_id else None
    place = f"behind satellite {site.name}" if site is not None else "at central"
    part = "standby of " if key in {udi.key for udi in members_of(row)[1:]} else ""
    return f"{part}{instance_name(row)} in {snapshot.name(row.virtual_account_id)} {place}"
