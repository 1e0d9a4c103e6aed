"""Accounts of one central do not wait for each other: each counts its changes, events and answers by itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from central.actions.virtual_accounts import change_virtual_account, create_virtual_account
from central.runtime import open_central
from central.sync.outgoing import raise_anchor
from central.sync.restored_central import note_answer
from serverkit.actor import SYSTEM
from tests.world import ACCOUNT, World

OTHER = "other.example"
WHO_WAITS_FAILS = "ALTER ROLE CURRENT_USER IN DATABASE {name} SET lock_timeout = '5s'"


@pytest.fixture
def world(tmp_path: Path, postgresql: Callable[[str], str]) -> World:
    """A vendor on PostgreSQL with two accounts; one has a satellite. A statement that waits for a lock fails."""
    made = World(tmp_path, postgresql)
    made.found_central()
    made.found_satellite()
    made.central("account", "create", OTHER, "--name", "Other")
    server = open_central(tmp_path / "central")
    made.sql("central", WHO_WAITS_FAILS.format(name=server.database.engine.url.database))
    server.database.dispose()
    return made


@pytest.mark.system
@pytest.mark.row("C11.2", "E3")
def test_what_one_account_does_waits_for_no_open_transaction_of_another(world: World) -> None:
    """While a unit of work of one account is open, another one makes virtual accounts, serves a device and answers its satellite."""
    server, token = open_central(world.folder / "central"), world.token("central", pool="Spare")
    try:
        with server.database.write(SYSTEM) as unit:
            create_virtual_account(unit, OTHER, "Plant", "")
            change_virtual_account(unit, OTHER, "Plant", "Works")
            unit.session.flush()

            world.central("virtual-account", "create", ACCOUNT, "Laboratory")
            world.device("D-1", "central", token)
            _, answer, _ = world.synchronize()
            assert answer["outcome"] == "applied"
    finally:
        server.database.dispose()

    names = {domain: world.central("virtual-account", "list", domain)["items"] for domain in (ACCOUNT, OTHER)}
    assert "Works" in {each["name"] for each in names[OTHER]}
    assert "Laboratory" in {each["name"] for each in names[ACCOUNT]}
    numbers = [each["number"] for items in names.values() for each in items if "number" in each]
    assert len(numbers) == len(set(numbers))


@pytest.mark.system
@pytest.mark.row("S2.6")
def test_answers_that_are_given_at_once_are_all_in_the_anchor(world: World) -> None:
    """An answer that another account's transaction did not see yet counts in the anchor once both are committed."""
    server = open_central(world.folder / "central")
    try:
        before = server.anchor.read()
        assert before is not None
        with server.database.write(SYSTEM) as unit:
            raise_anchor(unit, server.database, server.anchor)
            note_answer(unit, "another")
            unit.session.flush()
            world.synchronize()
        after = server.anchor.read()
    finally:
        server.database.dispose()

    assert after is not None
    assert after.answers == before.answers + 2
