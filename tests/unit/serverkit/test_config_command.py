"""`config check | show`: what a start would take from the file and the environment, before anything is set up."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import World

BAD = '[sever]\nbind = "127.0.0.1:1"\n\n[server]\nwokers = 3\nthreads = 0\n'


@pytest.fixture
def bare(tmp_path: Path) -> World:
    """Two homes with nothing but a file of settings."""
    for program in ("central", "satellite"):
        (tmp_path / program).mkdir()
    return World(tmp_path)


def run(world: World, program: str, *words: str, code: int = 0) -> Any:
    """A command of a program."""
    return (world.central if program == "central" else world.satellite)("config", *words, code=code)


@pytest.mark.row("S3.5")
@pytest.mark.parametrize("program", ["central", "satellite"])
def test_every_fault_of_the_settings_is_named_at_once_with_line_and_nearest_name(bare: World, program: str) -> None:
    """A file that is to replace the present one is checked the same way; nothing is started or changed."""
    file = bare.folder / program / "config.toml"
    file.write_text(BAD)
    found = run(bare, program, "check", code=1)

    assert (found["sound"], found["file"]) == (False, str(file))
    faults = [(one["setting"], one["line"]) for one in found["faults"]]
    assert faults == [("sever", 1), ("server.wokers", 5), ("server.threads", 6)]
    said = " ".join(one["message"] for one in found["faults"])
    assert "did you mean server?" in said
    assert "did you mean server.workers?" in said
    assert said.count("config.toml") == 3

    file.unlink()
    other = bare.file("next.toml", "[server]\nworkers = 5\nbind: 1\n")
    found = run(bare, program, "check", other, code=1)
    assert "next.toml, line 3" in found["faults"][0]["message"]
    assert run(bare, program, "check", bare.file("next.toml", "[server]\nworkers = 5\n"))["sound"]
    assert run(bare, program, "check") == {"sound": True, "file": None, "faults": []}
    assert run(bare, program, "check", bare.file("none.toml"), code=1)["error"]["code"] == "file_unreadable"


@pytest.mark.row("S3.5")
def test_a_fault_of_the_environment_is_named_by_its_variable(bare: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the file has no fault, the environment is checked over it."""
    monkeypatch.setenv("SATELLITE_SERVER__WORKERS", "many")
    (fault,) = run(bare, "satellite", "check", code=1)["faults"]
    assert (fault["setting"], fault["variable"], fault["line"]) == (
        "server.workers", "SATELLITE_SERVER__WORKERS", None,
    )  # fmt: skip
    monkeypatch.delenv("SATELLITE_SERVER__WORKERS")
    monkeypatch.setenv("SATELLITE_WORKERS", "1")
    (fault,) = run(bare, "satellite", "check", code=1)["faults"]
    assert fault["variable"] == "SATELLITE_WORKERS"


@pytest.mark.row("S3.5", "S3.4")
def test_each_value_has_its_origin_and_no_secret_is_shown(
    bare: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Default, file with line, environment with variable, option; what may hold a password is hidden."""
    text = '[server]\nworkers = 3\nthreads = 4\n\n[database]\nurl = "postgresql://a:geheim@db/s"\n'
    (bare.folder / "satellite" / "config.toml").write_text(text)
    monkeypatch.setenv("SATELLITE_SERVER__THREADS", "8")
    found = run(bare, "satellite", "show", "--origin")
    items = {one["name"]: one for one in found["items"]}

    assert [(items[name]["value"], items[name]["source"], items[name]["place"]) for name in (
        "home", "server.workers", "server.threads", "log.level", "database.url",
    )] == [
        (str(bare.folder / "satellite"), "option", "--home"), (3, "file", "config.toml, line 2"),
        (8, "environment", "SATELLITE_SERVER__THREADS"), ("info", "default", ""), (None, "file", "config.toml, line 6"),
    ]  # fmt: skip
    assert items["database.url"]["hidden"]
    assert items["server.bind"]["value"] == "127.0.0.1:8444", "a table that is in the file changed another value of it"
    assert "source" not in run(bare, "satellite", "show")["items"][0]
    assert "geheim" not in str(found) + capsys.readouterr().out
    (bare.folder / "satellite" / "config.toml").write_text(BAD)
    assert run(bare, "satellite", "show", code=1)["error"]["code"] == "invalid_setting"
