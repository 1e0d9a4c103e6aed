"""Queues mails in the outbox, in the transaction of their cause."""

from __future__ import annotations

from central.domain.notices.rules import MAIL, Mail
from central.domain.operations.models import OutboxEntry
from serverkit.db.unit import Unit
from serverkit.outbox import put


def notify(unit: Unit, to: str | None, mail: Mail) -> None:
    """Write a mail to a contact; nothing where there is none."""
    if to is not None:
        put(unit, OutboxEntry, MAIL, {"to": to, "subject": mail.subject, "text": mail.text})
