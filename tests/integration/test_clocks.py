"""Wrong clocks at a site, at central and on a device: nothing revives, nothing ends early, no one is locked out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from exchange.canonical import parse_time
from tests.world import ACCOUNT, World

LAST_DAYS = "virtual_account,tag,quantity,type,start,end\nSite,ESSENTIALS,5,term,2026-01-01,{end:%Y-%m-%d}\n"


def clock(world: World, side: str, *words: str) -> None:
    """Move one side's clock."""
    run = world.central if side == "central" else world.satellite
    run("clock", *words)


def shown(world: World, side: str = "satellite") -> dict[str, Any]:
    """What a side thinks of its clock."""
    run = world.central if side == "central" else world.satellite
    return run("time", "show")


def look(world: World, side: str = "satellite") -> None:
    """Let the jobs see what the clock brought."""
    run = world.central if side == "central" else world.satellite
    for job in ("clock", "terms", "deadlines") if side == "central" else ("clock", "devices"):
        run("jobs", "run", job)
    run("jobs", "run", "alerts")


@pytest.mark.row("S1.3", "S2.7", "C10.3")
@pytest.mark.parametrize("side", ["satellite", "central"])
def test_a_clock_that_is_set_back_revives_nothing_and_locks_nobody_out(site: World, side: str) -> None:
    """Overdue stays overdue; the alert says why; registering, using and synchronizing go on; set right, it is quiet."""
    site.advance("70d")
    look(site, side)
    before = shown(site, side)
    clock(site, side, "jump", "365d", "--back")
    look(site, side)
    back = shown(site, side)
    alerts = site.alerts(side)
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    clock(site, side, "jump", "365d")
    look(site, side)
    right = shown(site, side)

    assert back["standing"] == "set_back"
    assert parse_time(back["licence_time"]) >= parse_time(before["licence_time"]) - timedelta(minutes=1)
    assert {"clock_suspicious", "satellite_sync_overdue"} <= alerts
    assert device.may_use("ADVANTAGE").allowed
    assert right["standing"] == "believed"
    assert "clock_suspicious" not in site.alerts(side)


@pytest.mark.row("S1.3", "C7.5", "S2.7")
def test_a_clock_that_jumps_ends_nothing_at_a_site_until_it_is_confirmed(site: World) -> None:
    """Tokens, devices, terms and deadlines stand; the alert is there; a person's word lets time go on."""
    token = site.token()
    device = site.device("SN1", token=token)
    device.use("ADVANTAGE", 1)
    clock(site, "satellite", "jump", "400d")
    look(site)
    jumped, alerts = shown(site), site.alerts("satellite")
    said = next(one for one in site.satellite("alerts")["items"] if one["kind"] == "clock_suspicious")["message"]
    instances = site.satellite("instances")["items"]
    other = site.device("SN2", token=token)
    other.use("ADVANTAGE", 1)
    in_use = site.licence("ADVANTAGE", "satellite")["in_use"]
    confirmed = site.satellite("time", "confirm")
    look(site)

    assert (jumped["standing"], jumped["endings"]) == ("suspicious", "none until the time is confirmed")
    assert alerts & {"clock_suspicious", "satellite_sync_overdue", "instance_failed_to_connect"} == {"clock_suspicious"}
    assert "on the page Settings, Time or with `satellite time confirm`" in said
    assert [x["state"] for x in instances] == ["active"]
    assert other.state.registration == "complete"
    assert in_use == 2
    assert (confirmed["outcome"], confirmed["standing"]) == ("confirmed", "believed")
    assert site.satellite("instances")["items"] == []
    assert "satellite_sync_overdue" in site.alerts("satellite")


@pytest.mark.both_databases
@pytest.mark.row("S1.3", "C10.3", "C3.3")
def test_a_clock_that_jumps_at_central_removes_no_satellite_and_expires_no_lot(site: World) -> None:
    """Nothing ends; when the clock is set right, it is as if nothing had been."""
    end = parse_time(shown(site, "central")["now"]) + timedelta(days=40)
    site.central("order", "import", ACCOUNT, site.file("t.csv", LAST_DAYS.format(end=end)))
    clock(site, "central", "jump", "400d")
    look(site, "central")
    jumped, alerts = shown(site, "central"), site.alerts()
    licence = site.licence("ESSENTIALS")["purchased"]
    pools = {x["name"]: x["satellite"] for x in site.central("virtual-account", "list", ACCOUNT)["items"]}
    clock(site, "central", "jump", "400d", "--back")
    look(site, "central")

    assert jumped["standing"] == "suspicious"
    assert alerts & {"clock_suspicious", "satellite_removed", "licences_expired"} == {"clock_suspicious"}
    assert licence == 5
    assert pools["Site"] is not None
    assert shown(site, "central")["standing"] == "believed"
    assert "clock_suspicious" not in site.alerts()


@pytest.mark.row("S1.3", "C10.3", "C7.5")
def test_a_job_that_ends_things_says_that_it_waits_while_the_clock_has_jumped(site: World) -> None:
    """On both sides the run is done, and its words name the clock as the reason why nothing ended."""
    ending = {"central": ("terms", "deadlines"), "satellite": ("devices",)}
    said = {}
    for side, jobs in ending.items():
        run = site.central if side == "central" else site.satellite
        clock(site, side, "jump", "400d")
        said |= {(side, job): run("jobs", "run", job)["detail"] for job in jobs}
        clock(site, side, "jump", "400d", "--back")
        said |= {(side, job, "right"): run("jobs", "run", job)["detail"] for job in jobs}

    waited = {name: text.startswith("nothing ended: the clock jumped") for name, text in said.items()}
    assert waited == {name: len(name) == 2 for name in said}


@pytest.mark.row("S1.3", "S2.1")
def test_a_jump_while_the_machine_was_off_is_provisional_and_lowered_by_a_signed_response(site: World) -> None:
    """After a reboot the time counts and is provisional; central names it, and its answer brings it down again."""
    clock(site, "satellite", "jump", "200d", "--reboot")
    look(site)
    off, overdue = shown(site), site.alerts("satellite")
    site.satellite("sync", "export", "--output", site.file("future"))
    refused = site.central("sync", "import", site.file("future"), "--output", site.file("none"), code=1)["error"]
    clock(site, "satellite", "jump", "200d", "--back")
    waits = shown(site)
    site.advance("25h")
    _, _, applied = site.synchronize()
    right = shown(site)

    assert (off["standing"], off["confirmed"]) == ("believed", False)
    assert "satellite_sync_overdue" in overdue
    assert refused["code"] == "not_yet_valid"
    assert (waits["standing"], waits["can_be_lowered"]) == ("set_back", True)
    assert applied["outcome"] == "applied"
    assert parse_time(right["licence_time"]) < parse_time(off["licence_time"]) - timedelta(days=198)
    assert (right["standing"], right["confirmed"]) == ("believed", True)


@pytest.mark.row("S1.3", "S2.1")
def test_a_weekend_without_power_is_confirmed_by_the_next_synchronization(site: World) -> None:
    """Three days off are true; the first response to a question asked since then confirms them."""
    clock(site, "satellite", "jump", "3d", "--reboot")
    before = shown(site)["confirmed"]
    clock(site, "central", "advance", "3d")
    site.synchronize()

    assert not before
    assert shown(site)["confirmed"]


@pytest.mark.row("S1.3")
def test_a_person_lowers_a_provisional_time_but_not_a_confirmed_one(site: World) -> None:
    """`time confirm` lowers what jumped while the machine was off; what was confirmed stays."""
    clock(site, "satellite", "jump", "200d", "--reboot")
    shown(site)
    site.satellite("jobs", "run", "clock")
    clock(site, "satellite", "jump", "200d", "--back")
    lowered = site.satellite("time", "confirm")
    site.advance("30d")
    site.satellite("jobs", "run", "clock")
    site.synchronize()
    clock(site, "satellite", "jump", "20d", "--back")
    refused = site.satellite("time", "confirm", code=1)["error"]

    assert (lowered["outcome"], lowered["standing"]) == ("lowered", "believed")
    assert refused["code"] == "time_not_lowered"


@pytest.mark.row("S1.3", "S2.2")
def test_a_response_from_the_future_names_both_clocks_and_a_clock_in_doubt_takes_it(site: World) -> None:
    """A believed clock refuses it with both times; one that was set back is told the time by it."""
    clock(site, "central", "advance", "3d")
    request, response = site.file("q"), site.file("r")
    site.satellite("sync", "export", "--output", request)
    site.central("sync", "import", request, "--output", response)
    refused = site.satellite("sync", "import", response, code=1)["error"]
    clock(site, "satellite", "jump", "30d", "--back")
    applied = site.satellite("sync", "import", response)
    reply = shown(site)

    assert refused["code"] == "not_yet_valid"
    assert "made at" in refused["message"]
    assert "it is" in refused["message"]
    assert applied["outcome"] == "applied"
    assert parse_time(reply["licence_time"]) > parse_time(reply["clock"]) + timedelta(days=32)


@pytest.mark.row("S1.3", "S2.2")
def test_sides_that_are_three_hours_apart_synchronize_and_say_so(site: World) -> None:
    """Nothing is refused; the one that is behind central's signed time shows by how much."""
    clock(site, "satellite", "jump", "3h", "--back")
    _, answered, applied = site.synchronize()
    state = shown(site)

    assert (answered["outcome"], applied["outcome"]) == ("applied", "applied")
    assert "clock_suspicious" in site.alerts("satellite")
    assert -10900 < state["off_seconds"] < -10700


@pytest.mark.both_databases
@pytest.mark.row("S1.3")
def test_jobs_and_retries_go_on_while_the_clock_is_set_back(site: World) -> None:
    """Slots are counted by time that passes: the daily job runs again the next day, although licence time stands."""
    clock(site, "satellite", "jump", "300d", "--back")
    slots = []
    for _ in range(3):
        slots.append(next(x["slot"] for x in site.satellite("jobs", "list")["items"] if x["name"] == "alerts"))
        clock(site, "satellite", "advance", "1d")

    assert len(set(slots)) == 3
    assert shown(site)["standing"] == "set_back"


@pytest.mark.row("S1.3")
def test_a_change_of_the_trust_in_the_clock_is_an_event(site: World) -> None:
    """The event log names what the clock said and what licence time was."""
    clock(site, "satellite", "jump", "10d", "--back")
    site.satellite("jobs", "run", "clock")
    clock(site, "satellite", "jump", "10d")
    site.satellite("jobs", "run", "clock")
    kinds = [event["kind"] for event in site.satellite("events")["items"]]

    assert kinds.count("clock:changed") == 2


@pytest.mark.row("S1.3")
def test_settings_of_time_are_checked_and_kept(site: World) -> None:
    """A zone and servers are kept and shown; what is neither is refused and changes nothing."""
    kept = site.satellite("time", "settings", "--zone", "Europe/Vienna", "--server", "ntp.example:1123")
    codes = [
        site.satellite("time", "settings", "--zone", "Mars/Base", code=1)["error"]["code"],
        site.satellite("time", "settings", "--server", "a b", code=1)["error"]["code"],
        site.satellite("time", "settings", "--server", "h:99999", code=1)["error"]["code"],
    ]
    found = shown(site)

    assert kept == {"zone": "Europe/Vienna", "servers": ["ntp.example:1123"]}
    assert codes == ["invalid_time_setting"] * 3
    assert (found["zone"], found["servers"]) == ("Europe/Vienna", ["ntp.example:1123"])
    assert datetime.fromisoformat(found["local"]).utcoffset() in {timedelta(hours=1), timedelta(hours=2)}


@pytest.mark.row("S1.3", "E2")
@pytest.mark.parametrize("side", ["central", "satellite"])
def test_a_laboratory_without_its_clock_does_not_run_on_the_machines(site: World, side: str) -> None:
    """The home is refused with a code of its own until the file is back; nothing of it changed."""
    run = site.central if side == "central" else site.satellite
    file = site.folder / side / "lab-clock.json"
    kept = file.read_bytes()
    file.unlink()
    refused = run("time", "show", code=1)["error"]
    served = run("serve", "--no-tls", "--bind", "127.0.0.1:0", code=1)["error"]
    file.write_bytes(kept)

    assert (refused["code"], served["code"]) == ("lab_clock_missing", "lab_clock_missing")
    assert "backup" in refused["remedy"]
    assert run("time", "show")["standing"] == "believed"


@pytest.mark.row("S1.3", "E2")
def test_a_clock_of_a_laboratory_in_another_home_is_refused(empty_world: World) -> None:
    """No one moves the clock of a real central by putting a file beside it."""
    empty_world.central("init", "--vendor", "Example Vendor", "--root-keys", empty_world.file("root-keys"))
    (empty_world.folder / "central" / "lab-clock.json").write_text('{"offset_seconds": -9999999}', "utf-8")
    refused = empty_world.central("time", "show", code=1)["error"]

    assert refused["code"] == "lab_clock_foreign"
