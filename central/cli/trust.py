"""`central init | root | role-key`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import trust
from central.cli.base import FILE, group, home, opened, writing
from exchange.vocabulary import Role
from serverkit.cli.base import OUTPUT, emit

FOLDER = click.Path(path_type=Path, file_okay=False)


@group.command(
    "init", help="Create a new central: root keys in a folder of your choice, role keys and database in the home."
)
@click.option("--vendor", required=True, metavar="NAME", help="Name of the vendor.")
@click.option("--root-keys", required=True, type=FOLDER, help="Folder for the root keys; keep it in a safe place.")
@click.option("--passphrase-file", type=FILE, help="File with the passphrase of the root keys; generated if omitted.")
@click.option(
    "--lab", is_flag=True, help="Set up a laboratory: its clock can be moved, and its keys are refused elsewhere."
)
@click.pass_context
def init(context: click.Context, vendor: str, root_keys: Path, passphrase_file: Path | None, lab: bool) -> None:
    """Set central up."""
    emit(context, trust.set_up_central(home(context), vendor, root_keys, passphrase_file, lab=lab))


@group.group("root", help="Export and rotate the root of trust.")
def root() -> None:
    """Hold the commands of the root."""


@root.command("export", help="Write the root file with which satellites and devices are created.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def export(context: click.Context, output: Path) -> None:
    """Export the root."""
    emit(context, trust.write_root(opened(context).keyring, output))


@root.command("rotate", help="Replace the root keys; the old and the new ones sign the change.")
@click.option("--root-keys", required=True, type=FOLDER)
@click.option("--passphrase-file", type=FILE)
@click.pass_context
def rotate(context: click.Context, root_keys: Path, passphrase_file: Path | None) -> None:
    """Rotate the root."""
    with writing(context) as (server, unit):
        found = trust.rotate_root(unit, server.keyring, root_keys, passphrase_file)
    emit(context, found)


@group.group("role-key", help="Replace the keys that sign responses and grants.")
def role_key() -> None:
    """Hold the commands of role keys."""


@role_key.command(
    "replace", help="Replace the key of a role; what the old one signed stays valid unless it is revoked."
)
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--root-keys", required=True, type=FOLDER)
@click.option("--passphrase-file", type=FILE)
@click.option("--revoke", is_flag=True, help="Reject everything that the old key signed.")
@click.pass_context
def replace(context: click.Context, role: str, root_keys: Path, passphrase_file: Path | None, revoke: bool) -> None:
    """Replace a role key."""
    with writing(context) as (server, unit):
        found = trust.replace_role_key(unit, server.keyring, role, root_keys, passphrase_file, revoke=revoke)
    emit(context, found)
