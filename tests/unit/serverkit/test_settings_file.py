"""The settings file of a home: what cannot be it is refused, at once, and never taken for a missing one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serverkit.errors import SettingsError
from serverkit.settings import ServerAppSettings
from serverkit.settings_file import FILE, MOST_BYTES, load_settings


def _make(path: Path, kind: str) -> None:
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "link":
        path.symlink_to("nowhere")
    else:
        path.write_bytes(b"\0" * (MOST_BYTES + 1) if kind == "large" else b"[[server]]\n")


@pytest.mark.row("E1", "E4")
@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("pipe", "is not a regular file"),
        ("folder", "is not a regular file"),
        ("link", "is a link to a file that does not exist"),
        ("large", "is larger than"),
        ("list", "this is a section"),
    ],
)
def test_what_cannot_be_a_settings_file_stops_the_start(tmp_path: Path, kind: str, said: str) -> None:
    """A pipe does not make it wait, and a link to a disk that is not there does not bring the defaults back."""
    _make(tmp_path / FILE, kind)

    with pytest.raises(SettingsError, match=said):
        load_settings(ServerAppSettings, tmp_path, "SERVER", {})


@pytest.mark.row("E1")
def test_a_settings_file_may_come_from_any_editor(tmp_path: Path) -> None:
    """A byte order mark and carriage returns are no fault; without a file the defaults count."""
    defaults = load_settings(ServerAppSettings, tmp_path, "SERVER", {})
    (tmp_path / FILE).write_bytes(b"\xef\xbb\xbf[server]\r\nnames = ['a.example']\r\n")

    assert defaults.server.names == []
    assert load_settings(ServerAppSettings, tmp_path, "SERVER", {}).server.names == ["a.example"]
