"""No output of a command takes the place of what a server keeps in its home, whichever command writes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import central.cli
import satellite.cli
from serverkit.cli.types import OutputType
from tests.world import ACCOUNT, World

TAKES_A_FOLDER_TOO = {"central reservation create", "central reservation factory-import"}


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for word in command.list_commands(context):
            inner = command.get_command(context, word)
            assert inner is not None
            yield from _commands(inner, f"{name} {word}")
    else:
        yield name, command


@pytest.mark.row("E1")
def test_every_output_file_is_judged_before_anything_is_done() -> None:
    """Each option --output is of the type that refuses folders, pipes, devices, links and the state of a home."""
    found = {
        name
        for main, program in ((central.cli.group, "central"), (satellite.cli.group, "satellite"))
        for name, command in _commands(main, program)
        for one in command.params
        if "--output" in one.opts and not isinstance(one.type, OutputType)
    }
    assert found == TAKES_A_FOLDER_TOO


def _shown(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.row("E1")
def test_codes_and_reports_do_not_replace_keys_or_the_ledger(vendor: World) -> None:
    """Reports, authorization codes and folders of codes are refused there; nothing is reserved, nothing is changed."""
    home = vendor.folder / "central"
    (vendor.folder / "codes").mkdir()
    vendor.file("codes/one.txt", "CODE")
    shipped = vendor.file(
        "shipped.csv", "virtual_account,product,serial,tag,quantity\nSite,SW-48,FOC99990001,ADVANTAGE,1\n"
    )
    before = _shown(home / "keys")
    licences = ("--virtual-account", "Site", "--licence", "ADVANTAGE=1")
    for place in (str(home / "keys" / "server.pem"), str(home / "central.db"), str(home / "config.toml")):
        for words in (
            ("report", "run", "licences", ACCOUNT, "--format", "csv", "--output", place),
            ("reservation", "create", ACCOUNT, *licences, "--request-code", "CODE", "--output", place),
        ):
            assert vendor.central(*words, code=1)["error"]["code"] == "output_in_home", (words, place)
    for words in (
        ("reservation", "create", ACCOUNT, *licences, "--codes", str(vendor.folder / "codes")),
        ("reservation", "factory-import", ACCOUNT, shipped),
    ):
        error = vendor.central(*words, "--output", str(home / "keys"), code=1)["error"]
        assert error["code"] == "output_in_home", words
    assert _shown(home / "keys") == before
    assert vendor.licence("ADVANTAGE")["reserved"] == 0
