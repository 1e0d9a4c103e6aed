"""What a site in the manual mode sends to the network: nothing, not even a question for a name."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.world import World

ROOT = Path(__file__).resolve().parents[2]
UNSHARE = ("unshare", "--net", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)))


@cache
def may_unshare() -> bool:
    """Whether this machine gives us a network namespace, and `ip` to set it up."""
    try:
        words = (*UNSHARE, "ip", "route", "add", "local", "192.0.2.0/24", "dev", "lo")
        return subprocess.run(words, capture_output=True, check=False).returncode in {0, 2}
    except OSError:
        return False


@pytest.mark.system
@pytest.mark.one_database("what leaves a machine is the same with either")
@pytest.mark.skipif(not may_unshare(), reason="this machine gives no network namespace to this user")
@pytest.mark.row("B21")
def test_a_site_that_works_by_files_sends_no_packet_until_an_administrator_says_so(site: World) -> None:
    """Device, synchronization by file, all jobs, doctor and every page: no packet, though the world can be reached.

    A mail server that is set is asked for by name, then called: the counter sees both.
    """
    done = subprocess.run(
        (*UNSHARE, sys.executable, "-m", "tests.silent_site", str(site.folder)),
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])

    assert found["silent"] == []
    assert found["visited"] > 30
    assert found["by_name"] == ["192.0.2.53"]
    assert found["by_address"] == ["198.51.100.7"]
