"""What a server says on the wire, whatever it is asked: security headers, no name of software, odd addresses refused."""

from __future__ import annotations

import json
import socket
import ssl

import pytest

from tests.faults.harness import serving
from tests.world import World

GOOD_HOST = "Host: localhost\r\n"
ODD = (
    "/api/v1/%ff",
    "/api/v1/%zz",
    "/api/v1/a%00b",
    "/api/v1/jobs?a=%ff",
    "/api/v1/jobs?a=%zz",
    "/healthz?x=%00",
    "/%",
    "/a?%f",
)
FINE = ("/healthz", "/readyz", "/api/v1/jobs", "/api/v1/%C3%A4", "/nothing?a=%C3%A4&b=100%25", "/device/v1/none")


def said(port: int, target: str, host: str = GOOD_HOST) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own, byte for byte; status, headers (lower case) and body."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=60) as plain,
        context.wrap_socket(plain) as connection,
    ):
        connection.sendall(f"GET {target} HTTP/1.1\r\n{host}Connection: close\r\n\r\n".encode())
        data = b""
        while piece := connection.recv(65536):
            data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(first.split()[1]), headers, body


@pytest.mark.row("E2", "S4.7")
@pytest.mark.parametrize("program", ["central", "satellite"])
def test_every_answer_says_what_it_must_and_nothing_more(site: World, program: str) -> None:
    """Good, unknown and odd addresses, a missing or doubled Host: HSTS always, never a Server; what is odd is a 400."""
    with serving(site.folder / program, program=program) as server:
        fine = {target: said(server.port, target) for target in FINE}
        odd = {target: said(server.port, target) for target in ODD}
        odd |= {
            "no host": said(server.port, "/healthz", ""),
            "two hosts": said(server.port, "/healthz", GOOD_HOST * 2),
            "odd host": said(server.port, "/healthz", "Host: a b\r\n"),
        }

    for target, (status, headers, body) in {**fine, **odd}.items():
        assert headers.get("strict-transport-security", "").startswith("max-age="), target
        assert "server" not in headers, target
        if target in odd:
            assert (status, headers["content-type"]) == (400, "application/problem+json"), target
            assert json.loads(body)["code"] == "request_malformed", target
    assert {target: status for target, (status, _, _) in fine.items() if status in {400, 500}} == {}
