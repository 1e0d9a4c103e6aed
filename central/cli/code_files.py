"""Folders of codes: request codes come in, authorization codes go out (rows C6.1, C6.6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import click

from serverkit.errors import AppError, FileUnreadableError, Remedy
from serverkit.files import irregular, read_bounded, refuse_unwritable, write_atomic
from serverkit.owner import refuse_state

MOST_BYTES = 1024 * 1024
_LONGEST = 200


def read_codes(folder: Path) -> list[tuple[str, str]]:
    """The request codes of the files of a folder, each with the name of its file.

    FileUnreadableError for what cannot be read, and where there is none: no code is left out without a word.
    """
    if not folder.is_dir():
        raise click.UsageError(f"--codes {folder} is not a folder")
    found = [(path.name, line.strip()) for path in _files(folder) for line in _lines(path) if line.strip()]
    if not found:
        raise FileUnreadableError(
            "the folder {name} holds no file with a request code",
            name=str(folder)[:80],
            remedy="Name the folder of the files; hidden files and folders within it are not read.",
        )
    return found


def _files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and not path.is_dir())
    for path in paths:
        if not path.is_file():
            raise FileUnreadableError(
                "cannot read {name}: it is {what}", name=path.name[:80], what=irregular(path) or "no regular file"
            )
    return paths


def _lines(path: Path) -> list[str]:
    """The lines of a file of request codes; what is not text is a code that is refused."""
    data = read_bounded(path, MOST_BYTES)
    form = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return data.decode(form, errors="replace").lstrip("\ufeff").splitlines()


def prepare_folder(output: Path) -> None:
    """Make the folder of the codes before anything is booked; a refusal when no file could be written there."""
    if output.exists() and not output.is_dir():
        raise click.UsageError(f"--output {output} is a file; a folder is needed")
    refuse_state(output / "code.xml")
    output.mkdir(parents=True, exist_ok=True)
    refuse_unwritable(output / "code.xml")


def name_files(devices: Iterable[Mapping[str, Any]]) -> list[str]:
    """The name of each device's file: what such a name may not have is a line below; no two devices share a name."""
    names: dict[str, None] = {}
    for one in devices:
        plain = re.sub(r"[^A-Za-z0-9._-]", "_", f"{one['product']}-{one['serial']}")[:_LONGEST]
        tried = (plain if number == 1 else f"{plain}-{number}" for number in count(1))
        names[next(name for name in tried if f"{name}.xml" not in names) + ".xml"] = None
    return list(names)


def write_code(output: Path, code: str, again: str) -> None:
    """Write a code that is booked already; a refusal says how to have it written again."""
    try:
        write_atomic(output, code.encode(), mode=0o644)
    except AppError as error:
        error.remedy = Remedy(f"{error.remedy} The change is booked; write its code with `{again}`.", error.remedy.page)
        raise
