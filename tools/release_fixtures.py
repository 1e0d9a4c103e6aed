"""Keep what a released version wrote, so that each later version is held to opening it.

python -m tools.release_fixtures     once for each release, on its commit: writes tests/fixtures/releases/VERSION

The folder has the homes of a central, of two satellites and of a device, a backup, the signed files that they
exchange, and `frozen.json`: digests of the migrations and of the golden files of the format, which never change again.
Keys are random, so the archives differ in each run; a folder that exists is never written over.
"""

from __future__ import annotations

import hashlib
import io
import json
import sqlite3
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import central
from tests.world import ACCOUNT, World

ROOT = Path(__file__).resolve().parents[1]
RELEASES = ROOT / "tests" / "fixtures" / "releases"
PASSPHRASE = "a-long-passphrase-of-the-fixtures"
HOMES = ("central", "satellite", "satellite-new", "devices")
FILES = ("root.json", "registration-new", "authorization-new", "request", "response", "satellite.pgb")
FROZEN = "frozen.json"


def main() -> int:
    """Write the folder of this version."""
    folder = RELEASES / central.__version__
    if folder.exists():
        print(
            f"{folder.relative_to(ROOT)} is there already: what a release wrote is never written again", file=sys.stderr
        )
        return 1
    write_fixtures(folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{folder.relative_to(ROOT)}: {size // 1024} KiB")
    return 0


def write_fixtures(folder: Path) -> None:
    """Make homes and files with the programs of this version, and keep them in a folder."""
    with tempfile.TemporaryDirectory() as scratch:
        world = World(Path(scratch))
        _live(world)
        world.close()
        folder.mkdir(parents=True)
        for home in HOMES:
            _compact(world.folder / home)
            (folder / f"{home}.tar.xz").write_bytes(_packed(world.folder / home))
        # What the old programs answer to what their homes have just written.
        world.central("sync", "import", world.file("request"), "--output", world.file("response"))
        add = ("satellite", "add", ACCOUNT, "--name", "South", "--virtual-account", "Lab")
        world.central(*add, "--registration", world.file("registration-new"))
        world.central("satellite", "authorize", ACCOUNT, "South", "--output", world.file("authorization-new"))
        for name in FILES:
            (folder / name).write_bytes((world.folder / name).read_bytes())
    (folder / FROZEN).write_text(json.dumps(frozen(), indent=1, sort_keys=True) + "\n", encoding="utf-8")


def frozen() -> dict[str, dict[str, str]]:
    """Digests of what no later version may change: each migration by its path, all golden files of a kind and version."""
    migrations = sorted(ROOT.glob("*/migrations/versions/*.py"))
    kinds = sorted(path for path in (ROOT / "tests" / "vectors").glob("*/v*") if path.is_dir())
    return {
        "migrations": {one.relative_to(ROOT).as_posix(): _sha256(one.read_bytes()) for one in migrations},
        "vectors": {kind.relative_to(ROOT).as_posix(): digest_of_folder(kind) for kind in kinds},
    }


def digest_of_folder(folder: Path) -> str:
    """One digest of the names and bytes of a folder's files."""
    listed = "".join(f"{_sha256(one.read_bytes())}  {one.name}\n" for one in sorted(folder.iterdir()) if one.is_file())
    return _sha256(listed.encode())


def unpack(folder: Path, target: Path) -> World:
    """The world that a folder of a release keeps, in another folder."""
    for home in HOMES:
        with tarfile.open(folder / f"{home}.tar.xz") as archive:
            archive.extractall(target, filter="data")
    for name in FILES:
        (target / name).write_bytes((folder / name).read_bytes())
    return World(target)


def _live(world: World) -> None:
    """Have vendor, site and devices do a little of everything that stays in a database."""
    world.found_central()
    world.found_satellite()
    world.central("virtual-account", "create", ACCOUNT, "Lab")
    device = world.device("SN1", hostname="edge-1")
    device.use("ADVANTAGE", 2)
    world.synchronize()
    world.device("SN2").use("ADVANTAGE", 2)  # more than there is, so an alert stands
    world.device("SN9", "central", world.token("central", pool="Spare"), hostname="direct").use("ADVANTAGE", 1)
    secret = world.file("secret", PASSPHRASE + "\n")
    world.satellite("user", "add", "anna", "--role", "administrator", "--password-file", secret)
    world.central("user", "add", "vera", "--role", "vendor_administrator")
    world.central("user", "password", "vera", "--password-file", secret)
    world.satellite("jobs", "run", "alerts")
    world.central("jobs", "run", "alerts")
    world.satellite("backup", "create", "--output", world.file("satellite.pgb"), "--passphrase-file", secret)
    world.satellite("init", "--name", "South", "--root", world.file("root.json"), "--lab", home="satellite-new")
    world.satellite("registration", "export", "--output", world.file("registration-new"), home="satellite-new")
    world.satellite("sync", "export", "--output", world.file("request"))


def _compact(home: Path) -> None:
    """Leave nothing in a home's database but its rows, in one file."""
    for database in home.glob("*.db"):
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.execute("VACUUM")


def _packed(home: Path) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz", preset=9) as archive:
        for path in _sorted(home):
            archive.add(path, path.relative_to(home.parent).as_posix(), recursive=False, filter=_plain)
    return data.getvalue()


def _sorted(home: Path) -> Iterator[Path]:
    yield home
    yield from sorted(path for path in home.rglob("*") if path.is_dir() or path.is_file())


def _plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
