"""The export-authorization queue: request, send, decide, deliver, return (rows C8.2, S3.3, S4.4)."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import select

from exchange.canonical import JsonObject
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.licence_bodies import ExportAnswer
from exchange.files.rows import ExportDecisionRow
from exchange.keys import PublicKey
from exchange.statements import RESERVATION, ExportRequest, ExportReturn, Grant, GrantRelease
from exchange.vocabulary import ExportState
from satellite.core.accounts.models import VirtualAccount
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.bounds import refuse_many_requests, refuse_many_returns
from satellite.core.export_queue.models import (
    ACTIVE,
    DELIVERED,
    FAILED,
    GIVEN_BACK,
    GRANTED,
    RELEASED,
    RETURNED,
    SENT,
    WAITING,
    HeldGrant,
    QueueEntry,
)
from satellite.core.export_queue.queries import device_of, units_of
from satellite.core.export_queue.withdrawing import withdraw_waiting
from serverkit.db.unit import Unit

DEVICE_STATES = {
    WAITING: ExportState.PENDING,
    SENT: ExportState.PENDING,
    GRANTED: ExportState.GRANTED,
    DELIVERED: ExportState.GRANTED,
    FAILED: ExportState.FAILED,
    RETURNED: ExportState.RETURNED,
}


class Asker(Protocol):
    """What the queue needs to know about an instance; it does not import instances."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def virtual_account_id(self) -> str:
        """Where it takes its licences from."""
        ...

    @property
    def export_allowed(self) -> bool:
        """Whether its token allowed restricted licences."""
        ...


def answer_of(row: QueueEntry) -> ExportAnswer:
    """The answer to a device about its request."""
    return ExportAnswer(row.id, row.tag, row.count, DEVICE_STATES[row.state], row.reason, row.message)


def queue_request(
    unit: Unit, instance: Asker, known: KnownDevice, statement: ExportRequest, envelope: JsonObject
) -> ExportAnswer:
    """Queue a request, whether or not a licence seems to be free: central decides (row C8.2)."""
    present = unit.session.get(QueueEntry, statement.request)
    if present is not None and present.key_hash == known.key.key_hash:
        return answer_of(present)
    if present is not None or statement.instance != known.instance:
        raise DeviceRefusal("identity_mismatch")
    if not instance.export_allowed and statement.quantity:
        raise DeviceRefusal("export_not_permitted", "the token did not allow it")
    if statement.quantity and unit.session.get_one(VirtualAccount, instance.virtual_account_id).removed:
        raise DeviceRefusal("virtual_account_released")  # central does not know the device, and would say only that
    refuse_many_requests(unit, instance.id, statement.tag)
    withdraw_waiting(unit, "Replaced by a newer request of the device.", instance.id, statement.tag)
    row = QueueEntry(
        id=statement.request,
        instance_id=instance.id,
        virtual_account_id=instance.virtual_account_id,
        tag=statement.tag,
        count=statement.quantity,
        state=WAITING,
        message="",
        statement=envelope,
        device_key=known.key.to_dict(),
        key_hash=known.key.key_hash,
        requested_at=unit.now,
        change_no=next_change(unit),
    )
    unit.session.add(row)
    _say(unit, EventKind.EXPORT_REQUESTED, row, row.count, "requested by {device}")
    unit.session.flush()  # the answer of this very message lists it
    return answer_of(row)


def _say(unit: Unit, kind: EventKind, row: QueueEntry | HeldGrant, quantity: int, text: str, more: str = "") -> None:
    """Write an event of so many units; `text` has a place for the device."""
    _note(unit, kind, row, text, more, f"{units_of(unit, quantity, row.tag)} ")


def _note(unit: Unit, kind: EventKind, row: QueueEntry | HeldGrant, text: str, more: str = "", units: str = "") -> None:
    said = text.format(device=device_of(unit, row.instance_id, row.virtual_account_id))
    record(
        unit,
        kind,
        f"{units}{said}{more}",
        subject={"id": row.id, "tag": row.tag},
        instance_id=row.instance_id,
        virtual_account_id=row.virtual_account_id,
    )


def mark_sent(unit: Unit, upto: int) -> None:
    """Mark the waiting entries up to a change as sent."""
    query = select(QueueEntry).where(QueueEntry.state == WAITING, QueueEntry.change_no <= upto)
    for row in unit.session.scalars(query):
        row.state, row.sent_at = SENT, unit.now


def take_decision(unit: Unit, decision: ExportDecisionRow) -> None:
    """Store central's decision."""
    row = unit.session.get(QueueEntry, decision.request)
    if row is None:
        return
    before = row.state
    if decision.state is ExportState.GRANTED and before not in {DELIVERED, RETURNED}:
        row.state = GRANTED
    elif decision.state is ExportState.FAILED:
        row.state = FAILED
    elif decision.state is ExportState.RETURNED:
        row.state = RETURNED
    row.reason, row.message, row.grant_id = decision.reason, decision.message, decision.grant
    row.decided_at = row.decided_at or decision.decided_at
    row.sent_at = row.sent_at or unit.now
    if row.state != before and row.state in {GRANTED, FAILED}:
        kind = EventKind.EXPORT_GRANTED if row.state == GRANTED else EventKind.EXPORT_FAILED
        text = "granted to {device}" if row.state == GRANTED else "not granted to {device}"
        _say(unit, kind, row, row.count, text, f": {row.message}" if row.state == FAILED else "")


def take_grant(unit: Unit, grant: Grant, envelope: JsonObject, virtual_account: str | None = None) -> None:
    """Keep a grant, or its newer generation, for its device.

    `virtual_account` is the present one of the device: the one that central signed may be older.
    """
    row = unit.session.get(HeldGrant, grant.grant)
    if row is None:
        entry = unit.session.get(QueueEntry, grant.request)
        row = HeldGrant(
            id=grant.grant,
            request_id=grant.request,
            instance_id=grant.instance,
            virtual_account_id=virtual_account or grant.virtual_account_id,
            tag=grant.tag,
            quantity=grant.quantity,
            generation=0,
            installed=0,
            key_hash=grant.key_hash,
            device_key=entry.device_key if entry else None,
            state=ACTIVE,
            change_no=next_change(unit),
        )
        unit.session.add(row)
    if row.generation == 0:
        _learn(row, grant)
    if grant.generation > row.generation:
        row.generation, row.envelope = grant.generation, envelope
        row.request_id, row.virtual_account_id = grant.request, virtual_account or grant.virtual_account_id
        row.not_after, row.deliver_until = grant.not_after, grant.deliver_until


def _learn(row: HeldGrant, grant: Grant) -> None:
    """Take from a signed grant what a device's return said of it: until now nothing proved whose it is."""
    if row.key_hash != grant.key_hash:
        row.instance_id, row.key_hash, row.returned, row.device_key = grant.instance, grant.key_hash, None, None
        row.state = RELEASED if row.release is not None else ACTIVE
    row.tag, row.quantity = grant.tag, grant.quantity


def take_release(unit: Unit, release: GrantRelease, envelope: JsonObject) -> None:
    """Store central's release of a grant for the device's next contact."""
    row = unit.session.get(HeldGrant, release.grant)
    if row is None or row.release is not None:
        return
    row.release, row.state = envelope, RELEASED
    entry = unit.session.get(QueueEntry, row.request_id)
    if entry is not None and entry.state in {GRANTED, DELIVERED}:
        entry.state = RETURNED
    why = f" ({release.reason.value.replace('_', ' ')})"
    if row.tag == RESERVATION and not row.envelope:
        _note(unit, EventKind.EXPORT_RELEASED, row, "central freed what was reserved by code for {device}", why)
    else:
        _say(unit, EventKind.EXPORT_RELEASED, row, row.quantity, "held by {device}, released by central", why)


def take_return(
    unit: Unit, instance_id: str, statement: ExportReturn, envelope: JsonObject, key: PublicKey
) -> HeldGrant | None:
    """Keep a device's signed return for central; the unit is free again only when central says so.

    A grant that this site never knew or has forgotten is no reason to refuse: central decides. None for another's grant.
    `instance_id` is what the device is called now: there the release is shown, wherever the grant came from.
    """
    row = unit.session.get(HeldGrant, statement.grant)
    if (row.key_hash if row is not None else statement.key_hash) != key.key_hash:
        return None
    if row is None:
        refuse_many_returns(unit, instance_id)
        row = _forgotten(unit, statement)
    if row.instance_id != instance_id:
        row.instance_id, row.change_no = instance_id, next_change(unit)
    if row.returned is None:
        row.returned, row.change_no = envelope, next_change(unit)
        row.device_key = key.to_dict()
        if row.state == ACTIVE:
            row.state = GIVEN_BACK
        entry = unit.session.get(QueueEntry, row.request_id)
        if entry is not None:
            entry.state = RETURNED
        if statement.reservation is not None:
            _note(unit, EventKind.EXPORT_RETURNED, row, "{device} gave up what was reserved for it by code")
        else:
            _say(unit, EventKind.EXPORT_RETURNED, row, row.quantity, "returned by {device}")
        unit.session.flush()  # what is asked next looks for it by the instance
    return row


def _forgotten(unit: Unit, statement: ExportReturn) -> HeldGrant:
    row = HeldGrant(
        id=statement.grant,
        request_id="",
        instance_id=statement.instance,
        virtual_account_id="",
        tag=statement.tag,
        quantity=statement.quantity,
        generation=0,
        installed=0,
        key_hash=statement.key_hash,
        envelope={},
        # It counts nowhere: only central knows what it was.
        not_after=unit.now,
        deliver_until=unit.now,
        state=ACTIVE,
        change_no=next_change(unit),
    )
    unit.session.add(row)
    return row


def mark_delivered(unit: Unit, grant_id: str, generation: int, key: PublicKey) -> None:
    """The device reports that it installed a generation of a grant; central renews only what is installed."""
    row = unit.session.get(HeldGrant, grant_id)
    if row is None or row.key_hash != key.key_hash or not row.installed < generation <= row.generation:
        return
    row.installed, row.change_no, row.device_key = generation, next_change(unit), key.to_dict()
    if row.delivered_at is not None:
        return
    row.delivered_at = unit.now
    entry = unit.session.get(QueueEntry, row.request_id)
    if entry is not None and entry.state == GRANTED:
        entry.state, entry.delivered_at = DELIVERED, unit.now
    _say(unit, EventKind.EXPORT_DELIVERED, row, row.quantity, "delivered to {device}")


def grants_for(unit: Unit, instance_id: str, key_hash: str) -> list[HeldGrant]:
    """The grants of a device's key."""
    query = select(HeldGrant).where(HeldGrant.instance_id == instance_id, HeldGrant.key_hash == key_hash)
    return list(unit.session.scalars(query.order_by(HeldGrant.id)))


def answers_for(unit: Unit, instance_id: str, key_hash: str) -> tuple[ExportAnswer, ...]:
    """The requests shown to a device: the newest for each licence, without those of former keys."""
    query = select(QueueEntry).where(QueueEntry.instance_id == instance_id, QueueEntry.key_hash == key_hash)
    newest = {
        row.tag: row for row in unit.session.scalars(query.order_by(QueueEntry.requested_at, QueueEntry.change_no))
    }
    return tuple(answer_of(row) for row in newest.values())


def holds_restricted(unit: Unit, instance_id: str) -> bool:
    """Whether an instance holds grants that were neither returned nor released."""
    query = select(HeldGrant).where(
        HeldGrant.instance_id == instance_id, HeldGrant.state == ACTIVE, HeldGrant.not_after > unit.licence_now
    )
    return unit.session.scalars(query).first() is not None
