"""What many tests share: worlds on both databases, a PostgreSQL of their own, and the profiles of generated tests.

PERIGEE_PROFILE=thorough multiplies walks and examples; PERIGEE_SEED=N walks from another first seed.
"""

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
from argon2 import PasswordHasher
from hypothesis import HealthCheck, settings

from central.runtime import assemble as assemble_central
from satellite.runtime import assemble as assemble_satellite
from serverkit.db import migrate
from serverkit.users import passwords
from tests.templates import (
    OpenConnections,
    Templates,
    build_no_addresses,
    compile_each_template_once,
    share_compiled_statements,
    walk_each_chain_once,
)
from tests.world import World

share_compiled_statements()
build_no_addresses()
compile_each_template_once()
walk_each_chain_once()
# Passwords of tests need not withstand anyone.
passwords._HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
CONNECTIONS = OpenConnections()
CONNECTIONS.keep()
MEMORY, ROOM = Path("/dev/shm"), 2 * 2**30
if "TMPDIR" not in os.environ and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ROOM:
    # Homes and databases stand in memory: every commit is written through as on a disk, and no one waits for one.
    os.environ["TMPDIR"], tempfile.tempdir = str(MEMORY), None
THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]

settings.register_profile("fast", max_examples=40, deadline=None, derandomize=True, suppress_health_check=_QUIET)
settings.register_profile("thorough", max_examples=2000, deadline=None, suppress_health_check=_QUIET)
settings.load_profile("thorough" if THOROUGH else "fast")
BOTH = (pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.system))


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


def drop_database(address: str) -> None:
    """Drop a database; connections to it end. Hundreds of them would fill the disk and slow the cluster down."""
    CONNECTIONS.close()
    name, _, host = address.removeprefix("postgresql://test@/").partition("?host=")
    with psycopg.connect(host=host, user="test", dbname="postgres", autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _migrated(address: str, program: str) -> None:
    """Bring a database into the form of `central` or `satellite`."""
    made = assemble_central if program == "central" else assemble_satellite
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.toml").write_text(f'[database]\nurl = "{address}"\n', encoding="utf-8")
        server = made(Path(folder))
        migrate.upgrade(server.database.engine, Path(__file__).parent.parent / program / "migrations")
        server.database.dispose()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[str], str]]:
    """A cluster of this run alone, reached by a socket.

    Call it with `central` or `satellite` for the address of a new database in that program's form, with an empty name
    for an empty one. The form is made once and copied.
    """
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
    quick = {
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "autovacuum": "off",
        "jit": "off",
    }
    named = {"listen_addresses": "", "unix_socket_directories": folder, "max_connections": 200, **quick}
    options = " ".join(f"-c {name}={value}" for name, value in named.items())
    control = [programs / "pg_ctl", "-D", data, "-l", log, "-w"]
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]

    def create(words: str) -> str:
        name = f"t{uuid4().hex}"
        CONNECTIONS.close()  # no one may be connected to what is copied
        with psycopg.connect(host=str(folder), user="test", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} {words}".encode())
        return name

    def address(name: str) -> str:
        return f"postgresql://test@/{name}?host={folder}"

    templates: dict[str, str] = {}

    def new_database(program: str, template: str = "") -> str:
        if not program:
            return address(create(f"TEMPLATE {template} STRATEGY FILE_COPY" if template else ""))
        if program not in templates:
            templates[program] = create("")
            _migrated(address(templates[program]), program)
        return address(create(f"TEMPLATE {templates[program]} STRATEGY FILE_COPY"))

    yield new_database
    # What a test made is dropped after it (`empty_world`); the rest goes with the folder.
    subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(autouse=True)
def _no_server_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `serve` sets for its process ends with a test that runs it in this one.

    Otherwise a fault of a disk that a later test makes would end the process of the tests.
    """
    monkeypatch.setattr("serverkit.storage._serving", [False])
    monkeypatch.setattr("tempfile.tempdir", tempfile.tempdir)


@pytest.fixture
def empty_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A world without central; each home gets a PostgreSQL database of its own where the test asks for that."""
    if getattr(request, "param", "sqlite") != "postgresql":
        world = World(tmp_path)
        yield world
        world.close()
        return
    cluster: Callable[..., str] = request.getfixturevalue("postgresql")
    made: list[str] = []

    def new_database(program: str, template: str = "") -> str:
        made.append(cluster(program, template))
        return made[-1]

    world = World(tmp_path, new_database)
    yield world
    world.close()
    for address in made:
        drop_database(address)


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Worlds to copy; the PostgreSQL cluster starts with the first test that needs it."""

    def new_database(program: str, template: str = "") -> str:
        made: Callable[..., str] = request.getfixturevalue("postgresql")
        return made(program, template)

    return Templates(tmp_path_factory.mktemp("templates"), new_database)


@pytest.fixture
def vendor(empty_world: World, templates: Templates) -> World:
    """A central with catalogue, account and orders."""
    templates.copy("vendor", empty_world)
    return empty_world


@pytest.fixture
def site(request: pytest.FixtureRequest, empty_world: World, templates: Templates) -> World:
    """The vendor's central and a customer's satellite that it authorized."""
    if "vendor" in request.fixturenames:  # another fixture holds that central, perhaps open
        made: World = request.getfixturevalue("vendor")
        made.found_satellite()
        return made
    templates.copy("site", empty_world)
    return empty_world


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked `both_databases` on SQLite and on PostgreSQL, and every other on SQLite.

    Both is for claims that a database has a part in: what the ledger books, what is unique, locked or counted, what comes at
    once, order and search of lists, jobs, bulk files, migrations, texts and numbers at the edge of a type. Texts, forms of
    answers, wizards and rights over the same actions run on one; `tests/api/test_on_postgresql.py` opens every page and every
    list of REST, in each of its orders, on PostgreSQL.
    """
    if "empty_world" in metafunc.fixturenames and metafunc.definition.get_closest_marker("both_databases"):
        metafunc.parametrize("empty_world", BOTH, indirect=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests that take long, as many in the share of each worker, so that no worker waits for the last one."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if item.get_closest_marker("long")]
    rest = [item for item in items if not item.get_closest_marker("long")]
    ordered: list[pytest.Item] = []
    for number in range(workers):
        share, first = len(items) // workers, long[number::workers]
        count = max(0, share - len(first))
        ordered += [*first, *rest[:count]]
        rest = rest[count:]
    items[:] = [*ordered, *rest]
