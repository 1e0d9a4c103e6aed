"""The doctor: every check of machine, home and server has an outcome and what puts it right, also where nothing starts."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

import central.actions.doctor as of_central
import satellite.actions.doctor as of_satellite
from serverkit.doctor import checks as doctor
from serverkit.errors import Remedy
from tests.meta.test_docs import ADMIN, headings_of, takes
from tests.world import World


class Usage(NamedTuple):
    """How full a disk is."""

    total: int
    used: int
    free: int


INSIDE = {
    "satellite": ("clock", "keys", "set_up", "certificate", "copy", "synchronization", "jobs", "backups", "mail"),
    "central": ("clock", "keys", "certificate", "copy", "satellites", "scheduler", "backups", "mail"),
}


@pytest.fixture(autouse=True)
def _ample_space(monkeypatch: pytest.MonkeyPatch) -> None:
    """How full the disk of a test machine is, and what listens there, decides nothing."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**12, 0, 10**12))
    monkeypatch.setattr(doctor, "is_alive", lambda url, _seconds: url == "https://127.0.0.1:8444")


def examined(run: Callable[..., dict[str, Any]], code: int = 0) -> dict[str, dict[str, Any]]:
    """The checks by name; exit code and verdict agree, and everything that is not in order has a remedy with a page."""
    found = run("doctor", code=code)
    assert found["healthy"] == (code == 0)
    checks = {one["name"]: one for one in found["checks"]}
    assert len(checks) == len(found["checks"])
    for one in found["checks"]:
        assert one["outcome"] in {"pass", "warn", "fail", "skip"}
        assert (one["remedy"] is None) == (one["page"] is None)
        if one["outcome"] in {"warn", "fail"}:
            assert one["remedy"], one
    return checks


@pytest.mark.row("S3.5", "S2.2")
def test_a_healthy_satellite_passes_and_a_cause_of_failed_synchronization_is_named(site: World) -> None:
    """The doctor of synchronization gives the cause; nothing is changed by looking."""
    checks = examined(site.satellite)
    assert tuple(checks) == (*doctor.ORDER, *INSIDE["satellite"])
    assert {name for name, one in checks.items() if one["outcome"] == "fail"} == set()
    assert [checks[name]["outcome"] for name in ("backups", "mail", "synchronization", "schema")] == [
        "warn",
        "skip",
        "pass",
        "pass",
    ]
    assert checks["backups"]["command"] == "satellite backup plan --every daily"

    site.satellite("clock", "advance", "70d")
    assert examined(site.satellite, code=1)["synchronization"]["outcome"] == "fail"
    shutil.rmtree(site.folder / "satellite" / "anchor")
    checks = examined(site.satellite, code=1)
    assert checks["copy"]["outcome"] == "fail"
    assert checks["synchronization"]["detail"].startswith("site_restored: ")
    assert checks["synchronization"]["command"] == "satellite sync doctor"


@pytest.mark.row("S3.5")
def test_central_names_a_silent_scheduler_and_overdue_satellites(site: World) -> None:
    """What stops work at central is a failure; what waits for others is a warning."""
    site.central("jobs", "run", "alerts")
    checks = examined(site.central)
    assert tuple(checks) == (*doctor.ORDER, *INSIDE["central"])
    assert checks["satellites"]["outcome"] == "pass"
    site.central("clock", "advance", "67d")
    checks = examined(site.central)
    assert (checks["satellites"]["outcome"], checks["satellites"]["detail"]) == ("warn", "1")


@pytest.mark.one_database("the database is what is damaged")
@pytest.mark.row("S3.5")
def test_what_keeps_a_server_from_starting_is_named_and_the_rest_is_skipped(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings, owner, database and revision each fail alone, with the command that helps."""
    home = site.folder / "satellite"
    config, database = home / "config.toml", home / "satellite.db"

    config.write_text("[server]\nwokers = 2\n")
    checks = examined(site.satellite, code=1)
    assert "server.workers? (config.toml, line 2)" in checks["settings"]["detail"]
    assert checks["settings"]["command"] == "satellite config check"
    assert {checks[name]["outcome"] for name in doctor.ORDER[1:]} == {"skip"}
    config.unlink()

    site.sql("satellite", "UPDATE alembic_version SET version_num = '0009'")
    checks = examined(site.satellite, code=1)
    assert checks["schema"]["detail"].startswith("schema_mismatch: ")
    assert (checks["schema"]["command"], checks["database"]["outcome"]) == ("satellite upgrade", "pass")

    database.rename(home / "elsewhere")
    checks = examined(site.satellite, code=1)
    assert checks["database"]["detail"].startswith("database_missing: ")
    assert not database.exists(), "a doctor that looks makes no database"
    assert checks["schema"]["outcome"] == "skip"

    monkeypatch.setattr(os, "geteuid", lambda: home.stat().st_uid + 1)
    checks = examined(site.satellite, code=1)
    assert checks["home"]["command"] == f"sudo -u '#{home.stat().st_uid}' satellite doctor"


@pytest.mark.one_database("no database is looked at")
@pytest.mark.row("S3.5")
def test_little_room_warns_and_too_little_fails(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server refuses to go on with is a failure; before that comes a warning."""
    for free, outcome in ((doctor.LITTLE_BYTES - 1, "warn"), (doctor.TOO_LITTLE_BYTES - 1, "fail")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: Usage(10**12, 0, free))
        assert examined(site.satellite, code=int(outcome == "fail"))["disk"]["outcome"] == outcome


@pytest.mark.one_database("no database is looked at")
@pytest.mark.row("S3.5")
def test_the_port_is_the_servers_nobodys_or_anothers(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that does not run is a warning; another program on its port a failure."""
    assert examined(site.satellite)["port"]["outcome"] == "pass"
    monkeypatch.setattr(doctor, "is_alive", lambda _url, _seconds: False)
    with socket.create_server(("127.0.0.1", 0)) as other:
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        (site.folder / "satellite" / "config.toml").write_text(f'[server]\nbind = "{bind}"\n')
        assert (found := examined(site.satellite, code=1)["port"])["outcome"] == "fail"
        assert found["command"] == "ss -ltnp"
    found = examined(site.satellite)["port"]
    assert (found["outcome"], found["command"]) == ("warn", "systemctl start perigee-satellite")


@pytest.mark.one_database("texts")
@pytest.mark.row("S3.5")
@pytest.mark.parametrize(("program", "own"), [("central", of_central.REMEDIES), ("satellite", of_satellite.REMEDIES)])
def test_every_remedy_names_a_page_and_commands_that_exist(program: str, own: dict[str, Remedy]) -> None:
    """What the doctor says can be typed as it stands, and its page has the heading."""
    for name, remedy in {**doctor.REMEDIES, **own}.items():
        file, _, anchor = remedy.page.partition("#")
        assert (ADMIN / file).exists(), name
        assert not anchor or anchor in headings_of(ADMIN / file), f"{name}: {remedy.page}"
        for command in doctor._COMMAND.findall(str(remedy).replace("{program}", program)):
            words = command.split()
            if words[0] in {"central", "satellite"}:
                assert takes(words[0], words[1:]) is not None, command
