"""Bodies from anyone: looked at before they are taken, bounded in size, time and number, and never in anyone's way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import serverkit.devices.bodies as bounds
from central.app import make_app
from central.runtime import open_central
from serverkit.devices.asgi_front import AsgiFront
from tests.api.callers import central_token
from tests.world import ACCOUNT, World, call

SYNC = "/sync/v1/request"
PIECE = 64 * 1024
Parts = Callable[[], AsyncIterator[bytes]]


class Caller:
    """One request over the front; what was taken of its body is counted."""

    def __init__(self, path: str, length: int, parts: Parts, address: str = "192.0.2.9", **headers: str) -> None:
        self.taken = 0
        self.sent: list[Any] = []
        self._parts = parts()
        self.scope = {
            "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
            "http_version": "1.1", "client": (address, 1), "server": ("127.0.0.1", 2),
            "headers": [(b"content-length", str(length).encode())]
            + [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        self._length = length

    async def receive(self) -> dict[str, Any]:
        try:
            part = await anext(self._parts)
        except StopAsyncIteration:  # it was given up once: nothing more comes
            part = b""
            await asyncio.Event().wait()
        self.taken += len(part)
        return {"type": "http.request", "body": part, "more_body": self.taken < self._length}

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    async def ask(self, front: AsgiFront) -> tuple[int, dict[str, Any] | bytes]:
        await front(self.scope, self.receive, self.send)
        body = b"".join(message.get("body", b"") for message in self.sent[1:])
        with suppress(ValueError):
            return self.sent[0]["status"], json.loads(body)
        return self.sent[0]["status"], body


def flood(start: bytes, size: int) -> Parts:
    """A body that comes as fast as it is taken."""

    async def parts() -> AsyncIterator[bytes]:
        left = size
        yield start
        left -= len(start)
        while left > 0:
            yield b"x" * min(PIECE, left)
            left -= PIECE

    return parts


def stalled(start: bytes = b"x") -> Parts:
    """A body of which no more comes."""

    async def parts() -> AsyncIterator[bytes]:
        yield start
        await asyncio.Event().wait()
        yield b""

    return parts


def pieces(data: bytes, size: int) -> Parts:
    """A body in pieces, with a pause before each."""

    async def parts() -> AsyncIterator[bytes]:
        for at in range(0, len(data), size):
            await asyncio.sleep(0)
            yield data[at : at + size]

    return parts


def run(world: World, work: Callable[[AsgiFront], Any]) -> Any:
    """Run something at a front of central."""
    server = open_central(world.folder / "central")

    async def all_of_it() -> Any:
        return await work(AsgiFront(make_app(server), threads=2, behind_proxy=False))

    try:
        return asyncio.run(all_of_it())
    finally:
        server.database.dispose()


def _request(world: World) -> bytes:
    world.satellite("sync", "export", "--output", world.file("request"))
    return Path(world.file("request")).read_bytes()


@pytest.mark.row("C11.2", "S4.7")
def test_a_large_file_of_an_unknown_sender_is_refused_by_its_first_lines(site: World) -> None:
    """No satellite of ours, no signature of it, another size than the signed one: 187 MiB are not taken in for that."""
    genuine = _request(site)
    first, roots, envelope = genuine.split(b"\n", 3)[:3]
    stranger = first.replace(first.split()[2], b"0" * 32) + b"\n" + roots + b"\n" + envelope + b"\n"
    forged = b"\n".join([first, roots, envelope.replace(b'"sig":"', b'"sig":"AAAA')]) + b"\n"
    size = 187 * 1024 * 1024

    async def work(front: AsgiFront) -> list[tuple[int, str, int]]:
        found = []
        for start in (stranger, forged, b"no file of ours " * 100, genuine):
            caller = Caller(SYNC, size, flood(start, size))
            status, said = await caller.ask(front)
            assert isinstance(said, dict)
            found.append((status, said["code"], caller.taken))
        return found

    found = run(site, work)
    assert [entry[:2] for entry in found] == [
        (401, "unknown_issuer"), (400, found[1][1]), (400, "malformed"), (413, "too_large"),
    ]  # fmt: skip
    assert found[1][1] in {"altered", "malformed", "bad_signature"}
    assert max(taken for _, _, taken in found) < 3 * 1024 * 1024
    assert "satellite_sync_failed" not in site.alerts()


@pytest.mark.row("C11.2")
def test_a_large_file_of_a_known_satellite_may_come_slowly(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is late for a stranger after its first piece; its satellite has signed it, so the rest is waited for."""
    monkeypatch.setattr(bounds, "SMALL_BYTES", 64)
    monkeypatch.setattr(bounds, "STRANGER_SECONDS", 0.2)
    monkeypatch.setattr(bounds, "SOON_SECONDS", 0.1)
    data = _request(site)
    lines = len(b"\n".join(data.split(b"\n", 3)[:3])) + 1

    async def parts() -> AsyncIterator[bytes]:
        yield data[:lines]
        for at in range(lines, len(data), 200):
            await asyncio.sleep(0.15 if at == lines else 0)
            yield data[at : at + 200]

    status, said = run(site, Caller(SYNC, len(data), parts).ask)
    assert status == 200
    assert isinstance(said, bytes)


@pytest.mark.row("S4.7", "C11.2")
def test_bodies_that_stand_still_end_with_408_and_keep_nobody_from_service(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """200 of them at each kind of address: meanwhile REST and synchronization are answered, with two threads."""
    monkeypatch.setattr(bounds, "STRANGER_SECONDS", 3.0)
    monkeypatch.setattr(bounds, "SOON_SECONDS", 1.0)
    monkeypatch.setattr(bounds, "SLOW_AT_ALL", 10_000)
    data = _request(site)
    site.central("user", "add", "root", "--role", "vendor_administrator")
    token = central_token(site, "read")

    async def work(front: AsgiFront) -> tuple[list[Any], Any, Any]:
        paths = (SYNC, "/oauth/token", "/device/v1/register", "/api/v1/smart-accounts", "/nothing")
        slow = [
            asyncio.create_task(Caller(paths[number % 5], 5000, stalled(), f"192.0.2.{number % 100}").ask(front))
            for number in range(200)
        ]
        await asyncio.sleep(0)
        look = Caller(f"/api/v1/smart-accounts/{ACCOUNT}", 0, stalled(), authorization=f"Bearer {token}")
        look.scope["method"] = "GET"
        read = await look.ask(front)
        synchronized = await Caller(SYNC, len(data), pieces(data, 1000), "192.0.2.200").ask(front)
        assert not any(task.done() for task in slow)
        return await asyncio.gather(*slow), read, synchronized

    ended, read, synchronized = run(site, work)
    codes = [said["code"] for _, said in ended]
    assert set(codes[:3]) == {"request_timeout"}  # where no body is needed, what else is wrong is said
    assert {*codes} == {"request_timeout", "invalid_credentials", "not_found"}
    assert {status for status, said in ended if said["code"] == "request_timeout"} == {408}
    assert read[0] == 200
    assert synchronized[0] == 200


@pytest.mark.row("S4.7")
def test_one_address_sends_only_so_many_slow_bodies_at_once(vendor: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others of that address, of IPv6 of its network, are refused with 429; another address is not concerned."""
    monkeypatch.setattr(bounds, "STRANGER_SECONDS", 2.0)
    monkeypatch.setattr(bounds, "SOON_SECONDS", 0.2)

    async def work(front: AsgiFront) -> list[Any]:
        addresses = ["192.0.2.9"] * 30 + [f"2001:db8::{number:x}" for number in range(30)]
        addresses += ["198.51.100.1", "2001:db8:0:1::1"]
        callers = [Caller("/oauth/token", 5000, stalled(), address) for address in addresses]
        return await asyncio.gather(*(caller.ask(front) for caller in callers))

    codes = [said["code"] for _, said in run(vendor, work)]
    assert codes[:30].count("too_many_uploads") == 10
    assert codes[30:60].count("too_many_uploads") == 10
    assert codes[60:] == ["request_timeout"] * 2


@pytest.mark.row("S4.7")
def test_a_large_upload_without_a_credential_is_refused_by_its_beginning(vendor: World) -> None:
    """Wrong tokens, no tokens, requests for tokens: none gets more than the beginning of 100 MB taken."""
    size = 100 * 1024 * 1024
    paths = (f"/api/v1/smart-accounts/{ACCOUNT}/orders", "/api/v1/smart-accounts", "/oauth/token", "/nothing")

    async def work(front: AsgiFront) -> list[tuple[int, int]]:
        found = []
        for path in paths:
            for headers in ({}, {"authorization": "Bearer pca_wrong"}):
                caller = Caller(path, size, flood(b"a,b\n", size), content_type="text/csv", **headers)
                found.append(((await caller.ask(front))[0], caller.taken))
        return found

    found = run(vendor, work)
    assert {status for status, _ in found} <= {401, 404, 413, 415}
    assert max(taken for _, taken in found) < 3 * 1024 * 1024


@pytest.mark.row("S4.7")
@pytest.mark.parametrize("path", [SYNC, "/oauth/token", "/device/v1/register", "/api/v1/smart-accounts"])
@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1.5", "٣"])
def test_a_length_that_is_none_is_400(vendor: World, path: str, length: str) -> None:
    """At each edge, without a fault of the program."""
    server = open_central(vendor.folder / "central")
    app = make_app(server)

    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    token = central_token(vendor, "write")
    status, _, body = call(app, "POST", path, b"{}", {"Authorization": f"Bearer {token}", "Content-Length": length})
    server.database.dispose()
    assert status in {400, 403, 404, 405}
    assert b"internal_error" not in body
