"""The alert about mail that no server took, the same at both servers (rows C12.2, S3.4)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import alert_key, said
from serverkit.db.base import OutboxMixin
from serverkit.db.unit import Unit

TRIES, MOST = 3, 200
"""After so many tries a mail counts as not delivered; alerts name so many recipients at most."""


def undelivered_mail(unit: Unit, table: type[OutboxMixin], source: str) -> Iterator[Wanted]:
    """Mail that the server has refused, or that it did not take, by recipient."""
    query = select(table).where(table.sent_at.is_(None), table.attempts >= TRIES)
    told: set[str] = set()
    for row in unit.session.scalars(query.order_by(table.at).limit(MOST)):
        to = str(row.payload.get("to"))
        if to.casefold() in told:
            continue
        told.add(to.casefold())
        text = said("Mail to {address} was not delivered: {cause}", address=to, cause=row.last_error)
        yield Wanted("mail_undelivered", alert_key(to.casefold()), text, source, subject={"mail": row.id})
