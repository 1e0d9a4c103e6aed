"""Words for tests of alerts: each says of one kind, at one side, how it stands now."""

from __future__ import annotations

from typing import Any

from tests.one_answer import say_the_same
from tests.world import ACCOUNT, World

Alerts = list[dict[str, Any]]


def listed(world: World, side: str, kind: str, *words: str, account: str = ACCOUNT) -> Alerts:
    """The alerts of a kind that the command of a side lists; `--all` shows those that ended too."""
    return [alert for alert in _every(world, side, account, *words) if alert["kind"] == kind]


def _every(world: World, side: str, account: str, *words: str) -> Alerts:
    if side == "central":
        return list(world.central("alerts", account, *words)["items"])
    return list(world.satellite("alerts", *words, home=side)["items"])


def raised(world: World, side: str, kind: str, account: str = ACCOUNT) -> Alerts:
    """It is open, and every surface of the server says the same of all that is open; returns what is listed of it."""
    every = _every(world, side, account)
    say_the_same(world, side, account, every)
    found = [alert for alert in every if alert["kind"] == kind]
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
