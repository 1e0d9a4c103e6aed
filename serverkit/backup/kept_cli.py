"""`backup list | plan | passphrase | now | check | remove`: the backups that a server makes itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.backup.acts import BackupActs
from serverkit.cli.base import Group, emit
from serverkit.cli.opening import FILE, Opener, Server
from serverkit.files import read_bounded
from serverkit.schedule import WEEKDAYS

S = TypeVar("S", bound=Server)


def add_kept_commands(backup: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    """Add the commands to the group `backup`."""
    _add_settings(backup, acts, opener)
    _add_works(backup, acts, opener)


def _add_settings(backup: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    @opener.shows(backup, "list", "List the backups that the server makes itself, with schedule and folder.")
    def list_all(server: S, unit: Any) -> dict[str, Any]:
        """List the backups."""
        return acts.show(server, unit)

    @backup.command("plan", help="Change when the server makes backups, and how many it keeps.")
    @click.option("--every", type=click.Choice(("off", "daily", "weekly")))
    @click.option("--day", type=click.Choice(WEEKDAYS), help="Day of the week, for weekly.")
    @click.option("--at", metavar="HH:MM", help="Time of the day.")
    @click.option("--zone", help="Time zone, such as Europe/Berlin.")
    @click.option("--keep", type=click.IntRange(1, 365), help="Backups to keep.")
    @click.pass_context
    def plan(context: click.Context, /, day: str | None, **given: str | int | None) -> None:
        """Change the plan."""
        changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if day is not None:
            changes["weekday"] = WEEKDAYS.index(day)
        with opener.writing(context) as (server, unit):
            found = acts.change_plan(server, unit, changes)
        emit(context, found)

    backup.add_command(plan, "schedule")

    @backup.command("passphrase", help="Set the passphrase of coming backups; without a file one is made, shown once.")
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def passphrase(context: click.Context, passphrase_file: Path | None) -> None:
        """Set the passphrase."""
        text = read_bounded(passphrase_file, 4096) if passphrase_file else None
        with opener.writing(context) as (server, unit):
            made = acts.set_passphrase(server, unit, text)
        emit(context, {"passphrase_set": True, **({"passphrase": made} if made else {})})


def _add_works(backup: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    @backup.command("now", help="Make a backup in the server's folder now, verify it, remove the oldest.")
    @click.pass_context
    def now(context: click.Context) -> None:
        """Make a backup."""
        emit(context, acts.make(opener.opened(context), OPERATOR, lambda _stage: None))

    @backup.command("check", help="Verify a backup of the server's folder with the passphrase that is set.")
    @click.argument("name")
    @click.pass_context
    def check(context: click.Context, name: str) -> None:
        """Verify a backup."""
        emit(context, acts.verify(opener.opened(context), OPERATOR, name))

    @backup.command("remove", help="Remove a backup from the server's folder.")
    @click.argument("name")
    @click.pass_context
    def remove(context: click.Context, name: str) -> None:
        """Remove a backup."""
        with opener.writing(context) as (server, unit):
            acts.remove(server, unit, name)
        emit(context, {"removed": name})
