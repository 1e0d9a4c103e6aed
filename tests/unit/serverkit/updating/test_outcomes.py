"""What became of an update, at both servers: written once, and an alert as long as the version of before runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from sqlalchemy import select

from central.actions.updates import ACTS as CENTRAL
from central.domain.alerts.models import Alert as CentralAlert
from central.domain.event_log.models import Event as CentralEvent
from satellite.actions.updates import ACTS as SATELLITE
from satellite.core.alerts.models import Alert as SatelliteAlert
from satellite.core.event_log.models import Event as SatelliteEvent
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.updates import acts
from serverkit.updates.bundle import System
from serverkit.updates.errors import UpdateHelperMissingError
from tests.unit.central.factories import server_of as central_of
from tests.unit.satellite.factories import server_of as satellite_of
from tests.unit.serverkit.updating.files import VENDOR, update_file


class Side(NamedTuple):
    """A server with its use cases and tables."""

    server: Any
    acts: Any
    alerts: Any
    events: Any


SERVERS = {
    "central": (central_of, CENTRAL, CentralAlert, CentralEvent),
    "satellite": (satellite_of, SATELLITE, SatelliteAlert, SatelliteEvent),
}


@pytest.fixture(params=sorted(SERVERS))
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Side]:
    """A server."""
    make, *rest = SERVERS[request.param]
    found = Side(make(tmp_path / "home"), *rest)
    yield found
    found.server.database.dispose()


def raised(side: Side, kind: str) -> str:
    """A kind of alert is open; what it says."""
    assert kind in _open(side)
    return str(_open(side)[kind])


def cleared(side: Side, kind: str) -> None:
    """None of a kind is open."""
    assert kind not in _open(side)


def _open(side: Side) -> dict[str, Any]:
    with side.server.database.read(OPERATOR) as unit:
        query = select(side.alerts.kind, side.alerts.message).where(side.alerts.state == "open")
        return dict(unit.session.execute(query).all())


def kinds(side: Side) -> list[str]:
    """The events about updates."""
    with side.server.database.read(OPERATOR) as unit:
        query = select(side.events.kind).where(side.events.kind.like("update:%")).order_by(side.events.number)
        return [str(kind) for kind in unit.session.scalars(query)]


@pytest.mark.row("B16")
def test_an_update_that_went_back_is_an_alert_until_one_is_installed(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Event and alert come once from the helper's report; one that cannot be read says nothing."""
    assert SERVERS
    report: dict[str, Any] = {"outcome": "went_back"}
    monkeypatch.setattr(acts.order, "last_report", lambda: report)

    def note() -> str:
        with side.server.database.write(SYSTEM) as unit:
            return str(side.acts.note_outcome(unit))

    assert note() == "no update"
    report |= {"from": "0.1.0", "to": "0.2.0", "at": "2026-01-01T12:00:00Z", "reason": "it does not stay up"}
    assert note() == "update to version 0.2.0 not installed"
    assert note() == "known"
    said = raised(side, "update_not_installed")
    assert "0.2.0 was not installed; version 0.1.0 runs. it does not stay up" in said
    report |= {"outcome": "installed", "at": "2026-01-02T12:00:00Z", "reason": ""}
    assert note() == "update to version 0.2.0 installed"
    cleared(side, "update_not_installed")
    assert kinds(side) == ["update:not_installed", "update:installed"]


@pytest.mark.row("B16")
@pytest.mark.one_database("a database behind a server is updated by hand")
def test_each_server_makes_a_backup_and_orders_an_update_of_itself(
    side: Side, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the helper nothing is made and nothing ordered; with it, the order names this server and brings the file."""
    ordered: list[tuple[str, bytes]] = []
    monkeypatch.setattr(acts, "release_keys", lambda: [VENDOR.public_key()])
    monkeypatch.setattr(acts, "this_system", lambda: System("bookworm", "amd64"))

    def take(file: Any, product: str, _tell: Any, *, wait: bool) -> dict[str, str]:
        assert wait
        file.seek(0)
        ordered.append((product, file.read()))
        return {"outcome": "installed"}

    monkeypatch.setattr(acts.order, "order_update", take)
    monkeypatch.setattr(acts.order, "is_offered", lambda: False)
    file = update_file(tmp_path / "good.tar")
    with side.server.database.write(OPERATOR) as unit:
        side.acts.backups.set_passphrase(side.server, unit, "a-long-passphrase-of-the-test")
    with pytest.raises(UpdateHelperMissingError):
        side.acts.install_file(side.server, OPERATOR, lambda: file.open("rb"), lambda _stage: None)
    assert not list((side.server.home / "backups").glob("*.pgb"))
    monkeypatch.setattr(acts.order, "is_offered", lambda: True)

    found = side.acts.install_file(side.server, OPERATOR, lambda: file.open("rb"), lambda _stage: None)

    assert (found["outcome"], found["version"]) == ("installed", "2.0.0")
    assert ordered == [(side.acts.program, file.read_bytes())]
    assert list((side.server.home / "backups").glob("*.pgb"))
    assert kinds(side) == ["update:ordered"]
