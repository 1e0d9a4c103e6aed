"""Reading satellites (row C11.1)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from central.domain.accounts.queries import of_satellite
from central.domain.base import VENDOR, Counter
from central.domain.instances.models import Instance
from central.domain.policies.queries import policies
from central.domain.satellites.errors import SatelliteExistsError, UnknownSatelliteError
from central.domain.satellites.models import STATES, Satellite, SatelliteKey
from exchange.compliance import SyncDeadlines, sync_deadlines
from exchange.keys import PublicKey
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit
from serverkit.locks import for_change
from serverkit.names import did_you_mean, refuse_similar

EPOCH_FLOOR = "epoch_floor"
REMOVED = STATES[2]


def epoch_floor(unit: Unit) -> int:
    """Epochs begin above it: earlier numbers may have been given out before central was restored."""
    row = unit.session.get(Counter, (VENDOR, EPOCH_FLOOR))
    return row.value if row else 0


def find_satellite(unit: Unit, account_id: str, name: str) -> Satellite:
    """A satellite by its name."""
    query = select(Satellite).where(
        Satellite.account_id == account_id, Satellite.name == name, Satellite.state != REMOVED
    )
    found = unit.session.scalars(query).one_or_none()
    if found is None:
        hint = did_you_mean(name, [row.name for row in account_satellites(unit, account_id)])
        raise UnknownSatelliteError("the account has no satellite {name!r}{hint}", name=name[:80], hint=hint)
    return found


def by_id(unit: Unit, satellite_id: str) -> Satellite | None:
    """A satellite by the id that its files carry, whichever account it belongs to; locked where it may be changed.

    Anyone who only looks must not wait for who writes: a snapshot cannot be locked once somebody has changed the row.
    """
    query = select(Satellite).where(Satellite.id == satellite_id)
    return unit.session.scalars(for_change(query, writing=unit.writing)).one_or_none()


def keys_of(unit: Unit, satellite: Satellite, *, retired: bool) -> dict[str, PublicKey]:
    """Identity keys of a satellite."""
    query = select(SatelliteKey).where(
        SatelliteKey.account_id == satellite.account_id,
        SatelliteKey.satellite_id == satellite.id,
        SatelliteKey.retired.is_(retired),
    )
    return {row.key_id: PublicKey.from_dict(row.public) for row in unit.session.scalars(query)}


def account_satellites(unit: Unit, account_id: str) -> list[Satellite]:
    """The satellites of an account that were not removed."""
    query = select(Satellite).where(Satellite.account_id == account_id, Satellite.state != REMOVED)
    return list(unit.session.scalars(query.order_by(Satellite.name)))


def satellite_names(unit: Unit, account_id: str) -> dict[str, str]:
    """Names by id, removed ones included."""
    query = select(Satellite.id, Satellite.name).where(Satellite.account_id == account_id)
    return dict(unit.session.execute(query).all())


def deadlines(unit: Unit, satellite: Satellite) -> SyncDeadlines | None:
    """When the satellite is due; None before it was authorized."""
    since = satellite.last_sync_at or satellite.registered_at
    if since is None:
        return None
    values = policies(unit)
    return sync_deadlines(
        since, int(values["sync_reminder_days"]), int(values["sync_overdue_days"]), int(values["sync_removal_days"])
    )


def satellite_dict(unit: Unit, satellite: Satellite) -> dict[str, Any]:
    """A satellite for people and programs."""
    due = deadlines(unit, satellite)
    count = (
        select(func.count())
        .select_from(Instance)
        .where(Instance.account_id == satellite.account_id, Instance.satellite_id == satellite.id)
    )
    names = [row.name for row in of_satellite(unit, satellite.account_id, satellite.id)]
    registration = satellite.registration
    return {
        "id": satellite.id,
        "name": satellite.name,
        "state": satellite.state,
        "host": satellite.host,
        "software_version": satellite.software_version,
        "email": satellite.email,
        "virtual_accounts": names,
        "instances": int(unit.session.scalar(count) or 0),
        "epoch": satellite.epoch,
        "sequence": satellite.last_seq,
        "requested_at": iso(satellite.requested_at),
        "registered_at": optional_iso(satellite.registered_at),
        "last_sync": optional_iso(satellite.last_sync_at),
        "sync_due": optional_iso(due.reminder) if due else None,
        "overdue_at": optional_iso(due.overdue) if due else None,
        "removal_at": optional_iso(due.removal) if due else None,
        "key_fingerprint": PublicKey.from_dict(registration["key"]).short if registration else None,
        "forked": satellite.forked,
        "recovering": satellite.recovering,
    }


def satellites(unit: Unit, account_id: str) -> list[dict[str, Any]]:
    """The table of satellites."""
    return [satellite_dict(unit, row) for row in account_satellites(unit, account_id)]


def refuse_known(unit: Unit, account_id: str, name: str, satellite_id: str) -> None:
    """Refuse a machine that is registered, then a name that is taken; SatelliteExistsError says which."""
    other = by_id(unit, satellite_id)
    if other is not None and other.account_id != account_id:
        raise SatelliteExistsError(
            "this machine is, or was, a satellite of another account",
            remedy="Set the machine up again with `satellite init`, which gives it another identity.",
        )
    if other is not None and other.state != REMOVED:
        raise SatelliteExistsError(
            "this machine is registered already, as satellite {name!r}",
            remedy="Bring it back with `central satellite resync`, or remove satellite {name} first.",
            name=other.name,
        )
    refuse_known_name(unit, account_id, name, satellite_id)


def refuse_known_name(unit: Unit, account_id: str, name: str, but: str) -> None:
    """Refuse a name that another satellite of the account has, or that reads like one; `but` is the id it is for."""
    query = select(Satellite.name).where(
        Satellite.account_id == account_id, Satellite.state != REMOVED, Satellite.id != but
    )
    names = list(unit.session.scalars(query))
    if name in names:
        raise SatelliteExistsError(
            "another machine is registered under the name {name!r}",
            remedy="Choose another name; the machine itself is not registered yet.",
            name=name,
        )
    refuse_similar("the name of the satellite", name, names)
