"""A mail server that central is told of, and what arrives there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from aiosmtpd.controller import Controller

from tests.mailbox import Box, free_port


@pytest.fixture
def box() -> Box:
    """What arrived."""
    return Box()


@pytest.fixture
def mail_server(box: Box, monkeypatch: pytest.MonkeyPatch) -> Iterator[Controller]:
    """A mail server on a free port of the loopback that central is told of."""
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    port = server.port
    for name, value in (
        ("HOST", "127.0.0.1"),
        ("PORT", str(port)),
        ("SECURITY", "none"),
        ("SENDER", "c@vendor.example"),
    ):
        monkeypatch.setenv(f"CENTRAL_MAIL__{name}", value)
    yield server
    server.stop()
