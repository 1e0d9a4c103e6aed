"""`backup target show | set | test | remove` and `backup copy`: copies off the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import click

from serverkit.actor import OPERATOR
from serverkit.backup.acts import BackupActs
from serverkit.cli.base import Group, emit
from serverkit.cli.opening import FILE, Opener, Server
from serverkit.files import read_bounded

S = TypeVar("S", bound=Server)
MOST_BYTES = 16_384
ADDRESS = "USER@HOST[:PORT]"


def add_target_commands(backup: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    """Add the commands to the group `backup`."""
    target = Group("target", help="Where copies of backups go, off this machine.")
    backup.add_command(target)
    _add_looks(target, acts, opener)
    _add_set(target, acts, opener)

    @backup.command("copy", help="Copy the newest verified backup, or the named one, to the target now.")
    @click.argument("name", required=False)
    @click.pass_context
    def copy(context: click.Context, name: str | None) -> None:
        """Copy a backup."""
        emit(context, acts.copy(opener.opened(context), OPERATOR, name))


def _add_looks(target: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    @opener.shows(target, "show", "Show where copies go, the public key for it, and what became of the last copy.")
    def show(server: S, unit: Any) -> dict[str, Any]:
        """Show the target."""
        return acts.show_target(server, unit)

    @target.command("test", help="Write a small file to the target, read it back, remove it; list the copies.")
    @click.pass_context
    def test(context: click.Context) -> None:
        """Test the target."""
        emit(context, acts.test_target(opener.opened(context), OPERATOR))

    @target.command("remove", help="Copy no more; the copies stay where they are.")
    @click.pass_context
    def remove(context: click.Context) -> None:
        """Remove the target."""
        with opener.writing(context) as (server, unit):
            acts.remove_target(server, unit)
        emit(context, {"removed": True})


def _add_set(target: Group, acts: BackupActs[S], opener: Opener[S]) -> None:
    @target.command("set", help="Set where copies go: a folder such as a mounted share, or a machine with SFTP.")
    @click.option("--folder", metavar="PATH", help="Folder, on another disk than the home.")
    @click.option("--same-disk/--other-disk", default=None, help="Whether the folder may be on the disk of the home.")
    @click.option("--sftp", metavar=ADDRESS, help="Machine with SFTP.")
    @click.option("--path", help="Folder on that machine.")
    @click.option("--host-key-file", type=FILE, help="File with the public host keys of that machine.")
    @click.option("--key-file", type=FILE, help="Private key instead of one that is generated here.")
    @click.option("--new-key", is_flag=True, help="Generate another key.")
    @click.option("--keep", type=click.IntRange(1, 365), help="Copies to keep.")
    @click.pass_context
    def set_it(context: click.Context, /, **given: Any) -> None:
        """Set the target."""
        changes = _changes(given)
        key = read_bounded(given["key_file"], MOST_BYTES) if given["key_file"] else None
        with opener.writing(context) as (server, unit):
            found = acts.set_target(server, unit, changes, key, fresh_key=given["new_key"])
        emit(context, found)


def _changes(given: dict[str, Any]) -> dict[str, Any]:
    if given["folder"] and given["sftp"]:
        raise click.UsageError("--folder and --sftp exclude each other")
    found: dict[str, Any] = {name: given[name] for name in ("folder", "path", "keep") if given[name] is not None}
    if given["folder"]:
        found["kind"] = "folder"
    if given["same_disk"] is not None:
        found["other_disk"] = not given["same_disk"]
    if given["sftp"]:
        found |= {"kind": "sftp", **_read_address(given["sftp"])}
    if given["host_key_file"]:
        found["host_keys"] = _text(given["host_key_file"])
    return found


def _read_address(text: str) -> dict[str, Any]:
    user, at, rest = text.rpartition("@")
    host, _, port = rest.rpartition(":") if rest.count(":") == 1 or "]:" in rest else (rest, "", "")
    if not at or (port and not port.isdecimal()):
        raise click.UsageError(f"--sftp is {ADDRESS}, not {text[:80]!r}")
    return {"user": user, "host": host.strip("[]"), "port": int(port) if port else 22}


def _text(file: Path) -> str:
    return read_bounded(file, MOST_BYTES).decode("utf-8", "replace")
