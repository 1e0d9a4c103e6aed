"""Disks that are full, read-only, of another owner, or that fail: refused whole, said clearly, nothing lost."""

from __future__ import annotations

import gc
import http.client
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import central.keyring
import satellite.keyring
from central.app import make_app
from central.runtime import Central, open_central
from satellite.runtime import Satellite, open_satellite
from serverkit.errors import KeyFileMissingError
from serverkit.startup import check_home
from tests.faults.harness import BIN, DONE_SECONDS, Light, ask, serving
from tests.world import World, call

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="a file system of its own is mounted by root only")


@pytest.fixture
def small(tmp_path: Path) -> Iterator[World]:
    """A site on a file system of 40 MiB."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=0700", "tmpfs", place], check=True)
    world = World(place)
    try:
        world.found_central()
        world.found_satellite()
        yield world
    finally:
        world.close()
        subprocess.run(["umount", "-l", place], check=False)


def fill(world: World) -> Path:
    """Write until not a byte more goes in."""
    filler = world.folder / "filler"
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        for size in (1024 * 1024, 4096, 1):
            while file.write(b"\0" * size) == size:
                pass
    with filler.open("ab", buffering=0) as file, suppress(OSError):
        while file.write(b"\0"):
            pass
    return filler


@needs_root
@pytest.mark.row("S4.1", "S2.1", "C11.2")
def test_a_full_disk_refuses_whole_and_goes_on_when_there_is_room(small: World) -> None:
    """Registration, export, import and backup say `disk_full` and change nothing; status answers; then all goes on."""
    token = small.token()
    small.central("user", "add", "root", "--role", "vendor_administrator")
    key = small.central("api-token", "create", "--user", "root", "--days", "3", "--scope", "write")["token"]
    central, bearer = make_app(open_central(small.folder / "central")), {"Authorization": f"Bearer {key}"}
    small.satellite("sync", "export", "--output", small.file("q0"))
    with serving(small.folder / "satellite") as server:
        first = Light("S-first", token)
        assert ask(server.port, "POST", "/device/v1/register", first.registration())[0] == 200
        before = len(small.satellite("instances")["items"])
        filler = fill(small)
        refused, answered = [], []
        for number in range(60):
            device = Light(f"S{number}", token)
            message = device.registration()
            status, body = ask(server.port, "POST", "/device/v1/register", message)
            (answered if status == 200 else refused).append((device, message, status, body))
            if len(refused) == 3:
                break
        health, ready = ask(server.port, "GET", "/healthz"), ask(server.port, "GET", "/readyz")
        export = small.satellite("sync", "export", "--output", small.file("q"), code=1)["error"]["code"]
        backup = small.satellite("backup", "create", "--output", small.file("b"), code=1)["error"]["code"]
        taken = small.central("sync", "import", small.file("q0"), "--output", small.file("r0"), code=1)["error"]["code"]
        doctor = small.satellite("sync", "doctor", code=1)["cause"]["code"]
        status = small.satellite("status")["state"]
        signed_in = call(central, "GET", "/api/v1/smart-accounts", headers=bearer)[0]
        big = json.dumps({"name": "New", "description": "x" * 200}).encode()
        added = call(central, "POST", "/api/v1/smart-accounts/customer.example/virtual-accounts", big, bearer)
        count = len(small.satellite("instances")["items"])
        filler.unlink()
        for device, message, _, _ in refused:
            assert ask(server.port, "POST", "/device/v1/register", message)[0] == 200, device.serial
        after = {row["serial"] for row in small.satellite("instances")["items"]}
        ready_again = ask(server.port, "GET", "/readyz")[0]
    small.central("sync", "import", small.file("q0"), "--output", small.file("r0"))
    small.satellite("sync", "import", small.file("r0"))
    small.satellite("sync", "export", "--output", small.file("q"))
    small.central("sync", "import", small.file("q"), "--output", small.file("r"))

    assert (added[0], json.loads(added[2])["code"]) == (503, "disk_full")
    assert len(refused) == 3
    assert {status for _, _, status, _ in refused} == {503}
    assert {json.loads(body)["code"] for _, _, _, body in refused} == {"disk_full"}
    assert health == (200, b"ok\n")
    assert ready[0] == 503
    assert next(row for row in json.loads(ready[1])["checks"] if row["name"] == "disk")["ok"] is False
    assert (export, backup, taken, doctor) == ("disk_full", "disk_full", "disk_full", "disk_full")
    assert (status, signed_in, ready_again) == ("authorized", 200, 200)
    assert count == before + len(answered)
    assert after == {"S-first"} | {device.serial for device, _, _, _ in (*answered, *refused)}
    assert {row["serial"] for row in small.central("instances", "customer.example")["items"]} == after
    assert not list(small.folder.glob("satellite/.backup-*"))


@needs_root
@pytest.mark.row("S1.2")
def test_a_read_only_folder_is_named_at_the_start(small: World) -> None:
    """Server and commands end with the cause, and go on when the folder can be written again."""
    small.satellite("status")
    small.close()
    gc.collect()
    subprocess.run(["mount", "-o", "remount,ro", small.folder], check=True)
    code, error = start_fails(small.folder / "satellite")
    export = small.satellite("sync", "export", "--output", small.file("../request"), code=1)["error"]["code"]
    subprocess.run(["mount", "-o", "remount,rw", small.folder], check=True)

    assert code == 1
    assert error["code"] == "disk_read_only"
    assert export == "disk_read_only"
    assert small.satellite("status")["state"] == "authorized"


def start_fails(home: Path, program: str = "satellite") -> tuple[int, dict[str, str]]:
    """Start a server that must not start; exit code and error."""
    words = [BIN / program, "--home", home, "--json", "serve", "--bind", "127.0.0.1:0", "--no-jobs"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=DONE_SECONDS, check=False)
    error: dict[str, str] = json.loads(done.stdout)["error"]
    return done.returncode, error


def _need(program: str, key: Path) -> None:
    """Ask a running server for all keys that it needs."""
    if program == "central":
        central.keyring.KeyRing(key.parent).check()
    else:
        ids = [key.stem.removeprefix("key-")] if key.name.startswith("key-") else []
        satellite.keyring.KeyRing(key.parent).check(ids)


@pytest.mark.row("S1.2")
def test_every_missing_key_file_is_named_at_the_start(site: World) -> None:
    """Whichever file is gone, neither server starts without it or goes on, and the message names it."""
    opened: dict[str, Satellite | Central] = {
        "satellite": open_satellite(site.folder / "satellite"),
        "central": open_central(site.folder / "central"),
    }
    for program, made in opened.items():
        keys = sorted((site.folder / program / "keys").iterdir())
        assert len(keys) == {"satellite": 5, "central": 6}[program]
        for key in keys:
            kept = key.rename(site.folder / "kept")
            with pytest.raises(KeyFileMissingError, match=key.name):
                check_home(made.home, made.missing_keys())
            with pytest.raises(KeyFileMissingError, match=key.name):
                _need(program, key)
            kept.rename(key)
        trust = made.home / "keys" / "trust.json"
        kept = trust.rename(site.folder / "kept")
        code, error = start_fails(site.folder / program, program)
        kept.rename(trust)
        assert (code, error["code"]) == (1, "key_missing")
        assert "trust.json" in error["message"]
        made.database.dispose()


@needs_root
@pytest.mark.row("S1.2")
def test_a_part_of_the_home_that_belongs_to_another_user_is_named_at_the_start(site: World) -> None:
    """A server that runs as the wrong user would leave files that the right one cannot write."""
    target = site.folder / "satellite" / "satellite.db"
    os.chown(target, 12345, 12345)
    code, error = start_fails(site.folder / "satellite")
    os.chown(target, 0, 0)

    assert (code, error["code"]) == (1, "wrong_owner")
    assert "satellite.db" in error["message"]


@pytest.mark.row("S1.2", "B8")
def test_a_damaged_database_is_named_and_a_backup_brings_it_back(site: World) -> None:
    """A page that the disk changed is found at the first use; after the restore the site is at work again."""
    site.device("SN1")
    site.close()
    gc.collect()
    made = site.satellite("backup", "create", "--output", site.file("b"))
    database = site.folder / "satellite" / "satellite.db"
    with sqlite3.connect(database) as plain:
        plain.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = bytearray(database.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    database.write_bytes(data)
    refused = site.satellite("instances", code=1)["error"]["code"]
    words = ("restore", site.file("b"), "--passphrase-file", site.file("p", made["passphrase"]), "--replace")
    site.satellite(*words)

    assert refused == "database_damaged"
    assert [row["serial"] for row in site.satellite("instances")["items"]] == ["SN1"]


SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static int broken(const char *call) {
    const char *flag = getenv("BROKEN_DISK"), *only = getenv("BROKEN_CALL");
    return flag && (!only || strcmp(only, call) == 0) && access(flag, F_OK) == 0;
}
int fsync(int fd) {
    int (*next)(int) = dlsym(RTLD_NEXT, "fsync");
    if (broken("fsync")) { errno = EIO; return -1; }
    return next(fd);
}
int fdatasync(int fd) {
    int (*next)(int) = dlsym(RTLD_NEXT, "fdatasync");
    if (broken("fdatasync")) { errno = EIO; return -1; }
    return next(fd);
}
"""


def broken_disk(folder: Path, flag: Path) -> dict[str, str]:
    """An environment in which the disk confirms nothing any more once `flag` is there."""
    source, library = folder / "shim.c", folder / "shim.so"
    source.write_text(SHIM)
    compiler = shutil.which("cc") or shutil.which("gcc") or ""
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return {"LD_PRELOAD": str(library), "BROKEN_DISK": str(flag)}


needs_compiler = pytest.mark.skipif(not (shutil.which("cc") or shutil.which("gcc")), reason="no C compiler")


@needs_compiler
@pytest.mark.row("S4.1")
def test_a_disk_that_does_not_confirm_ends_the_server_without_an_answer(site: World, tmp_path: Path) -> None:
    """After a failed fsync nothing is acknowledged any more: the process ends by itself, with an exit code of its own."""
    flag = tmp_path / "broken"
    env = broken_disk(tmp_path, flag)
    token = site.token()
    with serving(site.folder / "satellite", env=env) as server:
        good, bad = Light("S-good", token), Light("S-bad", token)
        assert ask(server.port, "POST", "/device/v1/register", good.registration())[0] == 200
        flag.touch()
        message = bad.registration()
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server.port, "POST", "/device/v1/register", message)
        code = server.process.wait(DONE_SECONDS)
    done = subprocess.run(
        [BIN / "satellite", "--home", site.folder / "satellite", "--json", "token", "create", "--virtual-account", "Site", "--days", "3"],
        capture_output=True, text=True, check=False, env={**os.environ, **env}, timeout=DONE_SECONDS,
    )  # fmt: skip
    flag.unlink()
    log = (site.folder / "satellite.log").read_text()
    with serving(site.folder / "satellite") as server:
        assert ask(server.port, "POST", "/device/v1/register", message)[0] == 200

    assert code == 3
    assert "storage_failed" in log
    assert (done.returncode, json.loads(done.stdout)["error"]["code"]) == (1, "storage_failed")
    assert {row["serial"] for row in site.satellite("instances")["items"]} == {"S-good", "S-bad"}


@needs_compiler
@pytest.mark.row("S2.1", "S2.6")
def test_a_file_that_the_disk_does_not_confirm_ends_the_server_too(site: World, tmp_path: Path) -> None:
    """The database is sure of its commit, the anchor is not: no file is released, and a new start is sound and goes on."""
    flag = tmp_path / "broken"
    env = {**broken_disk(tmp_path, flag), "BROKEN_CALL": "fsync"}
    words = ("api-token", "create", "--name", "robot", "--role", "operator", "--days", "3")
    bearer = {"Authorization": f"Bearer {site.satellite(*words)['token']}"}
    with serving(site.folder / "satellite", env=env) as server:
        assert ask(server.port, "GET", "/api/v1/status", headers=bearer)[0] == 200
        flag.touch()
        with pytest.raises((OSError, http.client.HTTPException)):
            ask(server.port, "POST", "/api/v1/sync/export", b"{}", bearer)
        code = server.process.wait(DONE_SECONDS)
    flag.unlink()
    with serving(site.folder / "satellite") as server:
        status, file = ask(server.port, "POST", "/api/v1/sync/export", b"{}", bearer)

    assert code == 3
    assert status == 200
    assert file.startswith(b"PERIGEE1 ")
    assert not site.satellite("status")["restored"]


@needs_root
@pytest.mark.row("S2.2")
def test_the_doctor_names_what_is_wrong_with_disk_and_keys(small: World) -> None:
    """A full disk, a read-only one and a missing key are each the first cause, seen on this machine."""
    seen = []
    filler = fill(small)
    seen.append(small.satellite("sync", "doctor", code=1)["cause"]["code"])
    filler.unlink()
    small.close()
    gc.collect()
    subprocess.run(["mount", "-o", "remount,ro", small.folder], check=True)
    seen.append(small.satellite("sync", "doctor", code=1)["cause"]["code"])
    subprocess.run(["mount", "-o", "remount,rw", small.folder], check=True)
    gone = list((small.folder / "satellite" / "keys").glob("key-*.pem"))
    for key in gone:
        key.rename(key.with_suffix(".kept"))
    seen.append(small.satellite("sync", "doctor", code=1)["cause"]["code"])
    for key in gone:
        key.with_suffix(".kept").rename(key)

    assert seen == ["disk_full", "disk_read_only", "key_missing"]
    assert small.satellite("sync", "doctor")["healthy"]


@needs_root
@pytest.mark.row("S1.1", "S4.1")
def test_an_init_that_finds_too_little_room_names_the_disk_and_leaves_nothing(tmp_path: Path) -> None:
    """Wherever the room ends, at keys or within the first migration: the same home can be set up once there is room."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=300k,mode=0700", "tmpfs", place], check=True)
    world = World(place)
    words = ("init", "--vendor", "Example", "--root-keys", world.file("root-keys"), "--lab")
    try:
        refused = world.central(*words, code=1)["error"]["code"]
        left = {path.name for path in place.rglob("*") if not path.is_dir()}
        subprocess.run(["mount", "-o", "remount,size=20m", place], check=True)
        world.central(*words)
    finally:
        subprocess.run(["umount", "-l", place], check=False)

    assert refused == "disk_full"
    assert left <= {"server.lock", "jobs.lock"}
