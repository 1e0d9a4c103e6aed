"""`support` of both servers: the bundle for those who help, keys to seal it, opening it (row S3.5)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import click

from serverkit.cli.base import OUTPUT, Group, emit, table
from serverkit.files import read_bounded, write_atomic
from serverkit.support.sealing import new_keys, unseal

FILE = click.Path(path_type=Path, dir_okay=False)
MOST_KEY, MOST_BUNDLE = 4096, 256 * 1024 * 1024
S_contra = TypeVar("S_contra", contravariant=True)
S = TypeVar("S")


class Bundles(Protocol[S_contra]):
    """What a server lends: showing and writing a bundle."""

    def preview(self, server: S_contra, parts: Sequence[str]) -> list[dict[str, Any]]:
        """The files that it would hold."""
        ...

    def write(self, server: S_contra, path: Path, parts: Sequence[str], key: str) -> int:
        """Write it; its size."""
        ...


def add_support_commands(
    group: Group, parts: Sequence[str], bundles: Bundles[S], opened: Callable[[click.Context], S]
) -> None:
    """Add the commands of support to a program."""
    support = Group("support", help="Help for those who help: the support bundle.")
    group.add_command(support)

    @support.command("bundle", help="Write one file with logs, health, settings and versions, without secrets.")
    @click.option("--output", type=OUTPUT, help="The file; required without --preview.")
    @click.option("--part", "chosen", multiple=True, type=click.Choice(sorted(parts)), help="Only this part.")
    @click.option("--preview", is_flag=True, help="Write nothing; list the files and the lines that are redacted.")
    @click.option("--key", type=FILE, help="Public key of the person who may read it; a file that `support key` wrote.")
    @click.pass_context
    def bundle(
        context: click.Context, output: Path | None, chosen: tuple[str, ...], preview: bool, key: Path | None
    ) -> None:
        if preview:
            files = bundles.preview(opened(context), chosen)
            lines = "".join(f"\n{one['name']}: {line}" for one in files for line in one["lines"])
            emit(
                context, {"files": files}, table(files, ("name", "size", "redacted")) + (f"\n{lines}" if lines else "")
            )
            return
        if output is None:
            raise click.UsageError("--output names the file, or --preview shows what it would hold")
        public = read_bounded(key, MOST_KEY).decode("ascii", "replace") if key is not None else ""
        size = bundles.write(opened(context), output, chosen, public)
        emit(context, {"path": str(output), "size": size, "sealed": key is not None})

    @support.command("key", help="Make a key for sealed bundles: the public file is for those who send them.")
    @click.option("--output", required=True, type=OUTPUT, help="The private key; the public one is beside it, .pub.")
    @click.pass_context
    def key_pair(context: click.Context, output: Path) -> None:
        private, public = new_keys()
        beside = output.with_name(f"{output.name}.pub")
        write_atomic(output, private.encode())
        write_atomic(beside, public.encode(), 0o644)
        emit(context, {"private": str(output), "public": str(beside), "key": public.strip()})

    @support.command("open", help="Open a sealed bundle with the private key.")
    @click.argument("file", type=FILE)
    @click.option("--key", required=True, type=FILE, help="The private key.")
    @click.option("--output", required=True, type=OUTPUT)
    @click.pass_context
    def open_bundle(context: click.Context, file: Path, key: Path, output: Path) -> None:
        private = read_bounded(key, MOST_KEY).decode("ascii", "replace")
        data = unseal(private, read_bounded(file, MOST_BUNDLE))
        write_atomic(output, data)
        emit(context, {"path": str(output), "size": len(data)})
