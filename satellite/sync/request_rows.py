"""The rows of a request: what changed since central last acknowledged, or everything (row S2.3).

What comes by the hundred thousand (instances, claims, events) is read as texts and written as tables, without an object
for each; the rest is rows. Claims and events follow the table of the instances that they are about, so that a table
need not say again what is there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, and_, case, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from exchange.canonical import JsonObject, encode
from exchange.container_writing import Lines
from exchange.files.packing import (
    ClaimText,
    EventText,
    Instances,
    claim_lines,
    event_lines,
    instance_lines,
)
from exchange.files.rows import ExportRequestRow, ExportReturnRow, GrantStateRow, RequestRow, TokenRow
from exchange.keys import PublicKey
from exchange.limits import SUBJECT_BYTES, TABLE_ROWS
from exchange.statements import open_export_request
from exchange.vocabulary import DeliveryState, PrivacyField
from exchange.weight import json_bytes
from satellite.core.event_log.models import Event
from satellite.core.export_queue.models import ACTIVE, UNDECIDED, HeldGrant, QueueEntry
from satellite.core.instances.models import Instance
from satellite.core.licences.models import Claim
from satellite.core.tokens.models import Token
from satellite.sync.conversion_rows import conversions_since
from satellite.sync.instance_rows import instance_texts, instances_since, may_leave, stored
from satellite.sync.privacy import PrivacyFilter
from satellite.sync.released_accounts import released_accounts
from satellite.sync.usage_rows import usage_since
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches

STREAM = 1000
ALIKE = 64
"""So many rows that are alike make a table of their own."""
HELD = 16 * TABLE_ROWS
"""So many rows about the instances of one table are held at once: one device may have told a million events."""
LAST = 2**62
SURELY_SHORT = SUBJECT_BYTES // 4
"""So many letters are no more bytes than the facts of an event may have."""
R = TypeVar("R", ClaimText, EventText)


def rows_since(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[RequestRow | Lines]:
    """Tokens and instances first: central knows who a later row speaks of."""
    yield from _tokens(unit, after, privacy, full=full)
    released = released_accounts(unit)
    claims = _Stream(unit, claims_since(after, released, full=full), ClaimText._make, claim_lines)
    events = _Stream(unit, events_since(after, released, full=full), partial(_event, unit, privacy), event_lines)
    for piece in _pieces(unit, instances_since(after, released, full=full)):
        for about, lines in instance_lines(instance_texts(unit, privacy, piece)):
            yield lines
            if about is not None:
                yield from claims.about(about)
                yield from events.about(about)
    yield from claims.rest()
    yield from _exports(unit, after, full=full)
    yield from conversions_since(unit, after, full=full)
    yield from usage_since(unit, after, released, full=full)
    yield from events.rest()


def _pieces(unit: Unit, query: Select[Any]) -> Iterator[Sequence[Any]]:
    # Plain rows of the database's own connection: nothing of the session is in them.
    return iter(unit.session.connection().execute(query.execution_options(yield_per=TABLE_ROWS)).partitions())


class _Stream(Generic[R]):
    """Rows in the order of the instances that they are about; those about none of the file come last."""

    def __init__(
        self,
        unit: Unit,
        query: Select[Any],
        read: Callable[[Any], R],
        write: Callable[[Sequence[R], Instances | None], Iterator[Lines]],
    ) -> None:
        self._rows: Iterator[R] = map(read, chain.from_iterable(_pieces(unit, query)))
        self._write: Callable[[Sequence[R], Instances | None], Iterator[Lines]] = write
        self._next: R | None = next(self._rows, None)

    def about(self, instances: Instances) -> Iterator[Lines]:
        """Those about the instances of a table; alike ones stand together."""
        while alike := self._taken(instances):
            yield from self._alike(alike, instances)

    def _taken(self, instances: Instances) -> dict[str, list[R]]:
        alike: dict[str, list[R]] = defaultdict(list)
        for _ in range(HELD):
            if self._next is None or self._next.instance not in instances.places:
                break
            alike[self._next.alike].append(self._next)
            self._next = next(self._rows, None)
        return alike

    def _alike(self, alike: dict[str, list[R]], instances: Instances) -> Iterator[Lines]:
        mixed: list[R] = []
        for _, rows in sorted(alike.items()):
            if len(rows) < ALIKE:
                mixed += rows
            else:
                yield from self._tables(rows, instances)
        yield from self._tables(mixed, instances)

    def rest(self) -> Iterator[Lines]:
        """Every row that is left."""
        if self._next is not None:
            yield from self._tables(chain([self._next], self._rows), None)

    def _tables(self, rows: Iterable[R], about: Instances | None) -> Iterator[Lines]:
        for piece in batches(rows, TABLE_ROWS):
            yield from self._write(piece, about)


def _tokens(unit: Unit, after: int, privacy: PrivacyFilter, *, full: bool) -> Iterator[TokenRow]:
    query = select(Token).order_by(Token.change_no)
    query = query if full else query.where(Token.change_no > after)
    query = query.where(or_(Token.removed, Token.virtual_account_id.not_in(released_accounts(unit))))
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


def _leaves(after: int, released: Sequence[str], *, full: bool) -> ColumnElement[bool]:
    """Whether an instance is in the file."""
    return and_(Instance.id.is_not(None) if full else Instance.change_no > after, *may_leave(released))


def _beside(
    after: int, released: Sequence[str], instance: InstrumentedAttribute[Any], *, full: bool
) -> list[ColumnElement[Any]]:
    """The order that brings rows beside the instances of the file, in their order, and all others to the end."""
    there = _leaves(after, released, full=full)
    return [case((there, Instance.change_no), else_=LAST), case((there, instance), else_="")]


def claims_since(after: int, released: Sequence[str] = (), *, full: bool) -> Select[Any]:
    """Claims beside their instances."""
    query = select(Claim.instance_id, Claim.tag, Claim.count, stored(Claim.since))
    query = query.outerjoin(Instance, Instance.id == Claim.instance_id)
    if released:
        query = query.where(Claim.virtual_account_id.not_in(released))
    query = query.order_by(*_beside(after, released, Claim.instance_id, full=full), Claim.change_no, Claim.tag)
    if full:
        return query  # returned ones too: a central that was restored counts them as used
    return query.where(Claim.change_no > after)


def _exports(unit: Unit, after: int, *, full: bool) -> Iterator[RequestRow]:
    undecided = QueueEntry.state.in_(UNDECIDED)
    requests = select(QueueEntry).where(undecided if full else undecided & (QueueEntry.change_no > after))
    for entry in unit.session.scalars(requests.order_by(QueueEntry.change_no)):
        key = PublicKey.from_dict(entry.device_key)
        # As the device signed it: its machine may be another instance by now (row S4.1), which central finds by the key.
        signed = open_export_request(entry.statement, key).instance
        yield ExportRequestRow(entry.id, signed, entry.tag, entry.count, entry.requested_at, entry.statement, key)
    grants = list(unit.session.scalars(select(HeldGrant).order_by(HeldGrant.change_no)))
    for row in grants:
        # A return is repeated until central's release has come, whatever else is acknowledged; and told again to a
        # central that was restored and may have lost it. One of a grant that was never here is told until it is
        # acknowledged: central releases at once what it knows, and answers nothing about what it does not.
        unplaced = row.generation == 0 and row.release is None
        fresh = row.change_no > after or (not unplaced and (full or row.release is None))
        if row.returned is not None and row.device_key is not None and fresh:
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
        generation=row.installed if delivered else row.generation,
        state=DeliveryState.DELIVERED if delivered else DeliveryState.UNDELIVERED,
        at=row.delivered_at or unit.now,
        envelope=row.envelope if full else None,
        device_key=PublicKey.from_dict(row.device_key) if full and row.device_key else None,
    )


def events_since(after: int, released: Sequence[str] = (), *, full: bool) -> Select[Any]:
    """Events beside their instances, each with the host names that its sentence may hold.

    The last column is where it happened, if that is not where its instance is now.
    """
    query = select(
        Event.id,
        Event.number,
        stored(Event.at),
        Event.kind,
        Event.actor,
        Event.message,
        Event.instance_id,
        stored(Event.subject),
        Instance.hostname,
        stored(Instance.former_names),
        case((Event.virtual_account_id == Instance.virtual_account_id, None), else_=Event.virtual_account_id),
    )
    query = query.outerjoin(Instance, Instance.id == Event.instance_id).where(Event.number > after)
    return query.order_by(*_beside(after, released, Event.instance_id, full=full), Event.number)


def _fitting(subject: JsonObject, elsewhere: str | None) -> JsonObject:
    """The facts of an event, as many as a row of a file holds: its sentence, which goes with it, says no less.

    `elsewhere` is where it happened, if the device of the event is in another virtual account now.
    """
    found: JsonObject = {} if elsewhere is None else {"virtual_account": elsewhere}
    size = json_bytes({**found, "left_out": len(subject)})
    for name, value in subject.items():
        size += json_bytes({name: value})
        if name not in found and size <= SUBJECT_BYTES:
            found[name] = value
    left_out = len({*subject} - {*found})
    return {**found, "left_out": left_out} if left_out else found


def _names(unit: Unit, subject: str, hostname: str | None, former: str | None) -> list[str | None]:
    """The host names that the sentence of an event may hold: those of its device, or of the devices of an alert."""
    found = [hostname, *(json.loads(former) if former else ())]
    named = json.loads(subject).get("instances")
    if isinstance(named, list):
        query = select(Instance.hostname, stored(Instance.former_names)).where(Instance.id.in_(named))
        for name, others in unit.session.connection().execute(query):
            found += [name, *(json.loads(others) if others else ())]
    return found


def _event(unit: Unit, privacy: PrivacyFilter, row: tuple[Any, ...]) -> EventText:
    of, number, at, kind, actor, message, instance, subject, hostname, former, elsewhere = row
    if privacy.hides_names:
        message = privacy.message(message, *_names(unit, subject, hostname, former))
    if elsewhere is not None or len(subject) > SURELY_SHORT:
        subject = encode(_fitting(json.loads(subject), elsewhere)).decode()
    return EventText(of, number, at, kind, actor, message[:4096], instance, subject)
