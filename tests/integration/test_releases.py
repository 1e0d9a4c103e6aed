"""What a released version wrote: each later version opens it, and exchanges files with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.clock import DeviceClock
from agent.device import Device
from tests.world import ACCOUNT, World
from tools import first_form
from tools.release_fixtures import FROZEN, PASSPHRASE, RELEASES, ROOT, frozen, unpack, write_fixtures

VERSIONS = sorted(path.name for path in RELEASES.glob("*") if path.is_dir())
THIS = "this version"
MOST_BYTES = 2_000_000

pytestmark = pytest.mark.one_database("what was released is a home with its embedded database")


@pytest.fixture(scope="module", params=VERSIONS or [THIS])
def kept(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a release; before the first one, what this version would keep."""
    if request.param != THIS:
        return RELEASES / str(request.param)
    folder = tmp_path_factory.mktemp("releases") / "this"
    write_fixtures(folder)
    return folder


@pytest.fixture
def old(kept: Path, tmp_path: Path) -> World:
    """The homes of a release, brought to this version."""
    world = unpack(kept, tmp_path)
    for program, homes in ((world.central, [{}]), (world.satellite, [{}, {"home": "satellite-new"}])):
        for home in homes:
            program("upgrade", **home)  # type: ignore[operator]
    return world


@pytest.mark.row("B8", "E3")
def test_homes_of_a_release_are_upgraded_and_add_up(old: World, kept: Path) -> None:
    """Ledger, licences, people and events are there; a backup of that version is sound; the folder stays small."""
    assert old.central("ledger", "verify")["findings"] == []
    assert old.licence("ADVANTAGE", "satellite")["in_use"] == 4
    assert old.licence("ADVANTAGE", pool="Spare")["in_use"] == 1
    assert {one["name"] for one in old.satellite("user", "list")["items"]} == {"anna"}
    assert old.central("events", ACCOUNT)["items"]
    secret = old.file("secret", PASSPHRASE)
    found = old.satellite("backup", "rehearse", old.file("satellite.pgb"), "--passphrase-file", secret)
    assert (found["sound"], found["findings"]) == (True, [])
    assert sum(file.stat().st_size for file in kept.iterdir()) < MOST_BYTES


@pytest.mark.row("B8", "E3")
def test_files_of_a_release_are_taken_by_this_version_and_the_other_way_round(old: World) -> None:
    """Its request is answered here, and its site takes this answer; so it is with a new satellite's two files."""
    request, response = old.file("request"), old.file("new-response")
    assert old.central("sync", "import", request, "--output", response)["outcome"] == "applied"
    assert old.satellite("sync", "import", response)["outcome"] == "applied"
    add = ("satellite", "add", ACCOUNT, "--name", "South", "--virtual-account", "Lab")
    old.central(*add, "--registration", old.file("registration-new"))
    old.central("satellite", "authorize", ACCOUNT, "South", "--output", old.file("new-authorization"))
    old.satellite("registration", "import", old.file("new-authorization"), home="satellite-new")
    assert old.synchronize("again")[2]["outcome"] == "applied"
    assert old.central("ledger", "verify")["findings"] == []


@pytest.mark.row("B8", "E3")
def test_answers_of_a_released_central_are_taken_by_this_version(old: World) -> None:
    """Its response and its authorization, which it made for what its own sites had written, are applied; its device goes on."""
    assert old.satellite("sync", "import", old.file("response"))["outcome"] == "applied"
    old.satellite("registration", "import", old.file("authorization-new"), home="satellite-new")
    assert old.satellite("status", home="satellite-new")["state"] == "authorized"
    folder = old.folder / "devices" / "SN1"
    device = Device(folder, clock=DeviceClock(folder), transport=lambda _server: old.wire())
    device.use("ADVANTAGE", 1)
    assert old.licence("ADVANTAGE", "satellite")["in_use"] == 3


@pytest.mark.repository_rule
def test_what_a_release_froze_never_changes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its migrations and its golden files have the bytes of then; from the first release on, no first form is written."""
    now, wrong = frozen(), []
    for version in VERSIONS:
        for part, listed in json.loads((RELEASES / version / FROZEN).read_text(encoding="utf-8")).items():
            wrong += [f"{version}: {path}" for path, digest in listed.items() if now[part].get(path) != digest]
    assert wrong == []
    assert first_form.is_released() == bool(VERSIONS)
    before = [(ROOT / path).read_bytes() for path in now["migrations"]]
    monkeypatch.setattr(first_form, "is_released", lambda: True)
    assert first_form.main() == 1
    assert "0002_" in capsys.readouterr().err
    assert [(ROOT / path).read_bytes() for path in now["migrations"]] == before
