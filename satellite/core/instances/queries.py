"""Reading product instances (row S3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, select

from chassis.clock import iso
from chassis.db.unit import Unit
from exchange.identity import Udi
from exchange.vocabulary import ClaimState, Compliance
from satellite.core.instances.errors import UnknownInstanceError
from satellite.core.instances.models import Instance
from satellite.core.licences.models import Claim
from satellite.core.licences.queries import pools

STREAM = 1000
# A list of a large site is made of plain values: an object for each row would double what it takes.
_SHOWN = (
    Instance.id,
    Instance.udi,
    Instance.hostname,
    Instance.product_tag,
    Instance.software_version,
    Instance.virtual_account_id,
    Instance.registered_at,
    Instance.last_contact,
    Instance.certificate_expires,
    Instance.state,
    Instance.standbys,
    Instance.marks,
)


def find_instance(unit: Unit, instance_id: str) -> Instance:
    """An instance by its id."""
    found = unit.session.get(Instance, instance_id)
    if found is None or found.removed:
        raise UnknownInstanceError(f"there is no product instance {instance_id[:64]!r}")
    return found


def by_udi(unit: Unit, udi: Udi) -> Instance | None:
    """The instance of a UDI, the longest registered where there are several."""
    query = select(Instance).where(Instance.udi_key == udi.key, Instance.removed.is_(False))
    return unit.session.scalars(query.order_by(Instance.registered_at)).first()


def instance_name(row: Instance | Row[Any]) -> str:
    """How an instance is called: its host name, else its UDI."""
    return row.hostname or Udi.from_dict(row.udi).label


def instances(
    unit: Unit,
    names: dict[str, str],
    virtual_account_id: str | None,
    satellite: str,
    held: Mapping[str, Sequence[tuple[str, int]]],
) -> list[dict[str, Any]]:
    """The table of product instances; `held` are the restricted units that they hold."""
    query = select(*_SHOWN).where(Instance.removed.is_(False))
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    claims = select(Claim.instance_id, Claim.virtual_account_id, Claim.tag, Claim.count).where(Claim.count > 0)
    used: dict[str, list[dict[str, Any]]] = {}
    figures = pools(unit, virtual_account_id)
    for instance, va, tag, count in unit.session.execute(claims.execution_options(yield_per=STREAM)):
        pool = figures.get((va, tag))
        short = pool is None or pool.verdict.status is Compliance.OUT_OF_COMPLIANCE
        state = ClaimState.OUT_OF_COMPLIANCE if short else ClaimState.AUTHORIZED
        used.setdefault(instance, []).append({"tag": tag, "count": count, "state": state.value})
    for instance_id, units in held.items():
        granted = [{"tag": tag, "count": count, "state": ClaimState.AUTHORIZED.value} for tag, count in units]
        used.setdefault(instance_id, []).extend(granted)
    items = [
        {
            "id": row.id,
            "name": instance_name(row),
            "pid": row.udi["pid"],
            "serial": row.udi["serial"],
            "uuid": row.udi.get("uuid"),
            "hostname": row.hostname,
            "product": row.product_tag,
            "software_version": row.software_version,
            "virtual_account": names.get(row.virtual_account_id, row.virtual_account_id),
            "satellite": satellite,
            "registered_at": iso(row.registered_at),
            "last_contact": iso(row.last_contact),
            "certificate_expires": iso(row.certificate_expires),
            "state": row.state,
            "standbys": row.standbys,
            "marks": row.marks,
            "licences": sorted(used.pop(row.id, []), key=lambda one: one["tag"]),
        }
        for row in unit.session.execute(query.execution_options(yield_per=STREAM))
    ]
    items.sort(key=lambda item: (item["name"], item["id"]))
    return items
