"""Signed returns of devices: booked wherever they arrive, confirmed to where the device is now.

A return is accepted through any satellite, at central itself, and in another account than that of the grant; so is the
give-up of a reservation by code. The release goes to the place that the statement came from.
"""

from __future__ import annotations

from dataclasses import dataclass

from central.domain.base import next_change
from central.domain.export_control.models import GrantRecord, ReleaseNotice
from central.domain.export_control.services import take_return
from central.domain.instances.models import Instance
from central.domain.reservations.ending import give_up
from central.keyring import KeyRing
from exchange.canonical import JsonObject, decode_object
from exchange.envelope import payload_unverified
from exchange.errors import ExchangeError
from exchange.keys import PublicKey
from exchange.limits import STATEMENT_BYTES
from exchange.statements import GivenUpReservation, GrantRelease, open_export_return, seal_grant_release
from exchange.vocabulary import ReleaseReason
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a device is: its account, its satellite if there is one, its instance there."""

    account_id: str
    satellite_id: str | None
    instance_id: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a statement freed: the account, and the pool where it was one grant of that account."""

    account_id: str
    grant: GrantRecord | None


def take(unit: Unit, keyring: KeyRing, place: Place, envelope: JsonObject, key: PublicKey) -> list[Taken]:
    """Free what a device gives back; nothing where central never gave it. `key` is that of the device.

    ExchangeError for a statement that the key which holds the right has not signed. The caller refreshes the alerts of the
    account of `place`; the unit of work refreshes those of any other account.
    """
    grant_id, gives_up = _peek(envelope)
    if gives_up:
        statement = open_export_return(envelope, key)
        taken = _given_up(unit, keyring, place, statement.grant, statement.key_hash, statement.reservation)
    else:
        grant = take_return(unit, keyring, grant_id, envelope)
        taken = [Taken(grant.account_id, grant)] if grant is not None else []
        if grant is not None and grant.release is not None and _is_elsewhere(grant, place):
            _notify(unit, place, grant.id, grant.key_hash, grant.release)
    unit.touched.update({one.account_id for one in taken} - {place.account_id})
    return taken


def _peek(envelope: JsonObject) -> tuple[str, bool]:
    # Only to find the key that must have signed it; the signature is checked before anything is trusted.
    try:
        found = decode_object(payload_unverified(envelope), max_bytes=STATEMENT_BYTES)
    except ExchangeError:
        return "", False
    named = found.get("grant")
    return named if isinstance(named, str) else "", found.get("reservation") is not None


def _given_up(
    unit: Unit, keyring: KeyRing, place: Place, name: str, key_hash: str, said: GivenUpReservation | None
) -> list[Taken]:
    instance = unit.session.get(Instance, (place.account_id, place.instance_id))
    rows = give_up(unit, said, instance) if said is not None else []
    if rows:
        released = GrantRelease(
            keyring.vendor_id, name, place.satellite_id, key_hash, ReleaseReason.RETURNED, rows[0].ended_at or unit.now
        )
        _notify(unit, place, name, key_hash, seal_grant_release(released, keyring.response_key))
    return [Taken(row.account_id, None) for row in rows]


def _is_elsewhere(grant: GrantRecord, place: Place) -> bool:
    if (grant.account_id, grant.satellite_id) != (place.account_id, place.satellite_id):
        return True
    return place.satellite_id is None and grant.instance_id != place.instance_id


def _notify(unit: Unit, place: Place, name: str, key_hash: str, envelope: JsonObject) -> None:
    number = next_change(unit, place.account_id)
    row = unit.session.get(ReleaseNotice, (place.account_id, name))
    if row is None:
        row = ReleaseNotice(account_id=place.account_id, grant_id=name)
        unit.session.add(row)
    row.satellite_id, row.instance_id, row.key_hash = place.satellite_id, place.instance_id, key_hash
    row.envelope, row.change_no = envelope, number
