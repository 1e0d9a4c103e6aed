"""Importing an authorization file, which opens a new epoch (row S1.2)."""

from __future__ import annotations

from typing import BinaryIO

from sqlalchemy import delete, select

from exchange.certificates import certificate_key, certificate_times
from exchange.errors import AlteredError, ExpiredError
from exchange.files.authorization import OpenedAuthorization, read_authorization
from exchange.licence_time import ClockTrust
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.services import note_signed_time
from satellite.core.site.models import MadeRegistration, Site
from satellite.core.site.queries import site_of
from satellite.keyring import KeyRing
from satellite.sync.apply_response import apply_rows
from satellite.sync.history import note_history
from satellite.sync.import_response import Imported, time_of_reading
from satellite.sync.released_accounts import release_others
from serverkit.clock import iso
from serverkit.db.unit import Unit


def import_authorization(unit: Unit, keyring: KeyRing, data: BinaryIO, *, restored: bool) -> Imported:
    """Verify an authorization file and enter its epoch: certificates, account, and the rows of a response.

    `restored` says that this site is known to be an older copy, which lacks what central kept.
    """
    site = site_of(unit)
    registrations = {row.digest: row for row in unit.session.scalars(select(MadeRegistration))}
    opened = read_authorization(
        data,
        trust=keyring.trust,
        satellite=site.satellite_id,
        pending={digest: row.nonce for digest, row in registrations.items()},
        lab=keyring.trust.root.lab,
        now=time_of_reading(unit),
    )
    authorization = opened.authorization
    counts = opened.opened.body.counts if opened.opened.body else {}
    if authorization.epoch <= site.epoch:
        same = opened.digest == site.authorization_digest
        # The same file completes what a crash after the commit left undone: trust and anchor.
        trust = opened.trust if same else None
        return Imported("already_applied" if same else "older_than_applied", site.epoch, 0, counts, trust)
    registration = registrations[authorization.registration_digest]
    _check_certificates(keyring, opened, registration)
    _refuse_ended(unit, opened)
    note_signed_time(unit, authorization.created, registration.made_at)
    _enter_epoch(unit, site, opened, registration)
    named = apply_rows(unit, opened.trust, site, opened.rows(), restored=restored)
    release_others(unit, named)
    note_history(unit, "authorization", "applied", epoch=site.epoch, number=0, counts=counts)
    message = f"authorized by {authorization.account_name}, epoch {site.epoch}"
    record(unit, EventKind.AUTHORIZED, message, subject={"epoch": site.epoch, "account": authorization.account_domain})
    return Imported("applied", site.epoch, 0, counts, opened.trust)


def _check_certificates(keyring: KeyRing, opened: OpenedAuthorization, registration: MadeRegistration) -> None:
    authorization = opened.authorization
    wanted = (registration.identity_key_id, registration.device_ca_key_id)
    found = (
        certificate_key(authorization.identity_certificate).key_id,
        certificate_key(authorization.device_ca_certificate).key_id,
    )
    if found != wanted:
        raise AlteredError("the certificates are not for the keys of this registration")
    for key_id in wanted:
        keyring.key(key_id)


def _refuse_ended(unit: Unit, opened: OpenedAuthorization) -> None:
    """A file that was carried for years brings certificates that no one takes any more."""
    if unit.reading is not None and unit.reading.standing is not ClockTrust.BELIEVED:
        return
    authorization = opened.authorization
    for certificate in (authorization.identity_certificate, authorization.device_ca_certificate):
        end = certificate_times(certificate)[1]
        if end <= unit.now:
            raise ExpiredError("the certificates in the authorization ended at {end}", end=iso(end))


def _enter_epoch(unit: Unit, site: Site, opened: OpenedAuthorization, registration: MadeRegistration) -> None:
    authorization = opened.authorization
    site.identity_key_id, site.device_ca_key_id = registration.identity_key_id, registration.device_ca_key_id
    site.account_id, site.account_domain = authorization.account_id, authorization.account_domain
    site.account_name, site.export_allowed = authorization.account_name, authorization.export_allowed
    site.epoch, site.epoch_id, site.authorized_at = authorization.epoch, authorization.epoch_id, unit.now
    site.identity_certificate = authorization.identity_certificate
    site.device_ca_certificate = authorization.device_ca_certificate
    site.authorization_digest = site.acknowledged_digest = site.applied_digest = opened.digest
    site.last_seq = site.acknowledged_seq = site.applied_rseq = 0
    site.next_identity_key_id = site.next_device_ca_key_id = None
    site.head, site.needs_full, site.last_sync_at = authorization.head, True, None
    # Older registrations can no longer be answered; the one that was stays, for a next epoch without a new key.
    unit.session.execute(delete(MadeRegistration).where(MadeRegistration.digest != registration.digest))
