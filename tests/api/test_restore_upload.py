"""A backup that a browser sends to a new satellite, in parts, through the front that serves in production."""

from __future__ import annotations

import asyncio
import errno
import re
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import serverkit.devices.bodies as bounds
from satellite.actions import restore as restores
from satellite.app import make_app
from satellite.runtime import Satellite, open_satellite
from serverkit.devices.asgi_front import AsgiFront
from serverkit.storage import free_bytes
from tests.api.test_uploads import PIECE, Parts, flood
from tests.world import World

PASSPHRASE = "the passphrase of the backup"
EDGE = "edge-of-the-form"


@dataclass
class Person:
    """Someone with a browser: keeps cookies and the token of the page, and sends bodies piece by piece."""

    front: AsgiFront
    cookies: dict[str, str] = field(default_factory=dict)
    text: str = ""
    taken: int = 0

    async def ask(
        self, method: str, path: str, body: Parts | None = None, length: int = 0, media: str = "text/plain"
    ) -> tuple[int, str]:
        """Send a request; status and `data-verdict`, `data-page` or the address that follows."""
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers = {
            "accept": "text/html", "content-length": str(length), "content-type": media, "cookie": jar,
            "host": "site.example", "sec-fetch-site": "same-origin",
        }  # fmt: skip
        scope: dict[str, Any] = {
            "type": "http", "method": method, "path": path, "raw_path": path.encode(), "query_string": b"",
            "http_version": "1.1", "scheme": "https", "client": ("192.0.2.7", 1), "server": ("site.example", 443),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }  # fmt: skip
        said: list[Any] = []
        parts, self.taken = body() if body is not None else None, 0

        async def receive() -> dict[str, Any]:
            if parts is None or self.taken >= length:
                await asyncio.Event().wait()
            try:
                part = await anext(parts)  # type: ignore[arg-type]  # there are parts here
            except StopAsyncIteration:
                return {"type": "http.disconnect"}
            self.taken += len(part)
            return {"type": "http.request", "body": part, "more_body": self.taken < length}

        async def send(message: Any) -> None:
            said.append(message)

        await self.front(scope, receive, send)
        for name, value in said[0]["headers"]:
            if name.lower() == b"set-cookie":
                key, _, rest = value.decode().partition("=")
                self.cookies[key] = rest.partition(";")[0]
        self.text = b"".join(one.get("body", b"") for one in said[1:]).decode()
        moved = [value.decode() for name, value in said[0]["headers"] if name.lower() == b"location"]
        seen = re.search(r'data-verdict="(\w+)"', self.text) or re.search(r'data-page="([\w-]+)"', self.text)
        return said[0]["status"], moved[0] if moved else seen[1] if seen else self.text

    @property
    def token(self) -> str:
        return str(re.findall(r'name="csrf_token" value="([^"]*)"', self.text)[-1])

    async def code(self, code: str) -> tuple[int, str]:
        """Enter the set-up code on the first page of the restore."""
        await self.ask("GET", "/setup/restore")
        body = f"csrf_token={self.token}&code={code}".encode()
        media = "application/x-www-form-urlencoded"
        return await self.ask("POST", "/setup/restore/code", whole(body), len(body), media)

    async def send(self, content: bytes, passphrase: str = PASSPHRASE, *, cut: int = 0) -> tuple[int, str]:
        """Send a backup as the form does; `cut`: the connection ends so many bytes before the end."""
        await self.ask("GET", "/setup/restore")
        start, end = form(self.token if self.text else "", passphrase)
        body = start + content + end
        return await self.ask(
            "POST", "/setup/restore", whole(body[: len(body) - cut]), len(body), f"multipart/form-data; boundary={EDGE}"
        )


def form(token: str, passphrase: str = PASSPHRASE) -> tuple[bytes, bytes]:
    """What is before and after the file in the form."""
    fields = "".join(
        f'--{EDGE}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("csrf_token", token), ("passphrase", passphrase))
    )
    head = f'--{EDGE}\r\nContent-Disposition: form-data; name="file"; filename="b.pgb"\r\n\r\n'
    return (fields + head).encode(), f"\r\n--{EDGE}--\r\n".encode()


def whole(data: bytes) -> Parts:
    """A body in pieces, as it comes from a network."""

    async def parts() -> AsyncIterator[bytes]:
        for at in range(0, len(data), PIECE):
            yield data[at : at + PIECE]

    return parts


@dataclass
class New:
    """A satellite that was just made, and the backup of another one that is larger than what anyone may send."""

    world: World
    server: Satellite
    code: str
    backup: bytes

    def run(self, work: Any) -> Any:
        """Run something at the front of this satellite, as a browser."""

        async def all_of_it() -> Any:
            return await work(Person(AsgiFront(make_app(self.server), threads=2, behind_proxy=False)))

        return asyncio.run(all_of_it())

    @property
    def name(self) -> str:
        """How this satellite is called: another one's name once a backup is in its place."""
        return str(self.world.satellite("status")["name"])

    def leftovers(self) -> list[str]:
        """What an upload left in the home."""
        kept = [
            *self.server.home.glob("incoming/*"),
            *self.server.home.glob(".restore-*"),
            *self.server.home.glob("tmp*"),
        ]
        return [path.name for path in kept]


@pytest.fixture
def new(vendor: World) -> Iterator[New]:
    vendor.found_satellite("South", "satellite-south")
    folder = vendor.folder / "satellite-south"
    with closing(sqlite3.connect(folder / "satellite.db")) as connection, connection:
        connection.execute("CREATE TABLE IF NOT EXISTS ballast (data BLOB)")
        connection.execute("INSERT INTO ballast VALUES (randomblob(300000))")
    vendor.satellite(
        "backup", "create", "--output", vendor.file("backup"),
        "--passphrase-file", vendor.file("passphrase", PASSPHRASE), home="satellite-south",
    )  # fmt: skip
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server = open_satellite(vendor.folder / "satellite")
    backup = Path(vendor.file("backup")).read_bytes()
    assert len(backup) > 4 * bounds.SMALL_BYTES
    yield New(vendor, server, made["setup_code"], backup)
    server.database.dispose()


@pytest.mark.row("S1.1", "S2.6")
def test_a_backup_of_any_size_is_restored_after_the_set_up_code(new: New) -> None:
    """Sent in parts through the production front; wrong passphrase, cut, altered, foreign: one verdict, nothing changed."""
    altered = bytearray(new.backup)
    altered[len(altered) // 2] ^= 1

    async def work(person: Person) -> tuple[list[Any], list[Any]]:
        taken = [await person.code("0000-0000-0000-0000"), await person.code(new.code)]
        refused = [
            await person.send(new.backup, "another passphrase"),
            await person.send(new.backup[:-1000]),
            await person.send(bytes(altered)),
            await person.send(b"no backup " * 30_000),
            await person.send(b""),
        ]
        assert new.name == "North"
        assert new.leftovers() == []
        return taken, [*refused, await person.send(new.backup), await person.ask("GET", "/setup/restore")]

    taken, found = new.run(work)
    new.server.database.dispose()

    assert taken == [(401, "setup_code_refused"), (303, "/setup/restore")]
    assert [one[1] for one in found[:-2]] == [
        "backup_locked", "backup_damaged", "backup_damaged", "not_a_backup", "not_a_backup",
    ]  # fmt: skip
    assert {one[0] for one in found[:-2]} <= {400, 409, 422}
    assert found[-2:] == [(200, "setup-restored"), (200, "setup-restored")]
    assert new.name == "South"


@pytest.mark.row("S1.1")
def test_an_unknown_caller_sends_no_large_body_to_a_new_satellite(new: New) -> None:
    """Without the code, with an altered permit or one of an older code, 1 GiB is refused at its first bytes."""
    size = 1024**3

    async def work(person: Person) -> list[Any]:
        async def big() -> tuple[int, str, bool]:
            await person.ask("GET", "/setup/restore")
            start, _end = form(person.token)
            media = f"multipart/form-data; boundary={EDGE}"
            found = await person.ask("POST", "/setup/restore", flood(start, size), size, media)
            return (*found, person.taken < 3 * 1024 * 1024)

        found = [await big()]
        await person.code(new.code)
        permit = next(name for name in person.cookies if name.endswith("-permit"))
        good = person.cookies[permit]
        person.cookies[permit] = good[:-4] + "AAAA"
        found.append(await big())
        new.world.satellite("setup", "code")
        person.cookies[permit] = good
        found.append(await big())
        return found

    assert new.run(work) == [(401, "restore_not_permitted", True)] * 3
    assert new.leftovers() == []


@pytest.mark.row("S1.1")
def test_a_permit_ends_with_its_time_or_the_first_administrator_but_not_under_an_upload(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half an hour to begin; an upload that has begun is not cut off by it; once there is an administrator nothing is taken."""

    async def work(person: Person) -> list[Any]:
        await person.code(new.code)
        new.world.advance("31m")
        late = await person.send(new.backup)
        page = person.text
        await person.code(new.code)
        look = restores.is_permitted

        def ends(*given: Any, begun: bool = False) -> bool:
            """The permit ends while the body comes."""
            found = look(*given, begun=begun)
            if not begun:
                new.world.advance("31m")
            return found

        monkeypatch.setattr(restores, "is_permitted", ends)
        slow = await person.send(new.backup, "another passphrase")
        monkeypatch.undo()
        await person.code(new.code)
        password = new.world.file("pw", "a long enough secret")
        new.world.satellite("user", "add", "anna", "--role", "administrator", "--password-file", password)
        return [late, 'name="code"' in page, slow, await person.send(new.backup)]

    late, asks_again, slow, gone = new.run(work)
    assert (late, asks_again) == ((401, "restore_not_permitted"), True)
    assert slow[1] == "backup_locked"
    assert gone == (303, "/")
    assert new.name == "North"


@pytest.mark.row("S1.1")
def test_a_full_disk_and_a_stick_that_is_pulled_out_change_nothing(new: New, monkeypatch: pytest.MonkeyPatch) -> None:
    """No room: said before the body is taken in, or on the page when it runs out meanwhile; a body that breaks off is gone."""

    def full(_upload: bounds.Upload) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    async def work(person: Person) -> list[Any]:
        await person.code(new.code)
        found: list[Any] = []
        with monkeypatch.context() as small:
            small.setattr(restores, "free_bytes", lambda _home: 2 * len(new.backup))
            found.append(await person.send(new.backup))
        with monkeypatch.context() as small:
            small.setattr(bounds, "CHUNK", 1)
            small.setattr(bounds.Upload, "write", full)
            small.setattr(bounds.Upload, "rewind", lambda upload: upload.file)
            found.append((*await person.send(new.backup), 'name="passphrase"' in person.text))
        found.append((await person.send(new.backup, cut=150_000))[0])
        return found

    assert free_bytes(new.server.home) > 0
    assert new.run(work) == [(503, "disk_full"), (503, "disk_full", True), 400]
    assert new.name == "North"
    assert new.leftovers() == []
