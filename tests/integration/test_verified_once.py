"""A file is verified once in the transaction that imports it: each signature once, its body read for the digest and for the rows."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from exchange.keys import PublicKey
from satellite.actions.registration import import_authorization_file
from satellite.actions.synchronization import import_response_file
from satellite.runtime import open_satellite
from serverkit.actor import OPERATOR
from tests.world import ACCOUNT, World

Opener = Callable[[], AbstractContextManager[BinaryIO]]


class Counted(io.BytesIO):
    """A file that counts how often it is opened and how many bytes are read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        """Count what is read."""
        found = super().read(size)
        self.taken += len(found)
        return found


def imported(
    world: World, monkeypatch: pytest.MonkeyPatch, path: str, action: Callable[[Any, Any, Opener], Any]
) -> tuple[Any, Counter[bytes], list[Counted]]:
    """Import a file; its outcome, how often each signature was verified, and the streams that were opened."""
    verified: Counter[bytes] = Counter()
    streams: list[Counted] = []
    verify = PublicKey.verify

    def counting(self: PublicKey, signature: bytes, data: bytes) -> bool:
        verified[signature] += 1
        return verify(self, signature, data)

    def open_file() -> AbstractContextManager[BinaryIO]:
        streams.append(Counted(Path(path).read_bytes()))
        return nullcontext(streams[-1])

    server = open_satellite(world.folder / "satellite")
    assert server.keyring.trust.root.lab  # the chain of roots is read before anything is counted
    monkeypatch.setattr(PublicKey, "verify", counting)
    try:
        return action(server, OPERATOR, open_file), verified, streams
    finally:
        monkeypatch.undo()
        server.database.dispose()


@pytest.mark.row("S2.1")
def test_a_response_is_verified_once_in_the_transaction_that_applies_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The container's signature and each signed line are verified once; the body is read once for its digest, once for its rows."""
    request, response = site.file("request"), site.file("response")
    site.satellite("sync", "export", "--output", request)
    site.central("sync", "import", request, "--output", response)

    result, verified, streams = imported(site, monkeypatch, response, import_response_file)

    size = Path(response).stat().st_size
    assert result.outcome == "applied"
    assert set(verified.values()) == {1}
    assert len(verified) == 1 + result.counts["allotment"]
    assert len(streams) == 1
    assert streams[0].taken < 3 * size


@pytest.mark.row("S1.2")
def test_an_authorization_is_verified_once_in_the_transaction_that_applies_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new epoch verifies its file once, and no signature twice."""
    file = site.file("authorization-2")
    site.satellite("registration", "export", "--output", site.file("registration-2"))
    site.central("satellite", "resync", ACCOUNT, "North", "--registration", site.file("registration-2"))
    site.central("satellite", "authorize", ACCOUNT, "North", "--output", file)

    result, verified, streams = imported(site, monkeypatch, file, import_authorization_file)

    assert result["outcome"] == "applied"
    assert set(verified.values()) == {1}
    assert len(streams) == 1
    assert streams[0].taken < 3 * Path(file).stat().st_size
