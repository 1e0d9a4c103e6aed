"""The rows of a request are checked and made ready before the write lock is taken (rows C11.2, E3).

Nothing here changes the database. What is made ready rests on a snapshot; `basis_of` says on what of it, and the writing
transaction compares. Only other files of the same satellite and an administrator's word about it can change that.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from central.domain.accounts.queries import of_satellite
from central.domain.event_log.models import Event
from central.domain.event_log.services import NewEvent, event_columns
from central.domain.instances.models import Instance, Standby
from central.domain.ledger.models import Claim
from central.domain.reservations.queries import has_active
from central.domain.satellites.models import Satellite, SatelliteEvent
from central.domain.usage.models import UsageMonth
from central.sync.instance_columns import instance_columns
from central.sync.row_bounds import check_bounds
from central.sync.site_events import added_event, site_event
from central.sync.usage_columns import usage_columns
from exchange import limits
from exchange.errors import MalformedError, TooLargeError
from exchange.files.row import signed_bytes
from exchange.files.rows import ClaimRow, EventRow, InstanceRow, RequestRow, UsageRow
from serverkit.db.bulk import Bulk, Rows
from serverkit.db.unit import Unit
from serverkit.db.upsert import BATCH, Prepared, batches, deleting, inserting, upserting

UNNUMBERED = 2**53
"""Events that do not say where they stand come after those that do, in the order of the file."""


def basis_of(unit: Unit, satellite: Satellite) -> tuple[object, ...]:
    """What staged rows rest on."""
    own = frozenset(row.id for row in of_satellite(unit, satellite.account_id, satellite.id))
    return satellite.epoch, satellite.epoch_id, satellite.last_seq, satellite.last_rseq, satellite.state, own


@dataclass(slots=True)
class Staged:
    """The rows of a request, ready to be written; to be closed."""

    basis: tuple[object, ...]
    bulk: Bulk = field(default_factory=Bulk)
    others: dict[type, list[Any]] = field(default_factory=lambda: defaultdict(list))
    virtual_accounts: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    registered: dict[str, Any] = field(default_factory=dict)
    apart: dict[str, str] = field(default_factory=dict)
    changes: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    recount: bool = False
    measured: set[tuple[str, str]] = field(default_factory=set)
    added: int = 0
    said: array[int] = field(default_factory=lambda: array("q"))

    def close(self) -> None:
        """Throw away what waits."""
        self.bulk.close()

    def numbers_from(self, first: int) -> Callable[[Prepared, Rows], Rows]:
        """What numbers the events: those of central in the order of the file, then those of the site in their own."""
        ranks = array("q", bytes(8 * len(self.said)))
        for rank, place in enumerate(sorted(range(len(self.said)), key=self.said.__getitem__)):
            ranks[place] = rank

        def number(statement: Prepared, rows: Rows) -> Rows:
            if "number" not in statement.order:
                return rows
            at = statement.order.index("number")
            return [
                (*row[:at], first + (row[at] if row[at] >= 0 else self.added + ranks[-row[at] - 1]), *row[at + 1 :])
                for row in rows
            ]

        return number


def stage_rows(unit: Unit, satellite: Satellite, rows: Iterable[list[RequestRow]]) -> Staged:
    """Check rows, which come in lists of one kind, and make them ready; ExchangeError for what no genuine one holds."""
    staging = _Staging(unit, satellite)
    try:
        waiting: dict[type, list[Any]] = {kind: [] for kind in _STAGE}
        others = size = 0
        for some in rows:
            check_bounds(some)
            if type(some[0]) not in waiting:  # they stay in memory until they are decided
                others, size = others + len(some), size + sum(map(signed_bytes, some))
            if others > limits.OTHER_ROWS or size > limits.OTHER_BYTES:
                raise TooLargeError("there are more tokens, requests, returns and grants than a file can hold")
            of_kind = waiting.get(type(some[0]), staging.staged.others[type(some[0])])
            of_kind += some
            if len(of_kind) >= BATCH and type(some[0]) in waiting:
                staging.flush(waiting)
        staging.flush(waiting)
    except BaseException:
        staging.staged.bulk.close()
        raise
    return staging.staged


class _Staging:
    """One request while its rows are made ready."""

    def __init__(self, unit: Unit, satellite: Satellite) -> None:
        self.staged = Staged(basis_of(unit, satellite))
        self._unit = unit
        self._satellite = satellite
        self._account = satellite.account_id
        self._own = {row.id: row.name for row in of_satellite(unit, satellite.account_id, satellite.id)}
        self._unknown: dict[str, str] = {}
        self._new: set[str] = set()
        self._reserving = has_active(unit, satellite.account_id)
        self._claimed: set[int] = set()
        self._told: set[str] = set()
        self._instance: Prepared | None = None
        session = unit.session
        claim = ("account_id", "instance_id", "tag", "virtual_account_id", "count", "since")
        self._claim = upserting(session, Claim, claim)
        self._unclaim = deleting(session, Claim)
        self._standby = upserting(session, Standby, ("account_id", "instance_id", "udi_key"), keep=True)
        self._unstandby = deleting(session, Standby)
        self._known_event = upserting(session, SatelliteEvent, ("account_id", "id"), keep=True)
        self._event: Prepared | None = None
        self._usage: Prepared | None = None

    def flush(self, waiting: dict[type, list[Any]]) -> None:
        """Make ready what has come together, instances first: the order among rows of different kinds says nothing."""
        for kind, rows in waiting.items():
            for at in range(0, len(rows), BATCH):
                _STAGE[kind](self, rows[at : at + BATCH])
            rows.clear()

    def _owned(self, virtual_account_id: str) -> str:
        if virtual_account_id not in self._own:
            raise MalformedError("a row names a virtual account that is not this satellite's")
        return virtual_account_id

    def instances(self, rows: list[InstanceRow]) -> None:
        """Instances that are new, known, elsewhere now, or gone."""
        query = select(Instance.id, Instance.virtual_account_id, Instance.satellite_id).where(
            Instance.account_id == self._account, Instance.id.in_([row.id for row in rows])
        )
        known = {row[0]: (row[1], row[2]) for row in self._unit.session.connection().execute(query)}
        if any(owner != self._satellite.id for _, owner in known.values()):
            raise MalformedError("a row names an instance that is not this satellite's")
        added: list[NewEvent] = []
        kept: list[InstanceRow] = []
        staged = self.staged
        for row in rows:
            before = staged.virtual_accounts.get(row.id) or known.get(row.id, (None,))[0]
            if row.removed:
                if before is not None:
                    staged.gone.append(row.id)
                elif row.virtual_account in self._own:  # it came and went between two files
                    self._unknown[row.id] = row.virtual_account
                continue
            va = self._owned(row.virtual_account)
            if before is None:
                added.append(added_event(self._satellite, row, self._own[va]))
                staged.registered |= {row.id: row.udi} if self._reserving else {}
                self._new.add(row.id)
                if "clone" in row.marks and row.key_hash:
                    staged.apart[row.key_hash] = row.id
            elif before != va:
                staged.moved[row.id] = va
                staged.left.setdefault(row.id, before)
            staged.virtual_accounts[row.id] = va
            kept.append(row)
        columns = instance_columns(self._satellite, kept)
        self._instance = self._instance or upserting(self._unit.session, Instance, [*columns])
        staged.bulk.put(self._instance, columns)
        self._put_standbys(kept)
        self._happened(added, staged.added)
        staged.added += len(added)

    def _put_standbys(self, rows: list[InstanceRow]) -> None:
        """Where standbys are found by their UDI; what is not one any more goes."""
        wanted = {(row.id, member.key) for row in rows for member in row.standbys}
        query = select(Standby.instance_id, Standby.udi_key).where(
            Standby.account_id == self._account, Standby.instance_id.in_({row.id for row in rows} - self._new)
        )
        known = {(of, key) for of, key in self._unit.session.connection().execute(query)}
        for statement, pairs in ((self._unstandby, known - wanted), (self._standby, wanted)):
            for piece in batches(sorted(pairs)):
                of, keys = [pair[0] for pair in piece], [pair[1] for pair in piece]
                columns = {"account_id": [self._account] * len(piece), "instance_id": of, "udi_key": keys}
                self.staged.bulk.put(statement, columns)

    def claims(self, rows: list[ClaimRow]) -> None:
        """Claims, and by how much each pool's use changes; a repeated claim has its pools counted again."""
        staged, account_id = self.staged, self._account
        self._learn_virtual_accounts({row.instance for row in rows if row.instance not in staged.virtual_accounts})
        wanted = {(row.instance, row.tag): row for row in rows if row.instance in staged.virtual_accounts}
        query = select(Claim.instance_id, Claim.tag, Claim.virtual_account_id, Claim.count).where(
            Claim.account_id == account_id, Claim.instance_id.in_({of for of, _ in wanted} - self._new)
        )
        for instance, tag, va, count in self._unit.session.connection().execute(query):
            if (instance, tag) in wanted:
                staged.changes[va, tag] -= count
        again = {*map(hash, wanted)}
        staged.recount |= not again.isdisjoint(self._claimed)
        self._claimed |= again
        for row in wanted.values():
            staged.changes[staged.virtual_accounts[row.instance], row.tag] += row.count
        self._put_claims(self._unclaim, [row for row in wanted.values() if row.count == 0])
        self._put_claims(self._claim, [row for row in wanted.values() if row.count])

    def _put_claims(self, statement: Prepared, rows: list[ClaimRow]) -> None:
        columns: dict[str, list[Any]] = {
            "account_id": [self._account] * len(rows),
            "instance_id": [row.instance for row in rows],
            "tag": [row.tag for row in rows],
            "virtual_account_id": [self.staged.virtual_accounts[row.instance] for row in rows],
            "count": [row.count for row in rows],
            "since": [row.since for row in rows],
        }
        self.staged.bulk.put(statement, columns)

    def _learn_virtual_accounts(self, missing: set[str]) -> None:
        if missing:
            theirs = (Instance.account_id == self._account) & (Instance.satellite_id == self._satellite.id)
            query = select(Instance.id, Instance.virtual_account_id).where(theirs, Instance.id.in_(missing))
            self.staged.virtual_accounts.update(self._unit.session.connection().execute(query).all())

    def events(self, rows: list[EventRow]) -> None:
        """Events that were not taken in before."""
        query = select(SatelliteEvent.id).where(
            SatelliteEvent.account_id == self._account, SatelliteEvent.id.in_([row.id for row in rows])
        )
        known = {*self._unit.session.connection().scalars(query)}
        fresh = [
            row for row in {row.id: row for row in rows}.values() if row.id not in known and row.id not in self._told
        ]
        self._told.update(row.id for row in fresh)
        ids = {"account_id": [self._account] * len(fresh), "id": [row.id for row in fresh]}
        self.staged.bulk.put(self._known_event, ids)
        first = len(self.staged.said)
        self.staged.said.extend(
            row.number if row.number is not None else UNNUMBERED + place for place, row in enumerate(fresh, first)
        )
        # Negative numbers distinguish them from those of central until their place is known.
        self._learn_virtual_accounts(
            {row.instance for row in fresh if row.instance and row.instance not in self.staged.virtual_accounts}
        )
        self._happened([site_event(self._satellite, row, self._home_of(row)) for row in fresh], -first - 1, step=-1)

    def usage(self, rows: list[UsageRow]) -> None:
        """Measured use, joined with what is booked already: whatever comes late or twice changes nothing."""
        for row in rows:
            self.staged.measured.add((self._owned(row.virtual_account), row.tag))
        columns = usage_columns(self._unit, self._account, rows)
        self._usage = self._usage or upserting(self._unit.session, UsageMonth, [*columns])
        self.staged.bulk.put(self._usage, columns)

    def _home_of(self, row: EventRow) -> str | None:
        """Where something happened: what the row says, else where its instance is."""
        said = row.subject.get("virtual_account")
        if isinstance(said, str) and said in self._own:
            return said
        of = row.instance or ""
        return self.staged.virtual_accounts.get(of) or self._unknown.get(of)

    def _happened(self, new_events: list[NewEvent], first: int, *, step: int = 1) -> None:
        numbers = range(first, first + step * len(new_events), step)
        columns = event_columns(self._unit, self._account, new_events, numbers)
        self._event = self._event or inserting(self._unit.session, Event, [*columns])
        self.staged.bulk.put(self._event, columns)


_STAGE: Mapping[type, Callable[[_Staging, list[Any]], None]] = {
    InstanceRow: _Staging.instances,
    ClaimRow: _Staging.claims,
    UsageRow: _Staging.usage,
    EventRow: _Staging.events,
}
