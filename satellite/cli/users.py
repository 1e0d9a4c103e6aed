"""`satellite user`."""

from __future__ import annotations

from pathlib import Path

import click

from satellite.actions import users
from satellite.cli.base import FILE, group, reading, writing
from satellite.core.access.rules import Role
from serverkit.cli.base import emit, emit_list
from serverkit.files import read_bounded

PASSWORD_BYTES = 4096
COLUMNS = ("name", "role", "two_step", "last_sign_in", "state", "sessions", "tokens")


def _password(file: Path) -> str:
    return read_bounded(file, PASSWORD_BYTES).decode("utf-8", "replace").rstrip("\r\n")


@group.group("user", help="Manage the users who sign in with a browser.")
def user() -> None:
    """Hold the commands of users."""


@user.command("add", help="Add a user.")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.option("--password-file", type=FILE, required=True, metavar="FILE", help="Its first line is the password.")
@click.pass_context
def user_add(context: click.Context, name: str, role: str, password_file: Path) -> None:
    """Add a user."""
    password = _password(password_file)
    with writing(context) as (server, unit):
        found = users.add_user(server, unit, name, role, password)
    emit(context, found)


@user.command("list", help="List the users.")
@click.pass_context
def user_list(context: click.Context) -> None:
    """List users."""
    with reading(context) as (_, unit):
        items = users.list_users(unit, users.BY_NAME).items
    emit_list(context, items, COLUMNS)


@user.command("role", help="Give a user another role.")
@click.argument("name")
@click.option("--role", required=True, type=click.Choice([role.value for role in Role]))
@click.pass_context
def user_role(context: click.Context, name: str, role: str) -> None:
    """Give a role."""
    with writing(context) as (_, unit):
        found = users.change_role(unit, name, role)
    emit(context, found)


@user.command("reset", help="Set a new password; sessions of the user end.")
@click.argument("name")
@click.option("--password-file", type=FILE, required=True, metavar="FILE", help="Its first line is the password.")
@click.option("--two-step-off", is_flag=True, help="Remove the second step too: the authenticator was lost.")
@click.pass_context
def user_reset(context: click.Context, name: str, password_file: Path, *, two_step_off: bool) -> None:
    """Set a password."""
    password = _password(password_file)
    with writing(context) as (_, unit):
        found = users.reset_user(unit, name, password, two_step_off=two_step_off)
    emit(context, found)


@user.command("unlock", help="Forget failed attempts, so that the user can sign in at once.")
@click.argument("name")
@click.pass_context
def user_unlock(context: click.Context, name: str) -> None:
    """Unlock a user."""
    with writing(context) as (_, unit):
        found = users.unlock_user(unit, name)
    emit(context, found)


@user.command("remove", help="Remove a user with sessions and access tokens.")
@click.argument("name")
@click.pass_context
def user_remove(context: click.Context, name: str) -> None:
    """Remove a user."""
    with writing(context) as (_, unit):
        found = users.remove_user(unit, name)
    emit(context, found)
