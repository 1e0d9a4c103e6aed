"""Commands and REST offer the same: each command has an operation, or a reason why it has none."""

from __future__ import annotations

from typing import Any

import pytest

from central.api.v1.app import OPERATIONS as CENTRAL
from satellite.api.v1.app import OPERATIONS as SATELLITE
from serverkit.http.operations import Operation
from tests.meta.test_docs import commands, page, section, tables, word

SERVERS: dict[str, tuple[Operation[Any], ...]] = {"central": CENTRAL, "satellite": SATELLITE}
# Answers of REST that a command gives in another way: who one is, and the names that `licences` shows.
WITHOUT_COMMAND = {"central": {"who_am_i"}, "satellite": {"who_am_i", "list_virtual_accounts"}}


def listed(server: str) -> dict[str, list[str]]:
    """Operations by command, as the page lists them."""
    rows = tables(section(page("operations.md"), server.capitalize()))
    return {word(row[0]): [word(cell.strip()) for cell in row[1].split(",")] for row in rows}


def excused() -> dict[str, str]:
    """Commands without an operation, each with its reason."""
    return {word(row[0]): row[1] for row in tables(section(page("operations.md"), "Commands without an operation"))}


@pytest.mark.row("S3.5")
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_every_command_has_an_operation_or_a_reason(server: str) -> None:
    """The page lists each command once: with its operations, or with why there is none; and no other command."""
    known = {path for path, _, _ in commands(server)}
    with_one, without = set(listed(server)), {name for name in excused() if name.split()[0] == server}

    assert not with_one & without
    assert with_one | without == known
    assert all(len(reason) > 15 for reason in excused().values())


@pytest.mark.row("S3.5")
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_every_operation_belongs_to_a_command(server: str) -> None:
    """The page names the operations that there are; those without a command are few and known."""
    named = {name for names in listed(server).values() for name in names}

    assert named | WITHOUT_COMMAND[server] == {operation.name for operation in SERVERS[server]}


@pytest.mark.row("S3.5")
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_what_changes_by_command_changes_by_an_operation(server: str) -> None:
    """A command that only looks has an operation that only looks, and the reverse."""
    changing = {operation.name for operation in SERVERS[server] if operation.changes}
    looks = ("list", "show", "status", "preview", "history", "explain", "code")
    wrong = [
        command
        for command, names in listed(server).items()
        if command.split()[-1] in looks and set(names) & changing and command != "satellite sync doctor"
    ]

    assert not wrong
