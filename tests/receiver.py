"""A receiver of webhooks on this machine: keeps what it got, and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass
class Receiver:
    """What arrived, and the status that is answered."""

    status: int = 200
    extra: dict[str, str] = field(default_factory=dict)
    got: list[tuple[Message, bytes]] = field(default_factory=list)
    server: ThreadingHTTPServer | None = None

    def start(self) -> str:
        """Listen; the address."""
        me = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                me.got.append((self.headers, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(me.status)
                for name, value in me.extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                del format, args

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def stop(self) -> None:
        """Listen no more."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """What was told."""
        return [json.loads(body) for _, body in self.got]


def is_signed(headers: Message, body: bytes, secret: str) -> bool:
    """Whether a delivery has the signature of a secret, as docs/admin/webhooks.md tells a receiver to check it."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return hmac.compare_digest(f"v1,{wanted}", str(headers["webhook-signature"]))
