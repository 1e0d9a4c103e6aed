"""Words for tests of alerts: each says of one kind, at one side, how it stands now."""

from __future__ import annotations

from typing import Any

from tests.world import ACCOUNT, World

Alerts = list[dict[str, Any]]


def listed(world: World, side: str, kind: str, *words: str, account: str = ACCOUNT) -> Alerts:
    """The alerts of a kind that the command of a side lists; `--all` shows those that ended too."""
    found = (
        world.central("alerts", account, *words) if side == "central" else world.satellite("alerts", *words, home=side)
    )
    return [alert for alert in found["items"] if alert["kind"] == kind]


def raised(world: World, side: str, kind: str, account: str = ACCOUNT) -> Alerts:
    """It is open; returns what is listed of it."""
    found = listed(world, side, kind, account=account)
    assert found, f"{side} raises no {kind}"
    assert {alert["state"] for alert in found} == {"open"}
    return found


def cleared(world: World, side: str, kind: str, account: str = ACCOUNT) -> None:
    """It was open and is no longer, since its cause is gone."""
    states = [alert["state"] for alert in listed(world, side, kind, "--all", account=account)]
    assert states, f"{side} never raised {kind}"
    assert set(states) == {"cleared"}, f"{side} keeps {kind}: {states}"


def dismissed(world: World, side: str, kind: str) -> None:
    """A person puts each away; it is kept as dismissed and no longer listed."""
    for alert in raised(world, side, kind):
        words = ("alert", "dismiss", ACCOUNT, alert["id"]) if side == "central" else ("alert", "dismiss", alert["id"])
        if side == "central":
            world.central(*words)
        else:
            world.satellite(*words, home=side)
    assert not listed(world, side, kind)
    assert "dismissed" in {alert["state"] for alert in listed(world, side, kind, "--all")}
