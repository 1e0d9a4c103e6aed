"""Asks `/healthz` of a server every 20 ms, each time on a new connection, until its input ends; prints the worst times.

A process of its own, so that the load's client does not hold it up.
"""

from __future__ import annotations

import json
import select
import socket
import ssl
import sys
import time

EVERY = 0.02


def ask(host: str, port: int, *, tls: bool) -> float:
    """Seconds until the answer of one request, connecting included."""
    started = time.perf_counter()
    sock = socket.create_connection((host, port), timeout=30)
    if tls:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock)
    with sock:
        sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = sock.recv(4096)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise ConnectionError(answer[:60])
    return time.perf_counter() - started


def main() -> int:
    """Ask until standard input ends."""
    host, port, tls = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "tls"
    took = []
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        took.append(ask(host, port, tls=tls))
    took.sort()
    print(json.dumps({"asked": len(took), "worst": took[-1], "p99": took[int(len(took) * 0.99)]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
