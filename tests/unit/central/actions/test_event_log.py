"""The event log and the licence transactions as people page through them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import central.domain.schema
from central.actions.accounts import create_account
from central.actions.event_log import list_events, list_transactions
from central.domain.access.errors import NotPermittedError
from central.domain.accounts.queries import by_domain, default_virtual_account
from central.domain.base import Base
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, NewEvent, record_many, record_transactions
from serverkit.actor import OPERATOR, Actor, ActorKind
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit

MANY = 10_500
DOMAIN = "customer.example"


@pytest.fixture
def unit() -> Any:
    """A unit of work with one account."""
    engine = create_engine("sqlite://")
    central.domain.schema
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        found = Unit(session, datetime(2026, 1, 1, tzinfo=UTC), OPERATOR, writing=True)
        create_account(found, DOMAIN, "Customer", export_allowed=False)
        yield found


@pytest.mark.row("C12.4")
def test_an_event_log_longer_than_ten_thousand_is_shown_to_its_end(unit: Unit) -> None:
    """Pages follow one another from the newest event to the creation of the account."""
    account = by_domain(unit, DOMAIN)
    record_many(unit, account.id, [NewEvent(EventKind.ACCOUNT_CHANGED, str(number)) for number in range(MANY)])
    messages: list[str] = []
    after: str | None = None
    while True:
        page = list_events(unit, DOMAIN, None, Slice(4000, after))
        messages += [item["message"] for item in page.items]
        after = page.next
        if after is None:
            break

    assert messages[:MANY] == [str(number) for number in reversed(range(MANY))]
    assert messages[-1] == "account Customer created"


@pytest.mark.row("C12.4")
def test_licence_transactions_are_shown_to_their_end(unit: Unit) -> None:
    """Each names the virtual account, newest first."""
    account = by_domain(unit, DOMAIN)
    pool = default_virtual_account(unit, account.id)
    entries = [Entry("perpetual", "T", number, pool.id, "order", "add") for number in range(1, 8)]
    record_transactions(unit, account.id, entries)
    first = list_transactions(unit, DOMAIN, None, Slice(5))
    second = list_transactions(unit, DOMAIN, None, Slice(5, first.next))

    assert [item["count"] for item in (*first.items, *second.items)] == [7, 6, 5, 4, 3, 2, 1]
    assert {item["virtual_account"] for item in first.items} == {"DEFAULT"}
    assert second.next is None


@pytest.mark.row("C1.5")
def test_the_vendors_own_events_are_for_the_vendor(unit: Unit) -> None:
    """Who has no role of the vendor does not see what belongs to no account."""
    unit.actor = Actor(ActorKind.USER, "nobody", "nobody")
    with pytest.raises(NotPermittedError):
        list_events(unit, None, None, Slice(10))
