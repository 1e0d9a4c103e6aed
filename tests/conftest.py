"""What many tests share: worlds on both databases, and a PostgreSQL of their own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from tests.world import World

BOTH = (pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.system))


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], str]]:
    """A cluster of this run alone, reached by a socket; call it for the address of a new database."""
    programs = _programs()
    assert programs is not None, "PostgreSQL is missing; `make test` installs it"
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "log"
    words = ["-D", str(data), "-U", "test", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run([programs / "initdb", *words], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off -c max_connections=200"
    control = [programs / "pg_ctl", "-D", data, "-l", log, "-w"]
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]

    def new_database() -> str:
        name = f"t{uuid4().hex}"
        with psycopg.connect(host=str(folder), user="test", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://test@/{name}?host={folder}"

    yield new_database
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A world without central; on PostgreSQL where the test asks for it by `database`."""
    if getattr(request, "param", "sqlite") == "postgresql":
        new_database = request.getfixturevalue("postgresql")
        monkeypatch.setenv("CENTRAL_DATABASE__URL", new_database())
        monkeypatch.setenv("SATELLITE_DATABASE__URL", new_database())
    world = World(tmp_path)
    yield world
    world.close()


@pytest.fixture
def vendor(empty_world: World) -> World:
    """A central with catalogue, account and orders."""
    empty_world.found_central()
    return empty_world


@pytest.fixture
def site(vendor: World) -> World:
    """The vendor's central and a customer's satellite that it authorized."""
    vendor.found_satellite()
    return vendor


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked `both_databases` on SQLite and on PostgreSQL."""
    if metafunc.definition.get_closest_marker("both_databases") is not None:
        metafunc.parametrize("empty_world", BOTH, indirect=True)
