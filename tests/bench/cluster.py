"""A PostgreSQL of a measurement's own, with durable commits."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg


def _programs() -> Path:
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
    assert folders, "PostgreSQL is missing; `make test` installs it"
    return folders[0]


@contextmanager
def cluster() -> Iterator[Callable[[str], str]]:
    """Start a cluster, reached by a socket; gives a function for the address of a new, empty database."""
    folder, programs = Path(tempfile.mkdtemp(prefix="pg")), _programs()
    more: dict[str, Any] = {"capture_output": True, "cwd": folder}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        more |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    subprocess.run(
        [programs / "initdb", "-D", data, "-U", "bench", "--auth=trust", "-E", "UTF8", "--locale=C"], check=True, **more
    )
    control = [programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]
    options = f"-c listen_addresses= -c unix_socket_directories={folder} -c max_connections=200"
    subprocess.run([*control, "-o", options, "start"], check=True, **more)

    def new_database(_program: str) -> str:
        name = f"b{uuid4().hex}"
        with psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://bench@/{name}?host={folder}"

    try:
        yield new_database
    finally:
        subprocess.run([*control, "-m", "fast", "stop"], check=True, **more)
        shutil.rmtree(folder, ignore_errors=True)
