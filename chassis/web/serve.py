"""Serving with gunicorn: a free port if asked for, own TLS, one JSON line on standard output when ready."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication

from chassis.errors import InvalidInputError
from chassis.jobs.scheduler import start_child
from chassis.tls import fingerprint
from chassis.web.wsgi import WsgiApp


class BindError(InvalidInputError):
    """The address cannot be used for serving."""

    code = "bind_failed"
    remedy = "Choose another address or port with --bind; `:0` takes a free one."


class _Server(BaseApplication):  # type: ignore[misc]  # the library ships no types
    def __init__(self, options: dict[str, Any], make_app: Callable[[], WsgiApp]) -> None:
        self._options = options
        self._make_app = make_app
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> WsgiApp:
        return self._make_app()


def serve(
    make_app: Callable[[], WsgiApp],
    *,
    bind: str,
    tls: tuple[Path, Path],
    workers: int,
    threads: int,
    scheduler: Callable[[], None] | None,
) -> None:
    """Serve until told to end. `make_app` runs in each worker, so that no connection crosses a fork."""
    host, port = _split(bind)
    listening = _listen(host, port)
    try:
        actual = listening.getsockname()[1]
        child = start_child(scheduler) if scheduler is not None else None
        shown = f"[{host}]" if ":" in host else host
        line = {"ready": True, "url": f"https://{shown}:{actual}", "fingerprint": fingerprint(tls[0])}
        ready = _ReadyLine(line, workers)
        options = {
            "bind": [f"fd://{listening.fileno()}"],
            "worker_class": "gthread",
            "workers": workers,
            "threads": threads,
            "certfile": str(tls[0]),
            "keyfile": str(tls[1]),
            "loglevel": "warning",
            "graceful_timeout": 20,
            "timeout": 120,
            "keepalive": 15,
            "control_socket_disable": True,
            "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 - heartbeat files
            "post_worker_init": ready.worker_started,
        }
        try:
            _Server(options, make_app).run()
        finally:
            if child is not None:
                with suppress(ProcessLookupError):
                    os.kill(child, signal.SIGTERM)
    finally:
        # gunicorn closes the descriptor when it ends; only a failure before that leaves it open.
        listening.detach()


class _ReadyLine:
    """Prints the ready line once, from whichever worker is up first."""

    def __init__(self, line: dict[str, object], workers: int) -> None:
        self._line = json.dumps(line)
        self._read, self._write = os.pipe()
        os.write(self._write, b"1")
        os.set_blocking(self._read, False)
        del workers

    def worker_started(self, _worker: object) -> None:
        with suppress(BlockingIOError):
            if os.read(self._read, 1):
                print(self._line, flush=True)


def _split(bind: str) -> tuple[str, int]:
    host, colon, port = bind.rpartition(":")
    if not colon or not port.isascii() or not port.isdecimal() or len(port) > 5 or int(port) > 65_535:
        raise BindError(f"{bind[:80]!r} is not HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(1024)
    except (OSError, UnicodeError) as error:
        listening.close()
        cause = error.strerror if isinstance(error, OSError) else "this is no name of a host"
        raise BindError(f"cannot listen on {host[:80]}:{port}: {cause}") from error
    listening.set_inheritable(True)
    return listening
