"""The ledger adds up whatever happens, and an edited row is named (rows C3.1, C3.3, C3.4, C4.1, C8.1, E4)."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from central.runtime import Central, assemble
from chassis.clock import FixedClock
from tests.property.ledger_machine import LedgerMachine
from tests.world import World

THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"


def walk(central: Central, clock: FixedClock, *, examples: int, steps: int) -> None:
    """Let the machine run."""
    machine = type("Machine", (LedgerMachine,), {"central": central, "clock": clock})
    profile = settings(
        max_examples=examples * (50 if THOROUGH else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)


@pytest.mark.row("C3.1", "C3.3", "C3.4", "C3.6", "C4.1", "C7.2", "C7.3", "C8.1", "C11.3", "E4")
def test_nothing_that_services_do_makes_the_ledger_disagree_with_itself(memory: Path) -> None:
    """After every order, use, transfer, grant, return, end or removal: conserved, never negative, figures as the pure rules say."""
    folder = memory / "ledger"
    folder.mkdir()
    world = World(folder)
    world.found_central()
    clock = FixedClock(datetime.now(UTC))
    central = assemble(folder / "central", clock)
    walk(central, clock, examples=25, steps=25)
    central.database.dispose()


@pytest.mark.system
@pytest.mark.row("C3.1", "C3.3", "C4.1", "C8.1", "E4")
@pytest.mark.parametrize("empty_world", ["postgresql"], indirect=True)
def test_the_ledger_adds_up_on_postgresql_too(vendor: World) -> None:
    """The same machine, fewer runs, on the other database."""
    clock = FixedClock(datetime.now(UTC))
    central = assemble(vendor.folder / "central", clock)
    walk(central, clock, examples=4, steps=20)
    central.database.dispose()
