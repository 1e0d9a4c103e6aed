"""Reading product instances (row C7.1)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, bindparam, or_, select

from central.domain.accounts.models import VirtualAccount
from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import RESERVED, DeviceKey, Instance, Standby
from central.domain.ledger.kept import short_pools
from central.domain.ledger.models import Claim
from exchange.identity import Udi, UnitSet, ascii_lower
from exchange.vocabulary import ClaimState
from serverkit.clock import iso
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.db.word_search import holds_all

STREAM = 1000
# Restricted units that instances hold, tag and count by instance; and how to ask for those of some instances.
Held = Mapping[str, Sequence[tuple[str, int]]]
Holder = Callable[[Sequence[str]], Held]
# A list of a large account is made of plain values: an object for each row would double what it takes.
_SHOWN = (
    Instance.id,
    Instance.udi,
    Instance.hostname,
    Instance.product_tag,
    Instance.software_version,
    Instance.virtual_account_id,
    Instance.satellite_id,
    Instance.registered_at,
    Instance.last_contact,
    Instance.certificate_expires,
    Instance.state,
    Instance.standbys,
    Instance.marks,
    Instance.detached_until,
)


def find_instance(unit: Unit, account_id: str, instance_id: str) -> Instance:
    """An instance by its id."""
    found = unit.session.get(Instance, (account_id, instance_id))
    if found is None:
        raise UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return found


def by_udi(unit: Unit, account_id: str, udi: Udi) -> Instance | None:
    """The directly connected instance of a UDI."""
    query = select(Instance).where(
        Instance.account_id == account_id, Instance.udi_key == udi.key, Instance.satellite_id.is_(None)
    )
    return unit.session.scalars(query.order_by(Instance.registered_at)).first()


def instances_by_id(unit: Unit, account_id: str, ids: Sequence[str]) -> list[Instance]:
    """Those of some instances that are there, in the order of the ids."""
    found: dict[str, Instance] = {}
    for piece in batches(ids):
        query = select(Instance).where(Instance.account_id == account_id, Instance.id.in_(piece))
        found |= {row.id: row for row in unit.session.scalars(query)}
    return [found[of] for of in dict.fromkeys(ids) if of in found]


_OF_UNIT = (
    select(Instance)
    .where(
        Instance.account_id == bindparam("account"),
        Instance.satellite_id.is_(None),
        or_(
            Instance.udi_key == bindparam("unit"),
            Instance.id.in_(
                select(Standby.instance_id).where(
                    Standby.account_id == bindparam("account"), Standby.udi_key == bindparam("unit")
                )
            ),
        ),
    )
    .order_by(Instance.registered_at, Instance.id)
)


def known_unit(unit: Unit, account_id: str, udi: Udi, virtual_account_id: str) -> Instance | None:
    """The directly connected instance that a unit belongs to, which registers with a token of a virtual account.

    Rows S4.1, C7.6: where the unit itself signed, or a request code added it, wherever that is; else where another one
    named it, alone in the virtual account of the token: no one's word about the hardware of others stands in its way.
    """
    rows = list(unit.session.scalars(_OF_UNIT, {"account": account_id, "unit": udi.key}))
    if not rows:
        return None
    signed = select(DeviceKey.instance_id).where(
        DeviceKey.account_id == account_id, DeviceKey.member == udi.key, DeviceKey.instance_id.in_([r.id for r in rows])
    )
    by_itself = set(unit.session.scalars(signed))
    sure = [row for row in rows if row.id in by_itself or row.state == RESERVED]
    named = [row for row in rows if row.virtual_account_id == virtual_account_id]
    # By itself before within a set, as long as either is as sure.
    return next(iter(sorted(sure or named, key=lambda row: row.udi_key != udi.key)), None)


def units_of(row: Instance) -> UnitSet:
    """The units of an instance."""
    return UnitSet.of(row.udi, row.standbys)


def members_of(row: Instance) -> tuple[Udi, ...]:
    """The units of an instance: the active one, then its standbys."""
    return units_of(row).members


def in_virtual_accounts(unit: Unit, account_id: str, virtual_account_ids: list[str]) -> list[Instance]:
    """The instances of some virtual accounts, by name."""
    query = select(Instance).where(
        Instance.account_id == account_id, Instance.virtual_account_id.in_(virtual_account_ids)
    )
    return sorted(unit.session.scalars(query), key=lambda row: (instance_name(row), row.id))


def by_serial(unit: Unit, account_id: str, places: Collection[str], pid: str, serial: str) -> list[Instance]:
    """The instances of a product id and serial number in virtual accounts, whatever else their UDI says."""
    prefix = Udi(pid=pid, serial=serial).plain_key
    query = select(Instance).where(
        Instance.account_id == account_id,
        Instance.virtual_account_id.in_(sorted(places)),
        starts_with(unit, Instance.udi_key, prefix),
    )
    wanted = ascii_lower(pid.strip()), ascii_lower(serial.strip())
    found = unit.session.scalars(query)
    rows = [row for row in found if (ascii_lower(row.udi["pid"]), ascii_lower(row.udi["serial"])) == wanted]
    return sorted(rows, key=lambda row: (row.registered_at, row.id))


def searched_for(words: str) -> ColumnElement[bool]:
    """The condition that an instance of whatever account is meant by its own parts or its id; an index holds what it asks."""
    return or_(holds_all(Instance.search_text, words), Instance.id == words.strip().lower())


def named_by(account_id: str, words: str) -> ColumnElement[bool]:
    """The condition that a person who types this means an instance.

    Each word is a part of its host name, product id, serial number or UUID, or of those of a standby of its set. Or it is the
    id of the instance.
    """
    of_account = Standby.account_id == account_id
    within = select(Standby.instance_id).where(of_account, holds_all(Standby.udi_key, words))
    return or_(searched_for(words), Instance.id.in_(within))


def instance_name(row: Instance | Row[Any]) -> str:
    """How an instance is called: its host name, else its UDI."""
    return row.hostname or Udi.from_dict(row.udi).label


def placed_name(unit: Unit, row: Instance) -> str:
    """How an instance is called in an event, with its virtual account."""
    return (
        f"{instance_name(row)} in {unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id)).name}"
    )


def device_name(unit: Unit, account_id: str, instance_id: str, udi: Udi) -> str:
    """How the device of a former right is called in an event; by its UDI where it is gone."""
    row = unit.session.get(Instance, (account_id, instance_id))
    return placed_name(unit, row) if row is not None else udi.label


def instances(
    unit: Unit,
    account_id: str,
    names: dict[str, str],
    satellites: dict[str, str],
    virtual_account_id: str | None,
    held: Held,
) -> list[dict[str, Any]]:
    """The table of product instances; `names` are the virtual accounts that may be seen, `held` the restricted units."""
    query, claims = select(*_SHOWN).where(Instance.account_id == account_id), _claims(account_id)
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
        claims = claims.where(Claim.virtual_account_id == virtual_account_id)
    used = _used(unit, account_id, claims, [virtual_account_id] if virtual_account_id is not None else None, held)
    rows = unit.session.execute(query.execution_options(yield_per=STREAM))
    items = [_item(row, names, satellites, used.pop(row.id, [])) for row in rows if row.virtual_account_id in names]
    items.sort(key=lambda item: (item["name"], item["id"]))
    return items


def instances_after(
    unit: Unit,
    account_id: str,
    names: dict[str, str],
    satellites: dict[str, str],
    holder: Holder,
    *,
    virtual_account_id: str | None,
    after: str | None,
    most: int,
) -> list[dict[str, Any]]:
    """The next product instances in the order of their ids; the cost does not grow with how many there are."""
    wanted = [virtual_account_id] if virtual_account_id else sorted(names)
    query = select(*_SHOWN).where(Instance.account_id == account_id, Instance.virtual_account_id.in_(wanted))
    if after is not None:
        query = query.where(Instance.id > after)
    rows = unit.session.execute(query.order_by(Instance.id).limit(most)).all()
    return _items(unit, account_id, rows, names, satellites, holder)


def instance_dict(
    unit: Unit, row: Instance, names: dict[str, str], satellites: dict[str, str], holder: Holder
) -> dict[str, Any]:
    """A product instance for people and programs."""
    return _items(unit, row.account_id, [row], names, satellites, holder)[0]


def instance_dicts(
    unit: Unit,
    account_id: str,
    rows: Sequence[Instance],
    names: dict[str, str],
    satellites: dict[str, str],
    holder: Holder,
) -> list[dict[str, Any]]:
    """Product instances for people and programs, in a fixed number of queries."""
    return _items(unit, account_id, rows, names, satellites, holder)


def _items(
    unit: Unit,
    account_id: str,
    rows: Sequence[Row[Any] | Instance],
    names: dict[str, str],
    satellites: dict[str, str],
    holder: Holder,
) -> list[dict[str, Any]]:
    ids, virtual_accounts = [row.id for row in rows], sorted({row.virtual_account_id for row in rows})
    claims = unit.session.execute(_claims(account_id).where(Claim.instance_id.in_(ids))).all()
    short = short_pools(unit, account_id, virtual_accounts, {tag for _, _, tag, _ in claims}) if claims else set()
    used = _states(claims, short, holder(ids))
    return [_item(row, names, satellites, used.get(row.id, [])) for row in rows]


def _claims(account_id: str) -> Select[str, str, str, int]:
    return select(Claim.instance_id, Claim.virtual_account_id, Claim.tag, Claim.count).where(
        Claim.account_id == account_id
    )


def _used(
    unit: Unit, account_id: str, claims: Select[str, str, str, int], virtual_accounts: list[str] | None, held: Held
) -> dict[str, list[dict[str, Any]]]:
    """What instances use and hold, each licence with the state that its pool gives it."""
    rows = unit.session.execute(claims.execution_options(yield_per=STREAM))
    return _states(rows, short_pools(unit, account_id, virtual_accounts), held)


def _states(
    claims: Iterable[Row[str, str, str, int]], shortages: Collection[tuple[str, str]], held: Held
) -> dict[str, list[dict[str, Any]]]:
    used: dict[str, list[dict[str, Any]]] = {}
    for instance, va, tag, count in claims:
        state = ClaimState.OUT_OF_COMPLIANCE if (va, tag) in shortages else ClaimState.AUTHORIZED
        used.setdefault(instance, []).append({"tag": tag, "count": count, "state": state.value})
    for instance_id, units in held.items():
        granted = [{"tag": tag, "count": count, "state": ClaimState.AUTHORIZED.value} for tag, count in units]
        used.setdefault(instance_id, []).extend(granted)
    return used


def _item(
    row: Row[Any] | Instance, names: dict[str, str], satellites: dict[str, str], used: list[dict[str, Any]]
) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": instance_name(row),
        **{name: row.udi.get(name) for name in ("pid", "serial", "uuid")},
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
        "detached_until": iso(row.detached_until) if row.detached_until is not None else None,
        "licences": sorted(used, key=lambda one: one["tag"]),
    }
