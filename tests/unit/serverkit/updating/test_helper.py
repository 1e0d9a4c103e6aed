"""The root helper: who may order what, that it installs what it verified itself, and that it goes back."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from serverkit.errors import AppError
from serverkit.updates import install, order, root_service
from serverkit.updates.bundle import System
from serverkit.updates.machine import Machine, Product, ProgramFailedError
from tests.unit.serverkit.updating.files import contents, public_pem, update_file

UNITS = {"perigee-satellite.service", "perigee-satellite-jobs.service"}


@dataclass(frozen=True)
class Trial(Machine):
    """A machine whose packages and services are notes; `fails` names the program that fails in the next run."""

    did: list[str] = field(default_factory=list)
    here: dict[str, str] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    fails: list[str] = field(default_factory=list)

    def run(self, *words: str, user: str | None = None, seconds: float = 0) -> str:
        """Note what would run."""
        del seconds
        self.did.append(" ".join([*([f"({user})"] if user else []), *words]))
        if any(one in self.did[-1] for one in self.fails):
            raise ProgramFailedError(self.did[-1])
        if words[:2] == ("systemctl", "stop"):
            self.running.difference_update(words[2:])
        if words[:2] == ("systemctl", "start"):
            self.running.update(words[2:])
        if words[-1] == "upgrade":
            file = self.products[0].databases()[0]
            file.write_bytes(b"migrated")
            return '{"before": "0001", "now": "0002"}'
        return ""

    def version(self, package: str) -> str | None:
        """The version that is noted."""
        return self.here.get(package)

    def is_active(self, unit: str) -> bool:
        """Whether the service is noted as running."""
        return unit in self.running

    def keep_package(self, name: str, folder: Path) -> None:
        """Keep a note."""
        (folder / f"{name}.deb").write_text(self.here[name])

    def install(self, folder: Path, wanted: dict[str, str]) -> None:
        """Note the packages that are installed now."""
        self.run("apt-get", "install", (folder / "packages" / "perigee-common_2.0.0_amd64.deb").read_text())
        self.here.update(wanted)

    def put_back(self, folder: Path) -> None:
        """Note the packages of before."""
        super().put_back(folder)
        self.here.update({path.stem: path.read_text() for path in folder.glob("*.deb")})


@pytest.fixture
def machine(tmp_path: Path) -> Trial:
    """A machine with a satellite of version 1.0.0 that runs."""
    home = tmp_path / "home"
    (home / "keys").mkdir(parents=True)
    (home / "satellite.db").write_bytes(b"before")
    (tmp_path / "release.pem").write_bytes(public_pem())
    return Trial(
        tmp_path / "state", (Product("satellite", home),), [tmp_path / "release.pem"], 0.0, System("bookworm", "amd64"),
        here={"perigee-common": "1.0.0", "perigee-satellite": "1.0.0"}, running=set(UNITS),
    )  # fmt: skip


@pytest.fixture
def address(machine: Trial, tmp_path: Path) -> Iterator[Path]:
    """Where the helper takes orders, each as the service manager has it do."""
    path, listening = tmp_path / "socket", socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection = listening.accept()[0]
            except OSError:
                return
            with connection:
                root_service.follow(connection, machine)

    server = threading.Thread(target=serve)
    server.start()
    yield path
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    server.join(10)


def ordered(file: Path, address: Path, stages: list[str] | None = None) -> dict[str, Any]:
    """Order an update and wait for its end."""
    with file.open("rb") as stream:
        return order.order_update(
            stream, "satellite", (stages if stages is not None else []).append, wait=True, address=address
        )


@pytest.mark.row("B16")
def test_an_update_is_installed_from_the_copy_that_was_verified(machine: Trial, address: Path, tmp_path: Path) -> None:
    """Services are held while packages and database change; the database is migrated by its own user; a report stays."""
    stages: list[str] = []
    report = ordered(update_file(tmp_path / "update.tar"), address, stages)
    assert stages == ["copy", "verify", "accepted", "keep", "stop", "install", "migrate", "start"]
    assert report["outcome"] == "installed"
    assert order.last_report(machine.state) == report
    assert set(machine.here.values()) == {"2.0.0"}
    assert machine.running == UNITS
    at = [
        next(i for i, one in enumerate(machine.did) if word in one)
        for word in ("mask", "stop", "apt-get", "upgrade", "unmask", "start")
    ]
    assert at == sorted(at)
    assert "(perigee-satellite) /usr/bin/satellite --json upgrade" in machine.did
    assert {one.name for one in machine.state.iterdir()} == {"report.json"}


@pytest.mark.row("B16")
@pytest.mark.parametrize("fails", ["apt-get", "upgrade", "systemctl start perigee-satellite.service"])
def test_an_update_that_does_not_serve_goes_back(machine: Trial, address: Path, tmp_path: Path, fails: str) -> None:
    """Packages and database are those of before, what ran runs again, and the report says why."""
    machine.fails.append(fails)
    held = machine.put_back

    def put_back(folder: Path) -> None:
        machine.fails.clear()
        held(folder)

    object.__setattr__(machine, "put_back", put_back)
    report = ordered(update_file(tmp_path / "update.tar"), address)
    assert (report["outcome"], report["to"]) == ("went_back", "2.0.0")
    assert fails in report["reason"]
    assert set(machine.here.values()) == {"1.0.0"}
    assert machine.running == UNITS
    assert (machine.products[0].home / "satellite.db").read_bytes() == b"before"


@pytest.mark.row("B16")
def test_a_power_cut_in_the_middle_is_put_back_at_the_next_start(machine: Trial, tmp_path: Path) -> None:
    """What is journalled is undone once; while it is, no other order is taken."""
    file = update_file(tmp_path / "update.tar")
    machine.state.mkdir()
    update = install.prepare(machine, file)

    def cut(stage: str) -> None:
        if stage == "start":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        install.install(machine, update, file, cut)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert root_service.follow(theirs, machine)["refused"] == "update_refused"
    report = install.go_back(machine, "power cut", lambda _stage: None)
    assert report["outcome"] == "went_back"
    assert set(machine.here.values()) == {"1.0.0"}
    assert (machine.products[0].home / "satellite.db").read_bytes() == b"before"
    assert install.go_back(machine, "again", lambda _stage: None) == {}


@pytest.mark.row("B16")
def test_what_cannot_be_installed_is_refused_before_anything_changes(
    machine: Trial, address: Path, tmp_path: Path
) -> None:
    """The helper verifies for itself: the refusal of an update file, a home without keys, a database elsewhere."""
    home = machine.products[0].home

    def refused(file: Path) -> str:
        with pytest.raises(AppError) as error:
            ordered(file, address)
        return error.value.code

    good = update_file(tmp_path / "good.tar")
    assert refused(update_file(tmp_path / "old.tar", contents("1.0.0"))) == "update_not_newer"
    assert (
        refused(update_file(tmp_path / "other.tar", {**contents(), "Packages": b"x"}, listed=contents()))
        == "update_altered"
    )
    lacking = {name: data for name, data in contents().items() if "satellite" not in name}
    assert refused(update_file(tmp_path / "lacking.tar", lacking)) == "update_altered"
    (home / "keys").rename(home / "gone")
    assert refused(good) == "update_home_broken"
    (home / "gone").rename(home / "keys")
    (home / "satellite.db").rename(home / "moved")
    assert refused(good) == "update_database_elsewhere"
    assert not any("systemctl" in one or "apt-get" in one for one in machine.did)
    assert machine.running == UNITS
    with pytest.raises(AppError) as error, good.open("rb") as stream:
        order.order_update(stream, "satellite", str, wait=True, address=tmp_path / "nowhere")
    assert error.value.code == "update_helper_missing"


@pytest.mark.row("B16")
def test_the_helper_takes_typed_orders_from_root_and_the_servers_user_only(machine: Trial, tmp_path: Path) -> None:
    """Another verb, product, user, a missing or second file and a pipe are refused before a byte of a file is read."""
    file = update_file(tmp_path / "update.tar")
    read, write = os.pipe()
    with file.open("rb") as stream:
        one = stream.fileno()
        good = {"verb": "install", "product": "satellite"}
        for sent, files in (
            (good | {"verb": "run"}, [one]), (good | {"product": "../x"}, [one]), (good | {"path": "/etc"}, [one]),
            (["install"], [one]), (good, []), (good, [one, one]), (good, [read]),
        ):  # fmt: skip
            ours, theirs = socket.socketpair()
            with ours, theirs:
                socket.send_fds(ours, [json.dumps(sent).encode()], files) if files else ours.send(
                    json.dumps(sent).encode()
                )
                assert root_service.follow(theirs, machine)["refused"] == "update_refused"
    os.close(read)
    os.close(write)
    assert root_service.may_order(0, "satellite", machine)
    assert not root_service.may_order(os.getuid() + 12345, "satellite", machine)
    assert not machine.did
