"""Three PostgreSQL servers under Patroni with etcd, on loopback, as an unprivileged user; synchronous replication."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

WAIT_SECONDS = 120.0
MEMBERS = 3
TTL_SECONDS = 8
"""Shorter than Patroni's 30 seconds: the test waits for it once."""
_YAML = """scope: central
name: {name}
restapi: {{listen: "127.0.0.1:{rest}", connect_address: "127.0.0.1:{rest}"}}
etcd3: {{hosts: ["127.0.0.1:{etcd}"]}}
bootstrap:
  dcs:
    ttl: {ttl}
    loop_wait: 1
    retry_timeout: 3
    primary_start_timeout: 0
    synchronous_mode: true
    synchronous_mode_strict: true
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 200, wal_log_hints: "on", max_wal_senders: 10, wal_keep_size: 256MB}}
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
postgresql:
  basebackup: [{{checkpoint: fast}}]
  listen: "127.0.0.1:{port}"
  connect_address: "127.0.0.1:{port}"
  bin_dir: {programs}
  data_dir: {folder}/{name}/data
  pgpass: {folder}/{name}/pgpass
  parameters: {{unix_socket_directories: "{folder}/{name}", jit: "off"}}
  pg_hba: ["local all all trust", "host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
  authentication:
    superuser: {{username: test}}
    replication: {{username: copier}}
"""


def programs() -> Path | None:
    """The folder of PostgreSQL's programs where Patroni and etcd are installed too."""
    if not (shutil.which("patroni") and shutil.which("etcd")):
        return None
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), default=None)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Member:
    """One PostgreSQL server with its Patroni."""

    name: str
    port: int
    rest: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def postmaster(self) -> int:
        """The process id of the server."""
        return int((self.folder / self.name / "data" / "postmaster.pid").read_text().split()[0])

    def kill_server(self) -> None:
        """SIGKILL to PostgreSQL alone."""
        os.kill(self.postmaster, signal.SIGKILL)

    def kill_machine(self) -> None:
        """SIGKILL to Patroni and PostgreSQL, as when the machine is gone."""
        assert self.process is not None
        pid = self.postmaster
        self.process.kill()
        os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None


@dataclass
class Cluster:
    """The members, and etcd."""

    folder: Path
    etcd: int
    more: dict[str, Any]
    members: list[Member] = field(default_factory=list)
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The address that the nodes of central use: every server, whichever can be written to."""
        hosts = "&".join(f"host=127.0.0.1:{member.port}" for member in self.members)
        return f"postgresql://test@/central?{hosts}&target_session_attrs=read-write"

    def run(self, *words: str, log: str) -> subprocess.Popen[bytes]:
        """Start a program that stays."""
        with (self.folder / log).open("ab") as file:
            process = subprocess.Popen(words, stdout=file, stderr=file, **self.more)
        self.running.append(process)
        return process

    def start(self, member: Member) -> None:
        """Start a member, or start it again."""
        member.process = self.run("patroni", str(self.folder / f"{member.name}.yml"), log=f"{member.name}.log")

    def seen(self) -> dict[str, tuple[str, str]]:
        """Role and state of each member, as any Patroni that answers tells."""
        for member in self.members:
            with suppress(OSError, ValueError):
                with urllib.request.urlopen(f"http://127.0.0.1:{member.rest}/cluster", timeout=2) as answer:
                    told = json.load(answer)["members"]
                return {one["name"]: (one["role"], one["state"]) for one in told}
        return {}

    def leader(self) -> str:
        """The name of the member that is written to; empty while there is none."""
        return next((name for name, (role, _) in self.seen().items() if role == "leader"), "")

    def primary(self) -> Member:
        """The member that is written to."""
        name = self.leader()
        return next(one for one in self.members if one.name == name)

    def wait_whole(self) -> None:
        """Wait until every member runs and one of them confirms each commit."""

        def whole() -> bool:
            roles = sorted(role for role, state in self.seen().values() if state in {"running", "streaming"})
            return roles == ["leader", "replica", "sync_standby"]

        self.wait(whole, "the cluster is not whole")

    def wait(self, done: Callable[[], bool], what: str) -> None:
        """Wait for something, a bounded time."""
        end = time.monotonic() + WAIT_SECONDS
        while not done():
            logs = "".join(path.read_text()[-800:] for path in sorted(self.folder.glob("*.log")))
            assert time.monotonic() < end, f"{what}: {self.seen()}\n{logs}"
            time.sleep(0.1)


@contextmanager
def started() -> Iterator[Cluster]:
    """A cluster with an empty database, whole at first; everything ends with the block."""
    found = programs()
    assert found is not None, "Patroni or etcd is missing; `make cluster-test` installs them"
    folder = Path(tempfile.mkdtemp(prefix="cluster"))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "PG"))}
    more: dict[str, Any] = {"cwd": folder, "env": {**kept, "PATH": "/usr/bin:/bin"}}
    if os.geteuid() == 0:
        user = pwd.getpwnam("postgres")
        os.chown(folder, user.pw_uid, user.pw_gid)
        more |= {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    client, peer, *ports = _free_ports(2 + 2 * MEMBERS)
    cluster = Cluster(folder, client, more)
    for number in range(MEMBERS):
        member = Member(f"pg{number + 1}", ports[2 * number], ports[2 * number + 1], folder)
        (folder / member.name).mkdir()
        if "user" in more:
            os.chown(folder / member.name, more["user"], more["group"])
        values = {"name": member.name, "rest": member.rest, "port": member.port, "etcd": client, "ttl": TTL_SECONDS}
        (folder / f"{member.name}.yml").write_text(_YAML.format(folder=folder, programs=found, **values))
        cluster.members.append(member)
    try:
        here, between = f"http://127.0.0.1:{client}", f"http://127.0.0.1:{peer}"
        words = ["--data-dir", str(folder / "etcd"), "--listen-client-urls", here, "--advertise-client-urls", here]
        words += ["--listen-peer-urls", between, "--initial-advertise-peer-urls", between]
        cluster.run("etcd", *words, "--initial-cluster", f"default={between}", log="etcd.log")
        for member in cluster.members:
            cluster.start(member)
        cluster.wait_whole()
        with psycopg.connect(
            host="127.0.0.1", port=cluster.primary().port, user="test", dbname="postgres", autocommit=True
        ) as connection:
            connection.execute("CREATE DATABASE central")
        yield cluster
    finally:
        for member in cluster.members:
            with suppress(OSError, ValueError):
                os.kill(member.postmaster, signal.SIGKILL)
        for process in cluster.running:
            if process.poll() is None:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)
