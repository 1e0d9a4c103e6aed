"""What happens to files on their way: lines that break at each point, wrong files, and many that never arrive."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.harness import dies_at
from tests.integration.test_network import certificate, served, settle
from tests.world import ACCOUNT, World


@contextmanager
def line(target: int, cut: Callable[[bytes, bytes], bool]) -> Iterator[int]:
    """A line to a port that breaks as soon as `cut(sent, received)` says so."""
    ended = threading.Event()

    def carry(peer: socket.socket) -> None:
        sent, received = b"", b""
        with peer, socket.create_connection(("127.0.0.1", target)) as up:
            peer.settimeout(0.02)
            up.settimeout(0.02)
            while not ended.is_set():
                for source, to in ((peer, up), (up, peer)):
                    try:
                        data = source.recv(512)
                    except TimeoutError:
                        continue
                    except OSError:
                        return
                    if not data:
                        return
                    sent, received = (sent + data, received) if source is peer else (sent, received + data)
                    if cut(sent, received):
                        return
                    to.sendall(data)

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()

        def work() -> None:
            while not ended.is_set():
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=carry, args=(peer,), daemon=True).start()

        threading.Thread(target=work, daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()


CUTS: dict[str, Callable[[bytes, bytes], bool]] = {
    "before anything": lambda sent, _: bool(sent),
    "in the greeting": lambda _, received: bool(received),
    "in the request": lambda sent, _: len(sent) > 1500,
    "before the answer": lambda sent, received: len(sent) > 2500 and len(received) > 1600,
    "in the answer": lambda _, received: len(received) > 3000,
}


@pytest.mark.row("S2.2", "S2.5")
def test_a_line_that_breaks_at_any_point_costs_one_more_attempt(site: World, tmp_path: Path) -> None:
    """Wherever it breaks the cause has a name, the next attempt converges, and nothing is applied twice."""
    device, cert = site.device("SN1"), certificate(tmp_path)
    codes = []
    with served(site, cert) as front:
        port = int(front.url.rpartition(":")[2])
        for number, cut in enumerate(CUTS.values()):
            device.use("ADVANTAGE", 1 + number % 3)
            with line(port, cut) as broken:
                settle(site, f"https://127.0.0.1:{broken}", cert)
                codes.append(site.satellite("sync", "now", code=1)["error"]["code"])
            settle(site, front.url, cert)
            assert site.satellite("sync", "now")["outcome"] in {"applied", "already_applied"}
            assert site.licence("ADVANTAGE")["in_use"] == 1 + number % 3

    assert set(codes) <= {"connection_cut", "connection_failed", "tls_not_spoken", "not_http", "response_truncated"}, (
        codes
    )
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("S2.2", "S2.5")
def test_a_site_that_dies_with_the_answer_in_hand_gets_the_same_again(site: World, tmp_path: Path) -> None:
    """The answer came and was not committed: the same request gets the same answer, and the file way goes on from it."""
    device, cert = site.device("SN1"), certificate(tmp_path)
    with served(site, cert) as front:
        settle(site, front.url, cert)
        for number, point in enumerate(("before_rename:trust.json", "after_rename:trust.json", "after_anchor")):
            device.use("ADVANTAGE", 1 + number)
            died = dies_at(point, lambda: site.satellite("sync", "now"))
            assert died, point
            assert site.satellite("sync", "now")["outcome"] in {"applied", "already_applied"}
            assert site.licence("ADVANTAGE")["in_use"] == 1 + number
    device.use("ADVANTAGE", 2)
    site.synchronize("by-hand")

    assert site.licence("ADVANTAGE")["in_use"] == 2
    assert site.satellite("status")["unacknowledged_requests"] == 0


@pytest.mark.row("S2.5")
def test_files_that_are_no_response_are_refused_quickly_and_by_name(site: World) -> None:
    """The request itself, a document, nothing, two gigabytes of zeros: each has a code, none is read to its end."""
    site.satellite("sync", "export", "--output", site.file("q"))
    site.file("pdf", b"%PDF-1.7\n" + os.urandom(4096))
    site.file("empty", b"")
    with Path(site.file("huge")).open("wb") as file:
        file.truncate(2 * 1024**3)
    before = site.satellite("status")
    began = time.monotonic()
    codes = {
        name: site.satellite("sync", "import", site.file(name), code=1)["error"]["code"]
        for name in ("q", "pdf", "empty", "huge")
    }
    took = time.monotonic() - began
    at_central = {
        name: site.central("sync", "import", site.file(name), "--output", site.file("x"), code=1)["error"]["code"]
        for name in ("pdf", "empty", "huge")
    }

    assert codes["q"] == "wrong_kind"
    assert set(codes.values()) <= {"wrong_kind", "malformed", "truncated", "too_large"}
    assert set(at_central.values()) <= {"malformed", "truncated", "too_large"}
    assert took < 20
    assert site.satellite("status") == before


@pytest.mark.row("S2.3", "S2.5")
def test_sixty_requests_that_never_arrived_are_made_good_by_one(site: World) -> None:
    """The site says how many wait; the newest holds everything, and one round trip settles them all."""
    device = site.device("SN1")
    for number in range(60):
        device.use("ADVANTAGE", 1 + number % 3)
        made = site.satellite("sync", "export", "--output", site.file(f"q{number}"))
    site.central("sync", "import", site.file("q59"), "--output", site.file("r"))
    late = site.central("sync", "import", site.file("q7"), "--output", site.file("x"), code=1)["error"]["code"]
    site.satellite("sync", "import", site.file("r"))

    assert made["unacknowledged"] == 60
    assert late == "superseded"
    assert site.satellite("status")["unacknowledged_requests"] == 0
    assert site.licence("ADVANTAGE")["in_use"] == 3
    assert "satellite_forked" not in site.alerts()
    assert sum("SN1" in row["serial"] for row in site.central("instances", ACCOUNT)["items"]) == 1
