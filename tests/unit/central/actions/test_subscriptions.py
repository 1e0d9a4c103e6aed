"""Subscriptions billed by usage: moved or copied to the virtual accounts that are chosen, enabled or duplicate in each."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from central.actions.event_log import list_events
from central.actions.licences import verify_ledger
from central.actions.orders import import_orders
from central.actions.subscriptions import assign_subscription, list_subscriptions, preview_assignment
from central.actions.virtual_accounts import create_virtual_account
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.ledger.claims import ClaimSpec, set_claims
from central.domain.subscriptions.errors import (
    SubscriptionChangedError,
    SubscriptionInUseError,
    SubscriptionNeedsPlaceError,
    UnknownSubscriptionError,
)
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from tests.unit.central.factories import DOMAIN, POOL, add_instance, add_licences, add_satellite, unit_of

ORDERS = f"""virtual_account,tag,quantity,billing,order_number,order_line,subscription_id
{POOL},ADVANTAGE,1,usage,O-1,1,SUB-1
Spare,ADVANTAGE,1,usage,O-1,2,SUB-2
Spare,ESSENTIALS,5,prepaid,O-1,3,
"""


@contextmanager
def stock(folder: Path) -> Iterator[Unit]:
    """Two subscriptions of one licence in two virtual accounts, and a third that has none."""
    with unit_of() as unit:
        orders = add_licences(unit, folder)
        for name in ("Spare", "Lab"):
            create_virtual_account(unit, DOMAIN, name)
        orders.write_text(ORDERS, "utf-8")
        import_orders(unit, DOMAIN, orders)
        yield unit


def places(unit: Unit, subscription: str) -> dict[str, str]:
    """Where a subscription is, and what it is there."""
    found = next(one for one in list_subscriptions(unit, DOMAIN) if one["subscription"] == subscription)
    return {one["name"]: one["state"] for one in found["virtual_accounts"]}


@pytest.mark.row("C4.2")
def test_ticks_move_and_copy_and_the_first_subscription_is_the_enabled_one(tmp_path: Path) -> None:
    """A copy where another one is becomes a duplicate; it is enabled once the other left; the preview says so before."""
    with stock(tmp_path) as unit:
        wanted = ["Spare", "Lab", POOL]
        seen = preview_assignment(unit, DOMAIN, "Advantage", "SUB-1", wanted)
        assert seen == assign_subscription(unit, DOMAIN, "Advantage", "SUB-1", wanted)
        assert {one["change"] for one in seen["changes"]} == {"copied"}
        assert places(unit, "SUB-1") == {POOL: "enabled", "Lab": "enabled", "Spare": "disabled"}
        assert {one["name"]: one["state"] for one in seen["virtual_accounts"]} == places(unit, "SUB-1")

        seen = preview_assignment(unit, DOMAIN, "ADVANTAGE", "SUB-2", ["Lab"])
        assert seen["changes"] == [{"change": "moved", "from": "Spare", "to": "Lab"}]
        assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-2", ["Lab"], had=["Spare"])
        assert places(unit, "SUB-1") == {POOL: "enabled", "Lab": "enabled", "Spare": "enabled"}
        assert places(unit, "SUB-2") == {"Lab": "disabled"}
        gone = assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", ["Spare"])
        assert sorted(one["change"] for one in gone["changes"]) == ["withdrawn", "withdrawn"]
        assert (places(unit, "SUB-1"), places(unit, "SUB-2")) == ({"Spare": "enabled"}, {"Lab": "enabled"})
        assert assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", ["Spare"])["changes"] == []
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C4.2", "C3.6")
def test_what_cannot_be_assigned_stays_as_it_is(tmp_path: Path) -> None:
    """No virtual account, unknown or prepaid, changed meanwhile, or in use where nothing else covers it."""
    with stock(tmp_path) as unit:
        account = by_domain(unit, DOMAIN)
        row = virtual_account(unit, account.id, POOL)
        row.satellite_id = add_satellite(unit, "North").id
        device = add_instance(unit, "S1")
        unit.session.flush()
        set_claims(unit, account.id, [ClaimSpec(device.id, row.id, "ADVANTAGE", 3, unit.now)])
        before = list_subscriptions(unit, DOMAIN)
        with pytest.raises(SubscriptionInUseError):
            assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", ["Lab"])
        with pytest.raises(SubscriptionNeedsPlaceError):
            assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", [])
        with pytest.raises(UnknownSubscriptionError):
            assign_subscription(unit, DOMAIN, "ESSENTIALS", "SUB-1", ["Lab"])
        with pytest.raises(SubscriptionChangedError):
            assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-2", ["Lab"], had=["Lab"])
        assert list_subscriptions(unit, DOMAIN) == before
        assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-2", [POOL, "Spare"])
        assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", ["Lab"])
        assert places(unit, "SUB-2") == {POOL: "enabled", "Spare": "enabled"}
        assert [one["subscription"] for one in list_subscriptions(unit, DOMAIN, "Lab")] == ["SUB-1"]
        assert verify_ledger(unit)["ok"]


@pytest.mark.row("C4.2", "C10.1")
def test_the_event_of_an_assignment_names_virtual_accounts_and_no_ids(tmp_path: Path) -> None:
    """Who may see one virtual account only learns of another no more than its message says."""
    with stock(tmp_path) as unit:
        assign_subscription(unit, DOMAIN, "ADVANTAGE", "SUB-1", ["Lab"])
        [event] = [
            one
            for one in list_events(unit, DOMAIN, "Lab", Slice(20)).items
            if one["kind"] == "licences:subscription_assigned"
        ]
        assert (event["subject"]["from"], event["subject"]["to"]) == (POOL, "Lab")
