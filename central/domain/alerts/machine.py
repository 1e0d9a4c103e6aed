"""Alerts of the vendor's machine: keys that expire, its clock, mail and news that are not delivered (rows E2, S1.3, C12.2, B20)."""

from __future__ import annotations

from collections.abc import Iterator

from central.domain.operations.models import OutboxEntry, Webhook, WebhookDelivery
from exchange.compliance import expiry_step, until
from exchange.trust import Root
from exchange.vocabulary import KeyState
from serverkit.alerts.clock import clock_alerts
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import said
from serverkit.db.unit import Unit
from serverkit.mail.undelivered import undelivered_mail
from serverkit.webhooks.undelivered import undelivered_news


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


def undelivered(unit: Unit) -> Iterator[Wanted]:
    """Rows C12.2, B20: mail and news that no one took."""
    yield from undelivered_mail(unit, OutboxEntry, "vendor")
    yield from undelivered_news(unit, Webhook, WebhookDelivery, "vendor")
