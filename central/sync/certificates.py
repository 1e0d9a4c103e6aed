"""Certificates for the next keys that a satellite names in its request (lives: identity 2 years, device CA 3 years)."""

from __future__ import annotations

from collections.abc import Iterator

from central.domain.satellites.keys import expect_key
from central.domain.satellites.models import Satellite
from central.keyring import KeyRing
from exchange.certificate_issuing import issue_device_ca, issue_satellite_identity
from exchange.files.rows import CertificatesRow
from exchange.files.sync_request import SyncRequest
from serverkit.db.unit import Unit


def certificate_rows(
    unit: Unit, keyring: KeyRing, satellite: Satellite, request: SyncRequest
) -> Iterator[CertificatesRow]:
    """The certificates, as long as the satellite asks for them."""
    if request.next_key is None or request.next_device_ca_key is None:
        return
    expect_key(unit, satellite, request.next_key)
    key, now = keyring.response_key, unit.now
    yield CertificatesRow(
        identity=issue_satellite_identity(request.next_key, satellite.id, satellite.epoch, key, now),
        device_ca=issue_device_ca(request.next_device_ca_key, satellite.id, key, now),
    )
