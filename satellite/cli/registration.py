"""`satellite init | registration | setup`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from exchange.limits import ROOT_FILE_BYTES
from satellite.actions import registration as actions
from satellite.actions import setup as setup_actions
from satellite.actions import setup_steps
from satellite.cli.base import FILE, group, home, opened, readable, reading, shows, writing
from satellite.core.site.rules import MODES
from satellite.runtime import Satellite
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit
from serverkit.db.unit import Unit
from serverkit.files import read_bounded, write_atomic


@group.command("init", help="Create a new satellite for the vendor of a root file.")
@click.option("--name", required=True)
@click.option("--root", required=True, type=FILE, help="The vendor's root file.")
@click.option(
    "--lab", is_flag=True, help="Create a laboratory: its clock can be moved, and its keys are refused elsewhere."
)
@click.pass_context
def init(context: click.Context, name: str, root: Path, lab: bool) -> None:
    """Create a satellite."""
    found = setup_actions.create_satellite(home(context), OPERATOR, name, read_bounded(root, ROOT_FILE_BYTES), lab=lab)
    emit(context, found)


@group.group("registration", help="Register this satellite at central by files.")
def registration() -> None:
    """Hold the commands of registration."""


@registration.command("export", help="Write a registration file for central.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def registration_export(context: click.Context, output: Path) -> None:
    """Write a registration file."""
    with writing(context) as (server, unit):
        file = actions.export_registration(server, unit)
    write_atomic(output, file.content, mode=0o644)
    emit(context, {"path": str(output), **file.view})


@registration.command("import", help="Apply the authorization file from central.")
@click.argument("file", type=FILE)
@click.pass_context
def registration_import(context: click.Context, file: Path) -> None:
    """Apply an authorization file."""
    server = opened(context)
    with readable(file) as open_file:
        found = actions.import_authorization_file(server, OPERATOR, open_file)
    emit(context, found)


@registration.command("check", help="Verify an authorization file and show what it would bring; changes nothing.")
@click.argument("file", type=FILE)
@click.pass_context
def registration_check(context: click.Context, file: Path) -> None:
    """Check an authorization file."""
    server = opened(context)
    with readable(file) as open_file:
        found = setup_steps.check_authorization_file(server, OPERATOR, open_file)
    emit(context, found)


@shows(registration, "status", "Show the state of the registration.")
def registration_status(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the registration."""
    return actions.show_registration(server, unit)


@group.group("setup", help="Follow the steps of the set-up.")
def setup() -> None:
    """Hold the commands of the set-up."""


@shows(setup, "status", "Show the steps and the next command.")
def setup_status(_server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the steps."""
    return setup_actions.show_steps(unit)


@shows(setup, "code", "Make a new set-up code, while there is no administrator.", writes=True)
def setup_code(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Make a new set-up code."""
    return setup_actions.renew_setup_code(server, unit)


@setup.command("check", help="Examine this machine: clock, disk, names, address, keys, database.")
@click.pass_context
def setup_check(context: click.Context) -> None:
    """Examine this machine."""
    with reading(context) as (server, unit):
        found = setup_steps.check_machine(server, unit)
    emit(context, found.to_dict())
    if found.stops:
        context.exit(1)


@setup.command("mode", help="Choose how to synchronize: manual or network.")
@click.argument("mode", type=click.Choice(MODES))
@click.pass_context
def setup_mode(context: click.Context, mode: str) -> None:
    """Choose how to synchronize."""
    with writing(context) as (_, unit):
        found = setup_steps.choose_way(unit, mode)
    emit(context, found)


@shows(setup, "summary", "Show everything that was chosen, and whether the set-up can be finished.")
def setup_summary(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the summary."""
    return setup_steps.review_setup(server, unit)


@setup.command("finish", help="Finish the set-up.")
@click.option("--mode", help="How to synchronize: manual or network; without it as chosen before.")
@click.pass_context
def setup_finish(context: click.Context, mode: str | None) -> None:
    """Finish the set-up."""
    with writing(context) as (server, unit):
        found = setup_actions.finish_setup(server, unit, mode)
    emit(context, found)
