"""Reading product instances (row S3.2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, bindparam, exists, func, or_, select, union_all

from exchange.identity import Udi, UnitSet
from exchange.vocabulary import ClaimState, Compliance
from satellite.core.accounts.models import VirtualAccount
from satellite.core.instances.errors import UnknownInstanceError
from satellite.core.instances.models import DeviceKey, Instance, Standby
from satellite.core.licences.models import Claim
from satellite.core.licences.queries import pools
from serverkit.clock import iso
from serverkit.db.prefix import lies_between, next_after, on_postgresql, starts_with
from serverkit.db.unit import Unit
from serverkit.db.word_search import holds_all

STREAM = 1000
ASKED_TOGETHER = 16
# Restricted units that instances hold, tag and count by instance; and how to ask for those of some instances.
Held = Mapping[str, Sequence[tuple[str, int]]]
Holder = Callable[[Sequence[str] | None], Held]
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
    Instance.detached_until,
)


def find_instance(unit: Unit, instance_id: str) -> Instance:
    """An instance by its id."""
    found = unit.session.get(Instance, instance_id)
    if found is None or found.removed:
        raise UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return found


def present(unit: Unit, ids: Sequence[str]) -> list[Instance]:
    """Those of some instances that are still here."""
    return list(unit.session.scalars(select(Instance).where(Instance.id.in_(ids), Instance.removed.is_(False))))


def known_unit(unit: Unit, udi: Udi, virtual_account_id: str) -> Instance | None:
    """The instance that a unit belongs to, which registers with a token of a virtual account.

    Rows S4.1, C7.6: where the unit itself signed, wherever that is; else where another one named it, alone in the
    virtual account of the token: no one's word about the hardware of others stands in its way.
    """
    within = select(Standby.instance_id).where(Standby.udi_key == udi.key)
    query = select(Instance).where(
        Instance.removed.is_(False), or_(Instance.udi_key == udi.key, Instance.id.in_(within))
    )
    rows = list(unit.session.scalars(query.order_by(Instance.registered_at, Instance.id)))
    if not rows:
        return None
    signed = select(DeviceKey.instance_id).where(
        DeviceKey.member == udi.key, DeviceKey.instance_id.in_([row.id for row in rows])
    )
    by_itself = set(unit.session.scalars(signed))
    sure = [row for row in rows if row.id in by_itself]
    named = [row for row in rows if row.virtual_account_id == virtual_account_id]
    # By itself before within a set, as long as either is as sure.
    return next(iter(sorted(sure or named, key=lambda row: row.udi_key != udi.key)), None)


def shown_whatever_uuid(unit: Unit, plain_keys: Collection[str]) -> set[str]:
    """Which of these keys (`Udi.plain_key`) are here, with any UUID or without one, by themselves or in a set."""
    found: set[str] = set()
    query, keys = _shown_whatever_uuid(on_postgresql(unit)), iter(sorted(plain_keys))
    while some := list(islice(keys, ASKED_TOGETHER)):
        asked = [*some, *[""] * (ASKED_TOGETHER - len(some))]
        values = {f"first{at}": key for at, key in enumerate(asked)}
        values |= {f"after{at}": next_after(key) if key else "" for at, key in enumerate(asked)}
        shown = unit.session.connection().execute(query, values).one()
        found.update(key for key, is_shown in zip(some, shown, strict=False) if is_shown)
    return found


@cache
def _shown_whatever_uuid(on_postgresql: bool) -> Select[Any]:
    """One column for each key that is asked for at once."""

    def shown(at: int) -> ColumnElement[bool]:
        first, after = bindparam(f"first{at}", type_=String()), bindparam(f"after{at}", type_=String())
        alone = lies_between(Instance.udi_key, first, after, on_postgresql=on_postgresql)
        within = lies_between(Standby.udi_key, first, after, on_postgresql=on_postgresql)
        return or_(exists().where(alone, Instance.removed.is_(False)), exists().where(within))

    columns: list[Any] = [shown(at) for at in range(ASKED_TOGETHER)]
    return select(*columns)


def keys_without_uuid(unit: Unit) -> set[str]:
    """Identities without a UUID beside which the same PID and serial number is with one: perhaps one machine."""
    alone = select(Instance.udi_key).where(Instance.removed.is_(False))
    within = select(Standby.udi_key)
    with_uuid = union_all(
        alone.where(Instance.udi_key.not_like("%|")), within.where(Standby.udi_key.not_like("%|"))
    ).subquery()
    key = with_uuid.c.udi_key
    # All that follows the last separator goes: what is left is the key without a UUID.
    plain = select(func.rtrim(key, func.replace(key, "|", "")))
    found = alone.where(Instance.udi_key.in_(plain)), within.where(Standby.udi_key.in_(plain))
    return {key for query in found for key in unit.session.scalars(query)}


def units_of(row: Instance) -> UnitSet:
    """The units of an instance."""
    return UnitSet.of(row.udi, row.standbys)


def members_of(row: Instance) -> tuple[Udi, ...]:
    """The units of an instance: the active one, then its standbys."""
    return units_of(row).members


def same_hardware(unit: Unit, row: Instance) -> list[str]:
    """The ids of other instances that show the identity of a unit of this one."""
    keys, parts = units_of(row).shown_as, units_of(row).open_keys
    shown, named = (
        or_(column.in_(sorted(keys)), *(starts_with(unit, column, part) for part in parts))
        for column in (Instance.udi_key, Standby.udi_key)
    )
    alone = select(Instance.id).where(shown, Instance.removed.is_(False), Instance.id != row.id)
    within = (
        select(Standby.instance_id)
        .join(Instance, Standby.instance_id == Instance.id)
        .where(named, Standby.instance_id != row.id, Instance.removed.is_(False))
    )
    return sorted({*unit.session.scalars(alone), *unit.session.scalars(within)})


def instance_name(row: Instance | Row[Any]) -> str:
    """How an instance is called: its host name, else its UDI."""
    return row.hostname or Udi.from_dict(row.udi).label


def placed_name(unit: Unit, row: Instance) -> str:
    """How an instance is called in an event, with its virtual account."""
    return f"{instance_name(row)} in {unit.session.get_one(VirtualAccount, row.virtual_account_id).name}"


def instances(
    unit: Unit, names: dict[str, str], virtual_account_id: str | None, satellite: str, held: Held
) -> list[dict[str, Any]]:
    """The table of product instances; `held` are the restricted units that they hold."""
    query, claims = select(*_SHOWN).where(Instance.removed.is_(False)), _claims()
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    used = _used(unit, claims, virtual_account_id, held)
    rows = unit.session.execute(query.execution_options(yield_per=STREAM))
    items = [_item(row, names, satellite, used.pop(row.id, [])) for row in rows]
    items.sort(key=lambda item: (item["name"], item["id"]))
    return items


def instances_after(
    unit: Unit,
    names: dict[str, str],
    satellite: str,
    holder: Holder,
    *,
    virtual_account_id: str | None,
    after: str | None,
    most: int,
) -> list[dict[str, Any]]:
    """The next product instances in the order of their ids; the cost does not grow with how many there are."""
    query = select(*_SHOWN).where(Instance.removed.is_(False))
    if virtual_account_id is not None:
        query = query.where(Instance.virtual_account_id == virtual_account_id)
    if after is not None:
        query = query.where(Instance.id > after)
    rows = unit.session.execute(query.order_by(Instance.id).limit(most)).all()
    return _items(unit, rows, names, satellite, holder, virtual_account_id)


def instance_dict(unit: Unit, row: Instance, names: dict[str, str], satellite: str, holder: Holder) -> dict[str, Any]:
    """A product instance for people and programs."""
    return _items(unit, [row], names, satellite, holder, row.virtual_account_id)[0]


def instance_dicts(
    unit: Unit, rows: Sequence[Instance], names: dict[str, str], satellite: str, holder: Holder
) -> list[dict[str, Any]]:
    """Product instances for people and programs, in a fixed number of queries."""
    return _items(unit, rows, names, satellite, holder, None)


def in_virtual_account(unit: Unit, virtual_account_id: str) -> list[Instance]:
    """The instances of a virtual account, by name."""
    query = select(Instance).where(Instance.removed.is_(False), Instance.virtual_account_id == virtual_account_id)
    return sorted(unit.session.scalars(query), key=lambda row: (instance_name(row), row.id))


def named_by(words: str) -> ColumnElement[bool]:
    """The condition that a person who types this means an instance.

    Each word is a part of its host name, product id, serial number or UUID, or of those of a standby of its set, whatever the
    case of its letters; a UUID may have its hyphens. Or it is the id of the instance.
    """
    within = select(Standby.instance_id).where(holds_all(Standby.udi_key, words))
    return or_(holds_all(Instance.search_text, words), Instance.id.in_(within), Instance.id == words.strip().lower())


def _items(
    unit: Unit,
    rows: Sequence[Row[Any] | Instance],
    names: dict[str, str],
    satellite: str,
    holder: Holder,
    virtual_account_id: str | None,
) -> list[dict[str, Any]]:
    ids = [row.id for row in rows]
    if len(ids) > STREAM * 5:  # a list of so many ids is longer than a statement may be
        used = _used(unit, _claims(), virtual_account_id, holder(None))
        return [_item(row, names, satellite, used.pop(row.id, [])) for row in rows]
    used = _used(unit, _claims().where(Claim.instance_id.in_(ids)), virtual_account_id, holder(ids))
    return [_item(row, names, satellite, used.get(row.id, [])) for row in rows]


def _claims() -> Select[str, str, str, int]:
    return select(Claim.instance_id, Claim.virtual_account_id, Claim.tag, Claim.count).where(Claim.count > 0)


def _used(
    unit: Unit, claims: Select[str, str, str, int], virtual_account_id: str | None, held: Held
) -> dict[str, list[dict[str, Any]]]:
    """What instances use and hold, each licence with the state that its pool gives it."""
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
    return used


def _item(
    row: Row[Any] | Instance, names: dict[str, str], satellite: str, used: list[dict[str, Any]]
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
        "virtual_account": names.get(row.virtual_account_id, row.virtual_account_id),
        "satellite": satellite,
        "registered_at": iso(row.registered_at),
        "last_contact": iso(row.last_contact),
        "certificate_expires": iso(row.certificate_expires),
        "state": row.state,
        "standbys": row.standbys,
        "marks": row.marks,
        "detached_until": iso(row.detached_until) if row.detached_until is not None else None,
        "licences": sorted(used, key=lambda one: one["tag"]),
    }
