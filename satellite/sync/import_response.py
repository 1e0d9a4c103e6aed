"""Taking in what central says: authorizations and responses, each applied once and in order (rows S1.2, S2.1, S2.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import BinaryIO

from sqlalchemy import delete, select

from exchange.certificates import certificate_key
from exchange.errors import AlteredError, NotMineError, ResyncRequiredError, WrongSatelliteError
from exchange.files.authorization import OpenedAuthorization, read_authorization
from exchange.files.order import ResponseOrder, judge_response
from exchange.files.rows import (
    AllotmentRow,
    CertificatesRow,
    EntitlementRow,
    ExportDecisionRow,
    GrantReleaseRow,
    GrantRow,
    PolicyRow,
    ResponseRow,
    VirtualAccountRow,
)
from exchange.files.sync_request import Applied
from exchange.files.sync_response import read_sync_response
from exchange.statements import open_allotment, open_grant, open_grant_release
from exchange.trust import Trust
from satellite.core.accounts.models import VirtualAccount
from satellite.core.activity.events import EventKind
from satellite.core.activity.services import record
from satellite.core.export_queue.services import take_decision, take_grant, take_release
from satellite.core.instances.models import Instance
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.operations.services import note_signed_time
from satellite.core.site.models import MadeRegistration, MadeRequest, Site
from satellite.core.site.queries import authorized_site, site_of
from satellite.core.site.services import note_history, take_naming
from satellite.keyring import KeyRing
from satellite.sync.key_renewal import take_certificates
from satellite.sync.restored_rows import Returning
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert
from serverkit.licence_time import ClockTrust

_NO_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: applied, already_applied or older_than_applied."""

    outcome: str
    epoch: int
    sequence: int
    counts: dict[str, int]
    trust: Trust | None = None


def import_authorization(unit: Unit, keyring: KeyRing, data: BinaryIO) -> Imported:
    """Apply an authorization file: a new epoch, certificates, account, and everything that a response holds."""
    site = site_of(unit)
    server = list(unit.session.scalars(select(MadeRegistration)))
    opened = read_authorization(
        data,
        trust=keyring.trust,
        satellite=site.satellite_id,
        pending={row.digest: row.nonce for row in server},
        lab=keyring.trust.root.lab,
        now=time_of_reading(unit),
    )
    authorization = opened.authorization
    counts = opened.opened.body.counts if opened.opened.body else {}
    if authorization.epoch <= site.epoch:
        same = opened.digest == site.authorization_digest
        # The same file again completes what a crash after the commit left undone: trust and anchor.
        trust = opened.trust if same else None
        return Imported("already_applied" if same else "older_than_applied", site.epoch, 0, counts, trust)
    registration = next(row for row in server if row.digest == authorization.registration_digest)
    _check_certificates(keyring, opened, registration)
    note_signed_time(unit, authorization.created, registration.made_at)
    _enter_epoch(unit, site, opened, registration)
    apply_rows(unit, opened.trust, site, opened.rows())
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


def time_of_reading(unit: Unit) -> datetime:
    """The time by which a file is refused as made in the future: none while the clock itself is not believed.

    The file's signature then says more of the time than this machine does.
    """
    believed = unit.reading is None or unit.reading.standing is ClockTrust.BELIEVED
    return unit.now if believed else _NO_FUTURE


def import_response(unit: Unit, keyring: KeyRing, data: BinaryIO) -> Imported:
    """Apply a response if it is the newest that answers a request of this machine."""
    site = authorized_site(unit)
    opened = read_sync_response(
        data, trust=keyring.trust, satellite=site.satellite_id, lab=keyring.trust.root.lab, now=time_of_reading(unit)
    )
    response = opened.response
    query = select(MadeRequest.digest, MadeRequest.seq, MadeRequest.made_at).where(
        MadeRequest.epoch == site.epoch, MadeRequest.digest == response.answers_digest
    )
    asked = unit.session.execute(query).one_or_none()
    own = {asked.digest: asked.seq} if asked is not None else {}
    applied = Applied(site.epoch, site.applied_rseq, site.applied_digest)
    order = judge_response(applied, own, site.epoch_id, response, opened.digest)
    if order in {ResponseOrder.ALREADY_APPLIED, ResponseOrder.OLDER_THAN_APPLIED}:
        trust = opened.trust if order is ResponseOrder.ALREADY_APPLIED else None
        return Imported(order.value, response.epoch, response.rseq, opened.counts, trust)
    if order is ResponseOrder.NOT_MINE:
        raise NotMineError
    if order is ResponseOrder.RESYNC_REQUIRED:
        raise ResyncRequiredError("the response belongs to another epoch")
    note_signed_time(unit, response.created, asked.made_at if asked is not None else None)
    apply_rows(unit, opened.trust, site, opened.rows())
    _acknowledge(unit, site, response.answers_seq, response.answers_digest)
    site.applied_rseq, site.applied_digest = response.rseq, opened.digest
    site.head, site.last_sync_at = response.head, unit.now
    note_history(unit, "import", "applied", epoch=site.epoch, number=response.rseq, counts=opened.counts)
    return Imported("applied", site.epoch, response.rseq, opened.counts, opened.trust)


def _acknowledge(unit: Unit, site: Site, seq: int, digest: str) -> None:
    request = unit.session.get_one(MadeRequest, (site.epoch, seq))
    if seq > site.acknowledged_seq:
        site.acknowledged_seq, site.acknowledged_digest = seq, digest
        site.acknowledged_upto = max(site.acknowledged_upto, request.upto)
        if request.full:
            site.needs_full = False
        for old in unit.session.scalars(
            select(MadeRequest).where(MadeRequest.epoch == site.epoch, MadeRequest.seq < seq)
        ):
            old.content = b""


def apply_rows(unit: Unit, trust: Trust, site: Site, rows: Iterable[ResponseRow]) -> None:
    """Apply rows as absolute values; the allotment lines of the file are the whole set."""
    returning = Returning(unit)
    lines: list[dict[str, object]] = []
    entitlements: list[dict[str, object]] = []
    for row in rows:
        if isinstance(row, AllotmentRow):
            lines.append(_line(trust, site, row))
        elif isinstance(row, EntitlementRow):
            entitlements.append(
                {
                    "tag": row.tag,
                    "name": row.name,
                    "description": row.description,
                    "restricted": row.restricted,
                    "products": list(row.products),
                }
            )
        elif not returning.take(row):
            _apply(unit, trust, site, row)
    for piece in batches(entitlements):
        upsert(unit.session, Entitlement, piece)
    unit.session.execute(delete(AllotmentLine))
    for piece in batches(lines):
        upsert(unit.session, AllotmentLine, piece)


def _line(trust: Trust, site: Site, row: AllotmentRow) -> dict[str, object]:
    line = open_allotment(row.envelope, trust)
    if line.satellite != site.satellite_id:
        raise WrongSatelliteError("an allotment line is for another satellite")
    return {
        "serial": line.serial,
        "virtual_account_id": line.virtual_account_id,
        "tag": line.tag,
        "licence_type": line.licence_type.value,
        "start": line.start,
        "end": line.end,
        "quantity": line.quantity,
        "billing": line.billing.value,
        "restricted": line.restricted,
        "valid_until": line.valid_until,
        "envelope": row.envelope,
    }


def _apply(unit: Unit, trust: Trust, site: Site, row: ResponseRow) -> None:
    if isinstance(row, VirtualAccountRow):
        value = {"id": row.id, "name": row.name, "description": row.description, "removed": row.removed}
        upsert(unit.session, VirtualAccount, [value])
    elif isinstance(row, PolicyRow):
        site.policy = dict(row.values)
        site.agreement = row.agreement.to_dict() if row.agreement is not None else None
        if row.naming is not None:
            take_naming(unit, site, row.naming)
    elif isinstance(row, ExportDecisionRow):
        take_decision(unit, row)
    elif isinstance(row, GrantRow):
        grant = open_grant(row.envelope, trust)
        holder = unit.session.get(Instance, grant.instance)
        take_grant(unit, grant, row.envelope, holder.virtual_account_id if holder else None)
    elif isinstance(row, CertificatesRow):
        take_certificates(unit, site, row)
    elif isinstance(row, GrantReleaseRow):
        take_release(unit, open_grant_release(row.envelope, trust), row.envelope)
