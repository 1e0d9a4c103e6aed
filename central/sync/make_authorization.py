"""Make the authorization file: response 0 of an epoch, the same bytes each time (row C11.1)."""

from __future__ import annotations

import io
from itertools import chain

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.satellites.keys import accept_key
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.domain.satellites.services import AUTHORIZED, open_epoch, require_approved
from central.domain.trust.services import require_valid_keys
from central.keyring import KeyRing
from central.sync.kept_rows import kept_rows
from central.sync.response_rows import NOTHING, Known, rows_for
from central.sync.restored_central import note_answer
from exchange.certificate_issuing import issue_device_ca, issue_satellite_identity
from exchange.files.authorization import Authorization
from exchange.files.authorization import make_authorization as write_authorization
from exchange.keys import PublicKey
from exchange.statements import CentralHead, seal_central_head
from serverkit.db.unit import Unit


def make_authorization(unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite) -> AnsweredRequest:
    """The authorization file of the satellite's present registration."""
    require_approved(satellite)
    stored = _stored(unit, satellite)
    if stored is None:
        stored = _make(unit, keyring, account, satellite)
    satellite.downloaded_at = unit.now
    unit.touched.add(account.id)
    return stored


def _stored(unit: Unit, satellite: Satellite) -> AnsweredRequest | None:
    if not satellite.epoch_id:
        return None
    query = select(AnsweredRequest).where(
        AnsweredRequest.account_id == satellite.account_id,
        AnsweredRequest.satellite_id == satellite.id,
        AnsweredRequest.epoch == satellite.epoch,
        AnsweredRequest.seq == 0,
    )
    return unit.session.scalars(query).one_or_none()


def _make(unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite) -> AnsweredRequest:
    require_valid_keys(keyring, unit.licence_now, change=True)
    if not satellite.epoch_id:
        open_epoch(unit, satellite)
    registration = satellite.registration
    key, ca_key = PublicKey.from_dict(registration["key"]), PublicKey.from_dict(registration["device_ca_key"])
    response_key, now = keyring.response_key, unit.now
    head = CentralHead(keyring.vendor_id, satellite.id, satellite.epoch, satellite.epoch_id, 0, 0, now)
    authorization = Authorization(
        vendor_id=keyring.vendor_id,
        satellite=satellite.id,
        satellite_name=satellite.name,
        account_id=account.id,
        account_domain=account.domain,
        account_name=account.name,
        export_allowed=account.export_allowed,
        epoch=satellite.epoch,
        epoch_id=satellite.epoch_id,
        created=now,
        registration_digest=registration["digest"],
        registration_nonce=registration["nonce"],
        identity_certificate=issue_satellite_identity(key, satellite.id, satellite.epoch, response_key, now),
        device_ca_certificate=issue_device_ca(ca_key, satellite.id, response_key, now),
        root_version=keyring.trust.root.version,
        head=seal_central_head(head, response_key),
    )
    note_answer(unit, account.id)
    out = io.BytesIO()
    upto = Known.now(unit, account.id)
    rows = chain(rows_for(unit, keyring, account, satellite, NOTHING), kept_rows(unit, satellite))
    roots = keyring.trust.newer_than(int(registration["root_version"]))
    digest, counts = write_authorization(authorization, rows, response_key, roots, out)
    accept_key(unit, satellite)
    stored = AnsweredRequest(
        account_id=account.id,
        satellite_id=satellite.id,
        epoch=satellite.epoch,
        seq=0,
        digest=digest,
        rseq=0,
        response=out.getvalue(),
        response_digest=digest,
        change_upto=upto.changes,
        catalogue_upto=upto.catalogue,
        counts=counts,
        received_at=now,
    )
    unit.session.add(stored)
    satellite.state, satellite.registered_at = AUTHORIZED, now
    message = f"satellite {satellite.name} authorized, epoch {satellite.epoch}"
    subject = {"epoch": satellite.epoch, "digest": digest}
    record(unit, account.id, EventKind.SATELLITE_CREATED, message, subject=subject, satellite_id=satellite.id)
    return stored
