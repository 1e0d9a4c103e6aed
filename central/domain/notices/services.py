"""Queues mails in the outbox, in the transaction of their cause, and bounds how many messages the vendor gets."""

from __future__ import annotations

from sqlalchemy import delete

from central.domain.notices.errors import TooManyMessagesError
from central.domain.notices.models import ContactCount
from central.domain.notices.rules import MAIL, Mail
from central.domain.operations.models import OutboxEntry
from serverkit.db.unit import Unit
from serverkit.db.upsert import upsert
from serverkit.locks import row_for_change
from serverkit.outbox import put

MOST_OF_USER, MOST_OF_ACCOUNT = 10, 30
"""How many messages to the vendor a user may write on a day, and how many all users for one account."""


def notify(unit: Unit, to: str | None, mail: Mail) -> None:
    """Write a mail to a contact; nothing where there is none."""
    if to is not None:
        put(unit, OutboxEntry, MAIL, {"to": to, "subject": mail.subject, "text": mail.text})


def count_message(unit: Unit, account_id: str | None = None) -> None:
    """Count a message to the vendor, of the actor and of the account; TooManyMessagesError where either wrote enough today."""
    today = unit.now.replace(hour=0, minute=0, second=0, microsecond=0)
    unit.session.execute(delete(ContactCount).where(ContactCount.day < today))
    bounds = [(f"user:{unit.actor.id}", MOST_OF_USER)]
    if account_id is not None:
        bounds.append((f"account:{account_id}", MOST_OF_ACCOUNT))
    for key, most in bounds:
        # Two first messages at one moment meet at the key: the second waits here for the first, and counts after it.
        upsert(unit.session, ContactCount, [{"key": key, "day": today, "messages": 0}], keep=True)
        row = row_for_change(unit.session, ContactCount, (key, today), writing=unit.writing)
        if row is None:
            raise RuntimeError("the count of messages that was made is not there")
        if row.messages >= most:
            raise TooManyMessagesError("{most} messages were sent to the vendor today", most=most)
        row.messages += 1
    unit.session.flush()
