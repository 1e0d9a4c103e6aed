"""Keys of a satellite: the one of its registration, the next one, and those that are retired (rows C11.1, E2)."""

from __future__ import annotations

from sqlalchemy import delete, update

from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.satellites.errors import RegistrationUsedError
from central.domain.satellites.models import Satellite, SatelliteKey
from exchange.files.registration import Registration
from exchange.keys import PublicKey
from serverkit.db.unit import Unit


def accept_key(unit: Unit, satellite: Satellite) -> None:
    """Certify the registration's key; every earlier key of the satellite is retired."""
    key = PublicKey.from_dict(satellite.registration["key"])
    unit.session.execute(
        update(SatelliteKey)
        .where(SatelliteKey.account_id == satellite.account_id, SatelliteKey.satellite_id == satellite.id)
        .values(retired=True)
    )
    unit.session.execute(
        delete(SatelliteKey).where(
            SatelliteKey.account_id == satellite.account_id,
            SatelliteKey.satellite_id == satellite.id,
            SatelliteKey.key_id == key.key_id,
        )
    )
    row = SatelliteKey(
        account_id=satellite.account_id,
        satellite_id=satellite.id,
        key_id=key.key_id,
        public=key.to_dict(),
        retired=False,
    )
    unit.session.add(row)


def expect_key(unit: Unit, satellite: Satellite, key: PublicKey) -> None:
    """Accept the next key of a satellite beside the current one, until a request signed by it arrives."""
    if satellite.next_key_id == key.key_id:
        return
    used = unit.session.get(SatelliteKey, (satellite.account_id, satellite.id, key.key_id))
    if used is not None:
        return
    satellite.next_key_id = key.key_id
    unit.session.add(
        SatelliteKey(
            account_id=satellite.account_id,
            satellite_id=satellite.id,
            key_id=key.key_id,
            public=key.to_dict(),
            retired=False,
        )
    )


def note_signer(unit: Unit, satellite: Satellite, key_id: str) -> None:
    """Retire the earlier keys once the next one has signed a request."""
    if satellite.next_key_id is None or satellite.next_key_id != key_id:
        return
    row = unit.session.get_one(SatelliteKey, (satellite.account_id, satellite.id, key_id))
    unit.session.execute(
        update(SatelliteKey)
        .where(
            SatelliteKey.account_id == satellite.account_id,
            SatelliteKey.satellite_id == satellite.id,
            SatelliteKey.key_id != key_id,
        )
        .values(retired=True)
    )
    satellite.next_key_id = None
    satellite.registration = {**satellite.registration, "key": row.public}
    message = f"satellite {satellite.name} changed over to its next key"
    record(unit, satellite.account_id, EventKind.SATELLITE_KEY_RENEWED, message, satellite_id=satellite.id)


def refuse_used_key(unit: Unit, satellite: Satellite, registration: Registration) -> None:
    """A copy of this satellite can show every file that was made before it was copied; only a fresh key tells them apart."""
    used = unit.session.get(SatelliteKey, (satellite.account_id, satellite.id, registration.key.key_id))
    if used is not None:
        raise RegistrationUsedError
