"""Copies of backups through OpenSSH's own client, against a real server of OpenSSH that runs as an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from serverkit.backup import sftp_target
from serverkit.backup.container import digest_of
from serverkit.backup.errors import (
    CopyDiffersError,
    HostKeyChangedError,
    KeyRefusedError,
    TargetFailedError,
    TargetFullError,
    TargetMissingError,
    TargetTimeoutError,
    TargetUnreachableError,
)
from serverkit.backup.sftp_target import SftpPlace
from serverkit.backup.targets import Target, new_key, public_of
from tests.mailbox import free_port

NAME = "central-12345678-20260101-020000.pgb"


def _program() -> str | None:
    return next((one for one in ("/usr/sbin/sshd", "/usr/local/sbin/sshd") if os.access(one, os.X_OK)), None)


pytestmark = pytest.mark.skipif(_program() is None or shutil.which("sftp") is None, reason="OpenSSH is not installed")


@dataclass(frozen=True)
class Machine:
    """Another machine: its folder, how it is reached, and the key that it takes."""

    folder: Path
    target: Target
    key: str


def _user() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    """A server on loopback that offers nothing but files."""
    user, top, port = _user(), Path(tempfile.mkdtemp(prefix="sftp")), free_port()
    key, host_key = new_key(), new_key()
    (folder := top / "copies").mkdir()
    (top / "host").write_text(host_key, encoding="ascii")
    (top / "keys").write_text(public_of(key) + "\n", encoding="ascii")
    settings = {
        "ListenAddress": f"127.0.0.1:{port}", "HostKey": top / "host", "AuthorizedKeysFile": top / "keys", "UsePAM": "yes",
        "StrictModes": "no", "PidFile": "none", "PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no",
        "ForceCommand": "internal-sftp", "Subsystem": "sftp internal-sftp", "LogLevel": "ERROR",
    }  # fmt: skip
    (top / "config").write_text("".join(f"{name} {value}\n" for name, value in settings.items()), encoding="ascii")
    for path in (top, folder, *top.iterdir()):
        path.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(path, user.pw_uid, user.pw_gid)
    as_user: dict[str, Any] = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    server = subprocess.Popen(
        [str(_program()), "-D", "-e", "-f", str(top / "config")],
        stderr=subprocess.PIPE, **(as_user if os.geteuid() == 0 else {}),
    )  # fmt: skip
    while server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
    target = Target(
        kind="sftp", host="127.0.0.1", port=port, user=user.pw_name, path=str(folder), host_keys=public_of(host_key)
    )
    try:
        yield Machine(folder, target, key)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)
        assert server.stderr is not None
        server.stderr.close()
        shutil.rmtree(top)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup, in a home whose path is not made of plain letters."""
    (home := tmp_path / 'a "home" of [one] $server').mkdir()
    (made := home / NAME).write_bytes(os.urandom(300_000))
    return made


def put(machine: Machine, file: Path, **changes: Any) -> list[str]:
    """Copy a file to the machine, with something about the target changed."""
    key = changes.pop("key", machine.key)
    place = SftpPlace(machine.target.model_copy(update=changes), key, file.parent)
    return place.put(file, *digest_of(file), NAME, lambda _done: None)


@pytest.mark.row("B8")
def test_a_backup_is_copied_listed_and_removed_and_no_key_stays_behind(machine: Machine, file: Path) -> None:
    """It is there byte for byte under its name alone; the home holds the backup and nothing of the session."""
    place = SftpPlace(machine.target, machine.key, file.parent)
    assert put(machine, file) == []
    assert (machine.folder / NAME).read_bytes() == file.read_bytes()
    assert [one for one in place.names() if one not in {".", ".."}] == [NAME]
    place.remove([NAME, NAME])
    assert list(machine.folder.iterdir()) == []
    assert [one.name for one in file.parent.iterdir()] == [NAME]


@pytest.mark.row("B8")
def test_each_cause_is_its_own_refusal_and_no_file_gets_the_name(
    machine: Machine, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another host key, a key that is not let in, no such folder, nobody there, a machine that says nothing, no room, what differs."""
    with pytest.raises(HostKeyChangedError):
        put(machine, file, host_keys=public_of(new_key()))
    with pytest.raises(KeyRefusedError) as refused:
        put(machine, file, key=(other := new_key()))
    assert other not in str(refused.value)
    with pytest.raises(TargetMissingError):
        put(machine, file, path=str(machine.folder / "none"))
    with pytest.raises(TargetUnreachableError):
        put(machine, file, port=free_port())
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        place = SftpPlace(
            machine.target.model_copy(update={"port": silent.getsockname()[1]}), machine.key, file.parent, 1
        )
        with pytest.raises(TargetTimeoutError):
            place.put(file, *digest_of(file), NAME, lambda _done: None)
    with pytest.raises(TargetFullError):
        SftpPlace(machine.target, machine.key, file.parent).put(file, 1 << 60, "", NAME, lambda _done: None)
    (machine.folder / f".{NAME}.part").symlink_to("/dev/full")
    with pytest.raises(TargetFailedError):
        put(machine, file)
    monkeypatch.setattr(sftp_target, "digest_of", lambda _path: (1, "another"))
    with pytest.raises(CopyDiffersError):
        put(machine, file)
    assert list(machine.folder.iterdir()) == []
    assert [one.name for one in file.parent.iterdir()] == [NAME]
