"""Creates, checks and restores backups of a home.

A backup holds a consistent snapshot of the embedded database, the keys, the TLS certificate and the settings. It never holds the anchor, whose purpose is to show that a machine was restored. A database server is backed up with its own tools.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Engine

from serverkit.backup.container import (
    MANIFEST_BYTES,
    PIECE,
    Header,
    Reading,
    digest_of,
    new_header,
    read_header,
    read_pieces,
    synced,
    write_pieces,
)
from serverkit.backup.errors import BackupDamagedError, BackupTooNewError, NotABackupError, OtherProductError
from serverkit.backup.swap import LABEL, READY, alone_in_home, restore_waits
from serverkit.db import migrate
from serverkit.db.engine import database_file
from serverkit.errors import FileUnreadableError, HomeExistsError
from serverkit.files import atomic_file, sync_folder
from serverkit.ids import new_id
from serverkit.locks import held_folder
from serverkit.owner import keep_owner, make_file, make_folder
from serverkit.storage import of_database, of_file

FOLDERS = ("keys", "tls")
FILES = ("config.toml", "lab-clock.json")
_INNER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_LENGTH = 8
HEAD_BYTES = 64 * 1024
CARRY_AGAIN = "Carry the original file again, byte for byte: unpacked, as an attachment or in binary mode, not as text."


@dataclass(frozen=True, slots=True)
class Product:
    """Whose backups these are."""

    name: str
    program: str
    database: str
    migrations: Path
    change_of: Callable[[bytes], str | None] = lambda _head: None
    """Names what happened to a file on its way, from its first bytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a backup."""

    name: str
    size: int
    sha256: str


def create_backup(
    product: Product, home: Path, engine: Engine, output: Path, passphrase: bytes, created: str
) -> dict[str, Any]:
    """Write a backup; what the snapshot holds is one committed state, however much is written meanwhile."""
    database = database_file(engine)
    with work_folder(home, "backup") as folder:
        files: dict[str, Path] = {}
        if database is not None:
            files[product.database] = _snapshot(database, folder / "snapshot")
        # Keys after the database: a key is made before the row that names it is committed.
        files |= {name: home / name for name in FILES if (home / name).is_file()}
        for name in FOLDERS:
            files |= {f"{name}/{path.name}": path for path in sorted((home / name).glob("[!.]*")) if path.is_file()}
        facts = {
            "database": "embedded" if database is not None else "left_out",
            "revision": migrate.current(engine),
            "lab": "lab-clock.json" in files,
        }
        entries = [Entry(name, *digest_of(path)) for name, path in files.items()]
        header = new_header(product.name, product.program, created, passphrase)
        with atomic_file(output) as out:
            write_pieces(out, header, passphrase, _content(entries, facts, files))
    size, sha256 = digest_of(output)
    return {"path": str(output), "size": size, "sha256": sha256, **_described(header, entries, facts)}


def _content(entries: list[Entry], facts: dict[str, Any], files: dict[str, Path]) -> Iterator[bytes]:
    listed = [{"name": entry.name, "size": entry.size, "sha256": entry.sha256} for entry in entries]
    manifest = json.dumps({"facts": facts, "files": listed}, sort_keys=True).encode()
    yield len(manifest).to_bytes(_LENGTH, "big") + manifest
    for entry in entries:
        with files[entry.name].open("rb") as file:
            left = entry.size
            while left and (data := file.read(min(PIECE, left))):
                left -= len(data)
                yield data


def _snapshot(database: Path, target: Path) -> Path:
    make_file(target)
    try:
        with closing(sqlite3.connect(database, timeout=30)) as connection:
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        raise of_database(error, database) or BackupDamagedError("the database cannot be copied") from error
    _check_database(target)
    return target


def _check_database(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        raise BackupDamagedError("the database in the backup cannot be read") from error
    if found != ("ok",):
        raise BackupDamagedError("the database in the backup is damaged")


def _described(header: Header, entries: list[Entry], facts: dict[str, Any]) -> dict[str, Any]:
    return {
        "product": header.product,
        "program": header.program,
        "created": header.created,
        "database": facts.get("database"),
        "revision": facts.get("revision"),
        "files": [entry.name for entry in entries],
    }


def verify_backup(product: Product, file: Path, passphrase: bytes, scratch: Path) -> dict[str, Any]:
    """Read the whole backup and check it as a restore would; nothing is kept."""
    make_folder(scratch)
    with work_folder(scratch, "verify") as folder:
        return _unpack(product, file, passphrase, folder)


@contextmanager
def unpacked(product: Product, file: Path, passphrase: bytes, home: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The checked contents of a backup in a scratch folder of the home, which goes afterwards; and its description."""
    make_folder(home)
    with work_folder(home, "rehearse") as folder:
        yield folder, _unpack(product, file, passphrase, folder)


def restore_backup(
    product: Product,
    home: Path,
    file: Path | BinaryIO,
    passphrase: bytes,
    settle: Callable[[Path], None],
    *,
    replace: bool,
    serving: bool = False,
) -> dict[str, Any]:
    """Check the whole backup, then switch the home to it by one rename.

    The caller opens the home afterwards, which puts everything in place. A restore that was decided before and died is
    put in place first by `settle`: it has happened, and what was there is kept as after any other. With `serving` the
    caller is the server of this home, which holds it already and has to start again. `file` may be open at its beginning.
    """
    make_folder(home)
    if not replace and (restore_waits(home) or any((home / name).exists() for name in (product.database, "keys"))):
        raise HomeExistsError(
            remedy="Give --replace: the present contents are kept in a folder `replaced-…` of the home."
        )
    with nullcontext() if serving else alone_in_home(home), work_folder(home, "restore") as folder:
        found = _unpack(product, file, passphrase, folder)
        label = new_id()[:12]
        with (folder / LABEL).open("wb") as out:
            keep_owner(out.fileno(), folder)
            out.write(label.encode())
            synced(out)
        for inner in (*(folder / name for name in FOLDERS if (folder / name).is_dir()), folder):
            sync_folder(inner)
        settle(home)
        folder.rename(home / READY)
        sync_folder(home)
    return {**found, "home": str(home), "kept": f"replaced-{label}" if replace else None}


def _unpack(product: Product, file: Path | BinaryIO, passphrase: bytes, folder: Path) -> dict[str, Any]:
    try:
        with file.open("rb") if isinstance(file, Path) else nullcontext(file) as source:
            header = _header(product, source)
            if header.product != product.name:
                raise OtherProductError("this is a backup of {product!r}", product=header.product[:40])
            reading = Reading(read_pieces(source, header, passphrase))
            size = int.from_bytes(reading.whole(_LENGTH, _LENGTH), "big")
            entries, facts = _manifest(product, reading.whole(size, MANIFEST_BYTES))
            for entry in entries:
                _write_entry(entry, reading, folder)
            if not reading.ended():
                raise BackupDamagedError("something follows the end of the backup")
    except OSError as error:
        name = file.name if isinstance(file, Path) else "the backup"
        raise FileUnreadableError("cannot read {name}: {reason}", name=name, reason=error.strerror) from error
    newest = migrate.head(product.migrations)
    if facts.get("revision") and newest and str(facts["revision"]) > newest:
        raise BackupTooNewError("the backup's database is at revision {revision}", revision=facts["revision"])
    if facts.get("database") == "embedded":
        _check_database(folder / product.database)
    return _described(header, entries, facts)


def _header(product: Product, source: BinaryIO) -> Header:
    try:
        return read_header(source)
    except (NotABackupError, BackupDamagedError) as error:
        source.seek(0)
        change = product.change_of(source.read(HEAD_BYTES))
        if change is None:
            raise
        raise type(error)(f"the file was changed on its way: it is {change}", remedy=CARRY_AGAIN) from error


def _manifest(product: Product, data: bytes) -> tuple[list[Entry], dict[str, Any]]:
    try:
        found = json.loads(data)
        entries = [Entry(str(row["name"]), int(row["size"]), str(row["sha256"])) for row in found["files"]]
        facts = dict(found["facts"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise BackupDamagedError("the backup's list of files cannot be read") from error
    for entry in entries:
        if not _may_restore(product, entry.name) or entry.size < 0:
            raise BackupDamagedError("the backup names a file that cannot be restored")
    return entries, facts


def _may_restore(product: Product, name: str) -> bool:
    """Whether a backup may bring this file: never the anchor, a lock, or what else only the machine itself writes."""
    folder, _, inner = name.rpartition("/")
    if not folder:
        return name in {product.database, *FILES}
    return folder in FOLDERS and _INNER.fullmatch(inner) is not None


def _write_entry(entry: Entry, reading: Reading, folder: Path) -> None:
    target = folder / entry.name
    make_folder(target.parent)
    try:
        with target.open("xb") as out:
            target.chmod(0o600)
            keep_owner(out.fileno(), target.parent)
            for part in reading.take(entry.size):
                out.write(part)
            synced(out)
    except OSError as error:
        raise of_file(error, entry.name) from error
    if digest_of(target)[1] != entry.sha256:
        raise BackupDamagedError("{name} is not what the backup's list says", name=entry.name)


@contextmanager
def work_folder(home: Path, what: str) -> Iterator[Path]:
    """A temporary folder for decrypted or copied files; it is removed unless it was renamed."""
    _sweep(home)
    folder = home / f".{what}-{new_id()[:12]}"
    try:
        make_folder(folder)
        with held_folder(folder):
            yield folder
    except OSError as error:
        raise of_file(error, folder.name) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(home: Path) -> None:
    """Remove the work folders of commands that were killed; who still works holds its folder's lock."""
    for folder in home.glob(".*-????????????"):
        if folder.name.startswith((".backup-", ".verify-", ".restore-", ".rehearse-")):
            with suppress(OSError), held_folder(folder):
                shutil.rmtree(folder, ignore_errors=True)
