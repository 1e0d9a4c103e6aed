"""HUP and TERM under load: what was begun is finished, nothing is answered wrongly, nothing is left behind."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.faults.harness import Load, check_nothing_lost, seed, start
from tests.world import World


def alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except OSError:
        return False


SCHEDULER_AND_WORKERS = 3
"""Children of a server with its usual settings."""


@pytest.mark.long
@pytest.mark.row("S4.1", "S4.2")
def test_workers_are_replaced_and_servers_ended_under_load_without_a_wrong_answer(site: World) -> None:
    """HUP puts new workers in place, TERM ends with 0; every answer is a good one, and the lock is free at once."""
    home = site.folder / "satellite"
    server = start(home, "--bind", "127.0.0.1:0")
    load = Load(site.token(), server.port, seed())
    load.begin()
    load.wait_for(4)
    end = time.monotonic() + 30
    while len(server.children) < SCHEDULER_AND_WORKERS and time.monotonic() < end:
        load.wait_for(1)  # the ready line comes from the first worker, the other may be a moment late
    old = set(server.children)
    server.process.send_signal(signal.SIGHUP)
    while sum(map(alive, old)) > 1 and time.monotonic() < end:
        load.wait_for(1)
    kept = [pid for pid in old if alive(pid)]
    children = server.children
    code = server.stop()
    end = time.monotonic() + 20
    while (left := [pid for pid in children if alive(pid)]) and time.monotonic() < end:
        time.sleep(0.05)
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "3")
    again = start(home, "--no-jobs", port=server.port)
    load.wait_for(4)
    load.end()
    check_nothing_lost(site, load, again.port)
    ended = again.stop()

    assert len(kept) == 1, "HUP did not replace every worker, or ended the scheduler"
    assert (code, ended) == (0, 0)
    assert left == []
    assert set(load.statuses) == {200}, load.strange[:3]


@pytest.mark.row("C11.2", "S2.5")
def test_an_import_that_is_told_to_end_is_whole_or_not_there(site: World) -> None:
    """TERM in the middle of taking a file in: central has all of it or nothing, and the next run completes it."""
    for number in range(8):
        site.device(f"SN{number}").use("ADVANTAGE", 1)
    site.satellite("sync", "export", "--output", site.file("q"))
    for wait in (0.02, 0.06, 0.12):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.setitimer(signal.ITIMER_REAL, wait)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            try:
                site.central("sync", "import", site.file("q"), "--output", site.file("r"))
            finally:
                os._exit(0)
        os.waitpid(pid, 0)
        there = len(site.central("instances", "customer.example")["items"])
        assert there in {0, 8}
        assert site.licence("ADVANTAGE")["in_use"] == there
    site.central("sync", "import", site.file("q"), "--output", site.file("r"))
    site.satellite("sync", "import", site.file("r"))

    assert site.licence("ADVANTAGE")["in_use"] == 8
    assert site.central("ledger", "verify")["ok"]
