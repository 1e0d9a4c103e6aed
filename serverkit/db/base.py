"""What the tables of both servers have in common."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Boolean, DateTime, Dialect, Index, Integer, MetaData, String, Text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from serverkit.db.guards import bounded, one_of, only
from serverkit.licence_time import ClockTrust

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

IdColumn = String(32)
RUN_STATES = ("running", "done", "failed")
"""How far a run of a job is."""
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _text_maker() -> Callable[[Any], str]:
    """What writes a value as JSON text; made once, for making it costs more than writing one value."""
    make: Any = getattr(json.encoder, "c_make_encoder", None)
    if make is None:
        return _ENCODER.encode
    parts = make(None, _ENCODER.default, json.encoder.encode_basestring, None, ":", ",", True, False, False)  # noqa: FBT003 - it takes no names
    return lambda value: "".join(parts(value, 0))


_AS_TEXT = _text_maker()


def make_metadata() -> MetaData:
    """Metadata whose constraints are all named."""
    return MetaData(naming_convention=NAMING)


def _as_json(value: Any) -> str | None:
    if value is None:
        return None
    return "[]" if isinstance(value, list) and not value else _AS_TEXT(value)


def _as_stored(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise TypeError("a time needs a zone")
    plain = value if value.tzinfo is UTC else value.astimezone(UTC)
    return plain.isoformat(" ", "microseconds")[:26]


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in UTC; what has no zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Store in UTC, without the zone where the database has none."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a time needs a zone")
        plain = value.astimezone(UTC)
        return plain.replace(tzinfo=None) if dialect.name == "sqlite" else plain

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], Any] | None:
        """The same in one step for SQLite, which keeps times as text: a large file brings hundreds of thousands."""
        return _as_stored if dialect.name == "sqlite" else super().bind_processor(dialect)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give back an aware time."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def only_on(dialect: str, index: Index) -> Index:
    """An index that databases of one kind have; `kept_on` tells."""
    index.info["dialect"] = dialect
    index.ddl_if(dialect=dialect)
    return index


def kept_on(dialect: str, index: Index) -> bool:
    """Whether databases of a kind have an index."""
    return bool(index.info.get("dialect", dialect) == dialect)


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, byte for byte alike on every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write it."""
        del dialect
        return _as_json(value)

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        """The same without a step in between."""
        del dialect
        return _as_json

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it."""
        del dialect
        return None if value is None else json.loads(value)


class EventMixin:
    """An event; never changed afterwards. How it is found, by id or by number, its server says."""

    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(255))
    message: Mapped[str] = mapped_column(Text)
    subject: Mapped[dict[str, Any]] = mapped_column(JsonText)


class JobRunMixin:
    """One run of a job; unique for its slot, so that several schedulers run each slot once."""

    job: Mapped[str] = mapped_column(String(64), primary_key=True)
    slot: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16), one_of("state", RUN_STATES))
    started: Mapped[datetime] = mapped_column(UtcDateTime)
    finished: Mapped[datetime | None] = mapped_column(UtcDateTime)
    detail: Mapped[str] = mapped_column(Text, default="")


class OutboxMixin:
    """Something to be sent after the commit."""

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kind: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonText)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    attempts: Mapped[int] = mapped_column(Integer, bounded("attempts"), default=0)
    last_error: Mapped[str] = mapped_column(Text, default="")


class CommitMarkMixin:
    """The mark of a commit, written by its own transaction; `kept` is false where another one claimed the mark first."""

    id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    kept: Mapped[bool] = mapped_column(Boolean)


class ClockMixin:
    """Licence time, what it is checked by, and the settings of time; one row."""

    id: Mapped[int] = mapped_column(Integer, only("id", 1), primary_key=True)
    mark: Mapped[datetime] = mapped_column(UtcDateTime)
    sure: Mapped[datetime] = mapped_column(UtcDateTime)
    provisional: Mapped[bool] = mapped_column(Boolean)
    boot: Mapped[str] = mapped_column(String(64))
    uptime_ms: Mapped[int] = mapped_column(BigInteger, bounded("uptime_ms"))
    anchor: Mapped[datetime] = mapped_column(UtcDateTime)
    standing: Mapped[str] = mapped_column(String(16), one_of("standing", ClockTrust))
    zone: Mapped[str] = mapped_column(String(64), default="UTC")
    servers: Mapped[list[str]] = mapped_column(JsonText, default=list)
    measured: Mapped[dict[str, Any] | None] = mapped_column(JsonText)
    others: Mapped[dict[str, list[Any]]] = mapped_column(JsonText, default=dict)


class SettingMixin:
    """A value that an administrator sets while the server runs."""

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonText)


__all__ = [
    "ClockMixin",
    "CommitMarkMixin",
    "EventMixin",
    "IdColumn",
    "JobRunMixin",
    "JsonText",
    "OutboxMixin",
    "SettingMixin",
    "UtcDateTime",
]
