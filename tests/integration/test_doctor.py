"""The doctor: every check of machine, home and server has an outcome and what puts it right, also where nothing starts."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import central.actions.doctor as of_central
import satellite.actions.doctor as of_satellite
from central.actions.readiness import checks as central_checks
from central.runtime import open_central
from exchange.keys import PrivateKey
from satellite.actions.readiness import checks as satellite_checks
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from serverkit.devices.health import answer_health
from serverkit.doctor import checks as doctor
from serverkit.errors import DatabaseMissingError, Remedy
from tests.meta.test_docs import ADMIN, headings_of, takes
from tests.world import World


class Usage(NamedTuple):
    """How full a disk is."""

    total: int
    used: int
    free: int


INSIDE = {
    "satellite": (
        "clock",
        "keys",
        "set_up",
        "certificate",
        "copy",
        "synchronization",
        "jobs",
        "scheduler",
        "backups",
        "mail",
    ),
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
    assert (checks["synchronization"]["outcome"], checks["synchronization"]["detail"]) == (
        "skip",
        "nothing to look at: copy comes first",
    )


@pytest.mark.both_databases
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


@pytest.mark.row("S3.5")
def test_little_room_warns_and_too_little_fails(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a server refuses to go on with is a failure; before that comes a warning."""
    for free, outcome in ((doctor.LITTLE_BYTES - 1, "warn"), (doctor.TOO_LITTLE_BYTES - 1, "fail")):
        monkeypatch.setattr(shutil, "disk_usage", lambda _path, free=free: Usage(10**12, 0, free))
        assert examined(site.satellite, code=int(outcome == "fail"))["disk"]["outcome"] == outcome


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


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:20])


def _exchange(file: Path) -> None:
    file.write_bytes(PrivateKey.generate().to_pem(None))


def failed_of(run: Callable[..., dict[str, Any]]) -> dict[str, str]:
    """The checks that fail, with their detail; what only suffers from the cause fails no check."""
    return {name: one["detail"] for name, one in examined(run, code=1).items() if one["outcome"] == "fail"}


def unready(server: Any, looks: Any) -> dict[str, str]:
    """What `/readyz` says is wrong."""
    answer = answer_health("/readyz", looks(server))
    assert answer is not None
    return {one["name"]: one["detail"] for one in json.loads(answer.body)["checks"] if not one["ok"]}


@pytest.mark.row("S3.2", "S3.5")
def test_a_key_that_is_cut_or_anothers_fails_the_check_of_keys_and_no_other(site: World) -> None:
    """What another key signed would be refused everywhere, so neither doctor nor `/readyz` takes it for this server's."""
    programs: dict[str, tuple[Any, Any, Any]] = {
        "central": (site.central, open_central(site.folder / "central"), central_checks),
        "satellite": (site.satellite, open_satellite(site.folder / "satellite"), satellite_checks),
    }
    damaged = [("trust.json", _cut), ("device-ca.der", _cut), ("pseudonyms.key", _cut), ("secrets.key", _cut)]
    exchanged = [(name, _exchange) for name in ("response.pem", "grant.pem", "device-ca.pem", "key-*.pem")]
    tried = 0
    for program, (run, server, looks) in programs.items():
        for pattern, harm in damaged + exchanged:
            for file in (site.folder / program / "keys").glob(pattern):
                kept = file.read_bytes()
                harm(file)
                said, seen = failed_of(run), unready(server, looks)
                file.write_bytes(kept)
                tried += 1
                assert set(said) == set(seen) == {"keys"}, (program, file.name)
                assert said["keys"].startswith(("key_unreadable: ", "secret_unreadable: ")), said
        assert unready(server, looks) == {}
        server.database.dispose()
    assert tried == 6 + 5


@pytest.mark.row("S3.5", "S2.6")
def test_a_damaged_anchor_fails_the_check_of_the_copy_and_hides_no_other(site: World) -> None:
    """The other checks are made all the same."""
    for run, program in ((site.central, "central"), (site.satellite, "satellite")):
        _cut(site.folder / program / "anchor" / "anchor.json")
        assert failed_of(run) == {"copy": "anchor_damaged: The anchor file is damaged."}
        assert len(examined(run, code=1)) == len(doctor.ORDER) + len(INSIDE[program])


@pytest.mark.one_database("the file of an embedded database")
@pytest.mark.row("S3.2", "S3.5", "S4.1")
def test_a_database_file_that_goes_away_while_it_is_open_acknowledges_nothing(site: World) -> None:
    """The system would keep a deleted file as long as it is open, and then lose all that was written to it."""
    for run, program, opened, looks in (
        (site.central, "central", open_central, central_checks),
        (site.satellite, "satellite", open_satellite, satellite_checks),
    ):
        server: Any = opened(site.folder / program)
        assert unready(server, looks) == {}
        file = site.folder / program / f"{program}.db"
        kept = file.rename(site.folder / "kept")
        with pytest.raises(DatabaseMissingError), server.database.write(OPERATOR):
            pytest.fail("nothing is written to a file that is gone")
        seen, said = unready(server, looks), examined(run, code=1)["database"]
        kept.rename(file)
        assert unready(server, looks) == {}
        with closing(sqlite3.connect(file)) as other:  # someone else makes it shorter, in order
            other.execute("CREATE TABLE much AS SELECT zeroblob(500000) AS bytes")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            assert unready(server, looks) == {}
            other.execute("DROP TABLE much")
            other.execute("VACUUM")
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert unready(server, looks) == {}
        os.truncate(file, file.stat().st_size // 2)
        cut = unready(server, looks)
        server.database.dispose()

        assert seen.pop("database") == f"database_missing: {program}.db was deleted while it was open"
        assert set(seen.values()) == {"nothing to look at: database comes first"}
        assert said["command"] == f"{program} restore FILE"
        assert cut["database"] == f"database_damaged: {program}.db was cut while it was open"


@pytest.mark.row("S3.5")
def test_a_scheduler_that_fell_silent_is_found_unless_no_server_runs_at_all(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a server that answers it is a failure; where nothing answers, that is the cause."""
    run = "INSERT INTO job_runs (job, slot, state, started, finished, detail) VALUES ('alerts', '2001', 'done', '{0}', '{0}', '')"
    for program, main in (("central", site.central), ("satellite", site.satellite)):
        site.sql(program, run.format("2001-01-01 00:00:00.000000"))
        monkeypatch.setattr(doctor, "is_alive", lambda _url, _seconds: True)
        assert set(failed_of(main)) == {"scheduler"}
        monkeypatch.setattr(doctor, "is_alive", lambda _url, _seconds: False)
        with (site.folder / program / "config.toml").open("a") as file:
            file.write('[server]\nbind = "unix:/nowhere/at.all"\n')
        assert examined(main)["scheduler"]["detail"] == "nothing to look at: port comes first"
