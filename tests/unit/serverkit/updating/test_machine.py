"""Packages made again of what is installed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from serverkit.updates.machine import Machine

CONTROL = """Package: perigee-common
Status: install ok installed
Architecture: all
Version: 1.0.0
Maintainer: A <a@b.example>
Conffiles:
 /etc/perigee/x 0123
Description: short
 long
"""


@pytest.mark.row("B16")
def test_a_package_is_made_again_of_what_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files, links, modes and fields are those of the machine, also below a folder that is a link, as /lib is one.

    Settings are left out: restored as files of the package they would pass for unchanged, and the next one replaced them.
    """
    system = tmp_path / "system"
    (system / "usr" / "lib" / "unit").mkdir(parents=True)
    (system / "lib").symlink_to("usr/lib")
    (system / "usr" / "lib" / "unit" / "a.service").write_text("[Unit]\n")
    (system / "usr" / "tool").write_text("#!/bin/sh\n")
    (system / "usr" / "tool").chmod(0o755)
    (system / "usr" / "other").symlink_to("tool")
    (system / "etc").mkdir()
    (system / "etc" / "settings.toml").write_text("changed here\n")
    (tmp_path / "info").mkdir()
    (tmp_path / "info" / "perigee-common.conffiles").write_text(f"{system}/etc/settings.toml\n")
    inside = (
        "",
        "/lib",
        "/lib/unit",
        "/lib/unit/a.service",
        "/usr",
        "/usr/tool",
        "/usr/other",
        "/usr/gone",
        "/etc",
        "/etc/settings.toml",
    )
    listed = [f"{system}{name}" for name in inside]
    monkeypatch.setattr("serverkit.updates.machine.INFO", tmp_path / "info")
    real = Machine.run

    def run(self: Machine, *words: str, user: str | None = None, seconds: float = 60) -> str:
        if words[:2] == ("dpkg-query", "-L"):
            return "\n".join(["/.", *listed, "diverted by x to: y"])
        return CONTROL if words[0] == "dpkg-query" else real(self, *words, user=user, seconds=seconds)

    monkeypatch.setattr(Machine, "run", run)
    folder = tmp_path / "kept"
    folder.mkdir()
    Machine(state=folder).keep_package("perigee-common", folder)

    assert [one.name for one in folder.iterdir()] == ["perigee-common.deb"]
    out = tmp_path / "out"
    subprocess.run(["dpkg-deb", "-R", str(folder / "perigee-common.deb"), str(out)], check=True, timeout=30)
    root = out / str(system).lstrip("/")
    assert (root / "lib" / "unit" / "a.service").read_text() == "[Unit]\n"
    assert os.access(root / "usr" / "tool", os.X_OK)
    assert (root / "usr" / "other").readlink() == Path("tool")
    assert not (root / "etc" / "settings.toml").exists()
    assert not (out / "DEBIAN" / "conffiles").exists()
    control = (out / "DEBIAN" / "control").read_text()
    assert "Version: 1.0.0\n" in control
    assert "Description: short\n long\n" in control
    assert "Status" not in control
    assert "0123" not in control
