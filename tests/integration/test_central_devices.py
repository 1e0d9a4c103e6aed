"""Groups of messages at central itself: the fast path of renewals gives what the use case gives (rows S4.1, S4.2)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from central.device_api.message_groups import Groups
from central.runtime import Central, open_central
from exchange.canonical import parse_time
from exchange.device.licence_bodies import AuthorizeBody
from exchange.device.message_handling import DeviceMessage
from exchange.vocabulary import DeviceOp
from tests.bench.devices import BenchDevice, answered
from tests.world import ACCOUNT, World


@pytest.fixture
def server(vendor: World) -> Iterator[Central]:
    """The vendor's central, opened."""
    made = open_central(vendor.folder / "central")
    yield made
    made.database.dispose()


def settle(groups: Groups, *asked: tuple[str, bytes]) -> list[DeviceMessage]:
    """Settle messages as one group."""
    messages = [DeviceMessage(op, data) for op, data in asked]
    groups.handle_all(messages)
    return messages


def states(message: DeviceMessage) -> list[str]:
    """What an answer says of each licence."""
    assert message.answer is not None
    result = answered(message.answer)["result"]
    return [one["state"] for one in result["entitlements"]]  # type: ignore[index]  # an authorization


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "S4.2")
def test_a_renewal_that_changes_nothing_is_a_contact_and_learns_what_its_group_changed(
    vendor: World, server: Central
) -> None:
    """Repeated it gets the same answer, an older number none; a shortage that came up in its own group is told; a new name is kept."""
    groups, token = Groups(server), vendor.token("central", pool="Spare")
    one, other = BenchDevice(1), BenchDevice(2)
    for device, message in zip(
        (one, other), settle(groups, *(("register", d.register(token)) for d in (one, other))), strict=True
    ):
        assert message.answer is not None
        device.instance = str(answered(message.answer)["instance"])
    old = one.authorize({"ADVANTAGE": 1})
    settle(groups, ("authorize", old))
    vendor.central("clock", "advance", "1d")
    renewal = one.authorize({"ADVANTAGE": 1})
    first, again, late = settle(groups, ("authorize", renewal), ("authorize", renewal), ("authorize", old))
    contact = {row["serial"]: parse_time(row["last_contact"]) for row in vendor.central("instances", ACCOUNT)["items"]}
    lists = one.authorize({"ADVANTAGE": 1}), other.authorize({"ADVANTAGE": 10}), one.authorize({"ADVANTAGE": 1})
    before, _, after = settle(groups, *(("authorize", message) for message in lists))
    named = AuthorizeBody((("ADVANTAGE", 10),), (), "renamed", "1.0")
    settle(groups, ("authorize", other.message(DeviceOp.AUTHORIZE, named.to_dict())))

    assert states(first) == ["authorized"]
    assert again.answer == first.answer
    assert (late.status, late.code) == (409, "counter_too_low")
    assert contact["B00000001"] > contact["B00000002"]
    assert (states(before), states(after)) == (["authorized"], ["out_of_compliance"])
    assert "renamed" in {row["name"] for row in vendor.central("instances", ACCOUNT)["items"]}
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 11
    assert "insufficient_licences" in vendor.alerts()
