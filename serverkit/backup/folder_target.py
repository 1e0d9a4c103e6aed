"""Copies of backups in a folder of this machine, such as a mounted share."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from serverkit.backup.container import PIECE
from serverkit.backup.errors import (
    CopyDiffersError,
    TargetDeniedError,
    TargetFailedError,
    TargetFullError,
    TargetMissingError,
    TargetNotMountedError,
)
from serverkit.backup.targets import Beat, Target

EVERY = 64
"""Pieces between two beats."""
_FULL = {28, 122}  # ENOSPC, EDQUOT
_DENIED = {1, 13, 30}  # EPERM, EACCES, EROFS


class FolderPlace:
    """The folder of a target; `home` is on the disk that it must not be on."""

    def __init__(self, target: Target, home: Path) -> None:
        """Nothing is looked at yet."""
        self._folder, self._home, self._other_disk = Path(target.folder), home, target.other_disk

    def put(self, file: Path, size: int, sha256: str, name: str, beat: Beat) -> list[str]:
        """Copy, make it last, read it back, and only then give it its name."""
        self._check()
        part = self._folder / f".{name}.part"
        warnings: list[str] = []
        try:
            found = os.statvfs(self._folder)
            if found.f_bavail * found.f_frsize < size:
                raise TargetFullError("{folder} has no room for {size} bytes", folder=str(self._folder), size=size)
            self._copy(file, part, warnings, beat)
            if self._digest(part, beat) != sha256:
                raise CopyDiffersError("{name} differs in {folder}", name=name, folder=str(self._folder))
            part.replace(self._folder / name)
            self._settle(self._folder, warnings)
        except OSError as error:
            raise self._refusal(error) from error
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
        return warnings

    def names(self) -> list[str]:
        """The names of the files."""
        self._check()
        try:
            return [one.name for one in self._folder.iterdir()]
        except OSError as error:
            raise self._refusal(error) from error

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        try:
            for name in names:
                (self._folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._refusal(error) from error

    def _check(self) -> None:
        folder = str(self._folder)
        try:
            device = self._folder.stat().st_dev
        except OSError as error:
            raise TargetMissingError("{folder}: {reason}", folder=folder, reason=error.strerror) from error
        if not self._folder.is_dir():
            raise TargetMissingError("{folder} is no folder", folder=folder)
        if self._other_disk and device == self._home.stat().st_dev:
            raise TargetNotMountedError(
                "{folder} is on the disk of the server: nothing is mounted there", folder=folder
            )
        if not os.access(self._folder, os.W_OK | os.X_OK):
            raise TargetDeniedError("{folder} cannot be written to", folder=folder)

    def _copy(self, file: Path, part: Path, warnings: list[str], beat: Beat) -> None:
        part.unlink(missing_ok=True)
        with file.open("rb") as source, part.open("xb") as out:
            part.chmod(0o600)
            for number, data in enumerate(iter(lambda: source.read(PIECE), b""), 1):
                out.write(data)
                if number % EVERY == 0:
                    beat(out.tell())
            out.flush()
            try:
                os.fsync(out.fileno())
            except OSError as error:
                warnings.append(f"the share does not confirm what is written: {error.strerror}")

    def _digest(self, part: Path, beat: Beat) -> str:
        found = hashlib.sha256()
        with part.open("rb") as file:
            for number, data in enumerate(iter(lambda: file.read(PIECE), b""), 1):
                found.update(data)
                if number % EVERY == 0:
                    beat(file.tell())
        return found.hexdigest()

    def _settle(self, folder: Path, warnings: list[str]) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            warnings.append(f"the share does not confirm the name: {error.strerror}")
        finally:
            os.close(descriptor)

    def _refusal(self, error: OSError) -> Exception:
        folder, reason = str(self._folder), error.strerror or type(error).__name__
        if error.errno in _FULL:
            return TargetFullError("{folder}: {reason}", folder=folder, reason=reason)
        if error.errno in _DENIED:
            return TargetDeniedError("{folder}: {reason}", folder=folder, reason=reason)
        return TargetFailedError("{folder}: {reason}", folder=folder, reason=reason)
