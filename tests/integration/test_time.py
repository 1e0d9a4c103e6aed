"""What the passing of time causes: deadlines, warnings, removals, on both sides."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.world import ACCOUNT, World


def pass_time(world: World, duration: str) -> None:
    """Move the clocks on and let the jobs see it."""
    world.advance(duration)
    for job in ("terms", "deadlines", "alerts"):
        world.central("jobs", "run", job)
    if (world.folder / "satellite").exists():
        for job in ("devices", "alerts"):
            world.satellite("jobs", "run", job)


@pytest.mark.both_databases
@pytest.mark.row("C10.3", "S2.7")
def test_a_silent_satellite_is_reminded_overdue_and_removed_on_its_days(site: World) -> None:
    """At 30 days a reminder, at 66 overdue, at 90 removed; both sides say so, and its pools are free again."""
    pass_time(site, "29d")
    early = (site.alerts(), site.alerts("satellite"))
    pass_time(site, "2d")
    reminded = (site.alerts(), site.alerts("satellite"))
    pass_time(site, "36d")
    overdue = (site.alerts(), site.alerts("satellite"))
    pass_time(site, "24d")
    removed = site.alerts()
    pools = {x["name"]: x["satellite"] for x in site.central("virtual-account", "list", ACCOUNT)["items"]}

    assert not any("satellite_sync" in kind for kind in early[0] | early[1])
    assert all("satellite_sync_deadline" in side for side in reminded)
    assert all("satellite_sync_overdue" in side for side in overdue)
    assert "satellite_removed" in removed
    assert pools["Site"] is None


@pytest.mark.both_databases
@pytest.mark.row("C10.3", "S2.7")
def test_a_synchronization_clears_the_deadline_on_both_sides(site: World) -> None:
    """After a round trip no one is reminded any more."""
    pass_time(site, "40d")
    before = site.alerts() & site.alerts("satellite")
    site.synchronize()
    after = site.alerts() | site.alerts("satellite")

    assert "satellite_sync_deadline" in before
    assert "satellite_sync_deadline" not in after


@pytest.mark.both_databases
@pytest.mark.row("C7.5")
def test_a_silent_device_is_warned_of_then_freed_then_removed(vendor: World) -> None:
    """Day 30 and 60 minor, day 90 major with its licences freed, after a year gone."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.use("ADVANTAGE", 2)
    pass_time(vendor, "31d")
    month = [x for x in vendor.central("alerts", ACCOUNT)["items"] if x["kind"] == "instance_failed_to_connect"]
    pass_time(vendor, "60d")
    quarter = [x for x in vendor.central("alerts", ACCOUNT)["items"] if x["kind"] == "instance_failed_to_connect"]
    freed = vendor.licence("ADVANTAGE", pool="Spare")["in_use"]
    pass_time(vendor, "275d")

    assert [x["severity"] for x in month] == ["minor"]
    assert [x["severity"] for x in quarter] == ["major"]
    assert freed == 0
    assert vendor.central("instances", ACCOUNT)["items"] == []


@pytest.mark.both_databases
@pytest.mark.row("C7.5", "S4.1")
def test_a_silent_device_of_a_site_keeps_its_restricted_licence(site: World) -> None:
    """After 90 days the ordinary licences are free, the restricted one stays locked to it."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    device.request_export("STRONG", 1)
    site.synchronize("1")
    device.renew_authorization()
    site.synchronize("2")
    pass_time(site, "60d")
    site.synchronize("3")
    pass_time(site, "31d")
    site.synchronize("4")

    assert site.licence("ADVANTAGE")["in_use"] == 0
    assert site.licence("STRONG")["in_use"] == 1


@pytest.mark.both_databases
@pytest.mark.row("C10.2")
def test_a_reminder_put_off_comes_back_at_the_next_step(vendor: World) -> None:
    """`remind` hides a warning of a term until fewer days are left by one step; it is open again then."""
    rows = "virtual_account,tag,quantity,type,start,end\nSpare,ESSENTIALS,5,term,2026-01-01,{end}\n"
    now = vendor.central("clock", "advance", "0d")["now"]
    end = datetime.fromisoformat(now) + timedelta(days=50)
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", rows.format(end=f"{end:%Y-%m-%d}")))
    vendor.central("jobs", "run", "alerts")
    alert = next(x for x in vendor.central("alerts", ACCOUNT)["items"] if x["kind"] == "licences_expiring")
    vendor.central("alert", "remind", ACCOUNT, alert["id"])
    hidden = vendor.alerts()
    vendor.central("clock", "advance", "21d")
    vendor.central("jobs", "run", "alerts")

    assert "licences_expiring" not in hidden
    assert "licences_expiring" in vendor.alerts()


@pytest.mark.both_databases
@pytest.mark.row("C10.2")
def test_a_shortage_cannot_be_dismissed_and_goes_by_itself(site: World) -> None:
    """It is refused while the licence is short; when enough is bought it clears."""
    site.device("SN1").use("ADVANTAGE", 9)
    site.synchronize("1")
    alert = next(x for x in site.central("alerts", ACCOUNT)["items"] if x["kind"] == "insufficient_licences")
    refused = site.central("alert", "dismiss", ACCOUNT, alert["id"], code=1)["error"]
    more = "virtual_account,tag,quantity\nSite,ADVANTAGE,20\n"
    site.central("order", "import", ACCOUNT, site.file("more.csv", more))
    cleared = site.alerts()
    site.synchronize("2")

    assert refused["code"] == "alert_not_dismissible"
    assert "insufficient_licences" not in cleared
    assert "insufficient_licences" not in site.alerts("satellite")


@pytest.mark.both_databases
@pytest.mark.row("C10.2", "E4")
def test_a_dismissed_alert_stays_dismissed_until_its_condition_recurs(site: World) -> None:
    """The failure of a restricted request is dismissed; the next failure is a new one."""
    device = site.device("SN1")
    device.request_export("STRONG", 5)
    site.synchronize("1")
    alert = next(x for x in site.central("alerts", ACCOUNT)["items"] if x["kind"] == "restricted_licence_not_available")
    site.central("alert", "dismiss", ACCOUNT, alert["id"])
    site.central("jobs", "run", "alerts")
    quiet = site.alerts()
    device.request_export("STRONG", 6)
    site.synchronize("2")

    assert "restricted_licence_not_available" not in quiet
    assert "restricted_licence_not_available" in site.alerts()
