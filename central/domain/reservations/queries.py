"""Reading reservations, and whether their devices are registered meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Select, bindparam, exists, func, select, update

from central.domain.catalogue.queries import titles
from central.domain.instances.models import RESERVED, DeviceKey, Instance, Standby
from central.domain.instances.queries import units_of
from central.domain.ledger.reserving import held_lots, is_ended, transition_lots
from central.domain.ledger.taking import end_text, is_boundless
from central.domain.ledger.verification import Granted
from central.domain.reservations.errors import UnknownReservationError
from central.domain.reservations.models import STATES, Reservation
from exchange.codes.request import read_request_code
from exchange.identity import Udi
from serverkit.clock import iso, optional_iso, parse_time
from serverkit.db.prefix import starts_with
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches

ACTIVE, RETURNED, GIVEN_UP, RELEASED = STATES
_WAITING = select(Instance).where(
    Instance.account_id == bindparam("of"),
    Instance.udi_key.in_([bindparam("plain"), bindparam("whole")]),
    Instance.state == RESERVED,
)


def reservation_of(unit: Unit, account_id: str, instance_id: str) -> Reservation | None:
    """The reservation in force of an instance."""
    query = select(Reservation).where(
        Reservation.account_id == account_id, Reservation.instance_id == instance_id, Reservation.state == ACTIVE
    )
    return unit.session.scalars(query).one_or_none()


def reserving_instances(unit: Unit, account_id: str, ids: Sequence[str]) -> set[str]:
    """Those of some instances that have a reservation in force."""
    query = select(Reservation.instance_id).where(
        Reservation.account_id == account_id, Reservation.instance_id.in_(ids), Reservation.state == ACTIVE
    )
    return {*unit.session.scalars(query)}


def device_label(row: Reservation) -> str:
    """The device that a reservation was made for, as its request code names it."""
    return read_request_code(row.request_code).udi.label


def device_of(row: Reservation) -> dict[str, str]:
    """The device by product and serial number, as its request code names it."""
    udi = read_request_code(row.request_code).udi
    return {"device": udi.label, "product": udi.pid, "serial": udi.serial}


def held_units(unit: Unit, row: Reservation) -> list[dict[str, Any]]:
    """What is held for a reservation now, licence by licence: reserved of each term, and what waits in transition."""
    found: dict[str, dict[str, Any]] = {}
    kept, going = (held_lots, "reserved"), (transition_lots, "in_transition")
    for read, name in (kept, going):
        for lot, count in read(unit, row.account_id, row.instance_id):
            one = found.setdefault(
                lot.tag, {"tag": lot.tag, "reserved": 0, "in_transition": 0, "ended": 0, "bound": True, "terms": {}}
            )
            one[name] += count
            one["bound"] = one["bound"] and not is_boundless(lot)
            if name == "reserved":
                key = end_text(lot.end)
                one["terms"][key] = one["terms"].get(key, 0) + count
                one["ended"] += count if is_ended(unit, lot) else 0
    named = titles(unit, found)
    rows = [{**one, "name": named.get(tag, tag)} for tag, one in found.items()]
    return sorted(rows, key=lambda one: (one["name"].casefold(), one["tag"]))


def reserving(unit: Unit, account_id: str, virtual_account_id: str) -> int:
    """How many devices of a virtual account reserve licences."""
    query = select(func.count()).where(
        Reservation.account_id == account_id,
        Reservation.virtual_account_id == virtual_account_id,
        Reservation.state == ACTIVE,
    )
    return int(unit.session.scalar(query) or 0)


def reserving_by_place(unit: Unit, account_id: str, virtual_account_ids: Sequence[str]) -> dict[str, int]:
    """How many devices reserve licences, by virtual account; nothing for those where none does."""
    query = select(Reservation.virtual_account_id, func.count()).where(
        Reservation.account_id == account_id,
        Reservation.virtual_account_id.in_(virtual_account_ids),
        Reservation.state == ACTIVE,
    )
    found = unit.session.execute(query.group_by(Reservation.virtual_account_id))
    return {place: int(count) for place, count in found}


def outstanding(unit: Unit, account_id: str, virtual_account_id: str | None = None) -> list[Reservation]:
    """What the vendor released without a return code, while a device that still runs could use it (row C6.7)."""
    query = select(Reservation).where(Reservation.account_id == account_id, Reservation.state == RELEASED)
    if virtual_account_id is not None:
        query = query.where(Reservation.virtual_account_id == virtual_account_id)
    return [row for row in unit.session.scalars(query.order_by(Reservation.id)) if _is_usable(unit, row)]


def _is_usable(unit: Unit, row: Reservation) -> bool:
    # Of an update that no one confirmed too: it may be installed.
    lines = [*row.lines, *(row.pending["lines"] if row.pending else ())]
    ends = [line["end"] for line in lines]
    return any(end is None or parse_time(end) > unit.licence_now for end in ends)


def owed_units(unit: Unit) -> Iterator[Granted]:
    """What is owed to the replacements of failed devices, for comparison with the ledger (row C6.7)."""
    names = Reservation.account_id, Reservation.instance_id, Reservation.virtual_account_id, Reservation.owed
    for row in unit.session.execute(select(*names).where(Reservation.owed > 0).execution_options(yield_per=1000)):
        yield Granted(*row)


def has_active(unit: Unit, account_id: str) -> bool:
    """Whether any device of an account reserves licences."""
    query = select(exists().where(Reservation.account_id == account_id, Reservation.state == ACTIVE))
    return bool(unit.session.scalar(query))


def waiting_instance(unit: Unit, account_id: str, udi: Udi) -> Instance | None:
    """The instance that was added by the request code of a device and never registered; codes name PID and serial only."""
    return unit.session.scalars(_WAITING, {"of": account_id, "plain": udi.plain_key, "whole": udi.key}).first()


def note_seen(unit: Unit, account_id: str, registered: Mapping[str, Udi]) -> list[Reservation]:
    """Remember under which instances, by id, devices are registered for which licences are still reserved; those."""
    found: list[Reservation] = []
    by_key = {udi.plain_key: instance for instance, udi in registered.items()}
    for piece in batches(by_key):
        query = select(Reservation, Instance.udi_key).join(
            Instance, (Instance.account_id == Reservation.account_id) & (Instance.id == Reservation.instance_id)
        )
        query = query.where(
            Reservation.account_id == account_id, Reservation.state == ACTIVE, Instance.udi_key.in_(piece)
        )
        for row, key in unit.session.execute(query).all():
            row.seen_as = by_key[key]
            found.append(row)
    return found


def forget_registered(unit: Unit, account_id: str, instances: Select[str] | Sequence[str]) -> None:
    """These instances, or those that a query names, are gone: the devices are not registered any more."""
    query = update(Reservation).where(Reservation.account_id == account_id, Reservation.seen_as.in_(instances))
    unit.session.execute(query.values(seen_as=None))


def registered_as(unit: Unit, account_id: str, udi: Udi, virtual_account_id: str) -> Instance | None:
    """The registered instance that a device is a unit of, at central or at a satellite, for a reservation there.

    PID and serial number decide, whatever else its UDI says. A set counts where the unit itself registered, or where
    another unit named it in the same virtual account: no one's word about the hardware of others stands in its way.
    """
    query = select(Instance).where(
        Instance.account_id == account_id,
        Instance.state != RESERVED,
        starts_with(unit, Instance.udi_key, udi.plain_key),
    )
    rows = unit.session.scalars(query.order_by(Instance.registered_at, Instance.id))
    found = next((row for row in rows if Udi.from_dict(row.udi).plain_key == udi.plain_key), None)
    return found or _set_of(unit, account_id, udi, virtual_account_id)


def _set_of(unit: Unit, account_id: str, udi: Udi, virtual_account_id: str) -> Instance | None:
    within = select(Standby.instance_id).where(
        Standby.account_id == account_id, starts_with(unit, Standby.udi_key, udi.plain_key)
    )
    query = select(Instance).where(Instance.account_id == account_id, Instance.id.in_(within))
    for row in unit.session.scalars(query.order_by(Instance.registered_at, Instance.id)):
        keys = {each.key for each in units_of(row).standbys if each.plain_key == udi.plain_key}
        named_there = row.virtual_account_id == virtual_account_id
        if keys and (named_there or keys & _signed_standbys(unit, row)):
            return row
    return None


def _signed_standbys(unit: Unit, row: Instance) -> set[str]:
    """The UDI keys of the standbys of a set that registered with a key of their own."""
    if row.satellite_id is not None:
        standbys = units_of(row).standbys
        return {each.key for each, key in zip(standbys, row.standby_keys or (), strict=False) if key}
    query = select(DeviceKey.member).where(DeviceKey.account_id == row.account_id, DeviceKey.instance_id == row.id)
    return set(unit.session.scalars(query))


def find_reservation(unit: Unit, account_id: str, names: dict[str, str], reservation_id: str) -> Reservation:
    """A reservation by its id; `names` are the virtual accounts that may be seen."""
    row = unit.session.get(Reservation, (account_id, reservation_id))
    if row is None or row.virtual_account_id not in names:
        raise UnknownReservationError("there is no reservation {reservation_id!r}", reservation_id=reservation_id[:64])
    return row


def newest_code(row: Reservation) -> str:
    """The authorization code that is to be installed: that of an update which waits, else the one in force."""
    return str(row.pending["code"]) if row.pending else row.authorization_code


def reservations(
    unit: Unit, account_id: str, names: dict[str, str], virtual_account_id: str | None = None
) -> list[dict[str, Any]]:
    """The reservations of an account, newest first."""
    query = select(Reservation).where(Reservation.account_id == account_id).order_by(Reservation.created_at.desc())
    return [
        reservation_dict(row, names)
        for row in unit.session.scalars(query)
        if row.virtual_account_id in names and virtual_account_id in {None, row.virtual_account_id}
    ]


def reservation_dict(row: Reservation, names: dict[str, str]) -> dict[str, Any]:
    """A reservation for people and programs."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "virtual_account": names.get(row.virtual_account_id, row.virtual_account_id),
        "request_code": row.request_code,
        "verified_code": row.own_code,
        "licences": row.lines,
        "number": row.number,
        "installed": row.installed,
        "waiting": row.waiting,
        "pending": {"number": row.pending["number"], "licences": row.pending["lines"]} if row.pending else None,
        "state": row.state,
        "held_by_former_key": row.state == ACTIVE and row.seen_as is not None,
        "release_reason": row.release_reason,
        "created_at": iso(row.created_at),
        "created_by": row.created_by,
        "ended_at": optional_iso(row.ended_at),
        "rehost_of": row.rehost_of,
        "rehosted_to": row.rehosted_to,
        "pending_removal": row.state == ACTIVE and row.rehosted_to is not None and row.reset_at is None,
        "owed": row.owed,
        "factory": row.factory_place is not None,
    }
