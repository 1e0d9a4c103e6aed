"""Files of central on removable media: what is mounted, which files are there, and which of them to take (row S3.5)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exchange.errors import ExchangeError
from exchange.inspect import inspect
from exchange.vocabulary import FileKind
from satellite.actions.setup_steps import check_authorization_file
from satellite.actions.synchronization import check_response_file
from satellite.core.access.rules import Permission
from satellite.core.access.services import require_actor
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.errors import AppError, FileUnreadableError

SUFFIX, MOST_FILES = ".pgx", 50
APPLIED = "applied"
_CHECKS = {
    FileKind.SYNC_RESPONSE.value: check_response_file,
    FileKind.AUTHORIZATION.value: check_authorization_file,
}


@dataclass(frozen=True, slots=True)
class CarriedFile:
    """A file on a medium: what an inspection says of it, and what its import would come to, or why it is refused."""

    path: Path
    kind: str | None = None
    epoch: int | None = None
    sequence: int | None = None
    created: str | None = None
    outcome: str | None = None
    refusal: str | None = None

    @property
    def would_be_applied(self) -> bool:
        """Whether an import would change anything here."""
        return self.outcome == APPLIED

    @property
    def place(self) -> tuple[int, int]:
        """Its place in the order in which central made such files."""
        return self.epoch or 0, self.sequence or 0


def find_media(places: Sequence[Path], *, named: bool) -> list[Path]:
    """Folders where a removable medium is: what is mounted at `places` or up to two levels below them.

    Where a person `named` the places they count too, mounted or not.
    """
    found = [place for place in places if _is_folder(place) and (named or os.path.ismount(place))]
    for place in places:
        first = list(_folders(place))
        below = [inner for folder in first if not os.path.ismount(folder) for inner in _folders(folder)]
        found += [folder for folder in (*first, *below) if os.path.ismount(folder)]
    return [*dict.fromkeys(found)]


def _is_folder(path: Path) -> bool:
    with suppress(OSError):  # a stick that was pulled out answers with an error
        return path.is_dir()
    return False


def _folders(place: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from sorted(one for one in place.iterdir() if _is_folder(one) and not one.is_symlink())


def list_carried_files(server: Satellite, actor: Actor, folder: Path) -> list[CarriedFile]:
    """Examine every file of the exchange in a folder and one level below it; nothing is changed. FileUnreadableError."""
    require_actor(actor, Permission.SYNC_RUN)
    try:
        paths = sorted(_files(folder))
    except OSError as error:
        raise FileUnreadableError(
            "cannot read {name}: {reason}", name=folder.name[:80], reason=error.strerror
        ) from error
    for inner in _folders(folder):
        with suppress(OSError):  # one that this user may not read
            paths += sorted(_files(inner))
    return [_examine(server, actor, path) for path in paths[:MOST_FILES]]


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in folder.iterdir()
        if path.suffix.lower() == SUFFIX and not path.name.startswith(".") and path.is_file() and not path.is_symlink()
    ]


def _examine(server: Satellite, actor: Actor, path: Path) -> CarriedFile:
    facts: dict[str, Any] = {}
    try:
        with server.database.read(actor) as unit, path.open("rb") as stream:
            report = inspect(stream, trust=server.keyring.trust, now=unit.now).to_dict()
        facts = {name: report[name] for name in ("kind", "epoch", "sequence", "created")}
        check = _CHECKS.get(str(report["kind"]))
        if check is None:
            return CarriedFile(path, **facts)
        return CarriedFile(path, **facts, outcome=check(server, actor, lambda: path.open("rb"))["outcome"])
    except (ExchangeError, AppError) as error:
        return CarriedFile(path, **facts, refusal=f"{error.code}: {error.message}")
    except OSError as error:
        return CarriedFile(path, **facts, refusal=f"{FileUnreadableError.code}: {error.strerror}")


def choose_file(files: Sequence[CarriedFile]) -> tuple[int | None, str]:
    """Which file to import, by its place in the list, and why; None where none would change anything."""
    wanted = [at for at, one in enumerate(files) if one.would_be_applied]
    if not wanted:
        return None, "None of these files would change anything here."
    best = max(wanted, key=lambda at: files[at].place)
    if len(wanted) == 1:
        return best, f"Take file {best + 1}: it is the only one that would be applied."
    epoch, number = files[best].place
    why = f"it is the newest of the {len(wanted)} that would be applied (epoch {epoch}, number {number})"
    return best, f"Take file {best + 1}: {why}. It holds what the older ones bring."
