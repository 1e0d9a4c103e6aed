"""Renewing the satellite's own keys inside a synchronization (row B4): identity 2 years, device CA 3 years.

When half of the identity's life is over, new keys are made and named in each request; the response brings their
certificates. From then on, this satellite signs with the new ones. Central accepts the old key until it has seen
a request signed by the new one, so a lost response costs nothing.
"""

from __future__ import annotations

from exchange.certificates import certificate_key, certificate_times
from exchange.compliance import until
from exchange.errors import AlteredError
from exchange.files.rows import CertificatesRow
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.site.models import Site
from satellite.keyring import KeyRing
from serverkit.db.unit import Unit


def prepare_renewal(unit: Unit, keyring: KeyRing, site: Site) -> None:
    """Make the next keys when half of the identity's life is over; repeated calls keep them."""
    if site.next_identity_key_id is not None or site.identity_certificate is None:
        return
    start, end = certificate_times(site.identity_certificate)
    if unit.now >= start + (end - start) / 2:
        site.next_identity_key_id, site.next_device_ca_key_id = keyring.make_key(), keyring.make_key()


def take_certificates(unit: Unit, site: Site, row: CertificatesRow) -> None:
    """Switch to the new keys; certificates for other keys are refused."""
    found = (certificate_key(row.identity).key_id, certificate_key(row.device_ca).key_id)
    if found == (site.identity_key_id, site.device_ca_key_id):
        return
    if found != (site.next_identity_key_id, site.next_device_ca_key_id):
        raise AlteredError("the certificates are not for the keys that this satellite named")
    site.identity_key_id, site.device_ca_key_id = found
    site.identity_certificate, site.device_ca_certificate = row.identity, row.device_ca
    site.next_identity_key_id = site.next_device_ca_key_id = None
    end = certificate_times(row.identity)[1]
    record(unit, EventKind.IDENTITY_RENEWED, f"identity of the satellite renewed, valid {until(end)}")
