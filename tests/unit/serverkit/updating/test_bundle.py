"""Update files: nothing of one is believed that the vendor's release key of this machine did not sign."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from serverkit.errors import AppError
from serverkit.updates.bundle import System, refuse_unfit, release_keys, verify_update
from tests.unit.serverkit.updating.files import OTHER, TOP, contents, public_pem, update_file

HERE = System("bookworm", "amd64")


def code_of(file: Path, folder: Path, running: str = "1.0.0", system: System = HERE) -> str:
    """The code of the refusal of an update file; empty for one that is taken."""
    try:
        with file.open("rb") as stream:
            refuse_unfit(verify_update(stream, release_keys([folder / "release.pem"])), running, system)
    except AppError as refusal:
        return refusal.code if refusal.message and str(refusal.remedy) else "silent"
    return ""


@pytest.mark.row("B16")
def test_an_update_file_is_taken_only_whole_signed_fitting_and_newer(tmp_path: Path) -> None:
    """Altered, cut off, another's, for another system, older: each has a stable code; the file brings no key of its own."""
    (tmp_path / "release.pem").write_bytes(public_pem(OTHER) + public_pem())
    whole = contents()
    good = update_file(tmp_path / "good.tar")
    assert code_of(good, tmp_path) == ""
    changed = {**whole, "packages/perigee-common_2.0.0_amd64.deb": b"COMMON"}
    missing = {name: data for name, data in whole.items() if "satellite" not in name}
    cases = {
        "update_altered": [
            update_file(tmp_path / "changed.tar", changed, listed=whole),
            update_file(tmp_path / "missing.tar", missing, listed=whole),
            update_file(tmp_path / "added.tar", {**whole, "packages/more.deb": b""}, listed=whole),
        ],
        "update_unreadable": [
            tmp_path / "cut.tar",
            tmp_path / "words.tar",
            update_file(tmp_path / "unnamed.tar", contents("two")),
            update_file(tmp_path / "silent.tar", missing | {"bundle.json": b"[]"}),
            *(
                update_file(tmp_path / f"{at}.tar", extra=(entry,))
                for at, entry in enumerate((_entry("../up"), _entry(f"{TOP}/Packages"), _entry(f"{TOP}/link", tarfile.SYMTYPE)))
            ),
        ],
        "update_not_newer": [update_file(tmp_path / f"{one}.tar", contents(one)) for one in ("1.0.0", "0.9.9", "1.0")],
        "update_other_system": [
            update_file(tmp_path / "arm.tar", contents(architecture="arm64")),
            update_file(tmp_path / "trixie.tar", contents(debian="trixie")),
        ],
    }  # fmt: skip
    (tmp_path / "cut.tar").write_bytes(good.read_bytes()[:-11000])
    (tmp_path / "words.tar").write_bytes(b"no archive")
    for code, files in cases.items():
        assert {one.name: code_of(one, tmp_path) for one in files} == {one.name: code for one in files}
    (tmp_path / "release.pem").write_bytes(public_pem(OTHER))
    assert code_of(good, tmp_path) == "update_not_trusted"
    for text in (b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"):
        (tmp_path / "release.pem").write_bytes(text)
        assert code_of(good, tmp_path) == "update_key_missing"


def _entry(name: str, kind: bytes = tarfile.REGTYPE) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, "/etc/shadow"
    return entry
