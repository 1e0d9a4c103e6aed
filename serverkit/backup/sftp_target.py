"""Copies of backups on a machine with SFTP, through the client of OpenSSH in batch mode: by key, with the host key that was set.

The client gets its commands as a batch on its input, never through a shell; it reads no configuration of this machine
and asks no agent. The key is in a file of the home only while a session lasts.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from serverkit.backup.container import digest_of
from serverkit.backup.errors import (
    CopyDiffersError,
    HostKeyChangedError,
    KeyRefusedError,
    SftpMissingError,
    TargetDeniedError,
    TargetFailedError,
    TargetFullError,
    TargetMissingError,
    TargetTimeoutError,
    TargetUnreachableError,
)
from serverkit.backup.service import work_folder
from serverkit.backup.targets import Beat, Target
from serverkit.errors import AppError

CONNECT_SECONDS, BEAT_SECONDS = 15, 20.0
LEAST_RATE = 64 * 1024
"""Bytes a second that a slow line carries: a session that takes longer is given up."""
ALIAS = "backup-target"
_BACK = "back"
_FREE = re.compile(r"^\s*\d+\s+\d+\s+(\d+)\s", re.MULTILINE)
_SAID: tuple[tuple[str, type[AppError]], ...] = (
    ("host key verification failed", HostKeyChangedError),
    ("host key has changed", HostKeyChangedError),
    ("permission denied (", KeyRefusedError),
    ("too many authentication failures", KeyRefusedError),
    ("timed out", TargetTimeoutError),
    ("timeout", TargetTimeoutError),
    ("could not resolve", TargetUnreachableError),
    ("connection refused", TargetUnreachableError),
    ("no route to host", TargetUnreachableError),
    ("network is unreachable", TargetUnreachableError),
    ("no such file", TargetMissingError),
    ("not a directory", TargetMissingError),
    ("permission denied", TargetDeniedError),
    ("no space", TargetFullError),
    ("quota", TargetFullError),
)


class SftpPlace:
    """The folder of a target on another machine. `key` is the private key as text; `home` holds the work folder."""

    def __init__(self, target: Target, key: str, home: Path, connect_seconds: int = CONNECT_SECONDS) -> None:
        """Nothing is connected yet."""
        self._target, self._key, self._home, self._connect = target, key, home, connect_seconds

    def put(self, file: Path, size: int, sha256: str, name: str, beat: Beat) -> list[str]:
        """Send it under another name, read it back, and only then give it its name."""
        part = f".{name}.part"
        with work_folder(self._home, "backup") as work:
            (work / name).symlink_to(file.absolute())
            self._room(work, size)
            try:
                self._batch(work, [f"put -f {name} {part}", f"get {part} {_BACK}"], 2 * size, beat)
                if digest_of(work / _BACK) != (size, sha256):
                    raise CopyDiffersError("{name} differs at {place}", name=name, place=self._target.place)
                self._batch(work, [f"rename {part} {name}", f"ls -l {name}"])
            except BaseException as error:
                if not isinstance(error, TargetUnreachableError | TargetTimeoutError):
                    with suppress(Exception):
                        self._batch(work, [f"-rm {part}"])
                if isinstance(error, TargetFailedError):
                    self._room(work, 1)  # a full disk is only called a failure
                raise
        return []

    def names(self) -> list[str]:
        """The names of the files."""
        with work_folder(self._home, "backup") as work:
            said = self._batch(work, ["ls -1a"])
        return [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("sftp>")]

    def remove(self, names: Sequence[str]) -> None:
        """Remove files."""
        if names:
            with work_folder(self._home, "backup") as work:
                self._batch(work, [f"-rm {name}" for name in names])

    def _room(self, work: Path, size: int) -> None:
        """Refuse where less is free than the file needs; a machine that does not tell is believed to have it."""
        free = free_bytes(self._batch(work, ["-df ."]))
        if free is not None and free < size:
            raise TargetFullError(
                "{place} has {free} bytes free, {size} are needed", place=self._target.place, free=free, size=size
            )

    def _batch(self, work: Path, lines: Sequence[str], size: int = 0, beat: Beat | None = None) -> str:
        """What the client says of a batch that succeeds; a refusal of `serverkit.backup.errors` otherwise."""
        program = find_client()
        for name, text in (("key", self._key), ("hosts", self._known())):
            file = work / name
            if not file.exists():
                with os.fdopen(
                    os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
                ) as out:
                    out.write(text)
        batch = "".join(f"{line}\n" for line in (f'cd "{self._target.path}"', *lines))
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(work)}
        with subprocess.Popen(
            [program, *self._options(), self._address()],
            cwd=work, env=environment, text=True, errors="replace", start_new_session=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as client:  # fmt: skip
            try:
                said, wrong = self._wait(client, batch, 2 * self._connect + 30 + size / LEAST_RATE, work, beat)
            finally:
                if client.poll() is None:
                    os.killpg(client.pid, signal.SIGKILL)
        if client.returncode != 0:
            raise self._refusal(wrong)
        return said

    def _wait(
        self, client: subprocess.Popen[str], batch: str, seconds: float, work: Path, beat: Beat | None
    ) -> tuple[str, str]:
        given: str | None = batch
        while seconds > 0:
            try:
                return client.communicate(given, timeout=min(seconds, BEAT_SECONDS))
            except subprocess.TimeoutExpired:
                seconds -= BEAT_SECONDS
                given = None
                if beat is not None:
                    back = work / _BACK
                    beat(back.stat().st_size if back.exists() else 0)
        raise TargetTimeoutError("{place} did not answer in time", place=self._target.place)

    def _options(self) -> list[str]:
        options = (
            "BatchMode=yes", "PreferredAuthentications=publickey", "PasswordAuthentication=no",
            "KbdInteractiveAuthentication=no", "IdentitiesOnly=yes", "IdentityAgent=none", "IdentityFile=key",
            "StrictHostKeyChecking=yes", "UserKnownHostsFile=hosts", "GlobalKnownHostsFile=/dev/null",
            f"HostKeyAlias={ALIAS}", "CheckHostIP=no", "UpdateHostKeys=no", "ClearAllForwardings=yes",
            "ControlPath=none", "LogLevel=ERROR", f"ConnectTimeout={self._connect}", "ConnectionAttempts=1",
            f"ServerAliveInterval={self._connect}", "ServerAliveCountMax=3",
        )  # fmt: skip
        found = ["-b", "-", "-F", "none", "-P", str(self._target.port)]
        return [*found, *(word for option in options for word in ("-o", option))]

    def _address(self) -> str:
        host = self._target.host
        return f"{self._target.user}@{f'[{host}]' if ':' in host else host}"

    def _known(self) -> str:
        return "".join(f"{ALIAS} {line}\n" for line in self._target.host_keys.splitlines())

    def _refusal(self, wrong: str) -> Exception:
        lines = [line.strip() for line in wrong.splitlines() if line.strip(" @\t")]
        text = wrong.lower()
        kind: type[AppError] = next((kind for words, kind in _SAID if words in text), TargetFailedError)
        reason = next((line for line in lines if any(words in line.lower() for words, _kind in _SAID)), "")
        reason = reason or (lines[0] if lines else "the connection ended")
        return kind("{place}: {reason}", place=self._target.place, reason=reason[:200])


def find_client() -> str:
    """The client of OpenSSH on this machine; SftpMissingError."""
    program = shutil.which("sftp")
    if program is None:
        raise SftpMissingError
    return program


def free_bytes(said: str) -> int | None:
    """What is free, of the answer to `df`, which counts in units of 1024 bytes; None where the machine did not tell."""
    found = _FREE.search(said)
    return int(found[1]) * 1024 if found else None
