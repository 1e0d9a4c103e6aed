"""Commands and REST offer the same: each command has an operation, or a reason why it has none."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from central.api.v1.app import OPERATIONS as CENTRAL
from central.app import URLS as CENTRAL_URLS
from central.domain.access.rules import Permission
from satellite.api.v1.app import OPERATIONS as SATELLITE
from satellite.app import URLS as SATELLITE_URLS
from satellite.core.access.rules import Permission as SatellitePermission
from serverkit.http.app import Url
from serverkit.http.lenient_route import Route
from serverkit.http.openapi import describe
from serverkit.http.operations import Access, Operation, alternatives
from tests.meta.test_docs import DOCS, page, section, tables, word
from tools.commands import commands, without_shared_options

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


@pytest.mark.row("B13")
def test_every_command_takes_the_options_that_all_take() -> None:
    """Each command of both servers takes `--home`, `--json` and `--no-input` behind its own words."""
    assert without_shared_options() == {}


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


TABLES: dict[str, tuple[tuple[Url, ...], type[StrEnum]]] = {
    "central": (CENTRAL_URLS, Permission),
    "satellite": (SATELLITE_URLS, SatellitePermission),
}
# What needs no token: addresses that show nothing of anyone's.
OPEN = {"/", "/healthz", "/readyz", "/api/v1/openapi.json", "/device/v1/openapi.json"}
# Style sheets and scripts are those of every console.
STATIC = {"/static/<mark>/<name>"}
# Changes that need no permission: what counts is the signature in the file.
HARMLESS: dict[str, set[str]] = {"central": {"import_sync"}, "satellite": set()}


@pytest.mark.row("C1.5", "S3.4")
@pytest.mark.parametrize("server", sorted(TABLES))
def test_every_address_declares_what_it_needs_and_its_row(server: str) -> None:
    """A permission of the server's own matrix or a kind of access; open are few; no address occurs twice."""
    urls, permission = TABLES[server]
    listed = {row[0] for row in tables((DOCS / "developer" / "rows.md").read_text("utf-8"))}

    assert all(isinstance(word, (permission, Access)) for one in urls for word in alternatives(one.permission))
    assert {one.path for one in urls if one.permission is Access.OPEN} == OPEN | STATIC
    assert {one.row for one in urls} <= listed
    # The bare address is health to a program and the first page to a person.
    twice = [(one.family, one.method, one.path if one.path != "/" else f"/ of {one.family}") for one in urls]
    assert len({place[1:] for place in twice}) == len(urls)


@pytest.mark.row("C1.5", "S3.4")
def test_an_operation_without_a_permission_cannot_be_made() -> None:
    """Nor one without a row; the same for the addresses of existing clients."""
    for more in ({}, {"permission": Access.SIGNED_IN}, {"row": "C1.5"}):
        words: Any = more
        with pytest.raises(TypeError, match=r"permission|row"):
            Operation("look", "GET", "/api/v1/look", "Look.", dict, {}, **words)
        with pytest.raises(TypeError, match=r"permission|row"):
            Route("GET", "1", "look", dict, **words)


@pytest.mark.row("C1.5", "S3.4")
@pytest.mark.parametrize("server", sorted(SERVERS))
def test_what_changes_needs_more_than_a_token_and_the_description_says_what(server: str) -> None:
    """No change is open to everyone who may look; the OpenAPI description shows what each operation needs."""
    loose = {
        operation.name
        for operation in SERVERS[server]
        if operation.changes
        and any(isinstance(one, Access) or one.endswith(":view") for one in alternatives(operation.permission))
    }
    shown = describe("title", "1", SERVERS[server])["paths"]

    assert loose == HARMLESS[server]
    for operation in SERVERS[server]:
        needed = [str(one) for one in alternatives(operation.permission)]
        assert shown[operation.path][operation.method.lower()]["x-permission"] == needed
