"""A certificate is imported while the machine loses power."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from serverkit.tls.own import ensure_pair
from serverkit.tls.pair import TLS, read_pair
from tests.certificates import sign
from tests.faults.harness import dies_at
from tests.world import World


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("point", ["tls_decided", "tls_moved:server.key", "tls_moved:server.crt"])
def test_an_import_that_a_power_cut_interrupts_is_finished(site: World, point: str) -> None:
    """From the deciding rename on, the next start has the new pair whole, whichever file was moved before."""
    folder, now = site.folder / "satellite" / TLS, datetime.now(UTC)
    ensure_pair(folder, now)
    site.satellite("tls", "request", "--name", "north.site.example", "--output", site.file("csr"))
    issued = site.file("crt", sign(Path(site.file("csr")).read_bytes(), now))
    site.close()
    assert dies_at(point, lambda: site.satellite("tls", "import", issued))
    assert ensure_pair(folder, now) == "foreign"
    assert read_pair(folder).leaf.subject.rfc4514_string() == "CN=north.site.example"
