"""`satellite init | registration | setup`."""

from __future__ import annotations

from pathlib import Path

import click

from exchange.limits import ROOT_FILE_BYTES
from satellite.actions import registration as actions
from satellite.actions import setup as setup_actions
from satellite.cli.base import FILE, group, home, opened, reading, writing
from satellite.setup_wizard.steps import show_steps
from serverkit.actor import OPERATOR
from serverkit.cli.base import OUTPUT, emit
from serverkit.errors import FileUnreadableError
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
    try:
        found = actions.import_authorization_file(opened(context), OPERATOR, lambda: file.open("rb"))
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=file.name, reason=error.strerror) from error
    emit(context, found)


@registration.command("status", help="Show the state of the registration.")
@click.pass_context
def registration_status(context: click.Context) -> None:
    """Show the registration."""
    with reading(context) as (server, unit):
        found = actions.show_registration(server, unit)
    emit(context, found)


@group.group("setup", help="Follow the steps of the set-up.")
def setup() -> None:
    """Hold the commands of the set-up."""


@setup.command("status", help="Show the steps and the next command.")
@click.pass_context
def setup_status(context: click.Context) -> None:
    """Show the steps."""
    with reading(context) as (_, unit):
        found = show_steps(unit)
    emit(context, found)


@setup.command("code", help="Make a new set-up code, while there is no administrator.")
@click.pass_context
def setup_code(context: click.Context) -> None:
    """Make a new set-up code."""
    with writing(context) as (server, unit):
        found = setup_actions.renew_setup_code(server, unit)
    emit(context, found)


@setup.command("finish", help="Finish the set-up.")
@click.option("--mode", required=True, help="How to synchronize: manual or network.")
@click.pass_context
def setup_finish(context: click.Context, mode: str) -> None:
    """Finish the set-up."""
    with writing(context) as (server, unit):
        found = setup_actions.finish_setup(server, unit, mode)
    emit(context, found)
