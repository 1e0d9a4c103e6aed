"""Requests for conversion: queue, send, take central's decision, answer the device that asks again (row C9.5)."""

from __future__ import annotations

from typing import Protocol

from sqlalchemy import delete, func, select

from exchange.canonical import JsonObject
from exchange.conversion import ConversionAnswer, ConversionRequest, ConvertedLine
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.files.rows import ConversionResultRow
from exchange.vocabulary import ConversionState
from satellite.core.accounts.models import VirtualAccount
from satellite.core.base import next_change
from satellite.core.conversions.models import ConversionEntry
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from serverkit.db.unit import Unit

MOST_OPEN = 16
"""As many requests of one key may wait for central."""
PENDING = ConversionState.PENDING


class Asker(Protocol):
    """What the queue needs to know about an instance; it does not import instances."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def virtual_account_id(self) -> str:
        """Where its licences go."""
        ...


def answer_of(row: ConversionEntry) -> ConversionAnswer:
    """What the device is told."""
    lines = tuple(ConvertedLine.from_dict(line) for line in row.lines)
    return ConversionAnswer(row.id, ConversionState(row.state), lines, row.decided_at)


def queue_conversion(
    unit: Unit, instance: Asker, known: KnownDevice, request: ConversionRequest, envelope: JsonObject
) -> ConversionAnswer:
    """Keep a request for central; one that is known keeps its state."""
    present = unit.session.get(ConversionEntry, request.request)
    if present is not None and present.key_hash == known.key.key_hash:
        present.instance_id = instance.id  # its machine may be another instance by now (row S4.1)
        return answer_of(present)
    if present is not None:
        raise DeviceRefusal("identity_mismatch")
    if unit.session.get_one(VirtualAccount, instance.virtual_account_id).removed:
        raise DeviceRefusal("virtual_account_released")
    mine = ConversionEntry.key_hash == known.key.key_hash
    waiting = select(func.count()).select_from(ConversionEntry).where(mine, ConversionEntry.state == PENDING)
    if unit.session.scalars(waiting).one() >= MOST_OPEN:
        raise DeviceRefusal("too_many_open", f"{MOST_OPEN} conversions wait for central")
    unit.session.execute(delete(ConversionEntry).where(mine, ConversionEntry.state != PENDING))
    row = ConversionEntry(
        id=request.request,
        instance_id=instance.id,
        virtual_account_id=instance.virtual_account_id,
        statement=envelope,
        device_key=known.key.to_dict(),
        key_hash=known.key.key_hash,
        device=request.udi.label,
        skus=", ".join(f"{line.sku} ({line.quantity})" for line in request.lines),
        state=PENDING,
        lines=[],
        requested_at=unit.now,
        change_no=next_change(unit),
    )
    unit.session.add(row)
    _say(unit, EventKind.CONVERSION_REQUESTED, row, "asked to convert its classic licences")
    unit.session.flush()
    return answer_of(row)


def mark_conversions_sent(unit: Unit, upto: int) -> None:
    """Note that the requests up to a change are in a file."""
    query = select(ConversionEntry).where(
        ConversionEntry.state == PENDING, ConversionEntry.sent_at.is_(None), ConversionEntry.change_no <= upto
    )
    for row in unit.session.scalars(query):
        row.sent_at = unit.now


def take_result(unit: Unit, result: ConversionResultRow) -> None:
    """Store what central decided."""
    row = unit.session.get(ConversionEntry, result.request)
    if row is None:
        return
    first = row.state == PENDING
    row.state, row.lines = result.state, [line.to_dict() for line in result.lines]
    row.decided_at, row.sent_at = result.decided_at, row.sent_at or unit.now
    if first:
        words = result.state.replace("_", " ")
        _say(unit, EventKind.CONVERSION_DECIDED, row, f"conversion of its classic licences: {words}")


def _say(unit: Unit, kind: EventKind, row: ConversionEntry, text: str) -> None:
    message = f"{row.device} {text}" if kind is EventKind.CONVERSION_REQUESTED else f"{row.device}: {text}"
    record(
        unit,
        kind,
        message,
        subject={"id": row.id, "state": row.state},
        instance_id=row.instance_id,
        virtual_account_id=row.virtual_account_id,
    )
