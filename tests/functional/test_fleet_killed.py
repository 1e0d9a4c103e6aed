"""The emulator is killed at moments of chance; what its devices had is theirs after the next run."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.world import World

BIN = Path(sys.executable).parent
DEVICES = 12
KILLS = 2
OUTPUT = """UDI: PID:SW-48,SN:FOC9900{number:04d}

License Usage:
  License                 Entitlement Tag               Count Status
  -----------------------------------------------------------------------------
  advantage               (ADVANTAGE)                       2 IN USE
  essentials              (ESSENTIALS)                      1 IN USE
"""


@dataclass
class Fleet:
    """The command that runs the fleet, and what its devices have written down."""

    home: Path
    words: list[str]

    def start(self) -> subprocess.Popen[str]:
        """Begin a run in a process of its own."""
        return subprocess.Popen(self.words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def finish(self) -> dict[str, Any]:
        """A run to its end; every device must come through."""
        with self.start() as process:
            out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        found: dict[str, Any] = json.loads(out)
        return found

    def states(self) -> dict[str, dict[str, Any]]:
        """What each device has on disk, by the name of its folder; every file must be whole."""
        return {path.parent.name: json.loads(path.read_bytes()) for path in self.home.glob("devices/*/device.json")}

    def registered(self) -> dict[str, str]:
        """The instances of the devices that are registered."""
        return {name: found["instance"] for name, found in self.states().items() if found["registration"] == "complete"}

    def run_until_killed(self, chance: random.Random) -> None:
        """Begin a run and kill it with no warning while devices are on their way."""
        before = len(self.registered())
        wanted = before + chance.randint(1, max(1, (DEVICES - before) // 2))
        with self.start() as process:
            deadline = time.monotonic() + 30
            while len(list(self.home.glob("devices/*/device.json"))) < wanted and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.002)
            time.sleep(chance.random() / 50)
            process.send_signal(signal.SIGKILL)
            process.wait(30)


@pytest.fixture
def fleet(site: World) -> Iterator[Fleet]:
    """Two real devices and the rule for more, at a satellite that serves HTTPS."""
    outputs = site.folder / "outputs"
    outputs.mkdir()
    for number in range(2):
        (outputs / f"{number}.txt").write_text(OUTPUT.format(number=number))
    inventory, token = site.file("inventory.json"), site.file("token.txt", site.token())
    read = subprocess.run(
        [BIN / "agent", "fleet", "inventory", outputs, "--output", inventory, "--json"], check=True, capture_output=True
    )
    assert json.loads(read.stdout)["devices"] == 2
    with subprocess.Popen(
        [BIN / "satellite", "serve", "--home", site.folder / "satellite", "--bind", "127.0.0.1:0", "--no-jobs"],
        stdout=subprocess.PIPE,
        stderr=(site.folder / "server.log").open("w"),
        text=True,
    ) as server:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        home = site.folder / "fleet"
        words = [str(BIN / "agent"), "fleet", "run", "--json", "--home", str(home), "--inventory", inventory]
        words += ["--url", ready["url"], "--fingerprint", ready["fingerprint"], "--root", site.file("root.json")]
        yield Fleet(home, [*words, "--token-file", token, "--count", str(DEVICES), "--parallel", "4"])
        server.terminate()
        assert server.wait(30) == 0


@pytest.mark.long
@pytest.mark.system
@pytest.mark.row("D4", "S4.1")
def test_killed_emulator_goes_on_where_its_devices_were(site: World, fleet: Fleet) -> None:
    """After kills at moments of chance a run ends with one instance for each device and every licence in place."""
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    kept: dict[str, str] = {}
    for _ in range(KILLS):
        fleet.run_until_killed(chance)
        now = fleet.registered()
        assert kept.items() <= now.items(), f"seed {seed}: a device lost its instance"
        kept = now
    done = fleet.finish()
    instances = site.satellite("instances")["items"]
    keys = {path.read_bytes() for path in fleet.home.glob("devices/*/device-key.pem")}

    assert (done["devices"], done["registered"], done["failed"], done["real"]) == (DEVICES, DEVICES, 0, 2), (
        f"seed {seed}"
    )
    assert kept.items() <= fleet.registered().items()
    assert len(instances) == len({instance["serial"] for instance in instances}) == DEVICES
    assert {instance["id"] for instance in instances} == set(fleet.registered().values())
    assert len(keys) == DEVICES
    assert {"FOC99000000", "FOC99000001"} <= {instance["serial"] for instance in instances}
    assert site.licence("ADVANTAGE", "satellite")["in_use"] == 2 * DEVICES
    assert site.licence("ESSENTIALS", "satellite")["in_use"] == DEVICES
    # Compliance is judged for the whole pool and may change meanwhile; who the devices are may not.
    again = {item["serial"]: item["instance"] for item in fleet.finish()["items"]}
    assert again == {item["serial"]: item["instance"] for item in done["items"]}
