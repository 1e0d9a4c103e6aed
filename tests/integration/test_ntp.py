"""Measuring the clock: against a real server of time, and against all that a server of time may do wrong (row S1.3)."""

from __future__ import annotations

import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from serverkit.time.ntp import TIMEOUT_SECONDS, Measurement, judge_measurements, measure
from serverkit.time.system import default_gateways, system_servers
from tests.world import World

ERA = 2_208_988_800
Answer = Callable[[bytes], bytes | None]


def packet(
    asked: bytes,
    *,
    when: float | None = None,
    stratum: int = 2,
    leap: int = 0,
    mode: int = 4,
    reference: bytes = b"\x7f\x00\x00\x01",
    dispersion: float = 0.01,
    echo: bytes | None = None,
) -> bytes:
    """An answer as a server would send it."""
    said = (time.time() if when is None else when) + ERA  # noqa: TID251 - a server of time says what time it is
    stamp = struct.pack("!II", int(said) % 2**32, int(said % 1 * 2**32))
    head = struct.pack("!BBbbII", leap << 6 | 4 << 3 | mode, stratum, 6, -20, 100, int(dispersion * 65536))
    return head + reference + stamp + (asked[40:48] if echo is None else echo) + stamp + stamp


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """A server of time on a free port that answers as it is told, until the block ends."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as own:
        own.bind(("127.0.0.1", 0))
        own.settimeout(0.1)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    asked, who = own.recvfrom(512)
                except TimeoutError:
                    continue
                said = answer(asked)
                if said is not None:
                    own.sendto(said, who)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{own.getsockname()[1]}"
        finally:
            ended.set()
            thread.join()


def asked(address: str, timeout: float = 2.0) -> Measurement:
    """What one server is found to be."""
    host, _, port = address.partition(":")
    return measure([(address, host, int(port))], timeout=timeout).measurements[0]


@pytest.fixture(scope="session")
def chronyd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real chronyd that serves its own clock on a free port and sets nothing."""
    program = shutil.which("chronyd") or "/usr/sbin/chronyd"
    assert Path(program).exists(), "chrony is missing; `make test` installs it"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = tmp_path_factory.mktemp("chrony")
    lines = (
        "local stratum 3",
        f"port {port}",
        "bindaddress 127.0.0.1",
        "allow 127.0.0.1",
        "cmdport 0",
        "bindcmdaddress /",
        f"pidfile {folder}/pid",
    )
    user = ["-u", "root"] if os.geteuid() == 0 else []
    running = subprocess.Popen(
        [program, "-x", "-d", *user, *lines], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(50):
            if asked(f"127.0.0.1:{port}", 0.5).outcome == "ok":
                break
            assert running.poll() is None, "chronyd ended"
        yield f"127.0.0.1:{port}"
    finally:
        running.terminate()
        running.wait(10)


@pytest.mark.system
@pytest.mark.row("S1.3")
def test_a_right_clock_is_found_right_by_a_real_server(site: World, chronyd: str) -> None:
    """Offset near nothing, the stratum of the server, a round trip; the clock is confirmed by it."""
    found = site.satellite("time", "test", "--server", chronyd)
    one = found["servers"][0]

    assert (found["outcome"], one["outcome"], one["stratum"]) == ("measured", "ok", 3)
    assert abs(found["offset_seconds"]) < 2
    assert 0 <= one["round_trip_seconds"] < 2
    assert "right" in found["advice"]


@pytest.mark.system
@pytest.mark.row("S1.3")
def test_a_wrong_clock_is_measured_and_not_set(site: World, chronyd: str) -> None:
    """Two hours ahead: shown with its sign, said to be wrong, nothing changed."""
    site.satellite("clock", "jump", "2h")
    found = site.satellite("time", "test", "--server", chronyd)
    after = site.satellite("time", "test", "--server", chronyd)

    assert -7205 < found["offset_seconds"] < -7195
    assert "wrong" in found["advice"]
    assert abs(after["offset_seconds"] - found["offset_seconds"]) < 3


@pytest.mark.system
@pytest.mark.row("S1.3")
def test_a_jump_that_was_none_is_cleared_by_measuring(site: World, chronyd: str) -> None:
    """A clock that had been far behind and was set right looks like a jump; a real server clears it, a job is enough."""
    site.satellite("clock", "jump", "40d", "--back")
    site.central("clock", "jump", "40d", "--back")
    for run in (site.central, site.satellite):
        run("time", "confirm", code=1 if run == site.satellite else 0)
    site.satellite("clock", "jump", "80d")
    suspicious = site.satellite("time", "show")["standing"]
    wrong = site.satellite("time", "test", "--server", chronyd)["confirmed"]
    site.central("clock", "jump", "40d")
    jumped = site.central("time", "show")["standing"]
    site.central("time", "settings", "--server", chronyd)
    site.central("jobs", "run", "clock")
    healed = site.central("time", "show")

    assert (suspicious, wrong) == ("suspicious", False)
    assert jumped == "suspicious"
    assert (healed["standing"], healed["measured"]["outcome"]) == ("believed", "measured")
    assert "clock_suspicious" not in site.alerts()


@pytest.mark.row("S1.3")
@pytest.mark.parametrize(
    ("answer", "outcome", "detail"),
    [
        pytest.param(lambda _: None, "no_answer", "", id="silent"),
        pytest.param(lambda _: b"HTTP/1.1 400 Bad Request\r\n\r\n", "garbage", "", id="short garbage"),
        pytest.param(lambda _: os.urandom(7), "garbage", "", id="a few bytes"),
        pytest.param(lambda _: b"\xff" * 48, "garbage", "", id="all ones"),
        pytest.param(lambda a: a, "garbage", "mode 3", id="echo of the question"),
        pytest.param(lambda a: packet(a, when=3600.0), "absurd_time", "1970", id="1970"),
        pytest.param(lambda a: packet(a, when=2**32 - ERA + 70 * 365.25 * 86400), "absurd_time", "1970", id="2106"),
        pytest.param(lambda a: packet(a, stratum=0, reference=b"RATE"), "kiss_of_death", "RATE", id="kiss of death"),
        pytest.param(lambda a: packet(a, stratum=0, reference=b"DENY"), "kiss_of_death", "DENY", id="denied"),
        pytest.param(lambda a: packet(a, leap=3), "unsynchronized", "", id="alarm"),
        pytest.param(lambda a: packet(a, stratum=16), "unsynchronized", "", id="stratum 16"),
        pytest.param(lambda a: packet(a, dispersion=60), "unsynchronized", "", id="no idea of the time"),
        pytest.param(lambda a: packet(a, echo=b"\0" * 8), "garbage", "another question", id="answers nobody"),
        pytest.param(packet, "ok", "", id="good"),
    ],
)
def test_what_is_no_answer_counts_for_nothing(answer: Answer, outcome: str, detail: str) -> None:
    """Silence, garbage, impossible times and refusals are each named; none gives an offset."""
    with server(answer) as address:
        found = asked(address, 0.5 if outcome == "no_answer" else 2.0)

    assert found.outcome == outcome
    assert detail in found.detail
    assert (found.offset is None) == (outcome != "ok")


@pytest.mark.row("S1.3")
def test_silent_servers_cost_five_seconds_at_most_however_many(site: World) -> None:
    """Four that never answer, one that has no name, one closed port: the page is there in time, nothing changed."""
    before = site.satellite("time", "show")
    with server(lambda _: None) as one, server(lambda _: None) as two, server(lambda _: None) as three:
        words = [
            word for name in (one, two, three, "no.such.name.invalid", "127.0.0.1:9") for word in ("--server", name)
        ]
        started = time.monotonic()
        found = site.satellite("time", "test", *words)
        took = time.monotonic() - started
    after = site.satellite("time", "show")

    assert TIMEOUT_SECONDS <= 4.5  # and half a second for the rest
    assert took < 2.5 * TIMEOUT_SECONDS  # one after the other they would take three times as long, whatever the machine
    assert (found["outcome"], found["offset_seconds"], found["confirmed"]) == ("no_answer", None, False)
    assert "time confirm" in found["advice"]
    assert (before["standing"], before["confirmed"]) == (after["standing"], after["confirmed"])


@pytest.mark.row("S1.3")
def test_without_a_server_a_person_is_told_what_to_do(site: World) -> None:
    """No server is asked by itself; the risk of confirming a wrong time is in the advice."""
    found = site.satellite("time", "test")

    assert found["outcome"] == "no_server"
    assert "too early or too late" in found["advice"]


@pytest.mark.row("S1.3")
def test_of_several_servers_the_majority_counts() -> None:
    """One liar among three is outvoted; two that differ settle nothing; one alone is taken."""
    right, liar = Measurement("a", "ok", 0.2), Measurement("b", "ok", 5000.0)
    also, silent = Measurement("c", "ok", -0.4), Measurement("d", "no_answer")

    assert judge_measurements([right, liar, also]).offset == pytest.approx(-0.1)
    assert judge_measurements([right, liar]).outcome == "no_majority"
    assert judge_measurements([right, silent]).offset == pytest.approx(0.2)
    assert judge_measurements([silent]).outcome == "no_answer"


@pytest.mark.row("S1.3")
def test_a_wrong_time_server_does_not_confirm_a_jump(site: World) -> None:
    """A server that is not right by this clock heals nothing, whatever it says."""
    site.satellite("clock", "jump", "300d")
    with server(packet) as address:
        found = site.satellite("time", "test", "--server", address)

    assert found["outcome"] == "measured"
    assert not found["confirmed"]
    assert site.satellite("time", "show")["standing"] == "suspicious"


@pytest.mark.row("S3.5", "S1.3")
def test_timesync_proposes_a_server_and_keeps_one_that_answers(
    site: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is set comes first, then the system's servers, then the gateway; one that is silent is not kept."""
    (tmp_path / "etc/systemd").mkdir(parents=True)
    (tmp_path / "etc/systemd/timesyncd.conf").write_text("[Time]\n#NTP=no\nNTP=a.example b.example\n", encoding="ascii")
    (tmp_path / "etc/chrony.conf").write_text("pool c.example iburst\nserver 10.0.0.1\n# server d\n", encoding="ascii")
    (tmp_path / "proc/net").mkdir(parents=True)
    route = "Iface Destination Gateway Flags\neth0 00000000 0100A8C0 0003\neth0 0000A8C0 00000000 0001\n"
    (tmp_path / "proc/net/route").write_text(route, encoding="ascii")
    assert system_servers(tmp_path) == ["a.example", "b.example", "c.example", "10.0.0.1"]
    assert default_gateways(tmp_path) == ["192.168.0.1"]
    assert system_servers(tmp_path / "none") == default_gateways(tmp_path / "none") == []
    with monkeypatch.context() as impatient:
        impatient.setattr(measure, "__defaults__", (0.0, 0.2))
        found = site.satellite("timesync", "--server", "127.0.0.1:9", code=1)
    assert (found["synchronized"], found["saved"], found["interval_seconds"]) == (False, False, 3600)
    assert site.satellite("time", "settings")["servers"] == []
    with server(packet) as name:
        found = site.satellite("timesync", "--server", name)
        again = site.satellite("timesync", "--yes")
    assert (found["synchronized"], found["saved"]) == (True, True)
    assert (again["server"], again["saved"]) == (name, False)
    assert site.satellite("time", "settings")["servers"] == [name]
