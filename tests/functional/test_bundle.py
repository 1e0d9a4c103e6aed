"""The bundle for machines without a network: nothing is installed that was not verified; the image is a valid layout."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from serverkit.web.texts import LANGUAGES

PACKAGING = Path(__file__).resolve().parents[2] / "packaging"


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A bundle of two files, as `packaging/bundle.sh` lays it out."""
    folder = tmp_path / "perigee"
    (folder / "packages").mkdir(parents=True)
    shutil.copy(PACKAGING / "install.sh", folder)
    (folder / "packages" / "perigee-satellite_1_all.deb").write_bytes(b"package")
    names = sorted(f"./{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file())
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def verify(bundle: Path, *words: str) -> tuple[int, str]:
    """Run the verification of a bundle; exit code, and what it said."""
    done = subprocess.run(
        ["/bin/sh", str(bundle / "install.sh"), "--verify", *words], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def sum_of(bundle: Path) -> str:
    """What the vendor tells over another channel."""
    return hashlib.sha256((bundle / "SHA256SUMS").read_bytes()).hexdigest()


@pytest.mark.row("B16")
def test_a_whole_bundle_is_verified_by_the_digest_that_the_vendor_told(bundle: Path) -> None:
    """The digest in any case of letters is enough; without digest and key nothing is believed."""
    assert verify(bundle, "--sum", sum_of(bundle).upper()) == (0, "install: verified: 2 files\n")
    code, said = verify(bundle)
    assert code == 1
    assert "--key" in said


@pytest.mark.row("B16")
@pytest.mark.parametrize("damage", ["changed", "missing", "added", "list"])
def test_a_bundle_that_was_changed_is_refused(bundle: Path, damage: str) -> None:
    """A changed, missing or added file and a changed list are named, and nothing is installed."""
    package, told = bundle / "packages" / "perigee-satellite_1_all.deb", sum_of(bundle)
    if damage == "changed":
        package.write_bytes(b"other")
    elif damage == "missing":
        package.unlink()
    elif damage == "added":
        (bundle / "packages" / "more.deb").write_bytes(b"more")
    else:
        (bundle / "SHA256SUMS").write_text((bundle / "SHA256SUMS").read_text() + "\n")
    code, said = verify(bundle, "--sum", told)
    assert code == 1
    assert {"changed": ".deb", "missing": ".deb", "added": "more.deb", "list": "another digest"}[damage] in said


@pytest.mark.row("B16")
def test_an_image_is_an_oci_layout_and_equal_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Manifest, configuration and layer are found by their digests; the same root gives the same bytes."""
    found = importlib.util.spec_from_file_location("oci", PACKAGING / "oci.py")
    assert found is not None
    assert found.loader is not None
    oci = importlib.util.module_from_spec(found)
    found.loader.exec_module(oci)
    root = tmp_path / "root.tar"
    with tarfile.open(root, "w") as archive:
        archive.addfile(tarfile.TarInfo("etc"))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    for name in ("one.tar", "two.tar"):
        oci.main([str(root), str(tmp_path / name), "--name", "perigee:1", "--user", "u", "--volume", "/v", "--port", "1",
                  "--", "/usr/bin/satellite", "serve"])  # fmt: skip
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()
    with tarfile.open(tmp_path / "one.tar") as archive:
        files = {one.name: archive.extractfile(one) or io.BytesIO() for one in archive}
        held = {name: data.read() for name, data in files.items()}

    def blob(entry: dict[str, Any]) -> bytes:
        data = held["blobs/sha256/" + entry["digest"].removeprefix("sha256:")]
        assert hashlib.sha256(data).hexdigest() == entry["digest"].removeprefix("sha256:")
        assert len(data) == entry["size"]
        return data

    manifest = json.loads(blob(json.loads(held["index.json"])["manifests"][0]))
    config = json.loads(blob(manifest["config"]))
    assert json.loads(held["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    assert config["config"]["Cmd"] == ["/usr/bin/satellite", "serve"]
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(root.read_bytes()).hexdigest()]
    blob(manifest["layers"][0])


@pytest.mark.repository_rule
def test_packages_keep_the_dates_of_each_language_of_the_pages() -> None:
    """What the packages leave out of the tables of dates is no language that a person can choose."""
    kept = (PACKAGING / "stage.sh").read_text(encoding="utf-8")
    assert [one for one in LANGUAGES if f"! -name '{one}*.dat'" not in kept] == []


@pytest.mark.row("B16")
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_each_service_is_exposed_little(tmp_path: Path) -> None:
    """The service manager's own measure gives each unit 2.0 or less; a unit without its restrictions would have 9.6."""
    units = sorted((PACKAGING / "debian").glob("*.service"))
    for unit in units:
        parts = unit.name.removesuffix(".service").split(".")
        copy = tmp_path / f"{parts[-1]}.service"
        copy.write_bytes(unit.read_bytes())
        words = ["systemd-analyze", "security", "--offline=yes", "--threshold=20", "--no-pager", str(copy)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (unit.name, done.stdout[-200:] + done.stderr)
    assert len(units) > 5
