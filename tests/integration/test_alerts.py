"""Alerts: raised by their cause, put off by steps, gone with their cause; each where people look for it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exchange.canonical import parse_time
from exchange.identity import Udi
from tests.world import ACCOUNT, World


def found(world: World, kind: str, side: str = "central", *words: str) -> list[dict[str, Any]]:
    """The alerts of a kind that a side lists."""
    listed = world.central("alerts", ACCOUNT, *words) if side == "central" else world.satellite("alerts", *words)
    return [alert for alert in listed["items"] if alert["kind"] == kind]


def remind(world: World, alert: dict[str, Any]) -> str:
    """Put an alert of central's off; when it comes back."""
    return str(world.central("alert", "remind", ACCOUNT, alert["id"])["remind_at"])


def term(world: World, days: int, start: int = -30) -> datetime:
    """A term in `Spare` that ends in so many days."""
    now = datetime.fromisoformat(world.central("clock", "show")["now"])
    begin, end = now + timedelta(days=start), now + timedelta(days=days, hours=1)
    row = f"Spare,ESSENTIALS,5,term,{begin:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ}\n"
    text = "virtual_account,tag,quantity,type,start,end\n" + row
    world.central("order", "import", ACCOUNT, world.file("term.csv", text))
    return end


@pytest.mark.row("C10.2", "C3.3", "C10.4")
def test_a_term_warns_at_each_step_and_then_says_that_it_ended(vendor: World) -> None:
    """Put off at 90, 60, 30, 14, 7, 3, 2 and 1 days it returns at the next; at the end another alert takes its place."""
    end = term(vendor, 100)
    steps, left = [], 100
    assert not found(vendor, "licences_expiring")
    for step in (90, 60, 30, 14, 7, 3, 2, 1):
        vendor.central("clock", "advance", f"{left - step}d")
        left = step
        vendor.central("clock", "advance", "2h")
        alert = found(vendor, "licences_expiring")[0]
        back = datetime.fromisoformat(remind(vendor, alert))
        steps.append(round((end - back) / timedelta(days=1)))
        assert not found(vendor, "licences_expiring")
        vendor.central("clock", "set", f"{end - timedelta(days=step):%Y-%m-%dT%H:%M:%SZ}")
    vendor.central("clock", "advance", "2d")
    ended = found(vendor, "licences_expired")[0]
    early = vendor.central("alert", "remind", ACCOUNT, ended["id"], code=1)["error"]["code"]
    vendor.central("alert", "dismiss", ACCOUNT, ended["id"])
    opened = vendor.central("alert", "restore", ACCOUNT, ended["id"])["state"]
    shown = [alert["id"] for alert in found(vendor, "licences_expired")]
    vendor.central("alert", "dismiss", ACCOUNT, ended["id"])

    assert (opened, shown) == ("open", [ended["id"]])
    assert steps == [60, 30, 14, 7, 3, 2, 1, 0]
    assert not found(vendor, "licences_expiring", "central", "--all") or {
        alert["state"] for alert in found(vendor, "licences_expiring", "central", "--all")
    } == {"cleared"}
    assert early == "alert_not_remindable"
    assert not found(vendor, "licences_expired")
    assert [alert["state"] for alert in found(vendor, "licences_expired", "central", "--all")] == ["dismissed"]


@pytest.mark.row("C10.2", "C7.7", "C10.4")
def test_a_silent_device_is_put_off_by_steps_and_forgotten_at_its_next_contact(vendor: World) -> None:
    """At 30 days of silence 60 are left: the reminder is for 30 left; a dismissed one returns with the next warning."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    vendor.central("clock", "advance", "31d")
    vendor.central("jobs", "run", "deadlines")
    first = found(vendor, "instance_failed_to_connect")[0]
    back = datetime.fromisoformat(remind(vendor, first))
    due = datetime.fromisoformat(first["action_due"])
    hidden = found(vendor, "instance_failed_to_connect")
    vendor.central("clock", "advance", "30d")
    second = found(vendor, "instance_failed_to_connect")[0]
    vendor.central("alert", "dismiss", ACCOUNT, second["id"])
    dismissed = found(vendor, "instance_failed_to_connect")
    vendor.central("clock", "advance", "30d")
    third = found(vendor, "instance_failed_to_connect")[0]
    device.clock.advance(timedelta(days=91))
    device.renew_authorization()

    assert (due - back).days == 30
    assert (hidden, dismissed) == ([], [])
    assert [first["severity"], second["severity"], third["severity"]] == ["minor", "minor", "major"]
    assert "were freed" in third["message"]
    assert not found(vendor, "instance_failed_to_connect")
    assert "instance:failed_to_connect" in {x["kind"] for x in vendor.central("events", ACCOUNT)["items"]}


@pytest.mark.row("C10.4", "C7.7")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_an_identity_that_was_not_renewed_is_a_major_alert_until_it_is(site: World, server: str) -> None:
    """A device that talks but does not renew is named; a new registration clears it."""
    pool = "Spare" if server == "central" else "Site"
    token = site.token(server, pool=pool)
    device = site.device("SN1", server, token)
    for number in range(6):
        site.advance("58d", device)
        device.renew_authorization()
        site.synchronize(str(number))
    site.advance("29d", device)
    late = found(site, "instance_failed_to_renew", server)
    site.central("role-key", "replace", "response", "--root-keys", site.file("root-keys"))
    site.device("SN1", server, site.token(server, pool=pool))

    assert [(x["severity"], x["state"]) for x in late] == [("major", "open")]
    assert not found(site, "instance_failed_to_renew", server)


@pytest.mark.row("C10.4", "C7.7", "S4.3")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_renewing_the_identity_ends_the_alerts_of_silence_and_of_lateness_at_once(site: World, server: str) -> None:
    """A device silent for a month, and one that renews in the last hour of grace: no job has to run for it to be quiet."""
    pool = "Spare" if server == "central" else "Site"
    kinds = ("instance_failed_to_connect", "instance_failed_to_renew")
    device = site.device("SN1", server, site.token(server, pool=pool))
    keys = Path(site.file("root-keys"))
    run = site.central if server == "central" else site.satellite
    seen = []

    def renew_late() -> None:
        run("jobs", "run", "alerts")
        before = {kind for kind in kinds if found(site, kind, server)}
        device.renew_identity()
        seen.append((before, {kind for kind in kinds if found(site, kind, server)}))

    site.advance("31d", device)
    renew_late()
    ends = parse_time(str(device.state.certificate_expires))
    for number in range(6):
        site.advance("58d", device)
        device.renew_authorization()
        site.synchronize(str(number))
        if number == 4:
            words = ("--root-keys", str(keys), "--passphrase-file", str(keys / "passphrase"))
            site.central("role-key", "replace", "response", *words)
    site.advance(f"{(ends - device.clock.now()) // timedelta(minutes=1) + 30}m", device)
    renew_late()

    assert seen == [({kinds[0]}, set()), ({kinds[1]}, set())]


@pytest.mark.row("C8.3", "C7.3", "C10.4")
def test_a_device_that_left_without_its_return_is_a_major_alert_until_the_vendor_releases(vendor: World) -> None:
    """Deregistration succeeds, the restricted unit stays in use and is named; the release with a reason clears it."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    number = str(device.state.instance)
    device.state.grants.clear()
    device._store.save(device.state)
    device.deregister()
    left = found(vendor, "instance_failed_to_connect")
    held = vendor.licence("STRONG", pool="Spare")["in_use"]
    bare = vendor.central("instance", "remove", ACCOUNT, number, "--release-restricted", code=1)["error"]["code"]
    vendor.central("instance", "remove", ACCOUNT, number, "--release-restricted", "--reason", "lost at sea")

    assert [(x["severity"], x["actions"]) for x in left] == [("major", ["dismiss", "remind"])]
    assert held == 1
    assert bare == "reason_needed"
    assert vendor.licence("STRONG", pool="Spare")["in_use"] == 0
    assert not found(vendor, "instance_failed_to_connect")
    assert "lost at sea" in str(vendor.central("events", ACCOUNT)["items"])


@pytest.mark.row("C8.1", "C8.3", "C11.3")
def test_a_removed_satellite_leaves_its_restricted_units_in_use_with_an_alert(site: World) -> None:
    """Ordinary licences are free at once; the unit of each device is named until the vendor releases it."""
    device = site.device("SN1", hostname="switch-1")
    device.use("ADVANTAGE", 2)
    device.request_export("STRONG", 1)
    site.synchronize()
    site.central("satellite", "remove", ACCOUNT, "North")
    left = found(site, "instance_failed_to_connect")
    used = {x["tag"]: x["in_use"] for x in site.central("licences", ACCOUNT, "--virtual-account", "Site")["items"]}

    assert [x["severity"] for x in left] == ["major"]
    assert "SN1" in left[0]["message"]
    assert (used["ADVANTAGE"], used["STRONG"]) == (0, 1)


@pytest.mark.both_databases
@pytest.mark.row("C10.1", "C1.5", "C10.4")
def test_alerts_show_in_the_virtual_account_that_they_concern(site: World) -> None:
    """A shortage, a refused restricted licence and an overdue site are in their virtual account, and in no other."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 9)
    device.request_export("STRONG", 5)
    site.synchronize()
    site.central("clock", "advance", "67d")
    here = {x["kind"] for x in site.central("alerts", ACCOUNT, "--virtual-account", "Site")["items"]}
    there = site.central("alerts", ACCOUNT, "--virtual-account", "Spare")["items"]

    assert here == {"insufficient_licences", "restricted_licence_not_available", "satellite_sync_overdue"}
    assert there == []


@pytest.mark.row("C11.1", "C11.2", "C10.4")
def test_a_refused_file_and_an_unfetched_authorization_are_named_until_they_are_resolved(site: World) -> None:
    """A damaged request raises its alert and a good one clears it; so does fetching the authorization."""
    site.satellite("sync", "export", "--output", site.file("q"))
    data = bytearray((site.folder / "q").read_bytes())
    data[-1] ^= 1
    refused = site.central("sync", "import", site.file("bad", bytes(data)), "--output", site.file("r"), code=1)
    failed = found(site, "satellite_sync_failed")
    site.synchronize()
    fixed = found(site, "satellite_sync_failed")
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.satellite("init", "--name", "S", "--root", site.file("root.json"), "--lab", home="satellite-2")
    site.satellite("registration", "export", "--output", site.file("reg-2"), home="satellite-2")
    add = ("satellite", "add", ACCOUNT, "--name", "S", "--virtual-account", "South", "--email", "a@customer.example")
    site.central(*add, "--registration", site.file("reg-2"))
    ready = found(site, "satellite_authorization_ready")
    waiting = [x["kind"] for x in site.satellite("alerts", home="satellite-2")["items"]]
    site.central("satellite", "authorize", ACCOUNT, "S", "--output", site.file("auth-2"))
    site.satellite("registration", "import", site.file("auth-2"), home="satellite-2")

    assert refused["error"]["code"] == "altered"
    assert [(x["severity"], x["actions"]) for x in failed] == [("minor", ["dismiss"])]
    assert fixed == []
    assert [x["severity"] for x in ready] == ["minor"]
    assert waiting == ["satellite_authorization_pending"]
    assert not found(site, "satellite_authorization_ready")
    assert not site.satellite("alerts", home="satellite-2")["items"]


@pytest.mark.row("C10.2", "C10.3")
def test_a_satellites_reminder_waits_half_of_the_time_that_is_left(site: World) -> None:
    """Put off at 40 days without synchronization it returns half-way to the day when it is overdue."""
    site.central("clock", "advance", "40d")
    alert = found(site, "satellite_sync_deadline")[0]
    now = datetime.fromisoformat(site.central("clock", "show")["now"])
    due = datetime.fromisoformat(alert["action_due"])
    back = datetime.fromisoformat(remind(site, alert))

    assert abs((back - now) - (due - now) / 2) < timedelta(minutes=5)
    assert not found(site, "satellite_sync_deadline")


@pytest.mark.row("E2", "C10.4")
def test_trust_that_ends_soon_is_the_vendors_alert_until_it_is_replaced(vendor: World) -> None:
    """The role keys and the root are named in their last 90 days; replacement clears each."""
    ends = datetime.fromisoformat(vendor.central("root", "export", "--output", vendor.file("r"))["root_expires"])
    vendor.central("clock", "set", f"{ends - timedelta(days=10):%Y-%m-%dT%H:%M:%SZ}")
    vendor.central("jobs", "run", "alerts")
    before = [x["message"] for x in found(vendor, "trust_expiring")]
    for role in ("response", "grant"):
        vendor.central("role-key", "replace", role, "--root-keys", vendor.file("root-keys"))
    vendor.central("root", "rotate", "--root-keys", vendor.file("root-keys"))
    vendor.central("jobs", "run", "alerts")

    assert [text for text in before if text.startswith("The root of trust is valid until ")]
    assert not found(vendor, "trust_expiring")


@pytest.mark.row("C7.6", "C7.7")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_both_events_of_redundancy_name_every_standby(site: World, server: str) -> None:
    """One when a set is added, another when a known device connects with standbys; the set counts once."""
    members = [Udi(pid="SW-48", serial=f"SN{number}") for number in (2, 3)]
    pool = "Spare" if server == "central" else "Site"
    token = site.token(server, pool=pool)
    site.device("SN1", server, token, standbys=tuple(members[:1])).use("ADVANTAGE", 1)
    again = site.unregistered("SN1-new", server)
    from agent.joining import RegistrationRequest
    from agent.transport import Server

    registration_request = RegistrationRequest(token=token, udi=Udi(pid="SW-48", serial="SN1"), standbys=tuple(members))
    again.register(
        registration_request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None)
    )
    again.use("ADVANTAGE", 1)
    listed = site.central("events", ACCOUNT) if server == "central" else site.satellite("events")
    said = {event["kind"]: event["message"] for event in listed["items"]}

    assert "SN2" in said["instance:added_with_standbys"]
    assert "SN2" in said["instance:connected_with_standbys"]
    assert "SN3" in said["instance:connected_with_standbys"]
    assert site.licence("ADVANTAGE", server, pool)["in_use"] == 1


@pytest.mark.row("C7.2", "C7.7")
def test_a_restricted_licence_moves_with_its_device(vendor: World) -> None:
    """After the transfer the unit is owned and in use where the device is; the ledger adds up."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    vendor.central("instance", "transfer", ACCOUNT, str(device.state.instance), "--to", "DEFAULT")
    items = vendor.central("licences", ACCOUNT)["items"]
    where = {x["virtual_account"]: (x["purchased"], x["in_use"]) for x in items if x["tag"] == "STRONG"}
    device.return_export("STRONG")
    device.renew_authorization()

    assert where["DEFAULT"] == (1, 1)
    assert where.get("Spare", (0, 0)) == (0, 0)
    assert vendor.licence("STRONG", pool="DEFAULT")["in_use"] == 0
    assert vendor.central("ledger", "verify")["ok"]
