"""The rows of a request: what changed since central last acknowledged, or everything (row S2.3).

What comes by the hundred thousand (instances, claims, events) is read as texts and written as lines, without an object
for each; the rest is rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute

from chassis.db.unit import Unit
from exchange.canonical import encode
from exchange.container import Lines
from exchange.files.lines import EventText, InstanceText, claim_line, event_line, instance_line, time_text, together
from exchange.files.rows import ExportRequestRow, ExportReturnRow, GrantStateRow, RequestRow, TokenRow
from exchange.identity import Udi
from exchange.keys import PublicKey
from exchange.vocabulary import DeliveryState, PrivacyField
from satellite.core.activity.models import Event
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.export_queue.services import ACTIVE, SENT, WAITING
from satellite.core.instances.models import DeviceKey, Instance
from satellite.core.licences.models import Claim
from satellite.core.tokens.models import Token
from satellite.sync.privacy import PrivacyFilter

STREAM = 1000


def rows_since(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[RequestRow | Lines]:
    """Rows in the order in which central applies them."""
    yield from _tokens(unit, after, privacy, full=full)
    yield from _lines(unit, "instance", instances_since(after, full=full), partial(_instance, privacy))
    yield from _lines(unit, "claim", claims_since(after, full=full), _claim)
    yield from _exports(unit, after, full=full)
    yield from _lines(unit, "event", events_since(after), partial(_event, privacy))


def _lines(unit: Unit, kind: str, query: Select[Any], line: Callable[[Any], str]) -> Iterator[Lines]:
    for piece in unit.session.execute(query.execution_options(yield_per=STREAM)).partitions():
        yield together(kind, map(line, piece))


def _stored(column: InstrumentedAttribute[Any]) -> ColumnElement[Any]:
    """A column as the database holds it: JSON and times are not read only to be written again."""
    return type_coerce(column, Text)


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


def instances_since(after: int, *, full: bool) -> Select[Any]:
    """Instances by their change, each with its current key."""
    current = (DeviceKey.instance_id == Instance.id) & DeviceKey.superseded.is_(False)
    query = select(
        Instance.id,
        Instance.hostname,
        _stored(Instance.udi),
        Instance.product_tag,
        Instance.software_version,
        Instance.ip_address,
        Instance.notes,
        Instance.virtual_account_id,
        _stored(Instance.registered_at),
        _stored(Instance.last_contact),
        _stored(Instance.certificate_expires),
        Instance.state,
        Instance.export_allowed,
        Instance.key_hash,
        DeviceKey.key_id,
        _stored(DeviceKey.public),
        Instance.token_id,
        _stored(Instance.standbys),
        _stored(Instance.marks),
        Instance.removed,
    )
    query = query.outerjoin(DeviceKey, current).order_by(Instance.change_no)
    if full:
        return query  # what was removed, too: a central that was put back believes it to be there
    return query.where(Instance.change_no > after)


def _instance(privacy: PrivacyFilter, row: tuple[Any, ...]) -> str:
    (of, hostname, udi, product, version, address, notes, home, registered, contact, expires) = row[:11]
    (state, allowed, key_hash, key_id, public, token, standbys, marks, removed) = row[11:]
    return instance_line(
        InstanceText(
            of,
            privacy.text(PrivacyField.HOSTNAME, hostname),
            _udi(privacy, udi),
            product,
            version,
            privacy.text(PrivacyField.IP_ADDRESS, address),
            privacy.text(PrivacyField.NOTES, notes),
            home,
            time_text(registered),
            time_text(contact),
            time_text(expires),
            state,
            allowed,
            key_hash,
            public if public is not None and key_hash.startswith(key_id) else None,
            token,
            standbys if standbys == "[]" else f"[{','.join(_udi(privacy, each) for each in json.loads(standbys))}]",
            marks,
            removed,
        )
    )


def _udi(privacy: PrivacyFilter, stored: str | dict[str, Any]) -> str:
    if isinstance(stored, str) and "mac_address" not in stored:
        return stored
    udi = Udi.from_dict(json.loads(stored) if isinstance(stored, str) else stored)
    return encode(privacy.udi(udi).to_dict()).decode()


def claims_since(after: int, *, full: bool) -> Select[Any]:
    """Claims by their change."""
    query = select(Claim.instance_id, Claim.tag, Claim.count, _stored(Claim.since)).order_by(Claim.change_no)
    if full:
        return query  # what was given back, too: a central that was put back knows it as used
    return query.where(Claim.change_no > after)


def _claim(row: tuple[Any, ...]) -> str:
    instance, tag, count, since = row
    return claim_line(instance, tag, count, time_text(since))


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


def events_since(after: int) -> Select[Any]:
    """Events by their number, each with the host name that its sentence may hold."""
    query = select(
        Event.id,
        _stored(Event.at),
        Event.kind,
        Event.actor,
        Event.message,
        Event.instance_id,
        _stored(Event.subject),
        Instance.hostname,
    )
    return (
        query.outerjoin(Instance, Instance.id == Event.instance_id).where(Event.number > after).order_by(Event.number)
    )


def _event(privacy: PrivacyFilter, row: tuple[Any, ...]) -> str:
    of, at, kind, actor, message, instance, subject, hostname = row
    text = privacy.message(message, hostname)[:4096]
    return event_line(EventText(of, time_text(at), kind, actor, text, instance, subject))
