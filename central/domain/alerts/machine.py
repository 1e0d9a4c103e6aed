"""Alerts of the vendor's machine: keys that expire, its clock, mail that is not delivered (rows E2, S1.3, C12.2)."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from central.domain.operations.models import OutboxEntry
from exchange.compliance import expiry_step, until
from exchange.trust import Root
from exchange.vocabulary import KeyState
from serverkit.alerts.clock import clock_alerts
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import alert_key, said
from serverkit.db.unit import Unit


def trust(root: Root, unit: Unit) -> Iterator[Wanted]:
    """Row E2: root and role keys that end within 90 days; they block changes of trust, never devices."""
    ends = [("root", "the root of trust", root.expires)]
    ends += [
        (key.role.value, f"the {key.role.value} key", key.not_after)
        for key in root.role_keys
        if key.state is KeyState.ACTIVE
    ]
    for key, what, end in ends:
        step, ended = expiry_step(end, unit.licence_now), end <= unit.licence_now
        if step is not None or ended:
            text = said(
                "{what} was valid {end}: nothing new is trusted until it is replaced."
                if ended
                else "{what} is valid {end}; replace it in time.",
                what=what[0].upper() + what[1:],
                end=until(end),
            )
            yield Wanted("trust_expiring", key, text, "vendor", end, step=step or 0)


def clock(unit: Unit) -> Iterator[Wanted]:
    """Row S1.3: the clock of this machine."""
    return clock_alerts(unit, "vendor", "central")


MAIL_TRIES, MOST_MAIL = 3, 200
"""After so many tries a mail counts as not delivered; alerts name so many recipients at most."""


def mail(unit: Unit) -> Iterator[Wanted]:
    """Row C12.2: mail that the server has refused, or that it did not take, by recipient."""
    query = select(OutboxEntry).where(OutboxEntry.sent_at.is_(None), OutboxEntry.attempts >= MAIL_TRIES)
    told: set[str] = set()
    for row in unit.session.scalars(query.order_by(OutboxEntry.at).limit(MOST_MAIL)):
        to = str(row.payload.get("to"))
        if to.casefold() in told:
            continue
        told.add(to.casefold())
        text = said("Mail to {address} was not delivered: {cause}", address=to, cause=row.last_error)
        yield Wanted("mail_undelivered", alert_key(to.casefold()), text, "vendor", subject={"mail": row.id})
