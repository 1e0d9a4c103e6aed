"""`backup create | verify | rehearse` and `restore`: the same commands for both servers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from serverkit.backup.acts import BackupActs
from serverkit.backup.container import passphrase_bytes
from serverkit.backup.errors import LEAST, PassphraseNeededError, PassphraseShortError
from serverkit.backup.kept_cli import add_kept_commands
from serverkit.backup.kit_cli import add_kit_commands
from serverkit.backup.rehearsal import rehearse_restore
from serverkit.backup.service import create_backup, restore_backup, verify_backup
from serverkit.backup.target_cli import add_target_commands
from serverkit.cli.base import OUTPUT, CliState, Group, emit, render, table
from serverkit.cli.opening import FILE, Opener, Server
from serverkit.clock import iso
from serverkit.files import read_bounded

S = TypeVar("S", bound=Server)


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


def as_rows(found: dict[str, Any]) -> str:
    """A rehearsal for people: the rows of each table before and after."""
    shown = {name: value for name, value in found.items() if name not in {"rows", "files"}}
    return f"{render(shown)}\n\n{table(found['rows'], ('table', 'before', 'after'))}"


def add_backup_commands(
    group: Group,
    acts: BackupActs[S],
    opener: Opener[S],
    settle: Callable[[Path], None],
    finish: Callable[[Path], dict[str, Any]],
) -> Group:
    """Add the commands, and return the group `backup`.

    `settle` completes an unfinished restore and opens nothing; `finish` opens a home that was restored.
    """
    product, home = acts.product, opener.home
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
        generated = None if passphrase_file else secrets.token_urlsafe(24)
        passphrase = _secret(passphrase_file) if passphrase_file else (generated or "").encode()
        server = opener.opened(context)
        made = iso(server.clock.now())
        found = create_backup(product, server.home, server.database.engine, output, passphrase, made)
        note = None
        if found["database"] == "left_out":
            note = "The database is not in this backup: back it up with the tools of its own server."
        emit(context, {**found, "note": note, **({"passphrase": generated} if generated else {})})

    @backup.command("verify", help="Check a backup as a restore would, without changing anything.")
    @click.argument("file", type=FILE)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def verify(context: click.Context, file: Path, passphrase_file: Path | None) -> None:
        """Check a backup."""
        folder = home(context)
        found = verify_backup(product, file, _given(context, passphrase_file), folder)
        emit(context, {"path": str(file), "sound": True, **found})

    @backup.command(
        "rehearse", help="Restore into a scratch folder, migrate and verify there; the home stays as it is."
    )
    @click.argument("file", type=FILE, required=False)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def rehearse(context: click.Context, file: Path | None, passphrase_file: Path | None) -> None:
        """Rehearse a restore; exit code 1 if it would give no server that works."""
        folder = home(context)
        if file is None:
            with opener.reading(context) as (server, unit):
                file, passphrase = acts.newest_file(server, unit)
        else:
            passphrase = _given(context, passphrase_file)
        found = rehearse_restore(product, folder, file, passphrase, acts.verify_scratch)
        emit(context, found, as_rows(found))
        if not found["sound"]:
            context.exit(1)

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

    add_kept_commands(backup, acts, opener)
    add_target_commands(backup, acts, opener)
    add_kit_commands(backup, acts, opener, _given)
    return backup
