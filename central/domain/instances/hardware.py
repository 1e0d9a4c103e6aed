"""Finding instances that may be the same hardware under two identities (rows C7.6, C8.1)."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import BindParameter, CompoundSelect, bindparam, func, or_, select, union_all

from central.domain.instances.models import Instance, Standby
from central.domain.instances.queries import units_of
from serverkit.db.prefix import lies_between, next_after, on_postgresql
from serverkit.db.unit import Unit


def keys_without_uuid(unit: Unit, account_id: str) -> set[str]:
    """Identities without a UUID beside which the same PID and serial number is with one: perhaps one machine."""
    alone = select(Instance.udi_key).where(Instance.account_id == account_id)
    within = select(Standby.udi_key).where(Standby.account_id == account_id)
    with_uuid = union_all(
        alone.where(Instance.udi_key.not_like("%|")), within.where(Standby.udi_key.not_like("%|"))
    ).subquery()
    key = with_uuid.c.udi_key
    # All that follows the last separator goes: what is left is the key without a UUID.
    plain = select(func.rtrim(key, func.replace(key, "|", "")))
    found = alone.where(Instance.udi_key.in_(plain)), within.where(Standby.udi_key.in_(plain))
    return {key for query in found for key in unit.session.scalars(query)}


def same_hardware(unit: Unit, row: Instance) -> list[str]:
    """The ids of other instances, here or behind satellites, that show the identity of a unit of this one."""
    keys, parts = units_of(row).shown_as, units_of(row).open_keys
    query = _same_hardware(len(parts), on_postgresql=on_postgresql(unit))
    named: dict[str, Any] = {"account": row.account_id, "self": row.id, "keys": sorted(keys)}
    for number, part in enumerate(parts):
        named |= {f"first{number}": part, f"after{number}": next_after(part)}
    unit.session.flush()  # what is not written yet is looked at too
    return sorted(set(unit.session.connection().execute(query, named).scalars()))


@cache
def _same_hardware(parts: int, *, on_postgresql: bool) -> CompoundSelect[Any]:
    """The instances of some keys, or of keys that begin with one of so many texts; each registration asks this."""
    shown, named = (
        or_(
            column.in_(bindparam("keys", expanding=True)),
            *(
                lies_between(
                    column, bindparam(f"first{number}"), bindparam(f"after{number}"), on_postgresql=on_postgresql
                )
                for number in range(parts)
            ),
        )
        for column in (Instance.udi_key, Standby.udi_key)
    )
    account: BindParameter[str] = bindparam("account")
    own: BindParameter[str] = bindparam("self")
    alone = select(Instance.id).where(Instance.account_id == account, shown, Instance.id != own)
    within = (
        select(Standby.instance_id)
        .join(Instance, (Standby.account_id == Instance.account_id) & (Standby.instance_id == Instance.id))
        .where(Standby.account_id == account, named, Standby.instance_id != own)
    )
    return union_all(alone, within)
