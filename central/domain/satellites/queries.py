"""Reading satellites (row C11.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select

from central.domain.accounts.models import VirtualAccount
from central.domain.base import VENDOR, Counter
from central.domain.instances.models import Instance
from central.domain.policies.queries import policies
from central.domain.satellites.errors import SatelliteExistsError, UnknownSatelliteError
from central.domain.satellites.models import STATES, Satellite, SatelliteKey
from exchange.keys import PublicKey
from exchange.sync_deadlines import SyncDeadlines, sync_deadlines
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

    Anyone who only looks must not wait for who writes: a snapshot cannot be locked once someone has changed the row.
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


def names_by_satellite(unit: Unit, account_id: str) -> dict[str, str]:
    """Names of the present satellites by id."""
    return {row.id: row.name for row in account_satellites(unit, account_id)}


def satellite_names(unit: Unit, account_id: str) -> dict[str, str]:
    """Names by id, removed ones included."""
    query = select(Satellite.id, Satellite.name).where(Satellite.account_id == account_id)
    return dict(unit.session.execute(query).all())


def deadlines(unit: Unit, satellite: Satellite, values: Mapping[str, Any] | None = None) -> SyncDeadlines | None:
    """When the satellite is due; None before it was authorized. `values` are the policies, where they are read already."""
    since = satellite.last_sync_at or satellite.registered_at
    if since is None:
        return None
    values = policies(unit) if values is None else values
    return sync_deadlines(
        since, int(values["sync_reminder_days"]), int(values["sync_overdue_days"]), int(values["sync_removal_days"])
    )


def satellite_dict(unit: Unit, satellite: Satellite) -> dict[str, Any]:
    """A satellite for people and programs."""
    return _shown(unit, [satellite])[0]


def _shown(unit: Unit, rows: Sequence[Satellite]) -> list[dict[str, Any]]:
    """Satellites of one account, in a constant number of queries."""
    if not rows:
        return []
    account_id, ids = rows[0].account_id, [row.id for row in rows]
    counted = (
        select(Instance.satellite_id, func.count())
        .where(Instance.account_id == account_id, Instance.satellite_id.in_(ids))
        .group_by(Instance.satellite_id)
    )
    counts = {one: int(count) for one, count in unit.session.execute(counted)}
    names: dict[str, list[str]] = {}
    places = select(VirtualAccount.satellite_id, VirtualAccount.name).where(
        VirtualAccount.account_id == account_id, VirtualAccount.satellite_id.in_(ids)
    )
    for one, name in unit.session.execute(places.order_by(VirtualAccount.name)):
        names.setdefault(str(one), []).append(name)
    values = policies(unit)
    return [_dict(row, deadlines(unit, row, values), names.get(row.id, []), counts.get(row.id, 0)) for row in rows]


def _dict(satellite: Satellite, due: SyncDeadlines | None, names: list[str], instances: int) -> dict[str, Any]:
    registration = satellite.registration
    return {
        "id": satellite.id,
        "name": satellite.name,
        "state": satellite.state,
        "host": satellite.host,
        "address": satellite.address,
        "approved": satellite.approved,
        "software_version": satellite.software_version,
        "email": satellite.email,
        "virtual_accounts": names,
        "instances": instances,
        "epoch": satellite.epoch,
        "sequence": satellite.last_seq,
        "response": satellite.last_rseq,
        "requested_at": iso(satellite.requested_at),
        "registered_at": optional_iso(satellite.registered_at),
        "downloaded_at": optional_iso(satellite.downloaded_at),
        "last_sync": optional_iso(satellite.last_sync_at),
        "sync_failure": satellite.sync_failure,
        "sync_failed_at": optional_iso(satellite.sync_failed_at) if satellite.sync_failure else None,
        "sync_due": optional_iso(due.reminder) if due else None,
        "overdue_at": optional_iso(due.overdue) if due else None,
        "removal_at": optional_iso(due.removal) if due else None,
        "key_fingerprint": PublicKey.from_dict(registration["key"]).short if registration else None,
        "forked": satellite.forked,
        "recovering": satellite.recovering,
    }


def satellites(unit: Unit, account_id: str) -> list[dict[str, Any]]:
    """The table of satellites."""
    return _shown(unit, account_satellites(unit, account_id))


def refuse_known(unit: Unit, account_id: str, name: str, satellite_id: str) -> None:
    """Refuse a machine that is registered, then a name that is taken, if there is one; SatelliteExistsError says which."""
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
    if name:
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
