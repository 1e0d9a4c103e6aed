"""The main job from end to end: commands, files and HTTPS, with a real satellite server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.world import World as InProcess

BIN = Path(sys.executable).parent


@dataclass
class World:
    """A vendor, a customer and a site in a folder of their own."""

    folder: Path

    def run(self, program: str, home: str, *words: str, code: int = 0) -> dict[str, Any]:
        """Run a command and return its JSON; the exit code is part of the claim."""
        done = subprocess.run(
            [BIN / program, "--home", self.folder / home, "--json", *words],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)

    def central(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.run("central", "central", *words, code=code)

    def satellite(self, *words: str, code: int = 0) -> dict[str, Any]:
        return self.run("satellite", "satellite", *words, code=code)

    def file(self, name: str) -> str:
        return str(self.folder / name)

    def synchronize(self, number: int) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
        """One round trip by file."""
        request, response = self.file(f"request-{number}"), self.file(f"response-{number}")
        made = self.satellite("sync", "export", "--output", request)
        answered = self.central("sync", "import", request, "--output", response)
        return made, answered, self.satellite("sync", "import", response)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A central with catalogue and orders, and a satellite that it authorized, made once: in this process, which takes a tenth of the time."""
    tmp_path = tmp_path_factory.mktemp("founded")
    made = InProcess(tmp_path)
    orders = "virtual_account,tag,quantity,order_number,order_line\nSite,ADVANTAGE,3,O-1,1\nSite,STRONG,1,O-1,2\n"
    made.found_central(orders=orders)
    made.found_satellite()
    made.close()
    return tmp_path


@pytest.fixture
def world(founded: Path, tmp_path: Path) -> World:
    """A copy of that vendor and site."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    return World(tmp_path)


@pytest.fixture
def quick(founded: Path, tmp_path: Path) -> Iterator[InProcess]:
    """Another copy, whose commands run in this process."""
    shutil.copytree(founded, tmp_path, dirs_exist_ok=True)
    made = InProcess(tmp_path)
    yield made
    made.close()


@pytest.fixture
def device(world: World) -> Iterator[Any]:
    """A device that is registered at the running satellite; call it with words of the agent."""
    token = world.satellite("token", "create", "--virtual-account", "Site", "--days", "30", "--export-controlled")
    with subprocess.Popen(
        [BIN / "satellite", "serve", "--home", world.folder / "satellite", "--bind", "127.0.0.1:0", "--no-jobs"],
        stdout=subprocess.PIPE,
        stderr=(world.folder / "server.log").open("w"),
        text=True,
    ) as server:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        assert ready["console"] == f"{ready['url']}/"

        def agent(*words: str, code: int = 0, home: str = "device") -> dict[str, Any]:
            return world.run("agent", home, *words, code=code)

        where = ("--url", ready["url"], "--fingerprint", ready["fingerprint"], "--root", world.file("root.json"))
        agent("register", *where, "--token", token["token"], "--pid", "SW-48", "--serial", "SN1", "--hostname", "sw1")
        agent.where = where  # type: ignore[attr-defined]
        yield agent
        server.terminate()
        assert server.wait(30) == 0


@pytest.mark.row("S4.2", "C8.2", "S4.4", "S2.1")
def test_shortage_and_restricted_licence_travel_there_and_back(world: World, device: Any) -> None:
    """A shortage is seen on both sides; a restricted licence is asked for, granted by file, delivered and returned."""
    assert device("use", "ADVANTAGE", "2")["state"] == "authorized"
    refused = device("use", "STRONG", "1", code=1)
    assert refused["error"]["code"] == "restricted_needs_export_request"
    assert device("request-export", "STRONG", "1")["state"] == "pending"
    assert device("use", "ADVANTAGE", "5")["state"] == "out_of_compliance"

    world.synchronize(1)
    status = device("renew", "auth")
    queue = world.satellite("export-queue")["items"]
    central_alerts = {alert["kind"] for alert in world.central("alerts", "customer.example")["items"]}
    satellite_alerts = {alert["kind"] for alert in world.satellite("alerts")["items"]}

    assert status["export"][0]["state"] == "granted"
    assert queue[0]["state"] == "delivered"
    assert "insufficient_licences" in central_alerts
    assert "insufficient_licences" in satellite_alerts

    device("return-export", "STRONG")
    world.synchronize(2)
    strong = next(x for x in world.central("licences", "customer.example")["items"] if x["tag"] == "STRONG")

    assert (strong["in_use"], strong["balance"]) == (0, 1)
    assert world.central("ledger", "verify")["ok"]


@pytest.mark.row("S2.3")
def test_second_synchronization_carries_only_what_changed(quick: InProcess) -> None:
    """After a full request the next one holds the changed device and no other kind of state."""
    device = quick.device("SN1")
    device.use("ADVANTAGE", 1)
    first, _, _ = quick.synchronize("1")
    device.use("ADVANTAGE", 2)
    second, _, _ = quick.synchronize("2")

    assert first["full"]
    assert not second["full"]
    assert set(second["counts"]) <= {"claim", "instance", "event"}
    assert second["counts"]["claim"] == 1


@pytest.mark.row("S2.5")
def test_repeated_and_late_files_change_nothing(quick: InProcess) -> None:
    """A request seen before gets the same bytes, an older one is superseded, an applied response is a no-op."""
    quick.satellite("sync", "export", "--output", quick.file("r1"))
    quick.satellite("token", "create", "--virtual-account", "Site", "--days", "1")
    quick.satellite("sync", "export", "--output", quick.file("r2"))
    quick.central("sync", "import", quick.file("r2"), "--output", quick.file("a2"))
    again = quick.central("sync", "import", quick.file("r2"), "--output", quick.file("a2-again"))
    late = quick.central("sync", "import", quick.file("r1"), "--output", quick.file("a1"), code=1)
    quick.satellite("sync", "import", quick.file("a2"))
    repeated = quick.satellite("sync", "import", quick.file("a2-again"))

    assert again["outcome"] == "already_answered"
    assert Path(quick.file("a2")).read_bytes() == Path(quick.file("a2-again")).read_bytes()
    assert late["error"]["code"] == "superseded"
    assert repeated["outcome"] == "already_applied"


@pytest.mark.row("S1.2")
def test_wrong_files_are_refused_by_name(quick: InProcess) -> None:
    """A file of the wrong kind, an altered and a cut one each have their own code."""
    authorization = Path(quick.file("authorization")).read_bytes()
    Path(quick.file("altered")).write_bytes(authorization[:-20] + b"x" + authorization[-19:])
    Path(quick.file("cut")).write_bytes(authorization[:-20])
    codes = {
        name: quick.satellite("registration", "import", quick.file(name), code=1)["error"]["code"]
        for name in ("registration", "altered", "cut")
    }

    assert codes == {"registration": "wrong_kind", "altered": "altered", "cut": "truncated"}
