"""Reading product instances (row C7.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.ledger.models import Claim
from chassis.clock import iso
from chassis.db.unit import Unit
from exchange.identity import Udi


def find_instance(unit: Unit, account_id: str, instance_id: str) -> Instance:
    """An instance by its id."""
    found = unit.session.get(Instance, (account_id, instance_id))
    if found is None:
        raise UnknownInstanceError(f"there is no product instance {instance_id[:64]!r}")
    return found


def by_udi(unit: Unit, account_id: str, udi: Udi) -> Instance | None:
    """The directly connected instance of a UDI."""
    query = select(Instance).where(
        Instance.account_id == account_id, Instance.udi_key == udi.key, Instance.satellite_id.is_(None)
    )
    return unit.session.scalars(query.order_by(Instance.registered_at)).first()


def in_virtual_accounts(unit: Unit, account_id: str, virtual_account_ids: list[str]) -> list[Instance]:
    """The instances of some virtual accounts, by name."""
    query = select(Instance).where(
        Instance.account_id == account_id, Instance.virtual_account_id.in_(virtual_account_ids)
    )
    return sorted(unit.session.scalars(query), key=lambda row: (instance_name(row), row.id))


def by_serial(unit: Unit, account_id: str, virtual_account_id: str, pid: str, serial: str) -> list[Instance]:
    """The instances of a product id and serial number in a virtual account, whatever else their UDI says."""
    prefix = Udi(pid=pid, serial=serial).key
    query = select(Instance).where(
        Instance.account_id == account_id,
        Instance.virtual_account_id == virtual_account_id,
        Instance.udi_key.startswith(prefix, autoescape=True),
    )
    rows = [row for row in unit.session.scalars(query) if (row.udi["pid"], row.udi["serial"]) == (pid, serial)]
    return sorted(rows, key=lambda row: (row.registered_at, row.id))


def instance_name(row: Instance) -> str:
    """How an instance is called: its host name, else its UDI."""
    return row.hostname or Udi.from_dict(row.udi).label


def instances(
    unit: Unit, account_id: str, names: dict[str, str], satellites: dict[str, str], virtual_account_id: str | None
) -> list[dict[str, Any]]:
    """The table of product instances; `names` are the virtual accounts that may be seen."""
    query = select(Instance).where(Instance.account_id == account_id)
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    rows = [row for row in unit.session.scalars(query) if row.virtual_account_id in names]
    claims = select(Claim).where(Claim.account_id == account_id)
    if virtual_account_id is not None:
        claims = claims.where(Claim.virtual_account_id == virtual_account_id)
    items = _items(rows, list(unit.session.scalars(claims)), names, satellites)
    items.sort(key=lambda item: (item["name"], item["id"]))
    return items


def instances_after(
    unit: Unit,
    account_id: str,
    names: dict[str, str],
    satellites: dict[str, str],
    *,
    virtual_account_id: str | None,
    after: str | None,
    most: int,
) -> list[dict[str, Any]]:
    """The next product instances in the order of their ids; the cost does not grow with how many there are."""
    wanted = [virtual_account_id] if virtual_account_id else sorted(names)
    query = select(Instance).where(Instance.account_id == account_id, Instance.virtual_account_id.in_(wanted))
    if after is not None:
        query = query.where(Instance.id > after)
    rows = list(unit.session.scalars(query.order_by(Instance.id).limit(most)))
    claims = select(Claim).where(Claim.account_id == account_id, Claim.instance_id.in_([row.id for row in rows]))
    return _items(rows, list(unit.session.scalars(claims)), names, satellites)


def instance_dict(unit: Unit, row: Instance, names: dict[str, str], satellites: dict[str, str]) -> dict[str, Any]:
    """A product instance for people and programs."""
    claims = select(Claim).where(Claim.account_id == row.account_id, Claim.instance_id == row.id)
    return _items([row], list(unit.session.scalars(claims)), names, satellites)[0]


def _items(
    rows: Sequence[Instance], claims: Sequence[Claim], names: dict[str, str], satellites: dict[str, str]
) -> list[dict[str, Any]]:
    used: dict[str, list[dict[str, Any]]] = {}
    for claim in claims:
        used.setdefault(claim.instance_id, []).append({"tag": claim.tag, "count": claim.count})
    return [_item(row, names, satellites, used.get(row.id, [])) for row in rows]


def _item(
    row: Instance, names: dict[str, str], satellites: dict[str, str], used: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": instance_name(row),
        "pid": row.udi["pid"],
        "serial": row.udi["serial"],
        "uuid": row.udi.get("uuid"),
        "hostname": row.hostname,
        "product": row.product_tag,
        "software_version": row.software_version,
        "virtual_account": names[row.virtual_account_id],
        "virtual_account_id": row.virtual_account_id,
        "satellite": satellites.get(row.satellite_id or "", row.satellite_id),
        "registered_at": iso(row.registered_at),
        "last_contact": iso(row.last_contact),
        "certificate_expires": iso(row.certificate_expires),
        "state": row.state,
        "standbys": row.standbys,
        "marks": row.marks,
        "licences": sorted(used, key=lambda one: one["tag"]),
    }
