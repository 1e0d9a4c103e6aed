"""Use cases of mail (row C12.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import String, cast, func

from central.actions.views import MailView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.alerts.models import Alert
from central.domain.alerts.services import refresh_vendor
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.notices.rules import MAIL
from central.domain.operations.models import OutboxEntry
from central.domain.settings.models import StoredSetting
from central.domain.settings.services import change
from central.keyring import KeyRing
from central.runtime import Central
from serverkit.actor import Actor
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.mail.routes import Routes, mails_about
from serverkit.mail.sender import send_test
from serverkit.outbox import UnknownMailError, entries, entry_members, put, retry
from serverkit.stored_settings import checked, read_stored

MailSort = Literal["id", "-id", "at", "-at"]
SORTING = Sorting((OutboxEntry.id,), {"at": (OutboxEntry.at,)})
ROUTES = "mail_routes"
NEWEST = Slice(sort="-at")
ORDERS = Orders(OutboxEntry.id, {"at": (OutboxEntry.at,)}, "-at")


def list_mail(unit: Unit, part: Slice = ALL) -> Listing:
    """List the outbox: queued, sent and failed mails, with the reason."""
    require(unit, Permission.VENDOR_MANAGE)
    rows, following = page_of(unit, entries(OutboxEntry), SORTING, part)
    return Listing([MailView(**entry_members(row[0])).shown() for row in rows], following)


def list_mail_window(unit: Unit, part: Part = WHOLE) -> Window:
    """The outbox for pages, the newest first. Filters: q (recipient, subject or cause), state."""
    require(unit, Permission.VENDOR_MANAGE)
    wanted, row, query = part.wanted, OutboxEntry, entries(OutboxEntry)
    if text := wanted.get("q"):
        said = func.lower(cast(row.payload, String) + row.last_error)
        query = query.where(said.contains(text.lower(), autoescape=True))
    states = {
        "sent": row.sent_at.is_not(None),
        "waiting": row.due_at.is_not(None),
        "failed": row.sent_at.is_(None) & row.due_at.is_(None),
    }
    if (condition := states.get(wanted.get("state", ""))) is not None:
        query = query.where(condition)
    return window_of(unit, query, ORDERS, part, lambda rows: [entry_members(one) for one in rows])


def show_mail(unit: Unit, mail_id: str) -> dict[str, Any]:
    """Show one mail of the outbox, never its text; UnknownMailError."""
    require(unit, Permission.VENDOR_MANAGE)
    row = unit.session.get(OutboxEntry, mail_id)
    if row is None:
        raise UnknownMailError
    return entry_members(row)


def retry_mail(unit: Unit, mail_id: str) -> dict[str, Any]:
    """Try a mail that was not sent again at once; UnknownMailError, MailSentError."""
    require(unit, Permission.VENDOR_MANAGE)
    row = retry(unit, OutboxEntry, mail_id)
    shown = entry_members(row)
    subject = {"mail": mail_id, "to": shown["to"]}
    record(unit, None, EventKind.MAIL_RETRIED, f"mail to {shown['to']} is tried again", subject=subject)
    return MailView(**shown).shown()


def refresh_mail(keyring: KeyRing, unit: Unit) -> None:
    """Refresh the alerts of the vendor about mail that was not delivered."""
    refresh_vendor(unit, keyring)


def show_mail_settings(server: Central, unit: Unit) -> dict[str, Any]:
    """Show how mail is sent; never the password."""
    require(unit, Permission.VENDOR_MANAGE)
    found = server.settings.mail
    return {
        "host": found.host,
        "port": found.port,
        "security": found.security,
        "ca_file": str(found.ca_file) if found.ca_file else None,
        "user": found.user,
        "password_set": found.password_file is not None,
        "sender": found.sender,
    }


def show_mail_routes(unit: Unit) -> dict[str, Any]:
    """Show who is told of the vendor's own alerts, and from which severity on."""
    require(unit, Permission.VENDOR_MANAGE)
    return read_stored(unit, StoredSetting, ROUTES, Routes).model_dump()


def change_mail_routes(unit: Unit, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Change who is told of the vendor's own alerts; what is not named stays. InvalidInputError."""
    present = read_stored(unit, StoredSetting, ROUTES, Routes)
    change(unit, ROUTES, checked(Routes, {**present.model_dump(), **changes}))
    return show_mail_routes(unit)


def queue_vendor_mails(unit: Unit, fresh: Sequence[Alert]) -> int:
    """Write one mail to each recipient about new alerts of the vendor, from its severity on; how many there are."""
    plan, name = read_stored(unit, StoredSetting, ROUTES, Routes), "Central"
    mails = list(mails_about(name, plan.recipients, plan.least, fresh))
    for to, subject, text in mails:
        put(unit, OutboxEntry, MAIL, {"to": to, "subject": subject, "text": text})
    return len(mails)


def send_test_mail(server: Central, actor: Actor, to: str) -> dict[str, Any]:
    """Send a mail immediately and show the answer of the mail server; no transaction is open meanwhile."""
    with server.database.write(actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
        now = unit.now
    settings = server.settings.mail
    send_test(settings, to, now)
    return {"to": to, "host": settings.host, "security": settings.security, "sent": True}
