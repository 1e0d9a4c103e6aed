"""Reading product instances (row S3.2)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, select

from chassis.clock import iso
from chassis.db.unit import Unit
from exchange.identity import Udi
from satellite.core.instances.errors import UnknownInstanceError
from satellite.core.instances.models import Instance
from satellite.core.licences.models import Claim


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


def instance_name(row: Instance) -> str:
    """How an instance is called: its host name, else its UDI."""
    return row.hostname or Udi.from_dict(row.udi).label


def instances(
    unit: Unit, names: dict[str, str], virtual_account_id: str | None, satellite: str
) -> list[dict[str, Any]]:
    """The table of product instances."""
    query = select(Instance).where(Instance.removed.is_(False))
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    rows = list(unit.session.scalars(query))
    items = _items(rows, list(unit.session.scalars(_claims())), names, satellite)
    items.sort(key=lambda item: (item["name"], item["id"]))
    return items


def instances_after(
    unit: Unit,
    names: dict[str, str],
    satellite: str,
    *,
    virtual_account_id: str | None,
    after: str | None,
    most: int,
) -> list[dict[str, Any]]:
    """The next product instances in the order of their ids; the cost does not grow with how many there are."""
    query = select(Instance).where(Instance.removed.is_(False))
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    if after is not None:
        query = query.where(Instance.id > after)
    rows = list(unit.session.scalars(query.order_by(Instance.id).limit(most)))
    claims = unit.session.scalars(_claims().where(Claim.instance_id.in_([row.id for row in rows])))
    return _items(rows, list(claims), names, satellite)


def instance_dict(unit: Unit, row: Instance, names: dict[str, str], satellite: str) -> dict[str, Any]:
    """A product instance for people and programs."""
    claims = unit.session.scalars(_claims().where(Claim.instance_id == row.id))
    return _items([row], list(claims), names, satellite)[0]


def in_virtual_account(unit: Unit, virtual_account_id: str) -> list[Instance]:
    """The instances of a virtual account, by name."""
    query = select(Instance).where(Instance.removed.is_(False), Instance.virtual_account_id == virtual_account_id)
    return sorted(unit.session.scalars(query), key=lambda row: (instance_name(row), row.id))


def _claims() -> Select[Claim]:
    return select(Claim).where(Claim.count > 0).order_by(Claim.tag)


def _items(
    rows: Sequence[Instance], claims: Sequence[Claim], names: dict[str, str], satellite: str
) -> list[dict[str, Any]]:
    used: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        used.setdefault(claim.instance_id, []).append({"tag": claim.tag, "count": claim.count})
    return [
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
            "licences": used.get(row.id, []),
        }
        for row in rows
    ]
