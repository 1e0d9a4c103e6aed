"""A walk of transfers, upgrades and assignments of subscriptions over one ledger, the same at each run."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from central.actions.catalogue import import_catalogue
from central.actions.licences import list_licences, list_lots, verify_ledger
from central.actions.orders import import_orders
from central.actions.subscriptions import assign_subscription, list_subscriptions, preview_assignment
from central.actions.transfers import Line, preview_transfer, transfer_lines
from central.actions.upgrades import complete_upgrade, list_upgrades, preview_upgrade
from central.actions.virtual_accounts import create_virtual_account
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from tests.unit.central.factories import DOMAIN, POOL, add_licences, unit_of

PLACES = (POOL, "Spare", "Lab")
ORDERS = f"""virtual_account,tag,quantity,billing,order_number,order_line,subscription_id,replaces
{POOL},ADVANTAGE,20,,O-1,1,,
{POOL},ESSENTIALS,9,,O-1,2,,
Spare,ADVANTAGE,9,,O-1,3,,
{POOL},PREMIER,8,,O-2,1,,ADVANTAGE=1:2;ESSENTIALS=1:1
Spare,PREMIER,6,,O-2,2,,ADVANTAGE=2:1
{POOL},FEED,1,usage,O-3,1,SUB-1,
Lab,FEED,2,usage,O-3,2,SUB-2,
"""
SEED, STEPS = 16, 16
RATIOS = {"ADVANTAGE=1:2": (1, 2), "ESSENTIALS=1:1": (1, 1), "ADVANTAGE=2:1": (2, 1)}


def owned(unit: Unit) -> dict[str, int]:
    """How many units of each licence the account has."""
    found: dict[str, int] = {}
    for lot in list_lots(unit, DOMAIN, list(PLACES)):
        found[lot.tag] = found.get(lot.tag, 0) + lot.quantity
    return found


def whole(unit: Unit) -> list[Any]:
    """All that the tables of licences, upgrades and subscriptions say."""
    return [list_licences(unit, DOMAIN), list_upgrades(unit, DOMAIN), list_subscriptions(unit, DOMAIN)]


def step_of(unit: Unit, dice: random.Random) -> tuple[str, Callable[[], Any]]:
    """A step, what it does to the sums: `moves`, an option of an upgrade with its quantity, or `assigns`."""
    kind, place, quantity = dice.choice(["move", "upgrade", "assign"]), dice.choice(PLACES), dice.randint(1, 4)
    if kind == "move":
        lines = [Line(dice.choice(PLACES), quantity, place, dice.choice(["ADVANTAGE", "ESSENTIALS", "PREMIER"]))]

        def move() -> None:
            seen, done = preview_transfer(unit, DOMAIN, lines), transfer_lines(unit, DOMAIN, lines)
            assert all(done[name] == seen[name] for name in seen)

        return "moves", move
    if kind == "upgrade":
        option = dice.choice(sorted(RATIOS))

        def upgrade() -> None:
            seen = preview_upgrade(unit, DOMAIN, place, "PREMIER", quantity)
            [offer] = [one for one in seen["options"] if one["option"] == option] or [None]
            done = complete_upgrade(unit, DOMAIN, place, "PREMIER", quantity, option, seen["state"])
            assert offer is not None
            assert (offer["allowed"], offer["needed"]) == (True, done["replaced_quantity"])

        return f"{quantity} {option}", upgrade
    name, wanted = dice.choice(["SUB-1", "SUB-2"]), sorted(dice.sample(PLACES, dice.randint(0, 3)))

    def assign() -> None:
        seen = preview_assignment(unit, DOMAIN, "FEED", name, wanted)
        assert assign_subscription(unit, DOMAIN, "FEED", name, wanted) == seen

    return "assigns", assign


@pytest.mark.row("C4.1", "C4.2", "C5.1")
def test_a_walk_of_every_kind_conserves_what_it_does_not_replace(tmp_path: Path) -> None:
    """Each step does what its preview said or, refused, nothing; an upgrade replaces by its ratio; the ledger stays whole."""
    dice, outcomes = random.Random(SEED), set()
    with unit_of() as unit:
        orders, catalogue = add_licences(unit, tmp_path), tmp_path / "more.csv"
        catalogue.write_text("kind,tag,name\nentitlement,FEED,Threat feed\nentitlement,PREMIER,Premier\n", "utf-8")
        import_catalogue(unit, catalogue)
        for name in PLACES[1:]:
            create_virtual_account(unit, DOMAIN, name)
        orders.write_text(ORDERS, "utf-8")
        import_orders(unit, DOMAIN, orders)
        unit.session.flush()
        for _ in range(STEPS):
            kind, step = step_of(unit, dice)
            sums, before = owned(unit), whole(unit)
            try:
                step()
            except AppError:
                assert whole(unit) == before
                outcomes.add((kind.split()[-1], "refused"))
                continue
            outcomes.add((kind.split()[-1], "done"))
            after = owned(unit)
            changed = {tag for tag in {*sums, *after} if sums.get(tag, 0) != after.get(tag, 0)}
            if kind == "moves":
                assert not changed
            elif kind == "assigns":
                assert changed <= {"FEED"}
            else:
                quantity, option = kind.split()
                upgraded, replaced = RATIOS[option]
                old = option.partition("=")[0]
                assert after["PREMIER"] - sums.get("PREMIER", 0) == int(quantity)
                assert (sums[old] - after.get(old, 0)) * upgraded == int(quantity) * replaced
                assert changed == {"PREMIER", old}
        assert verify_ledger(unit)["ok"]
    assert {"moves", "assigns", *RATIOS} <= {kind for kind, outcome in outcomes if outcome == "done"}, outcomes
