"""Copies of backups in a folder, such as a mounted share."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from serverkit.backup import folder_target
from serverkit.backup.container import digest_of
from serverkit.backup.errors import (
    CopyDiffersError,
    TargetFailedError,
    TargetFullError,
    TargetMissingError,
    TargetNotMountedError,
)
from serverkit.backup.folder_target import FolderPlace
from serverkit.backup.targets import Target

NAME = "central-12345678-20260101-020000.pgb"


def place(tmp_path: Path, *, other_disk: bool = False) -> FolderPlace:
    """The folder `share` as a target."""
    return FolderPlace(Target(kind="folder", folder=str(tmp_path / "share"), other_disk=other_disk), tmp_path)


def put(place: FolderPlace, file: Path) -> list[str]:
    """Copy a file."""
    return place.put(file, *digest_of(file), NAME, lambda _done: None)


@pytest.mark.row("B8")
def test_a_copy_gets_its_name_only_when_it_was_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No folder, a share that is not mounted, no room, a disk that fails or returns other bytes: each is a refusal of its own, and no file stays."""
    (file := tmp_path / "backup").write_bytes(os.urandom(100_000))
    with pytest.raises(TargetMissingError):
        put(place(tmp_path), file)
    (share := tmp_path / "share").mkdir()
    with pytest.raises(TargetNotMountedError):
        put(place(tmp_path, other_disk=True), file)
    with pytest.raises(TargetFullError):
        place(tmp_path).put(file, 1 << 60, "", NAME, lambda _done: None)
    with pytest.raises(CopyDiffersError):
        place(tmp_path).put(file, 100_000, "another", NAME, lambda _done: None)

    def fail(*_words: object) -> None:
        raise OSError(errno.EIO, "the disk fails")

    with monkeypatch.context() as broken:
        broken.setattr(folder_target.FolderPlace, "_copy", fail)
        with pytest.raises(TargetFailedError):
            put(place(tmp_path), file)
    assert list(share.iterdir()) == []


@pytest.mark.row("B8")
def test_a_share_that_cannot_confirm_is_a_warning_and_the_copy_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many shares know no fsync: the copy counts, since it was read back."""
    (file := tmp_path / "backup").write_bytes(os.urandom(1000))
    (share := tmp_path / "share").mkdir()

    def unknown(_descriptor: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(folder_target.os, "fsync", unknown)
    target = place(tmp_path)
    assert len(put(target, file)) == 2
    assert (share / NAME).read_bytes() == file.read_bytes()
    assert target.names() == [NAME]
    target.remove([NAME, NAME])
    assert target.names() == []
