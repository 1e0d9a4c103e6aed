"""Five years without a human hand at the site, then silence: each step on its day, on both sides (rows C10.3, S2.7, D1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from exchange.canonical import parse_time
from tests.integration.test_network import AsgiFront, served
from tests.timeline import Timeline
from tests.world import ACCOUNT, World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
STEP = timedelta(days=28)


@pytest.fixture
def years(site: World) -> Iterator[tuple[Timeline, AsgiFront]]:
    """A site with three devices, one with a restricted licence, that synchronizes weekly over the network."""
    with served(site, None) as front:
        when = ("--every", "weekly", "--day", "monday", "--at", "03:00", "--zone", "Europe/Vienna")
        site.satellite("sync", "settings", "--url", front.url, *when)
        site.satellite("setup", "finish", "--mode", "network")
        devices = [site.device(f"SN{number}") for number in range(3)]
        for device in devices:
            device.use("ADVANTAGE", 1)
        devices[0].request_export("STRONG", 1)
        line = Timeline(site, devices)
        yield line, front
        line.close()


def ceremony(world: World, *words: str) -> None:
    """The vendor's scheduled duty; no person at the site has a part in it."""
    keys = Path(world.file("root-keys"))
    world.central(*words, "--root-keys", str(keys), "--passphrase-file", str(keys / "passphrase"))


def rights(line: Timeline) -> list[tuple[bool, str]]:
    """What each device may do with its ordinary licence."""
    return [(answer.allowed, answer.reason) for answer in (d.may_use("ADVANTAGE") for d in line.devices)]


def last_sync(world: World) -> datetime:
    """When the site last synchronized, as it knows itself."""
    return parse_time(world.satellite("status")["last_sync"])


@pytest.mark.long
@pytest.mark.row("S2.2", "S2.3", "D1", "E2", "C8.2", "B4")
def test_five_years_of_scheduled_synchronization_need_no_person_and_silence_ends_by_steps(
    site: World, years: tuple[Timeline, AsgiFront]
) -> None:
    """No failure in five years but the outage that is made; then reminder, overdue, removal and the end of each right."""
    line, front = years
    start, seen_site, seen_vendor = line.now, set(), set()
    keys, identities = set(), set()
    outage = start + timedelta(days=600)
    during: list[str] = []
    for number in range(1, 67):
        line.until(start + number * STEP, STEP)
        if number % 10 == 0:
            ceremony(site, "role-key", "replace", "response")
            ceremony(site, "role-key", "replace", "grant")
        if number % 20 == 0:
            ceremony(site, "root", "rotate")
        if line.now >= outage and not during:
            during = _outage(line, front)
        if number % 2 == 0:
            seen_site |= site.alerts("satellite")
            seen_vendor |= site.alerts()
            keys.add(site.satellite("registration", "status")["key_fingerprint"])
            identities.add(str(line.devices[0].state.certificate_expires))
            assert rights(line) == [(True, "authorized")] * 3
            assert line.devices[0].may_use("STRONG").allowed

    assert line.failures == []
    assert during[0].startswith("satellite synchronize: failed")
    assert 3 <= len(during) <= 20  # tried again and again, further and further apart
    assert seen_site <= {"trust_expiring"}
    assert seen_vendor <= {"trust_expiring"}
    assert len(keys) >= 5  # renewed each time when half of the two years was over
    assert len(identities) >= 8
    assert site.satellite("time", "show")["standing"] == "believed"
    _silence(site, line, front)


def _outage(line: Timeline, front: AsgiFront) -> list[str]:
    """Central is away for three days in the night of a synchronization; what failed meanwhile."""
    line.failures, kept = [], line.failures
    front.twist = lambda _status, _data: (503, b"{}")
    begun = line.now
    while not line.failures:
        line.until(line.now + 6 * HOUR, 6 * HOUR)
        assert line.now < begun + timedelta(days=8)
    line.until(line.now + timedelta(days=3), 4 * HOUR)
    front.twist = None
    failed, line.failures = line.failures, kept
    line.until(line.now + 7 * HOUR, HOUR)
    assert line.now - last_sync(line.world) < 8 * HOUR
    return failed


def _cut(_request: bytes) -> bytes:
    """Nothing reaches central any more."""
    raise ConnectionAbortedError


def _silence(site: World, line: Timeline, front: AsgiFront) -> None:
    front.request = _cut
    last = last_sync(site)
    sides: dict[str, list[set[str]]] = {}
    for day in (30, 66, 90):
        for moment in (last + day * DAY - HOUR, last + day * DAY + HOUR):
            line.until(moment, timedelta(days=10))
            kinds = {"satellite_sync_deadline", "satellite_sync_overdue", "satellite_removed"}
            sides.setdefault("central", []).append(site.alerts() & kinds)
            sides.setdefault("satellite", []).append(site.alerts("satellite") & kinds)
        if day == 90:
            break
        assert rights(line) == [(True, "authorized")] * 3
    reminded, overdue = {"satellite_sync_deadline"}, {"satellite_sync_overdue"}
    ended = rights(line)
    ordinary, restricted = site.licence("ADVANTAGE")["in_use"], site.licence("STRONG")["in_use"]
    pools = {x["name"]: x["satellite"] for x in site.central("virtual-account", "list", ACCOUNT)["items"]}
    granted = line.devices[0].may_use("STRONG")

    assert sides["central"] == [set(), reminded, reminded, overdue, overdue, {"satellite_removed"}]
    assert sides["satellite"] == [set(), reminded, reminded, overdue, overdue, overdue]
    assert site.satellite("status")["days_to_removal"] <= 0
    assert {reason for _, reason in ended} == {"authorization_expired"}
    assert (ordinary, restricted) == (0, 1)  # a granted unit stays in use until it ends
    assert pools["Site"] is None
    assert granted.allowed
    assert granted.valid_until is not None
    line.until(granted.valid_until - HOUR, timedelta(days=25))
    eve = line.devices[0].may_use("STRONG").allowed, site.licence("STRONG")["in_use"]
    line.until(granted.valid_until + 2 * HOUR, timedelta(days=25))

    assert eve == (True, 1)
    assert line.devices[0].may_use("STRONG").reason == "authorization_expired"
    assert site.licence("STRONG")["in_use"] == 0
