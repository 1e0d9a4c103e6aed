"""The rows of a request: what changed since central last acknowledged, or everything (row S2.3)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from chassis.db.unit import Unit
from exchange.files.rows import (
    ClaimRow,
    EventRow,
    ExportRequestRow,
    ExportReturnRow,
    GrantStateRow,
    InstanceRow,
    RequestRow,
    TokenRow,
)
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import DeliveryState, InstanceState, PrivacyField
from satellite.core.activity.models import Event
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.export_queue.services import ACTIVE, SENT, WAITING
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.licences.models import Claim
from satellite.core.tokens.models import Token
from satellite.sync.privacy import PrivacyFilter

STREAM = 1000


def rows_since(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[RequestRow]:
    """Rows in the order in which central applies them."""
    yield from _tokens(unit, after, privacy, full=full)
    yield from _instances(unit, after, privacy, full=full)
    yield from _claims(unit, after, full=full)
    yield from _exports(unit, after, full=full)
    yield from _events(unit, after, privacy)


def _tokens(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[TokenRow]:
    query = select(Token).order_by(Token.change_no)
    query = query if full else query.where(Token.change_no > after)
    for row in unit.session.scalars(query.execution_options(yield_per=STREAM)):
        yield TokenRow(
            id=row.id,
            virtual_account=row.virtual_account_id,
            description=privacy.text(PrivacyField.NOTES, row.description),
            hash=row.hash,
            created=row.created_at,
            created_by=row.created_by,
            expires=row.expires_at,
            max_uses=row.max_uses,
            uses=row.uses,
            export_controlled=row.export_controlled,
            revoked=row.revoked,
            removed=row.removed,
        )


def _instances(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[InstanceRow]:
    current = (DeviceKey.instance_id == Instance.id) & DeviceKey.superseded.is_(False)
    query = select(Instance, DeviceKey.public).outerjoin(DeviceKey, current).order_by(Instance.change_no)
    query = (
        query.where((Instance.removed.is_(False)) | (Instance.change_no > after))
        if full
        else query.where(Instance.change_no > after)
    )
    for row, public in unit.session.execute(query.execution_options(yield_per=STREAM)):
        key = PublicKey.from_dict(public) if public is not None else None
        yield InstanceRow(
            id=row.id,
            hostname=privacy.text(PrivacyField.HOSTNAME, row.hostname),
            udi=privacy.udi(Udi.from_dict(row.udi)),
            product_tag=row.product_tag,
            software_version=row.software_version,
            ip_address=privacy.text(PrivacyField.IP_ADDRESS, row.ip_address),
            notes=privacy.text(PrivacyField.NOTES, row.notes),
            virtual_account=row.virtual_account_id,
            registered_at=row.registered_at,
            last_contact=row.last_contact,
            certificate_expires=row.certificate_expires,
            state=InstanceState(row.state),
            export_allowed=row.export_allowed,
            key_hash=row.key_hash,
            device_key=key if key is not None and key.key_hash == row.key_hash else None,
            token=row.token_id,
            standbys=tuple(privacy.udi(Udi.from_dict(member)) for member in row.standbys),
            marks=tuple(row.marks),
            removed=row.removed,
        )


def _claims(unit: Unit, after: int, *, full: bool) -> Iterator[ClaimRow]:
    query = select(Claim).order_by(Claim.change_no)
    query = query.where((Claim.count > 0) | (Claim.change_no > after)) if full else query.where(Claim.change_no > after)
    for row in unit.session.scalars(query.execution_options(yield_per=STREAM)):
        yield ClaimRow(row.instance_id, row.tag, row.count, row.since)


def _exports(unit: Unit, after: int, *, full: bool) -> Iterator[RequestRow]:
    undecided = QueueEntry.state.in_([WAITING, SENT])
    requests = select(QueueEntry).where(undecided if full else undecided & (QueueEntry.change_no > after))
    for entry in unit.session.scalars(requests.order_by(QueueEntry.change_no)):
        key = PublicKey.from_dict(entry.device_key)
        yield ExportRequestRow(
            entry.id, entry.instance_id, entry.tag, entry.count, entry.requested_at, entry.statement, key
        )
    grants = list(unit.session.scalars(select(HeldGrant).order_by(HeldGrant.change_no)))
    for row in grants:
        # A return is repeated until central's release has come, whatever else is acknowledged.
        if row.returned is not None and row.release is None and row.device_key is not None:
            yield ExportReturnRow(row.id, row.instance_id, row.returned, PublicKey.from_dict(row.device_key))
    for row in grants:
        if row.state == ACTIVE and (full or row.change_no > after or _undelivered(unit, row)):
            yield _grant_state(unit, row, full=full)


def _undelivered(unit: Unit, row: HeldGrant) -> bool:
    return row.delivered_at is None and unit.licence_now > row.deliver_until


def _grant_state(unit: Unit, row: HeldGrant, *, full: bool) -> GrantStateRow:
    delivered = row.delivered_at is not None
    return GrantStateRow(
        grant=row.id,
        generation=row.generation,
        state=DeliveryState.DELIVERED if delivered else DeliveryState.UNDELIVERED,
        at=row.delivered_at or unit.now,
        envelope=row.envelope if full else None,
        device_key=PublicKey.from_dict(row.device_key) if full and row.device_key else None,
    )


def _events(unit: Unit, after: int, privacy: PrivacyFilter) -> Iterator[EventRow]:
    query = select(Event, Instance.hostname).outerjoin(Instance, Instance.id == Event.instance_id)
    query = query.where(Event.number > after).order_by(Event.number).execution_options(yield_per=STREAM)
    for row, hostname in unit.session.execute(query):
        yield EventRow(
            id=row.id,
            at=row.at,
            event=row.kind,
            actor=row.actor,
            message=privacy.message(row.message, hostname)[:4096],
            instance=row.instance_id,
            subject=row.subject,
        )
