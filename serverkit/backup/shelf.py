"""A folder with the backups that a server makes itself: what is there, whether it was verified, what is kept."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import Engine

from serverkit.backup.container import PIECE, read_header
from serverkit.backup.errors import BackupLockedError, UnknownBackupError
from serverkit.backup.service import Product, create_backup, verify_backup
from serverkit.clock import iso
from serverkit.errors import AppError
from serverkit.files import write_atomic
from serverkit.owner import make_folder
from serverkit.storage import of_file

SUFFIX, NOTE, OWNER_DIGITS = ".pgb", ".json", 8
_STAMP = re.compile(r"(\d{8}-\d{6})\.pgb")
NOTE_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Kept:
    """A backup of the folder.

    `state` is verified, damaged, not_verified, or unreadable where not even its first line can be read; `error` says why.
    """

    name: str
    created: datetime
    size: int
    program: str
    state: str
    verified_at: str | None = None
    error: str = ""

    @property
    def good(self) -> bool:
        """Whether it was verified as a restore would."""
        return self.state == "verified"


@dataclass(frozen=True, slots=True)
class _Note:
    size: int
    changed_ns: int
    verified_at: str
    error: str


@dataclass(frozen=True)
class Shelf:
    """The folder, and whose backups are meant: those of `owner`, an id, of which a part is in every name.

    A folder may be shared by several servers, such as a share on the network: each sees and removes only its own.
    """

    folder: Path
    product: Product
    owner: str

    @property
    def prefix(self) -> str:
        """How the names of all its backups begin."""
        return f"{self.product.name}-{self.owner[:OWNER_DIGITS]}-"

    def items(self) -> list[Kept]:
        """The backups, the newest first; not what only looks like one of this server's, or is removed meanwhile."""
        found = [one for path in self.folder.glob(f"{self.prefix}*{SUFFIX}") if (one := self._kept(path))]
        return sorted(found, key=lambda one: (one.created, one.name), reverse=True)

    def item(self, name: str) -> Kept:
        """One backup; UnknownBackupError, also for one that is removed meanwhile."""
        found = self._kept(self.path(name))
        if found is None:
            raise UnknownBackupError("there is no backup {name!r}", name=name[:80])
        return found

    def path(self, name: str) -> Path:
        """The file of a backup; UnknownBackupError."""
        path = self.folder / name
        if self._day_of(name) is None or not path.is_file():
            raise UnknownBackupError("there is no backup {name!r}", name=name[:80])
        return path

    def is_named(self, name: str) -> bool:
        """Whether a name is one of a backup of this server."""
        return self._day_of(name) is not None

    def make(self, home: Path, engine: Engine, passphrase: bytes, now: datetime) -> str:
        """Write a backup; its name."""
        try:
            make_folder(self.folder)
        except OSError as error:
            raise of_file(error, self.folder.name) from error
        path = self.folder / f"{self.prefix}{now:%Y%m%d-%H%M%S}{SUFFIX}"
        create_backup(self.product, home, engine, path, passphrase, iso(now))
        return path.name

    def verify(self, name: str, passphrase: bytes, scratch: Path, now: datetime) -> None:
        """Read a backup whole as a restore would, and note what came of it; what a restore would refuse is raised."""
        path = self.path(name)
        error: AppError | None = None
        try:
            verify_backup(self.product, path, passphrase, scratch)
        except BackupLockedError:
            raise  # made with an earlier passphrase, perhaps: nothing is known of the rest
        except AppError as refusal:
            error = refusal
        found = path.stat()
        note = _Note(found.st_size, found.st_mtime_ns, iso(now), error.message if error is not None else "")
        write_atomic(path.with_name(name + NOTE), json.dumps(asdict(note)).encode())
        if error is not None:
            raise error

    def remove(self, name: str) -> None:
        """Remove a backup; UnknownBackupError."""
        path = self.path(name)
        path.unlink(missing_ok=True)
        path.with_name(name + NOTE).unlink(missing_ok=True)

    def tidy(self, keep: int) -> list[str]:
        """Remove the oldest beyond `keep`, but never the newest verified one; the names of those removed."""
        items = self.items()
        newest = next((one.name for one in items if one.good), None)
        gone = [one.name for one in items[keep:] if one.name != newest]
        for name in gone:
            self.remove(name)
        return gone

    def chunks(self, name: str) -> Iterator[bytes]:
        """The bytes of a backup."""
        with self.path(name).open("rb") as file:
            yield from iter(lambda: file.read(PIECE), b"")

    def _kept(self, path: Path) -> Kept | None:
        named = self._day_of(path.name)
        try:
            found = path.stat()
        except OSError:
            return None
        if named is None:
            return None
        try:
            with path.open("rb") as file:
                header = read_header(file)
            created = datetime.fromisoformat(header.created).astimezone(UTC)
        except (AppError, OSError, ValueError) as error:
            said = error.message if isinstance(error, AppError) else "it cannot be read"
            return Kept(path.name, named, found.st_size, "", "unreadable", error=said)
        note = _note_of(path)
        if note is None or (note.size, note.changed_ns) != (found.st_size, found.st_mtime_ns):
            return Kept(path.name, created, found.st_size, header.program, "not_verified")
        state = "damaged" if note.error else "verified"
        return Kept(path.name, created, found.st_size, header.program, state, note.verified_at, note.error)

    def _day_of(self, name: str) -> datetime | None:
        """When a backup was begun, as its name says; None for a name that no backup of this server has."""
        found = _STAMP.fullmatch(name.removeprefix(self.prefix)) if name.startswith(self.prefix) else None
        try:
            return None if found is None else datetime.strptime(f"{found[1]}+0000", "%Y%m%d-%H%M%S%z")
        except ValueError:
            return None


def _note_of(path: Path) -> _Note | None:
    with suppress(OSError, ValueError, TypeError):
        data = path.with_name(path.name + NOTE).read_bytes()[:NOTE_BYTES]
        return _Note(**json.loads(data))
    return None


Tell = Callable[[str], None]


def make_verify_tidy(
    shelf: Shelf, home: Path, engine: Engine, passphrase: bytes, clock: Callable[[], datetime], keep: int, tell: Tell
) -> dict[str, object]:
    """Write a backup, verify it as a restore would, then remove the oldest; `tell` gets write, verify, tidy."""
    tell("write")
    name = shelf.make(home, engine, passphrase, clock())
    tell("verify")
    shelf.verify(name, passphrase, home, clock())
    tell("tidy")
    removed = shelf.tidy(keep)
    return {"name": name, "size": shelf.path(name).stat().st_size, "removed": removed}
