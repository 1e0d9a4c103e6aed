"""Serving with gunicorn's asyncio worker: a free port if asked for, own TLS, one JSON line on standard output when ready.

Without TLS only for a reverse proxy on the same machine: on a loopback address or a socket in the file system.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from gunicorn.app.base import BaseApplication
from gunicorn.errors import HaltServer

from serverkit.devices.asgi_front import Application, AsgiFront
from serverkit.devices.plain_way import show_way
from serverkit.devices.supervision import Manager
from serverkit.devices.worker import WAITING_CONNECTIONS, FairWorker, most_connections
from serverkit.endpoints import EndpointError, is_loopback, read_host
from serverkit.errors import InvalidInputError, Remedy
from serverkit.jobs.scheduler import start_child
from serverkit.tls.names import plain_name
from serverkit.tls.serving import ServingPair


class BindError(InvalidInputError):
    """The refusal `bind_failed`."""

    code = "bind_failed"
    message = "The server cannot listen on this address."
    remedy = Remedy("Choose another address or port with --bind; `:0` selects a free port.", page="settings.md")


class TlsNeededError(InvalidInputError):
    """The refusal `tls_needed`."""

    code = "tls_needed"
    message = "Without TLS a server may only listen on its own machine."
    remedy = Remedy("Use a loopback address or unix:PATH behind a reverse proxy, or leave --no-tls out.", page="tls.md")


@dataclass(frozen=True)
class Management:
    """The listener for monitoring: its address, and what answers on a listening socket, with TLS or without."""

    bind: str
    work: Callable[[socket.socket, ServingPair | None], None]


class _Server(BaseApplication):  # type: ignore[misc]  # the library ships no types
    def __init__(
        self,
        options: dict[str, Any],
        make_app: Callable[[], AsgiFront],
        tls: ServingPair | None,
        connections_per_address: int,
    ) -> None:
        self._options = options
        self._make_app = make_app
        self.connections_per_address = connections_per_address
        """Asked for by each worker; 0 for no bound."""
        self.tls = tls
        """What each worker answers with; it is inherited, so that a worker that starts later has a pair for certain."""
        super().__init__()

    def reload(self) -> None:
        """Reload what can be reloaded; a pair that cannot be used leaves the current one in place."""
        super().reload()
        if self.tls is not None:
            self.tls.refresh()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> AsgiFront:
        return self._make_app()


def serve(
    make_app: Callable[[], Application],
    *,
    bind: str,
    tls: Path | None,
    workers: int,
    threads: int,
    scheduler: Callable[[], None] | None,
    console: bool = False,
    way: str | None = None,
    management: Management | None = None,
    connections_per_address: int = 0,
) -> None:
    """Serve until told to end. `make_app` runs in each worker, so that no connection crosses a fork.

    With `console` the ready line says where the pages are; `way` is an address without TLS that tells it to browsers.
    `tls` is the folder with certificate and key; TlsPairError, before anything listens, where they cannot be used.
    `connections_per_address` bounds what one address holds in a worker; behind a proxy, without TLS, and with 0 nothing does.
    """
    pair = ServingPair(tls) if tls is not None else None
    listening, url = _open(bind, tls=tls is not None)
    plain = open_way(way, url)
    manager = Manager.taken()
    try:
        master = os.getpid()
        told, watched = open_management(management, pair) if management is not None else (None, None)
        works = (scheduler, plain, manager.watch(url), watched)
        children = [start_child(work) for work in works if work is not None]
        line: dict[str, object] = {"ready": True, "url": url, **({"management": told} if told else {})}
        if console and tls is not None:
            line["console"] = f"{url}/"
        if pair is not None:
            line |= {"fingerprint": pair.pair.fingerprint, "key_fingerprint": pair.pair.key_fingerprint}
        ready = _ReadyLine(line, manager)
        options: dict[str, object] = {
            "bind": [f"fd://{listening.fileno()}"],
            "worker_class": FairWorker,
            "asgi_loop": "asyncio",
            "asgi_lifespan": "off",
            "workers": workers,
            "worker_connections": most_connections(),
            "loglevel": "warning",
            "graceful_timeout": 20,
            "timeout": 120,
            "keepalive": 15,
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - heartbeat files
            "post_worker_init": ready.worker_started,
        }
        try:
            front = partial(AsgiFront, threads=threads, behind_proxy=tls is None)
            bound = connections_per_address if tls is not None else 0
            _Server(options, lambda: front(make_app()), pair, bound).run()
        except HaltServer as halt:
            # A second worker that ends while the first is being cleared away escapes gunicorn's own handling.
            raise SystemExit(halt.exit_status) from None
        finally:
            if os.getpid() == master:  # a worker that ends passes here too
                for child in children:
                    with suppress(ProcessLookupError):
                        os.kill(child, signal.SIGTERM)
    finally:
        # gunicorn closes the descriptor when it ends; only a failure before that leaves it open.
        listening.detach()


class _ReadyLine:
    """Prints the ready line and tells the service manager, once, from the worker that is up first."""

    def __init__(self, line: dict[str, object], manager: Manager) -> None:
        self._line = json.dumps(line)
        self._manager, self._url = manager, str(line["url"])
        self._read, self._write = os.pipe()
        os.write(self._write, b"1")
        os.set_blocking(self._read, False)

    def worker_started(self, _worker: object) -> None:
        with suppress(BlockingIOError):
            if os.read(self._read, 1):
                print(self._line, flush=True)
                self._manager.ready(self._url)


def _open(bind: str, *, tls: bool) -> tuple[socket.socket, str]:
    """The listening socket of an address, and what a client calls it."""
    kind, colon, path = bind.partition(":")
    if kind == "unix" and colon:
        if tls:
            raise BindError("a socket in the file system is for a reverse proxy: add --no-tls")
        return _listen_path(path), bind
    host, port = _split(bind)
    if not tls and not is_loopback(host):
        raise TlsNeededError("without TLS nothing is served on {host}", host=host)
    listening = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    return listening, f"{'https' if tls else 'http'}://{shown}:{listening.getsockname()[1]}"


def open_management(management: Management, pair: ServingPair | None) -> tuple[str, Callable[[], None]]:
    """The address of the management listener, and what answers there; BindError, TlsNeededError."""
    if management.bind.startswith("unix:"):
        return management.bind, partial(management.work, _listen_path(management.bind.removeprefix("unix:")), None)
    host, port = _split(management.bind)
    local = is_loopback(host)
    if not local and pair is None:
        raise TlsNeededError("without TLS nothing is served on {host}", host=host)
    listening = _listen(host, port)
    shown = f"[{host}]" if ":" in host else host
    url = f"{'http' if local else 'https'}://{shown}:{listening.getsockname()[1]}"
    return url, partial(management.work, listening, None if local else pair)


def open_way(way: str | None, url: str) -> Callable[[], None] | None:
    """What tells browsers without TLS where the console is; BindError."""
    if way is None:
        return None
    if not url.startswith("https://"):
        raise BindError("an address that leads to the console needs one with TLS")
    host, port = _split(way)
    listening = _listen(host, port)
    address = urlsplit(url)
    shown = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return partial(show_way, listening, str(shown), int(address.port or 443))


def host_named(bind: str) -> list[str]:
    """The one host that an address to listen on names; none where it stands for all of this machine's addresses."""
    if bind.startswith("unix:"):
        return []
    name = plain_name(_split(bind)[0])
    return [name] if name and name not in {"0.0.0.0", "::"} else []  # noqa: S104 - told apart, not listened on


def _split(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    any_port = port == "0"  # the system takes a free one
    try:
        if not colon:
            raise EndpointError("no port is named")
        found, number = read_host(f"{host or '127.0.0.1'}:{1 if any_port else port}", None)
    except EndpointError as error:
        raise BindError("{bind!r} is not HOST:PORT: {error}", bind=bind[:80], error=error) from error
    return found, 0 if any_port else number


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(WAITING_CONNECTIONS)
    except (OSError, UnicodeError) as error:
        listening.close()
        cause = error.strerror if isinstance(error, OSError) else "this is not a name of a host"
        raise BindError("cannot listen on {host}:{port}: {cause}", host=host[:80], port=port, cause=cause) from error
    listening.set_inheritable(True)
    return listening


def _listen_path(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with suppress(FileNotFoundError):
            if stat.S_ISSOCK(Path(path).lstat().st_mode):
                Path(path).unlink()  # what an earlier server left; anything but a socket stays and fails the bind
        listening.bind(path)
        Path(path).chmod(0o660)
        listening.listen(WAITING_CONNECTIONS)
    except OSError as error:
        listening.close()
        raise BindError("cannot listen on {path}: {reason}", path=path, reason=error.strerror or error) from error
    listening.set_inheritable(True)
    return listening
