"""`backup create | verify` and `restore`: the same commands for both servers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from serverkit.backup.container import passphrase_bytes
from serverkit.backup.errors import LEAST, PassphraseNeededError, PassphraseShortError
from serverkit.backup.service import Product, create_backup, restore_backup, verify_backup
from serverkit.cli.base import OUTPUT, CliState, Group, emit
from serverkit.clock import Clock, iso
from serverkit.files import read_bounded

FILE = click.Path(path_type=Path, dir_okay=False)
Opened = tuple[Path, Engine, Clock]


def _secret(file: Path) -> bytes:
    text = passphrase_bytes(read_bounded(file, 4096))
    if len(text) < LEAST:
        raise PassphraseShortError
    return text


def _given(context: click.Context, file: Path | None) -> bytes:
    if file is not None:
        return _secret(file)
    if not context.ensure_object(CliState).may_ask:
        raise PassphraseNeededError
    return passphrase_bytes(str(click.prompt("Passphrase of the backup", hide_input=True)))


def add_backup_commands(
    group: Group,
    product: Product,
    home: Callable[[click.Context], Path],
    opened: Callable[[click.Context], Opened],
    settle: Callable[[Path], None],
    finish: Callable[[Path], dict[str, Any]],
) -> Group:
    """Add the commands, and return the group `backup`; `opened` opens a home for a backup, `finish` one that was restored.

    `settle` completes an unfinished restore and opens nothing.
    """
    backup = Group("backup", help="Backups of this home: one encrypted file.")
    group.add_command(backup)

    @backup.command(
        "create", help="Write an encrypted backup; without a passphrase file, a passphrase is generated and shown once."
    )
    @click.option("--output", required=True, type=OUTPUT)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def create(context: click.Context, output: Path, passphrase_file: Path | None) -> None:
        """Write a backup."""
        server = None if passphrase_file else secrets.token_urlsafe(24)
        passphrase = _secret(passphrase_file) if passphrase_file else (server or "").encode()
        folder, engine, clock = opened(context)
        found = create_backup(product, folder, engine, output, passphrase, iso(clock.now()))
        note = None
        if found["database"] == "left_out":
            note = "The database is not in this backup: back it up with the tools of its own server."
        emit(context, {**found, "note": note, **({"passphrase": server} if server else {})})

    @backup.command("verify", help="Check a backup as a restore would, without changing anything.")
    @click.argument("file", type=FILE)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def verify(context: click.Context, file: Path, passphrase_file: Path | None) -> None:
        """Check a backup."""
        folder = home(context)
        found = verify_backup(product, file, _given(context, passphrase_file), folder)
        emit(context, {"path": str(file), "sound": True, **found})

    @group.command("restore", help="Check a backup and restore it; no server may run on the home.")
    @click.argument("file", type=FILE)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.option(
        "--replace", is_flag=True, help="Also over a home that is in use; its present contents are kept aside."
    )
    @click.pass_context
    def restore(context: click.Context, file: Path, passphrase_file: Path | None, replace: bool) -> None:
        """Restore a backup."""
        folder, passphrase = home(context), _given(context, passphrase_file)
        found = restore_backup(product, folder, file, passphrase, settle, replace=replace)
        emit(context, {**found, **finish(folder)})

    return backup
