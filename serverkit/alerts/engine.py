"""The reconciler. Dismissed and reminded alerts are state, not absence; a condition that ends and recurs is new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Integer, Row, String, Text, bindparam, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from serverkit.alerts.errors import NotDismissibleError, NotRemindableError, UnknownAlertError
from serverkit.alerts.texts import KEY_LENGTH, kept
from serverkit.db.base import IdColumn, JsonText, UtcDateTime
from serverkit.db.guards import bounded, one_of
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, forget, insert_rows, table_of
from serverkit.errors import Filled
from serverkit.ids import new_id


class Severity(StrEnum):
    """Three severities, most urgent first."""

    MAJOR = "major"
    MINOR = "minor"
    INFORMATIONAL = "informational"


class AlertState(StrEnum):
    """The state of an alert."""

    OPEN = "open"
    REMINDED = "reminded"
    DISMISSED = "dismissed"
    CLEARED = "cleared"


_ORDER = {Severity.MAJOR: 0, Severity.MINOR: 1, Severity.INFORMATIONAL: 2}


@dataclass(frozen=True, slots=True)
class AlertKind:
    """A kind of alert: its usual severity, its actions, and when it clears."""

    kind: str
    severity: Severity
    scope: str
    actions: tuple[str, ...]
    raises: str
    clears: str

    @property
    def dismissible(self) -> bool:
        """Whether a person may dismiss it."""
        return "dismiss" in self.actions

    @property
    def remindable(self) -> bool:
        """Whether a person may postpone it."""
        return "remind" in self.actions


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that state and clock demand; `message` keeps its template, `key` tells it from others of its kind, `step` marks a newer warning, with `grows` a higher one alone."""

    kind: str
    key: str
    message: Filled
    source: str
    action_due: datetime | None = None
    severity: Severity | None = None
    step: int = 0
    grows: bool = False
    remind_at: datetime | None = None
    actions: tuple[str, ...] | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)


class AlertMixin:
    """Columns of an alert."""

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(KEY_LENGTH))
    severity: Mapped[str] = mapped_column(String(16), one_of("severity", Severity))
    message: Mapped[str] = mapped_column(Text)
    template: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JsonText)
    source: Mapped[str] = mapped_column(String(255))
    subject: Mapped[dict[str, Any]] = mapped_column(JsonText)
    actions: Mapped[list[str]] = mapped_column(JsonText)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    step: Mapped[int] = mapped_column(Integer, bounded("step"), default=0)
    state: Mapped[str] = mapped_column(String(16), one_of("state", AlertState), index=True)
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_reminder: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


A = TypeVar("A", bound=AlertMixin)
_READ = tuple(AlertMixin.__annotations__)
_FROM_SUBJECT = {"instance_id": "instance", "virtual_account_id": "virtual_account", "licence": "tag"}
"""Columns that a table may have, and what of the subject they hold, so that alerts are found by it."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The result of a reconciliation; `reply` holds the new alerts of the kinds that the caller asked for."""

    raised: int
    cleared: int
    reply: tuple[Wanted, ...]


Keys = Mapping[str, Collection[str]]
"""The keys of some alerts by their kind: a part of a book."""


Place = tuple[int, datetime, datetime, str]
"""The position of an alert in a list: by severity, due time, time raised and id."""


def place_of(row: AlertMixin) -> Place:
    """The position of an alert: the most urgent first, alerts without a due time last."""
    far = datetime.max.replace(tzinfo=row.raised_at.tzinfo)
    return _ORDER[Severity(row.severity)], row.action_due or far, row.raised_at, row.id


class AlertBook(Generic[A]):
    """The alerts of one scope (such as an account), on a server's own table."""

    def __init__(self, model: type[A], catalogue: Mapping[str, AlertKind], scope: Mapping[str, str]) -> None:
        """`scope` are columns and values of all its alerts; `told`, false once raised, and what it is about are a table's own."""
        self._model = model
        self._catalogue = catalogue
        self._scope = dict(scope)
        self._more = {column: name for column, name in _FROM_SUBJECT.items() if column in table_of(model).c}
        self._told = ("told",) if "told" in table_of(model).c else ()

    def reconcile(
        self,
        unit: Unit,
        wanted: Iterable[Wanted],
        kinds: Iterable[str],
        *,
        only: Keys | None = None,
        tell: Collection[str] = (),
    ) -> Changes:
        """Make the alerts of these kinds equal to what is wanted; with `only`, no others than those are looked at.

        Works batch by batch on plain rows: neither what is wanted nor what is there is ever held as a whole.
        """
        unit.session.flush()
        seen: set[str] = set()
        reply: list[Wanted] = []
        raised = 0
        for piece in batches(wanted):
            fresh = self._bring_up(unit, {(want.kind, want.key): want for want in piece}, seen)
            raised += len(fresh)
            reply += [want for want in fresh if want.kind in tell]
        cleared = self._clear(unit, self._of(kinds, only), seen)
        forget(unit.session, self._model)  # what a caller holds shows the new state
        return Changes(raised, cleared, tuple(reply))

    def _of(self, kinds: Iterable[str], only: Keys | None) -> Sequence[ColumnElement[bool]]:
        if only is None:
            return [self._model.kind.in_(list(kinds))]
        return [
            (self._model.kind == kind) & self._model.key.in_(piece)
            for kind, keys in only.items()
            for piece in batches(sorted(keys))
        ]

    def _present(self, unit: Unit, columns: Sequence[Any], parts: Sequence[ColumnElement[bool]]) -> list[Row[Any]]:
        query = select(*columns).filter_by(**self._scope).where(self._model.state != AlertState.CLEARED)
        return list(unit.session.execute(query.where(or_(*parts)))) if parts else []

    def _bring_up(self, unit: Unit, wanted: dict[tuple[str, str], Wanted], seen: set[str]) -> list[Wanted]:
        by_kind: dict[str, list[str]] = defaultdict(list)
        for kind, key in wanted:
            by_kind[kind].append(key)
        columns = [getattr(self._model, name) for name in (*_READ, *self._more, *self._told)]
        fresh, changed = dict(wanted), []
        for row in self._present(unit, columns, self._of((), by_kind)):
            want = fresh.pop((row.kind, row.key), None)
            if want is None:
                continue
            seen.add(row.id)
            values = self._values(unit, row, want)
            if values is not None:
                changed.append({"of_id": row.id, **values})
        rows = [self._raised(unit, want) for want in fresh.values()]
        seen.update(row["id"] for row in rows)
        insert_rows(unit.session, self._model, rows)
        self._write(unit, changed)
        return list(fresh.values())

    def _write(self, unit: Unit, changed: Sequence[dict[str, Any]]) -> None:
        table = table_of(self._model)
        statement = update(table).where(table.c.id == bindparam("of_id"))
        statement = statement.where(*(table.c[name] == value for name, value in self._scope.items()))
        for piece in batches(changed):
            unit.session.connection().execute(statement, piece)

    def _clear(self, unit: Unit, parts: Sequence[ColumnElement[bool]], seen: set[str]) -> int:
        ids = [row.id for row in self._present(unit, [self._model.id], parts) if row.id not in seen]
        self._write(unit, [{"of_id": of, "state": AlertState.CLEARED, "cleared_at": unit.now} for of in ids])
        return len(ids)

    def _described(self, want: Wanted) -> dict[str, Any]:
        kind = self._catalogue[want.kind]
        return {
            "severity": want.severity or kind.severity,
            **kept(want.message),
            "source": want.source,
            "subject": dict(want.subject),
            "actions": list(want.actions if want.actions is not None else kind.actions),
            "action_due": want.action_due,
            "step": want.step,
            "next_reminder": want.remind_at,
            **{column: want.subject.get(name) for column, name in self._more.items()},
        }

    def _raised(self, unit: Unit, want: Wanted) -> dict[str, Any]:
        fixed = {"id": new_id(), "kind": want.kind, "key": want.key, "raised_at": unit.now, "state": AlertState.OPEN}
        return {**self._scope, **fixed, **dict.fromkeys(self._told, False), **self._described(want)}

    def _values(self, unit: Unit, row: Row[Any], want: Wanted) -> dict[str, Any] | None:
        """New values of an existing alert; None if nothing changes."""
        newer = want.step > row.step if want.grows else want.step != row.step
        values = {**self._described(want), "state": row.state, "remind_at": row.remind_at}
        values["raised_at"] = unit.now if newer else row.raised_at
        values |= dict.fromkeys(self._told, not newer and getattr(row, "told", False))
        due = row.state == AlertState.REMINDED and row.remind_at is not None and row.remind_at <= unit.now
        if newer or due:
            values["state"], values["remind_at"] = AlertState.OPEN, None
        return values if any(getattr(row, name) != value for name, value in values.items()) else None

    def open_ones(self, unit: Unit, *, every: bool = False) -> list[A]:
        """The open alerts, most urgent first; `every` shows all."""
        shown = () if every else (self._model.state == AlertState.OPEN,)
        query = select(self._model).filter_by(**self._scope).where(*shown)
        return sorted(unit.session.scalars(query), key=place_of)

    def _one(self, unit: Unit, alert_id: str) -> A | None:
        query = select(self._model).filter_by(**self._scope).where(self._model.id == alert_id)
        return unit.session.scalars(query).one_or_none()

    def find(self, unit: Unit, alert_id: str) -> A:
        """One alert by its id."""
        row = self._one(unit, alert_id)
        if row is None or row.state == AlertState.CLEARED:
            raise UnknownAlertError("there is no alert {alert_id!r}", alert_id=alert_id)
        return row

    def dismiss(self, unit: Unit, alert_id: str) -> A:
        """Dismiss an alert until its condition recurs."""
        row = self.find(unit, alert_id)
        if "dismiss" not in row.actions:
            raise NotDismissibleError
        row.state = AlertState.DISMISSED
        return row

    def restore(self, unit: Unit, alert_id: str) -> A:
        """Open an alert again that was dismissed or put off."""
        row = self.find(unit, alert_id)
        row.state, row.remind_at = AlertState.OPEN, None
        return row

    def remind(self, unit: Unit, alert_id: str) -> A:
        """Postpone an alert until its next step, or for half of the remaining time."""
        row = self.find(unit, alert_id)
        if "remind" not in row.actions:
            raise NotRemindableError
        later = row.next_reminder
        if later is None and row.action_due is not None:
            later = unit.now + (row.action_due - unit.now) / 2
        if later is not None and later <= unit.now:
            later = None  # no step is left: it stays away until a newer warning
        row.state, row.remind_at = AlertState.REMINDED, later
        return row
