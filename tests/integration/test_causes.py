"""Causes of a failed synchronization that time, silence, the network or a forged answer produces, each for real.

Those of names, certificates and contents are beside the way itself, in `test_network.py`.
"""

from __future__ import annotations

import io
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from central.runtime import open_central
from exchange.container import open_container, split_container
from exchange.files.sync_response import SyncResponse, make_sync_response
from exchange.keys import PrivateKey
from exchange.vocabulary import FileKind, Role
from satellite.sync import network
from tests.integration.test_network import AsgiFront, Certificate, cause, served, settle
from tests.integration.test_network import cert as cert  # noqa: PLC0414 - a fixture
from tests.integration.test_network import front as front  # noqa: PLC0414 - a fixture
from tests.world import World

Talk = Callable[[socket.socket, threading.Event], None]
NOWHERE = "255.255.255.255"


@contextmanager
def talking(talk: Talk) -> Iterator[int]:
    """A port where each connection is dealt with by `talk` in a thread of its own, until the block ends."""
    ended = threading.Event()

    def deal(peer: socket.socket) -> None:
        with peer:
            talk(peer, ended)

    def work(server: socket.socket) -> None:
        while not ended.is_set():
            try:
                peer, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=deal, args=(peer,), daemon=True).start()

    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Thread(target=work, args=(server,), daemon=True).start()
        try:
            yield server.getsockname()[1]
        finally:
            ended.set()


def silent(_peer: socket.socket, ended: threading.Event) -> None:
    """Take the connection and never say a word."""
    ended.wait(30)


def half(peer: socket.socket, ended: threading.Event) -> None:
    """Begin an answer, and fall silent in the middle of it."""
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\nPERI")
    ended.wait(30)


def cut(peer: socket.socket, _ended: threading.Event) -> None:
    """Begin an answer, and hang up in the middle of it."""
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 4096\r\n\r\nPERI")


def flood(peer: socket.socket, _ended: threading.Event) -> None:
    """Answer with more than anyone asked for."""
    peer.recv(65536)
    peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n" + b"ok\n" * 1_000_000)


@contextmanager
def deaf() -> Iterator[int]:
    """A port whose queue is full: who knocks gets no answer at all, as behind a firewall that drops packets."""
    with socket.socket() as server, socket.socket() as waiting:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        waiting.connect(server.getsockname())
        yield server.getsockname()[1]


@pytest.mark.row("S2.2", "S1.4", "B1")
def test_silence_is_named_by_the_step_that_it_comes_at(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that drops packets, one that begins no TLS, one that gives no answer or half of one; the same of a proxy."""
    seen = []
    whole = network.call
    # A second is the shortest time that can be set; a quarter of it is as silent.
    monkeypatch.setattr(network, "call", lambda *words, seconds, **more: whole(*words, seconds=seconds / 4, **more))
    with deaf() as dropped, talking(silent) as mute, talking(half) as stuck:
        settle(site, f"https://127.0.0.1:{dropped}", timeout="1")
        seen.append(cause(site))
        settle(site, f"https://127.0.0.1:{mute}")
        seen.append(cause(site))
        for port in (mute, stuck):
            settle(site, f"http://127.0.0.1:{port}")
            seen.append(cause(site))
        for port in (dropped, mute):
            settle(site, "https://127.0.0.1:443", proxy=f"http://127.0.0.1:{port}")
            seen.append(cause(site))

    assert seen == ["timeout", "tls_timeout", "answer_timeout", "answer_timeout", "proxy_timeout", "proxy_timeout"]


@pytest.mark.row("S2.2", "S1.4")
def test_unreachable_addresses_and_broken_connections_are_named(site: World) -> None:
    """No route to central or to the proxy, and an answer that is cut off in the middle."""
    seen = []
    settle(site, f"https://{NOWHERE}:443", timeout="2")
    seen.append(cause(site))
    settle(site, "https://127.0.0.1:443", proxy=f"http://{NOWHERE}:3128")
    seen.append(cause(site))
    with talking(cut) as port:
        settle(site, f"http://127.0.0.1:{port}", proxy="")
        seen.append(cause(site))

    assert seen == ["no_route", "proxy_no_route", "connection_cut"]


@pytest.mark.row("S2.2")
def test_an_answer_without_an_end_is_not_read_to_its_end(site: World) -> None:
    """The doctor asks for two letters; more than a megabyte of them is not an answer of central."""
    with talking(flood) as port:
        settle(site, f"http://127.0.0.1:{port}")
        found = site.satellite("sync", "doctor", code=1)["cause"]

    assert found["code"] == "answer_too_large"
    assert found["where"] == "answer of central"


@pytest.mark.row("S1.4")
def test_a_time_out_is_a_setting_within_bounds(site: World) -> None:
    """It is shown, kept and checked like the others."""
    kept = site.satellite("sync", "settings", "--timeout", "45")["timeout"]
    refused = [site.satellite("sync", "settings", "--timeout", text, code=1)["error"] for text in ("0", "3601")]

    assert kept == site.satellite("sync", "settings")["timeout"] == 45
    assert {error["code"] for error in refused} == {"invalid_sync_setting"}
    assert all(error["message"].startswith("timeout") for error in refused)


@pytest.mark.row("S2.2", "S2.6", "S2.7")
def test_what_expires_or_jumps_on_this_machine_is_named(site: World, front: AsgiFront) -> None:
    """A clock that jumped is the doctor's first word and stops no attempt; an identity that ended stops them all."""
    by_hand = site.satellite("setup", "finish", "--mode", "manual")["setup_mode"]
    site.satellite("clock", "jump", "400d")
    jumped = site.satellite("sync", "doctor", code=1)["cause"]["code"]
    goes_on = site.satellite("sync", "now")["outcome"]
    site.satellite("clock", "jump", "400d", "--back")
    healthy = site.satellite("sync", "doctor")["healthy"]
    site.satellite("clock", "advance", "735d")
    ended = site.satellite("sync", "now", code=1)["error"]["code"]

    assert by_hand == "manual"
    assert (jumped, goes_on, healthy) == ("clock_ahead", "applied", True)
    assert ended == "identity_expired"


@pytest.mark.row("S2.2", "S1.5")
def test_a_site_that_carries_files_is_told_that_it_does(site: World) -> None:
    """Without an address, a site that chose files is not called badly set up."""
    found = site.satellite("sync", "now", code=1)["error"]

    assert found["code"] == "network_off"
    assert "files" in found["message"]


@pytest.mark.row("S2.2", "S2.6")
def test_a_central_that_is_not_this_site_s_is_named(vendor: World, cert: Certificate) -> None:
    """The same vendor's central from before the satellite was added, and the central of another vendor."""
    before, other = World(vendor.folder / "before"), World(vendor.folder / "other")
    before.folder.mkdir()
    shutil.copytree(vendor.folder / "central", before.folder / "central")
    other.folder.mkdir()
    other.found_central()
    vendor.found_satellite()
    seen = []
    for world in (before, other):
        with served(world, cert) as made:
            settle(vendor, made.url, cert)
            seen.append(cause(vendor))
    with served(vendor, cert) as made:
        settle(vendor, made.url, cert)
        healed = vendor.satellite("sync", "now")["outcome"]

    assert seen == ["satellite_unknown", "satellite_unknown"]
    assert healed == "applied"


@pytest.mark.row("S2.2", "S2.5")
def test_a_request_that_was_held_up_on_its_way_is_named(site: World, front: AsgiFront) -> None:
    """A proxy that delivers an old request in place of the new one: central has a newer one already."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.satellite("sync", "export", "--output", site.file("old"))
    device.use("ADVANTAGE", 2)
    site.satellite("sync", "export", "--output", site.file("newer"))
    site.central("sync", "import", site.file("newer"), "--output", site.file("r"))
    old = (site.folder / "old").read_bytes()
    front.request = lambda _body: old
    seen = cause(site)
    front.request = None

    assert seen == "superseded"
    assert site.satellite("sync", "now")["outcome"] == "applied"
    assert site.licence("ADVANTAGE")["in_use"] == 2


def resealed(world: World, data: bytes, key: PrivateKey | None = None, rows: Any = (), **changes: Any) -> bytes:
    """A response with other words, signed by central's own key or by another one."""
    keyring = open_central(world.folder / "central").keyring
    opened = open_container(split_container(data, FileKind.SYNC_RESPONSE), keyring.trust.keys(Role.RESPONSE))
    response = replace(SyncResponse.read(opened.manifest), **changes)
    out = io.BytesIO()
    make_sync_response(response, rows, key or keyring.response_key, [], out)
    return out.getvalue()


def _later(world: World, data: bytes, days: int) -> bytes:
    keyring = open_central(world.folder / "central").keyring
    opened = open_container(split_container(data, FileKind.SYNC_RESPONSE), keyring.trust.keys(Role.RESPONSE))
    return resealed(world, data, created=opened.header.created + timedelta(days=days))


STRANGE_ROW = SimpleNamespace(to_dict=lambda: {"kind": "nonsense"})
FORGED: dict[str, Callable[[World, bytes], bytes]] = {
    "response_malformed": lambda world, data: resealed(world, data, rows=[STRANGE_ROW]),
    "unknown_key": lambda world, data: resealed(world, data, PrivateKey.generate()),
    "not_my_answer": lambda world, data: resealed(world, data, answers_digest="0" * 64),
    "wrong_site": lambda world, data: resealed(world, data, satellite="0" * 32),
    "other_vendor": lambda world, data: resealed(world, data, vendor_id="0" * 32),
    "revoked": lambda world, data: resealed(world, data, epoch_id="0" * 32),
    "response_expired": lambda world, data: _later(world, data, 366),
    "response_not_yet_valid": lambda world, data: _later(world, data, 3),
    "response_too_old_format": lambda _, data: data.replace(b"PERIGEE1", b"PERIGEE9", 1),
    "wrong_file": lambda world, _: (world.folder / "registration").read_bytes(),
}


@pytest.mark.row("S2.2", "S2.5", "S2.6")
@pytest.mark.parametrize("code", FORGED)
def test_an_answer_that_is_not_the_one_asked_for_is_named_and_changes_nothing(
    site: World, front: AsgiFront, code: str
) -> None:
    """Whatever is wrong with it, also under central's own key; the true answer is there for the asking."""
    site.device("SN1").use("ADVANTAGE", 1)
    front.twist = lambda status, data: (status, FORGED[code](site, data))
    before = site.satellite("licences")
    seen = cause(site)
    after = site.satellite("licences")
    front.twist = None

    assert seen == code
    assert after == before
    assert site.satellite("status")["applied_response"] == 0
    assert site.satellite("sync", "now")["outcome"] == "applied"


@pytest.mark.row("S2.2", "S1.3")
def test_a_central_whose_clock_is_ahead_is_named_with_both_times(site: World, front: AsgiFront) -> None:
    """Its answer is from this machine's future: refused while the clock here is believed."""
    site.central("clock", "advance", "3d")
    seen = cause(site)
    site.satellite("clock", "advance", "3d")

    assert seen == "response_not_yet_valid"
    assert site.satellite("sync", "now")["outcome"] == "applied"
