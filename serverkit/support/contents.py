"""What a support bundle holds: its parts as texts without secrets, and what was replaced in each."""

from __future__ import annotations

import importlib.metadata
import io
import json
import platform
import re
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from serverkit.clock import iso
from serverkit.db import migrate
from serverkit.errors import InvalidInputError
from serverkit.log import LOG_FILES, LOGS

MOST_LOG, MOST_FILES, MOST_SHOWN, LONGEST_SHOWN = 5 * 1024 * 1024, 5000, 20, 200
LOG_PART, HIDDEN = "logs", "***"
_LOGIN = re.compile(r"(\w+://)[^/@\s\"']+@")
Collect = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Piece:
    """A file of a bundle: its text, and the lines of it in which something was replaced."""

    name: str
    text: str
    redacted: Sequence[str] = ()

    def to_dict(self) -> dict[str, Any]:
        """As a preview lists it: name, bytes, how many lines were changed, and the first of them as they are saved."""
        shown = [one.strip()[:LONGEST_SHOWN] for one in self.redacted[:MOST_SHOWN]]
        return {"name": self.name, "size": len(self.text.encode()), "redacted": len(self.redacted), "lines": shown}


class Cleaner:
    """Replaces secrets that are known, and logins in addresses; what is collected should hold none anyway."""

    def __init__(self, secrets: Collection[str]) -> None:
        """Texts shorter than four letters are in too many words to be told from them."""
        plain = [one for one in secrets if len(one) >= 4]
        self._known = sorted({*plain, *(json.dumps(one)[1:-1] for one in plain)}, key=len, reverse=True)

    def clean(self, name: str, text: str) -> Piece:
        """A file without secrets."""
        found = text
        for one in self._known:
            found = found.replace(one, HIDDEN)
        found = _LOGIN.sub(rf"\1{HIDDEN}@", found)
        if found == text:
            return Piece(name, text)
        if found.count("\n") != text.count("\n"):  # a secret of several lines
            return Piece(name, found, [line for line in found.split("\n") if HIDDEN in line])
        pairs = zip(text.split("\n"), found.split("\n"), strict=True)
        return Piece(name, found, [after for before, after in pairs if before != after])


def pieces_of(
    readme: str, parts: Mapping[str, Collect], home: Path, chosen: Collection[str], cleaner: Cleaner
) -> list[Piece]:
    """The files of a bundle with the parts that were chosen, all where none is; InvalidInputError."""
    refuse_unknown(chosen, (*parts, LOG_PART))
    pieces = [Piece("README.txt", readme)]
    for name, collect in parts.items():
        if not chosen or name in chosen:
            text = json.dumps(_tried(collect), indent=1, default=_plain, ensure_ascii=False)
            pieces.append(cleaner.clean(f"{name}.json", text))
    if not chosen or LOG_PART in chosen:
        pieces += [cleaner.clean(f"{LOG_PART}/{name}", text) for name, text in _logs(home)]
    return pieces


def refuse_unknown(chosen: Collection[str], parts: Collection[str]) -> None:
    """InvalidInputError for a part that there is not."""
    unknown = next((one for one in chosen if one not in parts), None)
    if unknown is not None:
        raise InvalidInputError("a bundle has no part {part!r}", part=unknown[:64])


def zipped(pieces: Sequence[Piece]) -> bytes:
    """A bundle as one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for one in pieces:
            bundle.writestr(one.name, one.text)
    return out.getvalue()


@cache
def libraries() -> dict[str, str]:
    """The installed libraries with their versions. Only the first lines are read: whole descriptions take seconds."""
    found = {}
    for one in importlib.metadata.distributions():
        head = (one.read_text("METADATA") or "")[:2000]
        name, version = (re.search(rf"^{field}: (.+)$", head, re.MULTILINE) for field in ("Name", "Version"))
        if name is not None and version is not None:
            found[name[1]] = version[1]
    return dict(sorted(found.items()))


def versions(program: str, engine: Engine, now: datetime) -> dict[str, Any]:
    """Program, system and libraries."""
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = platform.platform()
    return {
        "program": program,
        "python": platform.python_version(),
        "system": system,
        "kernel": platform.release(),
        "machine": platform.machine(),
        "database": engine.dialect.name,
        "sqlite": sqlite3.sqlite_version,
        "revision": migrate.current(engine),
        "made_at": iso(now),
        "libraries": libraries(),
    }


def files_of(home: Path) -> list[dict[str, Any]]:
    """Names, sizes and permissions of a home; no content."""
    found = []
    for path in sorted(home.rglob("*"))[:MOST_FILES]:
        try:
            seen = path.lstat()
        except OSError:
            continue
        name = path.relative_to(home).as_posix()
        found.append({"name": name, "mode": stat.filemode(seen.st_mode), "owner": seen.st_uid, "size": seen.st_size})
    return found


def without_addresses(hooks: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Webhooks for a bundle: what follows the host in an address may be a secret of the receiver."""
    return [{**one, "url": "/".join(str(one["url"]).split("/")[:3])} for one in hooks]


def _tried(collect: Collect) -> Any:
    """A part that cannot be collected is what the bundle is made for: the others are there all the same."""
    try:
        return collect()
    except Exception as error:  # noqa: BLE001 - a fault of the program is what is looked for, too
        return {"failed": getattr(error, "message", "") or type(error).__name__}


def _logs(home: Path) -> Iterator[tuple[str, str]]:
    for name in LOG_FILES:
        try:
            with (home / LOGS / name).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - MOST_LOG))
                yield name, file.read().decode("utf-8", "replace")
        except OSError:
            continue


def _plain(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
