"""Requests of satellites as they come in."""

from __future__ import annotations

import io
from contextlib import nullcontext
from pathlib import Path

import pytest

from central.actions import synchronization
from exchange.errors import ExchangeError
from serverkit.actor import OPERATOR, SYSTEM
from serverkit.errors import FileUnreadableError
from tests.unit.central.factories import server_of


@pytest.mark.row("C11.2", "S2.5")
def test_what_is_no_request_is_refused_by_file_and_over_the_network_before_anything_is_written(tmp_path: Path) -> None:
    """A file that cannot be read names itself; the anchor stays where it was."""
    server, wrong = server_of(tmp_path), tmp_path / "request"
    wrong.write_bytes(b"no request\n")
    before = server.anchor.read()
    with pytest.raises(ExchangeError):
        synchronization.import_request_file(server, OPERATOR, wrong)
    with pytest.raises(ExchangeError):
        synchronization.import_network_request(server, SYSTEM, lambda: nullcontext(io.BytesIO(b"no request\n")))
    with pytest.raises(ExchangeError):
        synchronization.check_first_line(server, SYSTEM, b"no request\n")
    with pytest.raises(ExchangeError):
        synchronization.check_lines(server, SYSTEM, io.BytesIO(b"no request\n"))
    with pytest.raises(FileUnreadableError) as caught:
        synchronization.import_request_file(server, OPERATOR, tmp_path / "missing")
    assert "missing" in caught.value.message
    assert server.anchor.read() == before
    server.database.dispose()
