"""What webhooks of central tell: events and alerts of every account, with the account that they belong to."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from central.actions.virtual_accounts import create_virtual_account
from central.actions.webhooks import ACTS
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.queries import by_domain
from central.domain.alerts.services import book
from central.domain.base import VENDOR
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.models import Webhook, WebhookDelivery
from serverkit.alerts.engine import Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.db.unit import Unit
from serverkit.outbox import put
from serverkit.webhooks import news
from tests.unit.central.factories import DOMAIN, NOBODY, NOW, unit_of


def add(unit: Unit, events: list[str], least: str) -> None:
    """A webhook, as far as what it is told needs one."""
    row = Webhook(id="a" * 32, name="hook", url="https://hooks.example.com", events=events, least=least, secret="x")
    row.created_at, row.created_by = NOW, "console"
    news.begin(unit, row, ACTS.news)
    unit.session.add(row)
    unit.session.flush()


def queued(unit: Unit) -> list[dict[str, Any]]:
    """What the next look writes."""
    unit.session.flush()
    news.queue(unit, Webhook, WebhookDelivery, ACTS.news, "central")
    unit.session.flush()
    rows = unit.session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.id))
    return [row.payload["body"] for row in rows]


@pytest.mark.row("B20")
def test_events_of_every_account_are_told_once_with_their_account() -> None:
    """What an account did and what the vendor did is told; what was there before the webhook is not."""
    with unit_of() as unit:
        add(unit, ["virtual_account:*", "policy:changed"], "none")
        create_virtual_account(unit, DOMAIN, "Branch")
        record(unit, None, EventKind.POLICY_CHANGED, "policy changed")
        found = queued(unit)
        assert sorted((one["data"]["kind"], one["data"]["account"]) for one in found) == [
            ("policy:changed", None),
            ("virtual_account:created", DOMAIN),
        ]
        assert queued(unit) == found


@pytest.mark.row("B20")
def test_alerts_of_accounts_and_of_the_vendor_are_told_with_their_account() -> None:
    """Those of accounts name theirs; of many at once there is one summary."""
    with unit_of() as unit:
        add(unit, [], "informational")
        account = by_domain(unit, DOMAIN)

        def wanted(count: int) -> list[Wanted]:
            return [
                Wanted("satellite_sync_overdue", str(number), said("late"), "North", severity=Severity.MINOR)
                for number in range(count)
            ]

        clock = [Wanted("clock_suspicious", "", said("jumped"), "clock")]
        book(VENDOR).reconcile(unit, clock, {"clock_suspicious"})
        book(account.id).reconcile(unit, wanted(1), {"satellite_sync_overdue"})
        assert sorted(str(one["data"]["account"]) for one in queued(unit)) == ["None", DOMAIN]

        book(account.id).reconcile(unit, wanted(500), {"satellite_sync_overdue"})
        (summary,) = [one for one in queued(unit) if one["type"] == "alert.summary"]
        assert (summary["data"]["count"], summary["data"]["severities"]) == (499, {"minor": 499})


@pytest.mark.row("B20", "C10.4")
def test_a_webhook_that_takes_nothing_is_an_alert_of_the_vendor_until_it_does() -> None:
    """After three attempts; a delivery that arrives ends it."""
    with unit_of() as unit:
        add(unit, ["virtual_account:*"], "none")
        row = put(unit, WebhookDelivery, "webhook", {"webhook": "a" * 32, "body": {}})
        row.webhook_id = "a" * 32

        def kinds(attempts: int) -> set[str]:
            row.attempts, row.last_error = attempts, "webhook_failed: 500"
            ACTS.refresh(unit)
            return {one.kind for one in book(VENDOR).open_ones(unit)}

        assert kinds(2) == set()
        assert kinds(3) == {"webhook_undelivered"}
        row.sent_at, row.due_at = NOW, None
        assert kinds(4) == set()


@pytest.mark.row("B20")
def test_only_the_vendor_sees_webhooks() -> None:
    """A person without a role of the vendor does not."""
    with unit_of() as unit:
        unit.actor = NOBODY
        with pytest.raises(NotPermittedError):
            ACTS.list_hooks(unit)
