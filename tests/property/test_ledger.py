"""The ledger adds up whatever happens, and an edited row is named (rows C3.1, C3.3, C3.4, C4.1, C8.1, E4)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.export_control.services import Applicant, decide
from central.domain.ledger.errors import RestrictedNotAvailableError
from central.domain.ledger.granting import lock_for_grant
from central.runtime import Central, assemble
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import ExportRequest
from serverkit.actor import OPERATOR
from serverkit.clock import FixedClock
from tests.property.ledger_machine import LedgerMachine
from tests.world import ACCOUNT, World

THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"


def walk(central: Central, clock: FixedClock, *, examples: int, steps: int, **more: object) -> None:
    """Let the machine run."""
    machine = type("Machine", (LedgerMachine,), {"central": central, "clock": clock, **more})
    profile = settings(
        max_examples=examples * (50 if THOROUGH else 1),
        stateful_step_count=steps,
        deadline=None,
        derandomize=not THOROUGH,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=profile)


def first_state_of(central: Central) -> Callable[[], None]:
    """What brings an embedded database back to its present state.

    Every step verifies the whole ledger, that of former runs too: on PostgreSQL they stay, and here each run begins alone.
    """
    file, kept = central.home / "central.db", central.home / "central.db.first"
    central.database.dispose()
    assert not file.with_name("central.db-wal").exists()
    shutil.copyfile(file, kept)

    def bring_back() -> None:
        central.database.dispose()
        shutil.copyfile(kept, file)

    return bring_back


@pytest.mark.long
@pytest.mark.row("C3.1", "C3.3", "C3.4", "C3.6", "C4.1", "C5.1", "C7.2", "C7.3", "C7.8", "C8.1", "C9.2", "C11.3", "E4")
def test_nothing_that_services_do_makes_the_ledger_disagree_with_itself(memory: Path) -> None:
    """Conserved, never negative, figures as the pure rules say, after every act.

    Order, upgrade, conversion, tag, use, transfer, reservation, grant, return, term of a detached device, end or removal.
    """
    folder = memory / "ledger"
    folder.mkdir()
    world = World(folder)
    world.found_central()
    clock = FixedClock(datetime.now(UTC))
    central = assemble(folder / "central", clock)
    walk(central, clock, examples=14, steps=25, begin_anew=staticmethod(first_state_of(central)))
    central.database.dispose()


@pytest.mark.system
@pytest.mark.row("C3.1", "C3.3", "C4.1", "C8.1", "E4")
@pytest.mark.parametrize("empty_world", ["postgresql"], indirect=True)
def test_the_ledger_adds_up_on_postgresql_too(vendor: World) -> None:
    """The same machine, fewer runs, on the other database."""
    clock = FixedClock(datetime.now(UTC))
    central = assemble(vendor.folder / "central", clock)
    walk(central, clock, examples=2, steps=20)
    central.database.dispose()


def stocked(world: World) -> Central:
    """A central of its own clock over the world's."""
    return assemble(world.folder / "central", FixedClock(datetime.now(UTC)))


@pytest.mark.row("C8.1")
def test_the_ledger_locks_no_more_than_is_free(vendor: World) -> None:
    """Anyone who decides wrongly above it is refused here: nothing is locked, not even what there is."""
    central = stocked(vendor)
    with central.database.read(OPERATOR) as unit:
        account = by_domain(unit, ACCOUNT)
        home = virtual_account(unit, account.id, "Site").id
        with pytest.raises(RestrictedNotAvailableError):
            lock_for_grant(unit, account.id, home, "STRONG", 3, "g" * 32)
    central.database.dispose()


@pytest.mark.row("C4.1")
def test_what_is_in_use_is_not_moved_away(vendor: World) -> None:
    """Of ten licences three are used: eight cannot go, seven can."""
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ADVANTAGE", 3)
    words = ("licence", "transfer", ACCOUNT, "ADVANTAGE", "--from", "Spare", "--to", "Site", "--quantity")
    refused = vendor.central(*words, "8", code=1)["error"]
    vendor.central(*words, "7")

    assert refused["code"] == "not_enough_free"
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 0
    assert vendor.licence("ADVANTAGE", pool="Site")["purchased"] == 10


@pytest.mark.row("C8.2")
def test_a_request_that_is_decided_again_keeps_its_decision(vendor: World) -> None:
    """It comes again when a response was lost: one grant, the same answer."""
    central, key = stocked(vendor), PrivateKey.generate().public
    registration_request = ExportRequest(
        "r" * 32, "i" * 32, Udi("SW", "1"), key.key_hash, "STRONG", 9, datetime.now(UTC)
    )
    decided = []
    for quantity in (9, 1):
        with central.database.write(OPERATOR) as unit:
            account = by_domain(unit, ACCOUNT)
            home = virtual_account(unit, account.id, "Site").id
            row = decide(
                unit,
                central.keyring,
                Applicant(account, None, 0, home),
                None,
                replace(registration_request, quantity=quantity),
                key,
            )
            decided.append((row.state, row.reason, row.count))
    central.database.dispose()

    assert decided[0] == decided[1]
