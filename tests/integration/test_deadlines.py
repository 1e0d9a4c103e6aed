"""Every deadline on its day: nothing the hour before, the step the hour after, at both servers (rows C7.5, C10.2, C10.3)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from agent.errors import AgentError
from central.domain.ledger.models import Lot
from central.runtime import open_central
from exchange.canonical import parse_time
from exchange.compliance import EXPIRY_STEPS_DAYS
from serverkit.actor import OPERATOR
from tests.timeline import Timeline
from tests.world import ACCOUNT, World

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def line(site: World) -> Iterator[Timeline]:
    """Both servers with their jobs, and no one else."""
    made = Timeline(site)
    yield made
    made.close()


def alerts(world: World, side: str, kind: str) -> list[dict[str, Any]]:
    """The open alerts of a kind on a side."""
    found = world.central("alerts", ACCOUNT) if side == "central" else world.satellite("alerts", home=side)
    return [alert for alert in found["items"] if alert["kind"] == kind]


def replace_response_key(world: World) -> None:
    """The vendor's yearly duty."""
    keys = Path(world.file("root-keys"))
    words = ("--root-keys", str(keys), "--passphrase-file", str(keys / "passphrase"))
    world.central("role-key", "replace", "response", *words)


@pytest.mark.row("C7.5", "C10.2")
@pytest.mark.parametrize(("server", "restricted"), [("satellite", True), ("central", True), ("central", False)])
def test_a_silent_device_reaches_each_step_on_its_day(
    site: World, line: Timeline, server: str, restricted: bool
) -> None:
    """30 and 60 minor, 90 major and freed, 365 removed; with a restricted licence major from the first, and kept.

    A site renews what is held with each synchronization; at central the grant ends on the very day of the removal.
    """
    pool = "Site" if server == "satellite" else "Spare"
    more = "virtual_account,tag,quantity\nSpare,STRONG,1\n"
    site.central("order", "import", ACCOUNT, site.file("s.csv", more))
    device = site.device("SN1", server, site.token(server, pool=pool))
    device.use("ADVANTAGE", 2)
    if restricted:
        device.request_export("STRONG", 1)
        if server == "satellite":
            site.synchronize()
            device.renew_authorization()
    run = site.satellite if server == "satellite" else site.central
    account = () if server == "satellite" else (ACCOUNT,)
    contact = parse_time(run("instances", *account)["items"][0]["last_contact"])
    seen = []
    for day in (30, 60, 90, 365):
        if day == 365:
            replace_response_key(site)
        for moment in (contact + day * DAY - HOUR, contact + day * DAY + HOUR):
            while line.now < moment:
                line.pass_time(min(60 * DAY, moment - line.now))
                if server == "satellite":
                    site.synchronize()
            line.work()
            found = alerts(site, server, "instance_failed_to_connect")
            there = run("instances", *account)["items"]
            used = site.licence("ADVANTAGE", server, pool)["in_use"] if day < 365 else None
            state = there[0]["state"] if there else "gone"
            seen.append((day, [x["severity"] for x in found], state, used))
    first = "major" if restricted else "minor"
    stays = restricted and server == "satellite"
    last = (365, ["major"], "released", None) if stays else (365, [], "gone", None)

    assert seen == [
        (30, [], "active", 2),
        (30, [first], "failed_to_connect", 2),
        (60, [first], "failed_to_connect", 2),
        (60, [first], "failed_to_connect", 2),
        (90, [first], "failed_to_connect", 2),
        (90, ["major"], "released", 0),
        (365, ["major"], "released", None),
        last,
    ]


@pytest.mark.row("C7.5", "S4.2")
def test_a_device_that_only_renews_is_never_silent(site: World, line: Timeline) -> None:
    """Its list of use never changes; month after month its contact is noted and no alert comes."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    seen = []
    for _ in range(4):
        line.pass_time(29 * DAY)
        device.clock.advance(29 * DAY)
        site.synchronize()
        device.renew_authorization()
        line.work()
        contact = parse_time(site.satellite("instances")["items"][0]["last_contact"])
        seen.append((line.now - contact < HOUR, alerts(site, "satellite", "instance_failed_to_connect")))

    assert seen == [(True, [])] * 4


@pytest.mark.row("C10.3", "S2.7", "B5")
def test_the_vendor_s_own_deadlines_travel_and_hold_on_both_sides(site: World, line: Timeline) -> None:
    """Reminder at 100, overdue at 200, removal at 365 days by policy: each on its day, and nothing before."""
    for name, value in (("removal", "365"), ("overdue", "200"), ("reminder", "100")):
        site.central("policy", "set", f"sync_{name}_days", value)
    site.synchronize()
    last = parse_time(site.satellite("status")["last_sync"])
    seen = []
    for day in (99, 100, 200, 365):
        for moment in (last + day * DAY - HOUR, last + day * DAY + HOUR):
            line.pass_time(moment - line.now)
            line.work()
            seen.append(
                tuple(
                    sorted(kind for kind in site.alerts(side) if "sync_" in kind or kind == "satellite_removed")
                    for side in ("central", "satellite")
                )
            )
    deadline, overdue = ["satellite_sync_deadline"], ["satellite_sync_overdue"]

    assert seen == [
        ([], []),
        ([], []),
        ([], []),
        (deadline, deadline),
        (deadline, deadline),
        (overdue, overdue),
        (overdue, overdue),
        (["satellite_removed"], overdue),
    ]


@pytest.mark.row("C10.2", "C10.3")
@pytest.mark.parametrize("side", ["central", "satellite"])
def test_a_satellite_s_reminder_comes_back_when_half_the_time_left_has_passed(
    site: World, line: Timeline, side: str
) -> None:
    """Put off at day 31, with 35 days to overdue: hidden for 17 and a half, and open again."""
    last = parse_time(site.satellite("registration", "status")["authorized_at"])
    line.pass_time(last + 31 * DAY - line.now)
    line.work()
    alert = alerts(site, side, "satellite_sync_deadline")[0]
    words = (ACCOUNT, alert["id"]) if side == "central" else (alert["id"],)
    (site.central if side == "central" else site.satellite)("alert", "remind", *words)
    half = line.now + (last + 66 * DAY - line.now) / 2
    seen = []
    for moment in (half - HOUR, half + 2 * HOUR):
        line.pass_time(moment - line.now)
        line.work()
        site.central("jobs", "run", "alerts")
        seen.append(len(alerts(site, side, "satellite_sync_deadline")))

    assert seen == [0, 1]


@pytest.mark.row("C3.3", "C10.2")
def test_a_term_warns_at_each_step_and_ends_on_its_day(site: World, line: Timeline) -> None:
    """90, 60, 30, 14, 7, 3, 2, 1 days: put off, it comes back at the next and not before; at the end it is gone, on both sides."""
    end = (line.now + 100 * DAY).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = f"virtual_account,tag,quantity,type,start,end\nSite,ESSENTIALS,5,term,2026-01-01,{end:%Y-%m-%d}\n"
    site.central("order", "import", ACCOUNT, site.file("t.csv", rows))
    site.synchronize()
    ends = _end_of(site, end)
    sides = ("central", "satellite")
    seen: dict[str, list[int]] = {side: [] for side in sides}
    for step in EXPIRY_STEPS_DAYS:
        for moment in (ends - step * DAY - HOUR, ends - step * DAY + HOUR):
            line.pass_time(moment - line.now)
            if step == 30:
                site.synchronize(f"{moment:%d%H}")
            line.work()
            for side in sides:
                found = alerts(site, side, "licences_expiring")
                seen[side].append(len(found))
                for alert in found:
                    words = (ACCOUNT, alert["id"]) if side == "central" else (alert["id"],)
                    (site.central if side == "central" else site.satellite)("alert", "remind", *words)
    line.pass_time(ends - HOUR - line.now)
    line.work()
    eve = {
        (site.licence("ESSENTIALS", side)["purchased"], len(alerts(site, side, "licences_expired"))) for side in sides
    }
    line.pass_time(2 * HOUR)
    line.work()

    assert seen == dict.fromkeys(sides, [0, 1] * len(EXPIRY_STEPS_DAYS))
    assert eve == {(5, 0)}
    for side in sides:
        assert sum(x["purchased"] for x in _licences(site, side) if x["tag"] == "ESSENTIALS") == 0
        assert len(alerts(site, side, "licences_expired")) == 1
        assert alerts(site, side, "licences_expiring") == []


def _end_of(world: World, day: datetime) -> datetime:
    """The first moment at which a term with this last day no longer counts."""
    database = open_central(world.folder / "central").database
    with ExitStack() as stack:
        stack.callback(database.dispose)
        unit = stack.enter_context(database.read(OPERATOR))
        found = unit.session.scalars(select(Lot.end).where(Lot.tag == "ESSENTIALS")).one()
    assert found is not None
    assert day <= found <= day + DAY
    return found


def _licences(world: World, side: str) -> list[dict[str, Any]]:
    found = world.central("licences", ACCOUNT) if side == "central" else world.satellite("licences")
    items: list[dict[str, Any]] = found["items"]
    return items


@pytest.mark.row("C2.3", "S3.2", "S4.1")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_a_token_registers_until_its_last_day(site: World, line: Timeline, server: str) -> None:
    """An hour before its end it registers, an hour after it is refused and listed as expired."""
    pool = "Site" if server == "satellite" else "Spare"
    run = site.satellite if server == "satellite" else site.central
    account = () if server == "satellite" else (ACCOUNT,)
    made = run("token", "create", *account, "--virtual-account", pool, "--days", "10")
    line.pass_time(10 * DAY - HOUR)
    site.device("SN1", server, made["token"])
    line.pass_time(2 * HOUR)
    with pytest.raises(AgentError) as refused:
        site.device("SN2", server, made["token"])
    listed = [x["state"] for x in run("token", "list", *account)["items"] if x["id"] == made["id"]]

    assert refused.value.reason == "token_refused"
    assert listed == ["expired"]


@pytest.mark.row("E2", "C10.2", "C11.1")
def test_role_keys_and_root_warn_on_both_sides_and_their_end_stops_changes_of_trust_only(
    site: World, line: Timeline
) -> None:
    """First, middle and last step; after the end no site is authorized and no answer signed; devices go on; a new key heals."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    keys = site.central("root", "export", "--output", site.file("r.json"))["role_keys"]
    end = min(parse_time(key["not_after"]) for key in keys)
    seen = []
    line.devices.append(device)
    for step in (EXPIRY_STEPS_DAYS[0], EXPIRY_STEPS_DAYS[2], EXPIRY_STEPS_DAYS[-1]):
        for moment in (end - step * DAY - HOUR, end - step * DAY + HOUR):
            while line.now < moment:
                line.pass_time(min(29 * DAY, moment - line.now))
                site.synchronize(f"{line.now:%m%d%H}")
            line.work()
            due = [alerts(site, side, "trust_expiring") for side in ("central", "satellite")]
            seen.append(tuple(sorted({x["action_due"][:10] for x in found}) for found in due))
    site.satellite("sync", "export", "--output", site.file("before-end"))
    line.pass_time(end + HOUR - line.now)
    line.work()
    site.satellite("sync", "export", "--output", site.file("q"))
    refused = site.central("sync", "import", site.file("q"), "--output", site.file("a"), code=1)["error"]
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.satellite("init", "--name", "South", "--root", site.file("root.json"), "--lab", home="south")
    site.satellite("registration", "export", "--output", site.file("reg"), home="south")
    add = ("satellite", "add", ACCOUNT, "--name", "South", "--virtual-account", "South")
    site.central(*add, "--registration", site.file("reg"))
    barred = site.central("satellite", "authorize", ACCOUNT, "South", "--output", site.file("au"), code=1)["error"]
    device.renew_authorization()
    goes_on = device.may_use("ADVANTAGE").allowed
    secret = Path(site.file("root-keys"))
    words = ("--root-keys", str(secret), "--passphrase-file", str(secret / "passphrase"))
    for role in ("response", "grant"):
        site.central("role-key", "replace", role, *words)
    _, answered, _ = site.synchronize("healed")
    line.pass_time(HOUR)
    line.work()

    day = f"{end:%Y-%m-%d}"
    assert seen[0] == ([], [])
    assert seen[1:] == [([day], [day])] * (len(seen) - 1)
    assert (refused["code"], barred["code"]) == ("trust_ended", "trust_ended")
    assert goes_on
    assert answered["outcome"] == "applied"
    assert alerts(site, "central", "trust_expiring") == alerts(site, "satellite", "trust_expiring") == []
