"""`/readyz` tries what it says: what would fail a device's message makes the server not ready, and never fails itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.devices import messages
from tests.world import World, call


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _read_only(world: World, program: str) -> None:
    world.sql(program, "CREATE TRIGGER refused BEFORE UPDATE ON clock BEGIN SELECT RAISE(FAIL, 'no'); END")


BREAKS: dict[str, tuple[str, Callable[[World, str, Path], Any]]] = {
    "a cut trust file": ("keys", lambda _world, _program, keys: _cut(keys / "trust.json")),
    "an empty trust file": ("keys", lambda _world, _program, keys: (keys / "trust.json").write_bytes(b"")),
    "a missing trust file": ("keys", lambda _world, _program, keys: (keys / "trust.json").unlink()),
    "a cut key": ("keys", lambda _world, _program, keys: [_cut(path) for path in keys.glob("*.pem")]),
    "a box of secrets that is gone": ("keys", lambda _world, _program, keys: (keys / "secrets.key").unlink()),
    "a database that takes no write": ("database", lambda world, program, _keys: _read_only(world, program)),
}


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("program", ["central", "satellite"])
@pytest.mark.parametrize("name", BREAKS)
def test_what_a_server_needs_to_answer_is_tried(
    site: World, program: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ready at first; not ready, with the check named, once it is broken under the running server."""
    monkeypatch.setattr(messages, "READY_SECONDS", -1.0)  # each look is a new one
    server: Any = open_central(site.folder / program) if program == "central" else open_satellite(site.folder / program)
    app = central_app(server) if program == "central" else satellite_app(server)
    before = call(app, "GET", "/readyz")
    check, breaking = BREAKS[name]
    breaking(site, program, site.folder / program / "keys")
    status, _, body = call(app, "GET", "/readyz")
    server.database.dispose()

    assert before[0] == 200
    assert status == 503
    assert check in {one["name"] for one in json.loads(body)["checks"] if not one["ok"]}


@pytest.mark.row("S3.2", "C11.2")
def test_central_whose_key_of_answers_has_ended_is_not_ready(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every device refuses what it would sign: the check of the keys says so until the key is replaced."""
    monkeypatch.setattr(messages, "READY_SECONDS", -1.0)  # each look is a new one
    app = vendor.wire("central").app
    before, _, _ = call(app, "GET", "/readyz")
    vendor.central("clock", "advance", "366d")
    status, _, body = call(app, "GET", "/readyz")

    assert before == 200
    assert status == 503
    assert [(one["name"], one["detail"].partition(":")[0]) for one in json.loads(body)["checks"] if not one["ok"]] == [
        ("keys", "trust_ended")
    ]
