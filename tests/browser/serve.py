"""A server of the exhibit over TLS, for one browser; and Debian's Chromium."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from werkzeug.serving import WSGIRequestHandler, make_server

from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import CERTIFICATE, KEY

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
ARGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """Say nothing of each request."""


@contextmanager
def serving(app: Any, folder: Path) -> Iterator[str]:
    """Serve an application; its address."""
    ensure_pair(folder, datetime.now(UTC), ["127.0.0.1", "localhost"])
    files = str(folder / CERTIFICATE), str(folder / KEY)
    server = make_server("127.0.0.1", 0, app, threaded=True, ssl_context=files, request_handler=_Quiet)
    # A browser opens connections before it needs them: their handshake must not hold up the others.
    server.socket.do_handshake_on_connect = False  # type: ignore[attr-defined]  # it is a socket of TLS
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
