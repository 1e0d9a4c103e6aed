"""Copies of backups off the machine, at both servers: what fails is told and tried again, what succeeds is kept in number."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from central.actions import tasks as central_tasks
from central.actions.backups import ACTS as CENTRAL
from central.domain.alerts.models import Alert as CentralAlert
from satellite.actions import tasks as satellite_tasks
from satellite.actions.backups import ACTS as SATELLITE
from satellite.core.alerts.models import Alert as SatelliteAlert
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.backup.errors import NoTargetError, SftpMissingError
from serverkit.backup.targets import new_key, public_of
from tests.unit.central.factories import server_of as central_of
from tests.unit.satellite.factories import server_of as satellite_of

SECRET = "correct horse battery staple"


class Side(NamedTuple):
    """A server with its use cases."""

    server: Any
    acts: Any
    run_next_task: Any
    alerts: Any


SERVERS = {
    "central": (central_of, CENTRAL, central_tasks.run_next_task, CentralAlert),
    "satellite": (satellite_of, SATELLITE, satellite_tasks.run_next_task, SatelliteAlert),
}


@pytest.fixture(params=sorted(SERVERS))
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Side]:
    """A server with a passphrase for its backups."""
    make, *rest = SERVERS[request.param]
    found = Side(make(tmp_path / "home"), *rest)
    with found.server.database.write(OPERATOR) as unit:
        found.acts.set_passphrase(found.server, unit, SECRET)
    yield found
    found.server.database.dispose()


def raised(side: Side, kind: str) -> None:
    """A kind of alert is open."""
    assert kind in _open(side)


def cleared(side: Side, kind: str) -> None:
    """None of a kind is open."""
    assert kind not in _open(side)


def _open(side: Side) -> set[str]:
    with side.server.database.read(OPERATOR) as unit:
        return set(unit.session.scalars(select(side.alerts.kind).where(side.alerts.state == "open")))


@pytest.mark.row("B8")
def test_a_backup_goes_off_the_machine_and_what_stops_it_is_an_alert_until_a_copy_succeeds(
    side: Side, tmp_path: Path
) -> None:
    """A failed copy fails no backup and is tried again; as many copies as wished are kept, and no file of others is touched."""
    assert SERVERS
    server, acts, share = side.server, side.acts, tmp_path / "share"
    with server.database.write(OPERATOR) as unit:
        with pytest.raises(NoTargetError):
            acts.start_test(unit)
        acts.set_target(server, unit, {"kind": "folder", "folder": str(share), "other_disk": False, "keep": 1})
    made = acts.make(server, OPERATOR, lambda _stage: None)
    assert made["copy"]["code"] == "backup_target_missing"
    raised(side, "backup_not_copied")
    share.mkdir()
    others = {f"{acts.program}-ffffffff-20200101-000000.pgb", "notes.txt"}
    for name in (*others, f".{made['name']}.part"):
        (share / name).write_bytes(b"x")
    with server.database.write(SYSTEM) as unit:
        (share / f"{acts.shelf(server, unit).prefix}20200101-000000.pgb").write_bytes(b"x")
        assert acts.ask_if_due(server, unit) == "no schedule"  # too early for another try
        unit.now += timedelta(minutes=6)
        assert acts.ask_if_due(server, unit).startswith("task ")
    assert side.run_next_task(server)
    cleared(side, "backup_not_copied")
    assert {one.name for one in share.iterdir()} == {made["name"], *others}
    assert acts.test_target(server, OPERATOR)["copies"] == [made["name"]]


@pytest.mark.row("B8")
def test_the_key_for_a_target_is_made_here_and_only_its_public_half_is_shown(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the client on this machine the refusal names its package. It is encrypted in the database, stays when the target changes, and is forgotten with the target."""
    server, acts = side.server, side.acts
    wanted = {
        "kind": "sftp",
        "host": "vault.example",
        "user": "perigee",
        "path": "in",
        "host_keys": public_of(new_key()),
    }
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    with server.database.write(OPERATOR) as unit, pytest.raises(SftpMissingError) as refused:
        acts.set_target(server, unit, wanted)
    assert "`openssh-client`" in str(refused.value.remedy)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}")
    with server.database.write(OPERATOR) as unit:
        shown = acts.set_target(server, unit, wanted)
        again = acts.set_target(server, unit, {"port": 2222})
        kept = unit.session.get_one(acts.settings, "backup_target")
        assert shown["public_key"].startswith("ssh-ed25519 ")
        assert again["public_key"] == shown["public_key"]
        assert acts.set_target(server, unit, {}, fresh_key=True)["public_key"] != shown["public_key"]
        assert "PRIVATE" not in str(shown) + str(kept.content) + kept.secret
        acts.remove_target(server, unit)
        assert acts.show_target(server, unit)["public_key"] == ""
