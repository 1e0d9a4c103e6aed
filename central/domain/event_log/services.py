"""Records events in the transaction of the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from central.domain.base import VENDOR, next_number, next_numbers
from central.domain.event_log.event_kinds import EVERYBODY, OF_EVERYBODY, QUIET, EventKind
from central.domain.event_log.models import Event, LicenceTransaction
from serverkit.db.unit import Unit
from serverkit.db.upsert import insert_columns, insert_rows
from serverkit.ids import new_id


def record(
    unit: Unit,
    account_id: str | None,
    kind: EventKind,
    message: str,
    *,
    subject: Mapping[str, Any] | None = None,
    virtual_account_id: str | None = None,
    instance_id: str | None = None,
    satellite_id: str | None = None,
) -> Event:
    """Write an event with the unit's time and actor."""
    owner = account_id or VENDOR
    _touch(unit, owner, kind)
    event = Event(
        account_id=owner,
        id=new_id(),
        number=next_number(unit, owner, "event"),
        at=unit.now,
        kind=kind,
        actor=unit.actor.label,
        message=message,
        subject=dict(subject or {}),
        virtual_account_id=virtual_account_id,
        instance_id=instance_id,
        satellite_id=satellite_id,
    )
    unit.session.add(event)
    return event


@dataclass(frozen=True, slots=True)
class NewEvent:
    """One of many events written at once; `at` and `actor` are those reported by a satellite."""

    kind: EventKind
    message: str
    subject: Mapping[str, Any] = field(default_factory=dict)
    virtual_account_id: str | None = None
    instance_id: str | None = None
    satellite_id: str | None = None
    at: datetime | None = None
    actor: str | None = None


def record_many(unit: Unit, account_id: str, new_events: Sequence[NewEvent]) -> None:
    """Write many events of one account, numbered in their order."""
    if new_events:
        for kind in {entry.kind for entry in new_events}:
            _touch(unit, account_id, kind)
        first = next_numbers(unit, account_id, "event", len(new_events))
        columns = event_columns(unit, account_id, new_events, range(first, first + len(new_events)))
        insert_columns(unit.session, Event, columns)


def _touch(unit: Unit, owner: str, kind: EventKind) -> None:
    """Have the alerts refreshed before the commit, so that no caller can forget them."""
    if kind in OF_EVERYBODY:
        unit.touched.add(EVERYBODY)
    elif kind not in QUIET:
        unit.touched.add(owner)


def event_columns(
    unit: Unit, account_id: str, new_events: Sequence[NewEvent], numbers: Sequence[int]
) -> dict[str, Sequence[Any]]:
    """Events as columns."""
    count = len(new_events)
    actor, now = unit.actor.label, unit.now
    return {
        "account_id": [account_id] * count,
        "id": [new_id() for _ in new_events],
        "number": numbers,
        "at": [entry.at or now for entry in new_events],
        "kind": [entry.kind for entry in new_events],
        "actor": [entry.actor or actor for entry in new_events],
        "message": [entry.message for entry in new_events],
        "subject": [entry.subject for entry in new_events],
        "virtual_account_id": [entry.virtual_account_id for entry in new_events],
        "instance_id": [entry.instance_id for entry in new_events],
        "satellite_id": [entry.satellite_id for entry in new_events],
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the licence transaction history, still to be written."""

    type: str
    tag: str
    count: int
    virtual_account_id: str
    source: str
    action: str
    expiry: datetime | None = None
    order_number: str | None = None
    order_line: str | None = None
    sku: str | None = None
    notes: str = ""
    lot_id: str | None = None


def record_transactions(unit: Unit, account_id: str, entries: Sequence[Entry]) -> None:
    """Write many lines of the licence transaction history, numbered in their order."""
    if not entries:
        return
    first = next_numbers(unit, account_id, "transaction", len(entries))
    rows = [
        {
            **{name: getattr(entry, name) for name in _ENTRY},
            "account_id": account_id,
            "id": new_id(),
            "number": number,
            "at": unit.now,
            "actor": unit.actor.label,
        }
        for number, entry in enumerate(entries, first)
    ]
    insert_rows(unit.session, LicenceTransaction, rows)


_ENTRY = tuple(one.name for one in fields(Entry))


def record_transaction(unit: Unit, account_id: str, entry: Entry) -> None:
    """Write a line of the licence transaction history."""
    record_transactions(unit, account_id, [entry])
