"""A PostgreSQL of the bench's own: commits are durable, unlike in the tests' cluster."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg

from tests.conftest import _programs


@contextmanager
def cluster() -> Iterator[Callable[[str], str]]:
    """A cluster for a while; call what is given for the address of a new database."""
    programs = _programs()
    assert programs is not None, "PostgreSQL is missing; `bash tools/system_needs.sh` installs it"
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    as_user: dict[str, object] = {}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    data = folder / "data"
    words = ["-D", data, "-U", "bench", "--auth=trust", "-E", "UTF8", "--locale=C"]
    subprocess.run([programs / "initdb", *words], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
    control = [programs / "pg_ctl", "-D", data, "-l", folder / "log", "-w"]
    options = f"-c listen_addresses= -c unix_socket_directories={folder}"
    subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]

    def new_database(_program: str) -> str:
        name = f"b{uuid4().hex}"
        with psycopg.connect(host=str(folder), user="bench", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://bench@/{name}?host={folder}"

    try:
        yield new_database
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, capture_output=True, cwd=folder, **as_user)  # type: ignore[call-overload]
        shutil.rmtree(folder, ignore_errors=True)
