"""Sessions of browsers, kept in the database: made, recognised, renewed, listed, revoked (row S3.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, or_, select, update

from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.secrets_box import hash_secret, new_secret
from serverkit.users.errors import SessionEndedError, UnknownSessionError
from serverkit.users.models import SessionMixin
from serverkit.users.rules import ABSOLUTE, HALF, IDLE, USE_NOTED_EVERY, SessionTimes, is_over, stepped_up_until
from serverkit.users.tables import Browser, UserTables

PREFIX = "pss"


@dataclass(frozen=True, slots=True)
class Found:
    """A session that was recognised; `note_use` where the last note of its use is old."""

    id: str
    user_id: str
    awaits_code: bool
    ends_at: datetime
    stepped_up_until: datetime | None
    note_use: bool


def times_of(row: SessionMixin) -> SessionTimes:
    """The times that the rules ask for."""
    return SessionTimes(row.begun_at, row.used_at, row.ends_at, row.confirmed_at)


def begin(unit: Unit, tables: UserTables, user_id: str, browser: Browser, *, awaits_code: bool) -> str:
    """Begin a session; returns its secret, which only the browser keeps. Sessions that are over go."""
    model = tables.session
    unit.session.execute(delete(model).where(or_(model.ends_at <= unit.now, model.used_at <= unit.now - IDLE)))
    text = new_secret(PREFIX)
    unit.session.add(
        model(
            hash=hash_secret(text),
            id=new_id(),
            user_id=user_id,
            awaits_code=awaits_code,
            begun_at=unit.now,
            used_at=unit.now,
            ends_at=unit.now + (HALF if awaits_code else ABSOLUTE),
            confirmed_at=None if awaits_code else unit.now,
            address=browser.address[:64],
            agent=browser.agent[:255],
        )
    )
    return text


def find(unit: Unit, tables: UserTables, text: str) -> Found:
    """The session of a secret; SessionEndedError."""
    row = unit.session.get(tables.session, hash_secret(text[:255]))
    if row is None or is_over(times_of(row), unit.now):
        raise SessionEndedError
    return Found(
        row.id,
        row.user_id,
        row.awaits_code,
        row.ends_at,
        stepped_up_until(times_of(row), unit.now),
        unit.now - row.used_at >= USE_NOTED_EVERY,
    )


def note_use(unit: Unit, tables: UserTables, session_id: str) -> None:
    """Record the use of a session."""
    unit.session.execute(update(tables.session).where(tables.session.id == session_id).values(used_at=unit.now))


def renew(unit: Unit, tables: UserTables, session_id: str) -> str:
    """Give a session a new secret after its password was entered again; the old one is void."""
    text = new_secret(PREFIX)
    changed = {"hash": hash_secret(text), "confirmed_at": unit.now, "used_at": unit.now}
    unit.session.execute(update(tables.session).where(tables.session.id == session_id).values(changed))
    return text


def end(unit: Unit, tables: UserTables, text: str) -> None:
    """End the session of a secret, if there is one."""
    unit.session.execute(delete(tables.session).where(tables.session.hash == hash_secret(text[:255])))


def end_all(unit: Unit, tables: UserTables, user_id: str, *, but: str | None = None) -> None:
    """End all sessions of a user, but one by its id."""
    query = delete(tables.session).where(tables.session.user_id == user_id)
    unit.session.execute(query.where(tables.session.id != but) if but is not None else query)


def running(unit: Unit, tables: UserTables, user_ids: Sequence[str] | None) -> list[SessionMixin]:
    """The sessions of users (None: of everybody) that are not over, the newest first."""
    query = select(tables.session).where(tables.session.awaits_code.is_(False))
    if user_ids is not None:
        query = query.where(tables.session.user_id.in_(user_ids))
    rows = unit.session.scalars(query.order_by(tables.session.begun_at.desc(), tables.session.id))
    return [row for row in rows if not is_over(times_of(row), unit.now)]


def revoke(unit: Unit, tables: UserTables, session_id: str, user_id: str | None) -> SessionMixin:
    """End a session by its id, of a user or (None) of anyone; UnknownSessionError."""
    query = select(tables.session).where(tables.session.id == session_id.strip()[:32])
    row = unit.session.scalars(query).one_or_none()
    if row is None or (user_id is not None and row.user_id != user_id):
        raise UnknownSessionError
    unit.session.delete(row)
    return row
