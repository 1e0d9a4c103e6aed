"""The port without TLS: it names the console's address and does nothing else."""

from __future__ import annotations

import pytest

from serverkit.devices.plain_way import answer_to
from serverkit.devices.serve import BindError, open_way


@pytest.mark.row("S1.1")
@pytest.mark.parametrize(
    ("head", "address"),
    [
        (b"GET / HTTP/1.1\r\nHost: north.site.example:8080\r\n\r\n", "https://north.site.example:8444/"),
        (b"GET /setup/code?x=1 HTTP/1.1\r\nhost: 10.4.0.9\r\n\r\n", "https://10.4.0.9:8444/"),
        (b"GET / HTTP/1.1\r\nHost: [fd00::9]:8080\r\n\r\n", "https://[fd00::9]:8444/"),
        (b"GET / HTTP/1.0\r\n\r\n", "https://127.0.0.1:8444/"),
        (b'GET / HTTP/1.1\r\nHost: "><script>alert(1)</script>\r\n\r\n', "https://127.0.0.1:8444/"),
        (b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\n\r\n", "https://127.0.0.1:8444/"),
    ],
)
def test_whatever_is_asked_the_answer_is_the_way_to_the_console(head: bytes, address: str) -> None:
    """The name is the one by which the browser came, the port that of TLS; a hostile name is not repeated."""
    answer = answer_to(head, "127.0.0.1", 8444)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f'<a href="{address}">'.encode() in answer
    assert b"<script" not in answer
    assert b"Location:" not in answer


@pytest.mark.row("S1.1")
def test_nothing_is_taken_without_tls() -> None:
    """A form sent there is refused; HEAD has no body; beside a server without TLS there is no such port."""
    assert answer_to(b"POST /setup/code HTTP/1.1\r\n\r\n", "a", 1).startswith(b"HTTP/1.1 405 ")
    assert answer_to(b"HEAD / HTTP/1.1\r\n\r\n", "a", 1).endswith(b"\r\n\r\n")
    assert open_way(None, "http://127.0.0.1:1") is None
    with pytest.raises(BindError):
        open_way("127.0.0.1:0", "http://127.0.0.1:1")
