"""The outbox: what is to be sent is written in the transaction that causes it, and sent after the commit.

A thing is sent at least once: a process that dies between sending and noting it sends it again, under the same id. What
cannot be sent is tried again, later each time, for some four days, and then kept as failed for a month.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import delete, func, select

from serverkit.actor import Actor
from serverkit.clock import iso, optional_iso
from serverkit.db.base import OutboxMixin
from serverkit.db.paging import Query
from serverkit.db.unit import Database, Unit
from serverkit.errors import AppError, NotFoundError, RefusedError, Remedy
from serverkit.ids import new_id
from serverkit.log import get_logger

E = TypeVar("E", bound=OutboxMixin)
Send = Callable[[str, dict[str, Any]], None]
"""Sends one thing; gets its id and what is to be sent, raises AppError where that fails."""

FIRST_RETRY, LONGEST_RETRY, MOST_ATTEMPTS = timedelta(minutes=1), timedelta(hours=12), 18
AT_ONCE = 50
KEPT = timedelta(days=30)


class UnknownMailError(NotFoundError):
    """The refusal `unknown_mail`."""

    code = "unknown_mail"
    message = "The outbox has no such mail."
    remedy = Remedy("Look for it in the list; what was sent is kept for 30 days.")


class MailSentError(RefusedError):
    """The refusal `mail_sent`."""

    code = "mail_sent"
    message = "This mail was sent."
    remedy = Remedy("Ask the recipient to look for it; central does not send it twice.")


def put(unit: Unit, table: type[E], kind: str, payload: dict[str, Any]) -> E:
    """Write something to be sent; it leaves only if this unit is committed."""
    row = table()
    row.id, row.at, row.kind, row.payload = new_id(), unit.now, kind, payload
    row.sent_at, row.due_at, row.attempts, row.last_error = None, unit.now, 0, ""
    unit.session.add(row)
    return row


def waiting(unit: Unit, table: type[E]) -> tuple[int, int]:
    """How many things were given up as failed, and how many wait after a failed attempt."""
    lost = table.sent_at.is_(None) & table.due_at.is_(None)
    troubled = table.due_at.is_not(None) & (table.attempts > 0)
    counts = select(func.count()).select_from(table)
    return unit.session.scalar(counts.where(lost)) or 0, unit.session.scalar(counts.where(troubled)) or 0


def retry_after(attempts: int) -> timedelta:
    """How long to wait after so many attempts: doubled each time, twelve hours at most."""
    return min(LONGEST_RETRY, FIRST_RETRY * (1 << min(max(attempts - 1, 0), 10)))


def deliver(database: Database, table: type[E], actor: Actor, senders: Mapping[str, Send]) -> str:
    """Send what is due, each outside of any transaction; says in a few words what became of it."""
    with database.read(actor) as unit:
        query = select(table).where(table.due_at <= unit.now).order_by(table.due_at).limit(AT_ONCE)
        due = [(row.id, row.kind, dict(row.payload)) for row in unit.session.scalars(query)]
    sent = failed = 0
    for entry_id, kind, payload in due:
        error = _try(senders, entry_id, kind, payload)
        with database.write(actor) as unit:
            _note(unit, table, entry_id, error)
        sent, failed = sent + (error is None), failed + (error is not None)
    with database.write(actor) as unit:
        given_up = table.sent_at.is_(None) & table.due_at.is_(None) & (table.at < unit.now - KEPT - timedelta(days=4))
        unit.session.execute(delete(table).where((table.sent_at < unit.now - KEPT) | given_up))
    return f"{sent} sent, {failed} failed"


def _try(senders: Mapping[str, Send], entry_id: str, kind: str, payload: dict[str, Any]) -> str | None:
    send = senders.get(kind)
    if send is None:
        return f"nothing here sends {kind}"
    try:
        send(entry_id, payload)
    except AppError as error:
        get_logger().warning("outbox_failed", entry=entry_id, kind=kind, code=error.code)
        return f"{error.code}: {error.message}"
    except Exception as error:  # noqa: BLE001 - what cannot be sent keeps nothing else from being sent
        get_logger().error("outbox_failed", entry=entry_id, kind=kind, cause=type(error).__name__, exc_info=error)
        return f"{type(error).__name__}: see the log"
    return None


def _note(unit: Unit, table: type[E], entry_id: str, error: str | None) -> None:
    row = unit.session.get(table, entry_id)
    if row is None or row.sent_at is not None:
        return
    row.attempts += 1
    if error is None:
        row.sent_at, row.due_at, row.last_error = unit.now, None, ""
        return
    row.last_error = error
    row.due_at = unit.now + retry_after(row.attempts) if row.attempts < MOST_ATTEMPTS else None


def retry(unit: Unit, table: type[E], entry_id: str) -> E:
    """Have an entry that was not sent tried at once, and again as often as a new one; UnknownMailError, MailSentError."""
    row = unit.session.get(table, entry_id)
    if row is None:
        raise UnknownMailError
    if row.sent_at is not None:
        raise MailSentError
    row.due_at, row.attempts = unit.now, 0
    return row


def entries(table: type[E]) -> Query:
    """Everything that waits, was sent or failed."""
    return select(table)


def entry_members(row: OutboxMixin) -> dict[str, Any]:
    """What is shown of an entry; never the text itself."""
    return {
        "id": row.id,
        "at": iso(row.at),
        "kind": row.kind,
        "to": row.payload.get("to"),
        "subject": row.payload.get("subject"),
        "state": "sent" if row.sent_at else "waiting" if row.due_at else "failed",
        "attempts": row.attempts,
        "sent_at": optional_iso(row.sent_at),
        "next_attempt": optional_iso(row.due_at),
        "last_error": row.last_error,
    }
