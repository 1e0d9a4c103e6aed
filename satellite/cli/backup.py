"""`satellite backup | restore`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from satellite.actions import backups as actions
from satellite.cli.base import FILE, group, home, opened, reading, shows, writing
from satellite.runtime import BACKUPS, Satellite, open_satellite, settle_restore
from serverkit.actor import OPERATOR
from serverkit.backup.cli import Opened, add_backup_commands
from serverkit.cli.base import emit
from serverkit.db.unit import Unit
from serverkit.files import read_bounded


def _opened(context: click.Context) -> Opened:
    server = opened(context)
    return server.home, server.database.engine, server.clock


def _newest(context: click.Context) -> tuple[Path, bytes]:
    with reading(context) as (server, unit):
        return actions.newest_file(server, unit)


def _finish(folder: Path) -> dict[str, Any]:
    server = open_satellite(folder)
    server.database.dispose()
    return {"restored": True, "next": "Make a registration file and have central resynchronize this satellite."}


backup = add_backup_commands(group, BACKUPS, home, _opened, settle_restore, _finish, actions.verify_scratch, _newest)


@shows(backup, "list", "List the backups that the satellite keeps itself, with schedule and folder.")
def backup_list(server: Satellite, unit: Unit) -> dict[str, Any]:
    """List the backups."""
    return actions.show_backups(server, unit)


@backup.command("plan", help="Change when the satellite makes backups, and how many it keeps.")
@click.option("--every", type=click.Choice(("off", "daily", "weekly")))
@click.option("--day", type=click.Choice(actions.DAYS), help="Day of the week, for weekly.")
@click.option("--at", metavar="HH:MM", help="Time of the day.")
@click.option("--zone", help="Time zone, such as Europe/Berlin.")
@click.option("--keep", type=click.IntRange(1, 365), help="Backups to keep.")
@click.pass_context
def backup_plan(context: click.Context, /, day: str | None, **given: str | int | None) -> None:
    """Change the plan."""
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    if day is not None:
        changes["weekday"] = actions.DAYS.index(day)
    with writing(context) as (server, unit):
        found = actions.change_backup_plan(server, unit, changes)
    emit(context, found)


backup.add_command(backup_plan, "schedule")


@backup.command("passphrase", help="Set the passphrase of coming backups; without a file one is made, shown once.")
@click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
@click.pass_context
def backup_passphrase(context: click.Context, passphrase_file: Path | None) -> None:
    """Set the passphrase."""
    text = read_bounded(passphrase_file, 4096) if passphrase_file else None
    with writing(context) as (server, unit):
        made = actions.set_backup_passphrase(server, unit, text)
    emit(context, {"passphrase_set": True, **({"passphrase": made} if made else {})})


@backup.command("now", help="Make a backup in the satellite's folder now, verify it, remove the oldest.")
@click.pass_context
def backup_now(context: click.Context) -> None:
    """Make a backup."""
    emit(context, actions.make_backup(opened(context), OPERATOR, lambda _stage: None))


@backup.command("check", help="Verify a backup of the satellite's folder with the passphrase that is set.")
@click.argument("name")
@click.pass_context
def backup_check(context: click.Context, name: str) -> None:
    """Verify a backup."""
    emit(context, actions.check_backup(opened(context), OPERATOR, name))


@backup.command("remove", help="Remove a backup from the satellite's folder.")
@click.argument("name")
@click.pass_context
def backup_remove(context: click.Context, name: str) -> None:
    """Remove a backup."""
    with writing(context) as (server, unit):
        actions.remove_backup(server, unit, name)
    emit(context, {"removed": name})
