"""One identity of hardware that is counted more than once, or whose key two machines use."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import Text, func, or_, select, type_coerce, union

from exchange.identity import Udi
from satellite.core.accounts.queries import names
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.instances.queries import instance_name, keys_without_uuid, members_of
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit

MOST_NAMED = 4
MOST_COUNTED = 1000
_KEYS = Instance.udi_key, Standby.udi_key


def clones(unit: Unit) -> Iterator[Wanted]:
    """Rows B6, C7.6: one identity in two sets, by itself and in a set, or shown by two machines; one alert for each.

    A UDI without a UUID and the same one with a UUID may be one machine: a list of standbys carries none.
    """
    where, here = names(unit), Instance.removed.is_(False)
    twice = select(Instance.udi_key).where(here).group_by(Instance.udi_key).having(func.count() > 1)
    both = (
        select(Standby.udi_key)
        .join(Instance, Instance.udi_key == Standby.udi_key)
        .where(here, Instance.id != Standby.instance_id)
    )
    sets = select(Standby.udi_key).group_by(Standby.udi_key).having(func.count() > 1)
    marked = select(Instance.udi_key).where(here, type_coerce(Instance.marks, Text).like('%"clone"%'))
    keys = set(unit.session.scalars(union(twice, both, sets, marked)))
    mixed = keys_without_uuid(unit)
    for key in sorted({key for key in keys if key[: key.rfind("|") + 1] not in mixed} | mixed):
        one, other = (starts_with(unit, column, key) if key in mixed else column == key for column in _KEYS)
        within = select(Standby.instance_id).where(other)
        query = select(Instance).where(here, or_(one, Instance.id.in_(within)))
        rows = list(unit.session.scalars(query.order_by(Instance.registered_at, Instance.id)))
        if len(rows) > 1 or (rows and "clone" in rows[0].marks):
            yield _clone(where, key, rows, _step(unit, rows))


def _step(unit: Unit, rows: Sequence[Instance]) -> int:
    """What brings back an alert that was dismissed: a further machine, or a use of old numbers on a later day."""
    marked = [row.id for row in rows if "clone" in row.marks]
    last = unit.session.scalar(select(func.max(DeviceKey.restored_at)).where(DeviceKey.instance_id.in_(marked)))
    return (last.date().toordinal() if last is not None else 0) * MOST_COUNTED + min(len(rows), MOST_COUNTED - 1)


def _clone(where: Mapping[str, str], key: str, rows: Sequence[Instance], step: int) -> Wanted:
    first = rows[0]
    udi = next((member for row in rows for member in members_of(row) if member.key == key), Udi.from_dict(first.udi))
    if len(rows) == 1:
        text = said(
            "Two machines use the key of {name} ({device}); decide which one to keep.",
            name=instance_name(first),
            device=udi.label,
        )
    else:
        parts = [
            ("standby of " if key in {udi.key for udi in members_of(row)[1:]} else "")
            + f"{instance_name(row)} in {where.get(row.virtual_account_id, '')}"
            for row in rows[:MOST_NAMED]
        ]
        shown = " and ".join(parts) + (f" and {len(rows) - MOST_NAMED} more" if len(rows) > MOST_NAMED else "")
        text = said(
            "{device} is listed {count} times and is counted each time: {shown}. Decide which one to keep.",
            device=udi.label,
            count=len(rows),
            shown=shown,
        )
    subject = {
        "virtual_account": first.virtual_account_id,
        "virtual_accounts": sorted({row.virtual_account_id for row in rows}),
        "instance": first.id,
        "instances": [row.id for row in rows[:MOST_NAMED]],
    }
    digest = hashlib.sha256(key.encode()).hexdigest()
    return Wanted(
        "device_clone",
        digest,
        text,
        where.get(first.virtual_account_id, ""),
        step=step,
        grows=True,
        subject=subject,
    )
