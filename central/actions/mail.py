"""Use cases of mail (row C12.2)."""

from __future__ import annotations

from typing import Any, Literal

from central.actions.views import MailView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.operations.models import OutboxEntry
from central.runtime import Central
from serverkit.actor import Actor
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.mail.sender import send_test
from serverkit.outbox import entries, entry_members

MailSort = Literal["id", "-id", "at", "-at"]
SORTING = Sorting((OutboxEntry.id,), {"at": (OutboxEntry.at,)})
NEWEST = Slice(sort="-at")


def list_mail(unit: Unit, part: Slice = ALL) -> Listing:
    """List the outbox: queued, sent and failed mails, with the reason."""
    require(unit, Permission.VENDOR_MANAGE)
    rows, following = page_of(unit, entries(OutboxEntry), SORTING, part)
    return Listing([MailView(**entry_members(row[0])).shown() for row in rows], following)


def send_test_mail(server: Central, actor: Actor, to: str) -> dict[str, Any]:
    """Send a mail immediately and show the answer of the mail server; no transaction is open meanwhile."""
    with server.database.write(actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
        now = unit.now
    settings = server.settings.mail
    send_test(settings, to, now)
    return {"to": to, "host": settings.host, "security": settings.security, "sent": True}
