"""The reconciler. Dismissed and reminded alerts are state, not absence; a condition that ends and recurs is new."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import Integer, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from chassis.db.base import IdColumn, JsonText, UtcDateTime
from chassis.db.unit import Unit
from chassis.errors import NotFoundError, RefusedError
from chassis.ids import new_id


class Severity(StrEnum):
    """Three severities, most urgent first."""

    MAJOR = "major"
    MINOR = "minor"
    INFORMATIONAL = "informational"


class AlertState(StrEnum):
    """What has become of an alert."""

    OPEN = "open"
    REMINDED = "reminded"
    DISMISSED = "dismissed"
    CLEARED = "cleared"


_ORDER = {Severity.MAJOR: 0, Severity.MINOR: 1, Severity.INFORMATIONAL: 2}


@dataclass(frozen=True, slots=True)
class AlertKind:
    """One kind of the catalogue: its usual severity, what can be done, and when it ends."""

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
        """Whether a person may put it off."""
        return "remind" in self.actions


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that state and clock demand; `key` tells it from others of its kind, `step` marks a newer warning."""

    kind: str
    key: str
    message: str
    source: str
    action_due: datetime | None = None
    severity: Severity | None = None
    step: int = 0
    remind_at: datetime | None = None
    actions: tuple[str, ...] | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)


class AlertMixin:
    """Columns of an alert."""

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    key: Mapped[str] = mapped_column(String(255))
    severity: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(255))
    subject: Mapped[dict[str, Any]] = mapped_column(JsonText)
    actions: Mapped[list[str]] = mapped_column(JsonText)
    raised_at: Mapped[datetime] = mapped_column(UtcDateTime)
    action_due: Mapped[datetime | None] = mapped_column(UtcDateTime)
    step: Mapped[int] = mapped_column(Integer, default=0)
    state: Mapped[str] = mapped_column(String(16), index=True)
    remind_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    next_reminder: Mapped[datetime | None] = mapped_column(UtcDateTime)
    cleared_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class UnknownAlertError(NotFoundError):
    """There is no such alert."""

    code = "unknown_alert"


class NotDismissibleError(RefusedError):
    """This alert ends only with its cause."""

    code = "alert_not_dismissible"
    remedy = "Do what the alert asks for; it clears by itself."


class NotRemindableError(RefusedError):
    """This alert cannot be put off."""

    code = "alert_not_remindable"
    remedy = "Dismiss it, or do what it asks for."


A = TypeVar("A", bound=AlertMixin)


@dataclass(frozen=True, slots=True)
class Changes(Generic[A]):
    """What a reconciliation did."""

    raised: tuple[A, ...]
    cleared: tuple[A, ...]


class AlertBook(Generic[A]):
    """The alerts of one scope (such as an account), on a server's own table."""

    def __init__(self, model: type[A], catalogue: Mapping[str, AlertKind], scope: Mapping[str, str]) -> None:
        """`scope` are columns and values that all its alerts share."""
        self._model = model
        self._catalogue = catalogue
        self._scope = dict(scope)

    def reconcile(
        self, unit: Unit, wanted: Iterable[Wanted], kinds: Iterable[str], keys: Iterable[str] | None = None
    ) -> Changes[A]:
        """Make the alerts of these kinds (and, where given, of these keys alone) equal to what is wanted."""
        model = self._model
        query = (
            select(model).filter_by(**self._scope).where(model.kind.in_(list(kinds)), model.state != AlertState.CLEARED)
        )
        if keys is not None:
            query = query.where(model.key.in_(list(keys)))
        rows = unit.session.scalars(query)
        present = {(row.kind, row.key): row for row in rows}
        raised, cleared = [], []
        for want in wanted:
            row = present.pop((want.kind, want.key), None)
            if row is None:
                row = self._raise(unit, want)
                raised.append(row)
            else:
                self._update(unit, row, want)
        for row in present.values():
            row.state, row.cleared_at = AlertState.CLEARED, unit.now
            cleared.append(row)
        unit.session.flush()  # so that lists read in the same unit show the new state
        return Changes(tuple(raised), tuple(cleared))

    def _raise(self, unit: Unit, want: Wanted) -> A:
        kind = self._catalogue[want.kind]
        values: dict[str, Any] = {
            **self._scope,
            "id": new_id(),
            "kind": want.kind,
            "key": want.key,
            "severity": want.severity or kind.severity,
            "message": want.message,
            "source": want.source,
            "subject": dict(want.subject),
            "actions": list(want.actions if want.actions is not None else kind.actions),
            "raised_at": unit.now,
            "action_due": want.action_due,
            "step": want.step,
            "state": AlertState.OPEN,
            "next_reminder": want.remind_at,
        }
        row = self._model(**values)
        unit.session.add(row)
        return row

    def _update(self, unit: Unit, row: A, want: Wanted) -> None:
        kind = self._catalogue[want.kind]
        newer = row.step != want.step
        row.message, row.source, row.subject = want.message, want.source, dict(want.subject)
        row.severity = want.severity or kind.severity
        row.actions = list(want.actions if want.actions is not None else kind.actions)
        row.action_due, row.step, row.next_reminder = want.action_due, want.step, want.remind_at
        due = row.state == AlertState.REMINDED and row.remind_at is not None and row.remind_at <= unit.now
        if newer or due:
            row.state, row.remind_at = AlertState.OPEN, None
            if newer:
                row.raised_at = unit.now

    def open_ones(self, unit: Unit, *, every: bool = False) -> list[A]:
        """The open alerts, most urgent first; `every` shows all."""
        query = select(self._model).filter_by(**self._scope)
        if not every:
            query = query.where(self._model.state == AlertState.OPEN)
        rows = list(unit.session.scalars(query))
        far = datetime.max.replace(tzinfo=unit.now.tzinfo)
        rows.sort(key=lambda row: (_ORDER[Severity(row.severity)], row.action_due or far, row.raised_at, row.id))
        return rows

    def find(self, unit: Unit, alert_id: str) -> A:
        """One alert by its id."""
        query = select(self._model).filter_by(**self._scope).where(self._model.id == alert_id)
        row = unit.session.scalars(query).one_or_none()
        if row is None or row.state == AlertState.CLEARED:
            raise UnknownAlertError(f"there is no alert {alert_id!r}")
        return row

    def dismiss(self, unit: Unit, alert_id: str) -> A:
        """Dismiss an alert until its condition recurs."""
        row = self.find(unit, alert_id)
        if "dismiss" not in row.actions:
            raise NotDismissibleError
        row.state = AlertState.DISMISSED
        return row

    def remind(self, unit: Unit, alert_id: str) -> A:
        """Put an alert off until its next step, or half of the time that is left."""
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
