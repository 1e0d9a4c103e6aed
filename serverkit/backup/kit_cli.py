"""`backup preview`, `backup kit` and `backup kit-key`: what a restore would bring, and what one needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.backup.acts import BackupActs
from serverkit.backup.kit import MOST_BYTES, kit_text, open_key
from serverkit.backup.rehearsal import preview_restore
from serverkit.cli.base import OUTPUT, Group, emit, render, table
from serverkit.cli.opening import FILE, Opener, Server
from serverkit.db import migrate
from serverkit.errors import AppError
from serverkit.files import read_bounded, write_atomic

S = TypeVar("S", bound=Server)
Given = Callable[[click.Context, Path | None], bytes]


def add_kit_commands(backup: Group, acts: BackupActs[S], opener: Opener[S], given: Given) -> None:
    """Add the commands to the group `backup`; `given` is the passphrase of a file, or what a person types."""
    _add_preview(backup, acts, opener, given)

    @backup.command("kit", help="Write the emergency kit: what a restore of this server needs, without a secret.")
    @click.option("--output", type=OUTPUT, help="File instead of the terminal.")
    @click.option("--with-key", is_flag=True, help="With the key for the copies, encrypted with the passphrase.")
    @click.pass_context
    def kit(context: click.Context, output: Path | None, with_key: bool) -> None:
        """Write the kit."""
        with opener.writing(context) as (server, unit):
            found = acts.kit(server, unit, with_key=with_key)
        text = kit_text(found)
        if output is not None:
            write_atomic(output, text.encode())
        emit(context, {**found, "path": str(output) if output else None}, f"written to {output}" if output else text)

    @backup.command("kit-key", help="Take the key for the copies out of an emergency kit; needs no home.")
    @click.argument("file", type=FILE)
    @click.option("--output", required=True, type=OUTPUT)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def kit_key(context: click.Context, file: Path, output: Path, passphrase_file: Path | None) -> None:
        """Take the key out."""
        text = read_bounded(file, MOST_BYTES).decode("utf-8", "replace")
        write_atomic(output, open_key(text, given(context, passphrase_file)).encode())
        emit(context, {"path": str(output)})


def _add_preview(backup: Group, acts: BackupActs[S], opener: Opener[S], given: Given) -> None:
    @backup.command("preview", help="Tell what a backup holds and what its restore would change; nothing is changed.")
    @click.argument("file", type=FILE, required=False)
    @click.option("--passphrase-file", type=FILE, help="File with the passphrase.")
    @click.pass_context
    def preview(context: click.Context, file: Path | None, passphrase_file: Path | None) -> None:
        """Preview a restore."""
        if file is None:
            with opener.reading(context) as (server, unit):
                name = acts.newest_file(server, unit)[0].name
            found = acts.preview(server, OPERATOR, name)
        else:
            home, present = opener.home(context), _present(context, acts, opener)
            found = preview_restore(acts.product, home, file, given(context, passphrase_file), acts.identify, *present)
        emit(context, found, as_preview(found))


def as_preview(found: dict[str, Any]) -> str:
    """A preview for people: facts, and the tables that would change."""
    shown = {name: value for name, value in found.items() if name not in {"changes", "files"}}
    changes = table(found["changes"], ("table", "now", "then")) if found["changes"] else ""
    return f"{render(shown)}\n\n{changes}".rstrip()


def _present(context: click.Context, acts: BackupActs[S], opener: Opener[S]) -> tuple[dict[str, int] | None, str]:
    """The rows of this home's tables and whose they are; nothing where no server is there that opens."""
    try:
        with opener.reading(context) as (server, unit):
            return migrate.row_counts(server.database.engine), acts.owner(server, unit)
    except AppError:
        return None, ""
