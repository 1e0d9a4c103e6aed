"""Many devices at a real server: nothing is lost, health is answered, and what was acknowledged outlives a kill."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from satellite.device_api.app import make_app
from satellite.runtime import open_satellite
from tests.bench.devices import BenchDevice, answered, http
from tests.bench.load import Job, Outcome
from tests.bench.servers import Server, probed, send, serving
from tests.front import front_of
from tests.world import World, call


def _lanes(devices: list[BenchDevice], token: str, connections: int) -> list[list[bytes]]:
    lanes: list[list[bytes]] = [[] for _ in range(connections)]
    for number, device in enumerate(devices):
        lanes[number % connections].append(http("register", device.register(token)))
    return lanes


@pytest.mark.long
@pytest.mark.row("S4.1", "S3.2")
def test_a_storm_of_registrations_loses_nothing_and_health_is_answered_meanwhile(site: World) -> None:
    """300 devices over 64 connections: each gets its identity, each is there once, `/healthz` always answers."""
    token = site.token()
    devices = [BenchDevice(number) for number in range(300)]
    with serving("satellite", site.folder / "satellite", tls=False) as server, probed(server) as health:
        outcome = send(site.folder, server, _lanes(devices, token, 64), keep=True)
    found = site.satellite("instances")["items"]
    instances = {answered(body)["instance"] for lane in outcome.bodies for body in lane}

    assert outcome.statuses == {200: 300}
    assert {item["id"] for item in found} == instances
    assert len(found) == 300
    assert site.satellite("token", "list")["items"][0]["uses"] == 300
    assert health["asked"] > 0


@pytest.mark.long
@pytest.mark.row("S4.1")
def test_what_was_acknowledged_is_there_after_a_kill(site: World) -> None:
    """The server is killed under load; every acknowledged registration gets, sent again, the very same answer."""
    token = site.token()
    devices = [BenchDevice(number) for number in range(1500)]
    lanes = _lanes(devices, token, 16)
    with serving("satellite", site.folder / "satellite", tls=False) as server:
        outcome = _killed_amid(site.folder, server, lanes)
    wire = site.wire()
    lost = []
    for lane, bodies in zip(lanes, outcome.bodies, strict=True):
        for request, before in zip(lane, bodies, strict=False):
            again = call(wire.app, "POST", "/device/v1/register", request.partition(b"\r\n\r\n")[2])
            if again[0] != 200 or again[2] != before:
                lost.append(again)

    acknowledged = sum(len(bodies) for bodies in outcome.bodies)
    assert 0 < acknowledged < len(devices)
    assert lost == []
    assert acknowledged <= len(site.satellite("instances")["items"]) <= acknowledged + 16


def _killed_amid(folder: Path, server: Server, lanes: list[list[bytes]]) -> Outcome:
    path, told = folder / "kill.job", folder / "kill.told"
    job = Job("127.0.0.1", server.port, server.tls, lanes, keep=True, tell=str(told), tell_after=64)
    path.write_bytes(pickle.dumps(vars(job)))
    client = subprocess.Popen([sys.executable, "-m", "tests.bench.load", path])
    while client.poll() is None and not told.exists():
        time.sleep(0.01)
    os.killpg(server.process.pid, signal.SIGKILL)
    client.wait(60)
    return Outcome(**pickle.loads(path.with_suffix(".out").read_bytes()))  # noqa: S301 - our own child wrote it


IDLE = 700


@pytest.mark.row("S4.1", "S4.7")
def test_connections_that_say_nothing_keep_nobody_out(site: World) -> None:
    """With hundreds of silent and half-sent connections, a device registers and health answers as if they were not there."""
    token = site.token()
    with serving("satellite", site.folder / "satellite", tls=False) as server:
        silent = [socket.create_connection(("127.0.0.1", server.port), timeout=10) for _ in range(IDLE)]
        try:
            for each in silent[::2]:
                each.sendall(b"POST /device/v1/register HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\n{")
            with probed(server) as health:
                outcome = send(site.folder, server, _lanes([BenchDevice(1)], token, 1))
        finally:
            for each in silent:
                each.close()

    assert outcome.statuses == {200: 1}
    assert health["asked"] > 0


@pytest.mark.row("S4.7")
def test_behind_a_proxy_failures_are_counted_by_the_address_that_the_proxy_adds(site: World) -> None:
    """What a device itself claims as its address does not count."""
    app = front_of(make_app(open_satellite(site.folder / "satellite")), behind_proxy=True)
    said = {"X-Forwarded-For": "10.9.9.9, 192.0.2.1"}
    for _ in range(120):
        call(app, "POST", "/device/v1/authorize", b"{}", said)
    slowed = call(app, "POST", "/device/v1/authorize", b"{}", {"X-Forwarded-For": "10.1.1.1, 192.0.2.1"})
    other = call(app, "POST", "/device/v1/authorize", b"{}", {"X-Forwarded-For": "10.9.9.9, 192.0.2.2"})

    assert (slowed[0], other[0]) == (429, 400)


@pytest.mark.row("S1.4")
def test_without_tls_a_server_answers_on_its_own_machine_only(site: World) -> None:
    """Any other address is refused with a code before anything is served; a reverse proxy may use a socket's path."""
    words = [
        Path(sys.executable).parent / "satellite",
        "--home",
        site.folder / "satellite",
        "--json",
        "serve",
        "--no-tls",
    ]
    refused = subprocess.run([*words, "--bind", "0.0.0.0:0"], capture_output=True, text=True, timeout=60, check=False)
    path = site.folder / "s"
    with subprocess.Popen([*words, "--bind", f"unix:{path}", "--no-jobs"], stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        ready = json.loads(served.stdout.readline())
        asked = subprocess.run(
            [sys.executable, "-c", _ASK, path], capture_output=True, text=True, timeout=30, check=False
        )
        served.send_signal(signal.SIGTERM)

    assert refused.returncode == 1
    assert json.loads(refused.stdout)["error"]["code"] == "tls_needed"
    assert ready == {"ready": True, "url": f"unix:{path}"}
    assert asked.stdout.startswith("HTTP/1.1 200")


_ASK = """
import socket, sys
sock = socket.socket(socket.AF_UNIX)
sock.connect(sys.argv[1])
sock.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
print(sock.recv(4096).decode())
"""
