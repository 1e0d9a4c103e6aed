"""Every kind of alert is raised by its real cause and ends with it, at both servers."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.identity import Udi
from tests.alarms import cleared, dismissed, listed, raised
from tests.world import ACCOUNT, World

SIDES = ("central", "satellite")


def order(world: World, *rows: str, columns: str = "virtual_account,tag,quantity") -> None:
    """Import an order at central."""
    world.central("order", "import", ACCOUNT, world.file("order.csv", "\n".join((columns, *rows, ""))))


def term(world: World, days: int, pool: str = "Spare", count: int = 5, tag: str = "ESSENTIALS") -> None:
    """A term that ends in so many days and an hour."""
    now = datetime.fromisoformat(world.central("clock", "show")["now"])
    begin, end = now - timedelta(days=30), now + timedelta(days=days, hours=1)
    row = f"{pool},{tag},{count},term,{begin:%Y-%m-%dT%H:%M:%SZ},{end:%Y-%m-%dT%H:%M:%SZ}"
    order(world, row, columns="virtual_account,tag,quantity,type,start,end")


def run(world: World, side: str, *words: str) -> None:
    """A command of one of the two servers."""
    (world.central if side == "central" else world.satellite)(*words)


def pool_of(side: str) -> str:
    """Where devices of a side register."""
    return "Spare" if side == "central" else "Site"


@pytest.mark.row("C10.4", "S3.2", "C3.3")
def test_a_term_is_named_before_its_end_and_after(site: World) -> None:
    """At both servers it expires soon, then it has expired; the first alert ends by itself, the second by a person's word."""
    term(site, 20, "Site")
    site.synchronize("1")
    for side in SIDES:
        assert "5 of Essentials in Site expire" in raised(site, side, "licences_expiring")[0]["message"]
    site.advance("21d")
    for side in SIDES:
        cleared(site, side, "licences_expiring")
        assert "5 of Essentials in Site expired" in raised(site, side, "licences_expired")[0]["message"]
        dismissed(site, side, "licences_expired")


@pytest.mark.row("C10.2", "S3.2")
def test_what_is_done_with_an_alert_is_told_once(site: World) -> None:
    """Dismissed, postponed and opened again twice each, at both servers: the second time nothing changes, and no event is written."""
    term(site, 20, "Site")
    site.synchronize("1")
    for side, server, words in (("central", site.central, (ACCOUNT,)), ("satellite", site.satellite, ())):
        alert = raised(site, side, "licences_expiring")[0]["id"]
        for done in ("remind", "restore"):
            first, second = (server("alert", done, *words, alert) for _ in range(2))
            assert first == second
    site.advance("21d")
    for side, server, words in (("central", site.central, (ACCOUNT,)), ("satellite", site.satellite, ())):
        alert = raised(site, side, "licences_expired")[0]["id"]
        first, second = (server("alert", "dismiss", *words, alert) for _ in range(2))
        assert first == second
        told = [row["kind"] for row in server("events", *words)["items"] if row["kind"].startswith("alert:")]
        assert sorted(told) == ["alert:dismissed", "alert:put_off", "alert:restored"], side


@pytest.mark.both_databases
@pytest.mark.row("C10.4", "C3.3")
def test_what_is_free_reserved_and_locked_of_one_term_adds_up(vendor: World) -> None:
    """Three of ten are reserved, one is locked to a device: one alert tells of ten, before the end and after it."""
    term(vendor, 20, count=10)
    term(vendor, 25, count=4)
    term(vendor, 20, count=2, tag="STRONG")
    root = (vendor.folder / "root.json").read_bytes()
    code = vendor.unregistered("AIR-1", "central").reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    words = ("--virtual-account", "Spare", "--request-code", code, "--licence", "ESSENTIALS=3")
    vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("code"))
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).request_export("STRONG", 1)
    soon = sorted(x["subject"]["quantity"] for x in raised(vendor, "central", "licences_expiring"))
    vendor.central("clock", "advance", "21d")
    vendor.central("jobs", "run", "deadlines")
    ended = sorted(x["subject"]["quantity"] for x in raised(vendor, "central", "licences_expired"))

    assert soon == [2, 4, 10]
    assert ended == [2, 10]


@pytest.mark.row("C10.4", "C6.9", "C6.4")
def test_a_reserved_term_that_ended_is_named_until_an_update_gives_it_up(vendor: World) -> None:
    """The alert names device, licence and day; dismissed it stays away, and an update that takes a valid term clears it."""
    term(vendor, 20)
    root = (vendor.folder / "root.json").read_bytes()
    device = vendor.unregistered("AIR-1", "central")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    words = (
        "--virtual-account",
        "Spare",
        "--request-code",
        code,
        "--licence",
        "ESSENTIALS=2",
        "--licence",
        "ADVANTAGE=1",
    )
    made = vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("code"))
    raised(vendor, "central", "reservation_pending")
    confirmed = device.reserve_install((vendor.folder / "code").read_text())
    vendor.central("reservation", "confirm", ACCOUNT, made["id"], "--code", str(device.reserve_confirmation()))
    cleared(vendor, "central", "reservation_pending")
    assert confirmed
    vendor.advance("21d", device)
    named = raised(vendor, "central", "reserved_licence_expired")[0]
    assert (named["severity"], named["actions"]) == ("minor", ["update_reservation", "dismiss"])
    assert all(word in named["message"] for word in ("2 of Essentials", "AIR-1", "Spare", "they were valid until"))
    vendor.central(
        "reservation", "update", ACCOUNT, made["id"], "--licence", "ESSENTIALS=0", "--output", vendor.file("c2")
    )
    cleared(vendor, "central", "reserved_licence_expired")


@pytest.mark.both_databases
@pytest.mark.row("C10.4", "C4.2")
def test_a_subscription_that_stands_twice_is_named_until_one_of_them_moves(vendor: World) -> None:
    """Two subscriptions of one licence by usage in one virtual account; the transfer of one to another ends it."""
    columns = "virtual_account,tag,quantity,billing,subscription_id"
    order(vendor, "Spare,ESSENTIALS,1,usage,SUB-1", "Site,ESSENTIALS,1,usage,SUB-3", columns=columns)
    assert not listed(vendor, "central", "duplicate_licences")
    order(vendor, "Spare,ESSENTIALS,1,usage,SUB-2", columns=columns)
    named = raised(vendor, "central", "duplicate_licences")
    assert len(named) == 1
    assert named[0]["severity"] == "minor"
    assert all(word in named[0]["message"] for word in ("Essentials", "Spare", "SUB-1", "SUB-2"))
    words = ("--from", "Spare", "--to", "DEFAULT", "--quantity", "1")
    vendor.central("licence", "transfer", ACCOUNT, "ESSENTIALS", *words)
    cleared(vendor, "central", "duplicate_licences")


@pytest.mark.row("C10.4", "C5.1")
def test_an_upgrade_is_named_until_the_licences_that_it_replaces_are(vendor: World) -> None:
    """From the order on, with how many wait, through a part of it, until all are complete."""
    columns = "virtual_account,tag,quantity,replaces"
    order(vendor, "Spare,ESSENTIALS,3,ADVANTAGE=1:2", columns=columns)
    named = raised(vendor, "central", "upgrade_pending")[0]
    assert (named["severity"], named["actions"]) == ("informational", ["complete_upgrade"])
    assert all(word in named["message"] for word in ("3 upgrades", "Essentials", "Spare"))
    words = ("upgrade-licences", "complete", ACCOUNT, "ESSENTIALS", "--virtual-account", "Spare", "--quantity")
    vendor.central(*words, "1")
    assert "2 upgrades" in raised(vendor, "central", "upgrade_pending")[0]["message"]
    vendor.central(*words, "2")
    cleared(vendor, "central", "upgrade_pending")
    assert vendor.central("upgrade-licences", "list", ACCOUNT)["items"] == []


@pytest.mark.row("C10.4", "C4.2")
def test_a_duplicate_subscription_is_named_until_it_is_assigned_elsewhere(vendor: World) -> None:
    """A copy makes duplicates, and moving one of them ends that."""
    columns = "virtual_account,tag,quantity,billing,subscription_id"
    order(vendor, "Spare,ESSENTIALS,1,usage,SUB-1", "Site,ESSENTIALS,1,usage,SUB-2", columns=columns)
    words = ("subscription", "assign", ACCOUNT, "ESSENTIALS", "SUB-2", "--virtual-account")
    vendor.central(*words, "Site", "--virtual-account", "Spare")
    named = raised(vendor, "central", "duplicate_licences")[0]
    assert all(word in named["message"] for word in ("Spare", "SUB-1", "SUB-2"))
    places = {one["subscription"]: one for one in vendor.central("subscription", "list", ACCOUNT)["items"]}
    assert [(one["name"], one["state"]) for one in places["SUB-2"]["virtual_accounts"]] == [
        ("Site", "enabled"),
        ("Spare", "disabled"),
    ]
    vendor.central(*words, "Site", "--virtual-account", "DEFAULT")
    cleared(vendor, "central", "duplicate_licences")


@pytest.mark.both_databases
@pytest.mark.row("C10.4", "C3.1", "S3.2")
@pytest.mark.parametrize("server", SIDES)
def test_a_shortage_says_where_there_is_a_surplus(site: World, server: str) -> None:
    """By name and count, kept true as the surplus shrinks; it ends once enough is released."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "South")
    order(site, "South,ADVANTAGE,7")
    site.synchronize("1")
    here, there = ("DEFAULT", "Spare") if server == "central" else ("Site", "South")
    if server == "central":
        order(site, "DEFAULT,ADVANTAGE,3")
    many = 10 if server == "central" else 7
    device = site.device("SN1", server, site.token(server, pool=here))
    device.use("ADVANTAGE", 5)
    first = raised(site, server, "insufficient_licences")
    other = site.device("SN2", server, site.token(server, pool=there))
    other.use("ADVANTAGE", 4)
    second = raised(site, server, "insufficient_licences")
    device.use("ADVANTAGE", 3)
    cleared(site, server, "insufficient_licences")

    assert f"2 more of Advantage needed in {here}." in first[0]["message"]
    assert f"{there} ({many})" in first[0]["message"]
    assert f"{there} ({many - 4})" in second[0]["message"]
    assert {"name": there, "count": many - 4} in [
        {"name": x["name"], "count": x["count"]} for x in second[0]["subject"]["surplus"]
    ]


@pytest.mark.row("C10.4", "C1.4")
def test_an_agreement_is_named_until_it_is_accepted(site: World) -> None:
    """Never accepted, and a newer version, are two alerts; acceptance ends each, at a site with the next response."""
    site.central("policy", "set", "agreement_version", "2")
    raised(site, "central", "agreement_updated")
    site.synchronize("1")
    raised(site, "satellite", "agreement_pending")
    site.central("agreement", "accept", ACCOUNT)
    cleared(site, "central", "agreement_updated")
    site.synchronize("2")
    cleared(site, "satellite", "agreement_pending")
    site.central("account", "create", "other.example", "--name", "Other")
    raised(site, "central", "agreement_pending", "other.example")
    site.central("agreement", "accept", "other.example")
    cleared(site, "central", "agreement_pending", "other.example")


@pytest.mark.row("C10.4", "C7.5", "S3.2")
@pytest.mark.parametrize("server", SIDES)
def test_a_silent_device_and_an_identity_that_ran_out_are_named_until_it_speaks(site: World, server: str) -> None:
    """A month of silence, then a year without renewal; a contact ends the one, a new registration the other."""
    pool = pool_of(server)
    device = site.device("SN1", server, site.token(server, pool=pool))
    site.advance("31d", device)
    raised(site, server, "instance_failed_to_connect")
    device.renew_authorization()
    cleared(site, server, "instance_failed_to_connect")
    for month in range(12):
        site.advance("29d", device)
        if month < 11:
            device.renew_authorization()
            site.synchronize(str(month))
    raised(site, server, "instance_failed_to_renew")
    site.central("role-key", "replace", "response", "--root-keys", site.file("root-keys"))
    site.device("SN1", server, site.token(server, pool=pool))
    cleared(site, server, "instance_failed_to_renew")


@pytest.mark.row("C10.4", "C8.1", "S3.2")
def test_a_restricted_licence_that_cannot_be_granted_is_named_until_it_is(site: World) -> None:
    """Five of two are asked for by way of a satellite: both servers name it, and the grant that follows ends both."""
    device = site.device("SN1")
    device.request_export("STRONG", 5)
    site.synchronize("1")
    for side in SIDES:
        said = raised(site, side, "restricted_licence_not_available")[0]["message"]
        assert "5 of the restricted licence Strong encryption" in said
    order(site, "Site,STRONG,5")
    site.synchronize("2")
    device.renew_authorization()
    device.request_export("STRONG", 5)
    site.synchronize("3")
    for side in SIDES:
        cleared(site, side, "restricted_licence_not_available")


@pytest.mark.row("C10.4", "C8.1", "S3.2")
@pytest.mark.parametrize("server", SIDES)
def test_a_restricted_licence_that_a_removed_device_did_not_get_is_named_no_more(site: World, server: str) -> None:
    """The device that asked is gone: no one can grant it anything, and both servers stop naming it."""
    device = site.device("SN1", server, site.token(server, pool=pool_of(server)))
    device.request_export("STRONG", 50)
    sides = SIDES if server == "satellite" else ("central",)
    site.synchronize("1")
    for side in sides:
        raised(site, side, "restricted_licence_not_available")
    words = (ACCOUNT,) if server == "central" else ()
    run(site, server, "instance", "remove", *words, str(device.state.instance))
    site.synchronize("2")
    site.central("jobs", "run", "alerts")
    for side in sides:
        cleared(site, side, "restricted_licence_not_available")


@pytest.mark.row("C10.4", "C11.1", "S3.2")
def test_a_new_satellite_is_named_until_its_authorization_arrives(vendor: World) -> None:
    """Held by policy, approved, fetched, carried home: each step ends the alert before it."""
    vendor.central("policy", "set", "satellite_authorization", "approval")
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    raised(vendor, "satellite", "satellite_authorization_pending")
    add = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site")
    vendor.central(*add, "--registration", vendor.file("registration"))
    raised(vendor, "central", "satellite_authorization_pending")
    vendor.central("satellite", "approve", ACCOUNT, "North")
    cleared(vendor, "central", "satellite_authorization_pending")
    raised(vendor, "central", "satellite_authorization_ready")
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("authorization"))
    cleared(vendor, "central", "satellite_authorization_ready")
    vendor.satellite("registration", "import", vendor.file("authorization"))
    cleared(vendor, "satellite", "satellite_authorization_pending")


@pytest.mark.row("C10.4", "C10.3", "S2.7")
def test_a_site_that_does_not_synchronize_is_named_until_it_does(site: World) -> None:
    """A reminder at 30 days, overdue at 66 at both servers; one synchronization ends it; after 90 days it is removed."""
    site.advance("31d")
    for side in SIDES:
        raised(site, side, "satellite_sync_deadline")
    site.advance("36d")
    for side in SIDES:
        cleared(site, side, "satellite_sync_deadline")
        raised(site, side, "satellite_sync_overdue")
    site.synchronize("1")
    for side in SIDES:
        cleared(site, side, "satellite_sync_overdue")
    site.central("clock", "advance", "91d")
    site.central("jobs", "run", "deadlines")
    raised(site, "central", "satellite_removed")
    site.satellite("sync", "export", "--output", site.file("late"))
    site.central("sync", "import", site.file("late"), "--output", site.file("x"), code=1)
    dismissed(site, "central", "satellite_removed")


@pytest.mark.row("C10.4", "C11.2", "S2.1")
def test_each_refused_file_raises_the_alert_again(site: World) -> None:
    """Damaged or cut anywhere, at both servers; what was dismissed returns with the next failure, a good file ends it."""
    request, response = site.file("q"), site.file("r")
    site.satellite("sync", "export", "--output", request)
    whole = Path(request).read_bytes()
    first_lines = whole.index(b"\n", whole.index(b"\n") + 1)
    for cut in (len(whole) - 1, first_lines + 40, whole.index(b"\n") + 2):
        site.central("sync", "import", site.file("cut", whole[:cut]), "--output", response, code=1)
        assert "truncated" in raised(site, "central", "satellite_sync_failed")[0]["message"]
        dismissed(site, "central", "satellite_sync_failed")
    site.central("sync", "import", request, "--output", response)
    cleared(site, "central", "satellite_sync_failed")
    answer = Path(response).read_bytes()
    for cut in (len(answer) - 1, answer.index(b"\n") + 2, 20):
        site.satellite("sync", "import", site.file("cut", answer[:cut]), code=1)
        raised(site, "satellite", "satellite_sync_failed")
        dismissed(site, "satellite", "satellite_sync_failed")
    site.satellite("sync", "import", response)
    cleared(site, "satellite", "satellite_sync_failed")


@pytest.mark.row("C11.2", "E2")
def test_a_forged_file_raises_no_alert_in_anybodys_account(site: World) -> None:
    """It names a satellite of the account and the id of its key, and is signed by another: refused, and nothing more."""
    request = site.file("q")
    site.satellite("sync", "export", "--output", request)
    whole = Path(request).read_bytes()
    lines = whole.split(b"\n", 3)
    at = lines[2].index(b'"sig":"') + len(b'"sig":"')
    letter = b"A" if lines[2][at : at + 1] != b"A" else b"B"
    lines[2] = lines[2][:at] + letter + lines[2][at + 1 :]
    forged = site.file("forged", b"\n".join(lines))
    refused = site.central("sync", "import", forged, "--output", site.file("x"), code=1)["error"]["code"]

    assert refused == "altered"
    assert not listed(site, "central", "satellite_sync_failed", "--all")
    assert "satellite:sync_failed" not in {x["kind"] for x in site.central("events", ACCOUNT)["items"]}


@pytest.mark.row("C10.4", "S2.6")
def test_a_site_that_was_restored_is_named_until_it_resynchronizes(site: World) -> None:
    """By its own anchor at the site, by its file at central; a new epoch ends both."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.synchronize("1")
    shutil.copytree(site.folder / "satellite", site.folder / "old")
    device.use("ADVANTAGE", 2)
    site.synchronize("2")
    anchor = site.folder / "satellite" / "anchor"
    shutil.copytree(anchor, site.folder / "anchor-kept")
    site.close()
    shutil.rmtree(site.folder / "satellite")
    shutil.copytree(site.folder / "old", site.folder / "satellite")
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "3")
    site.satellite("sync", "export", "--output", site.file("q"))
    site.central("sync", "import", site.file("q"), "--output", site.file("x"), code=1)
    raised(site, "central", "satellite_forked")
    shutil.rmtree(anchor)
    shutil.copytree(site.folder / "anchor-kept", anchor)
    raised(site, "satellite", "satellite_forked")
    site.satellite("registration", "export", "--output", site.file("fresh"))
    site.central("satellite", "resync", ACCOUNT, "North", "--registration", site.file("fresh"))
    site.central("satellite", "authorize", ACCOUNT, "North", "--output", site.file("again"))
    site.satellite("registration", "import", site.file("again"))
    for side in SIDES:
        cleared(site, side, "satellite_forked")


@pytest.mark.row("C10.4", "S4.1", "S3.2")
@pytest.mark.parametrize("server", SIDES)
def test_two_machines_with_one_identity_are_named_until_one_is_removed(site: World, server: str) -> None:
    """A copy registers with a new key, the first is heard again: one alert each, gone with the machine that goes."""
    pool = pool_of(server)
    first = site.device("SN1", server, site.token(server, pool=pool))
    copy = site.unregistered("SN1-copy", server)
    request = RegistrationRequest(token=site.token(server, pool=pool), udi=Udi(pid="SW-48", serial="SN1"))
    copy.register(request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None))
    first.renew_authorization()
    words = (ACCOUNT,) if server == "central" else ()
    run(site, server, "alert", "dismiss", *words, raised(site, server, "device_clone")[0]["id"])
    another = site.unregistered("SN1-another", server)
    another.register(request, (site.folder / "root.json").read_bytes(), Server("https://in.process", None, None))
    first.renew_authorization()
    copy.renew_authorization()
    told = raised(site, server, "device_clone")[0]  # a third machine is a new cause
    assert "listed 3 times" in told["message"]
    run(site, server, "alert", "dismiss", *words, told["id"])
    run(site, server, "instance", "remove", *words, str(another.state.instance))
    assert listed(site, server, "device_clone") == []  # one machine less is none
    run(site, server, "instance", "remove", *words, str(copy.state.instance))
    cleared(site, server, "device_clone")


@pytest.mark.row("C10.4", "S1.3")
@pytest.mark.parametrize("server", SIDES)
def test_a_clock_that_jumped_is_named_until_it_is_right(site: World, server: str) -> None:
    """A year forward without a restart of the machine, and back."""
    run(site, server, "clock", "jump", "365d")
    run(site, server, "jobs", "run", "clock")
    raised(site, server, "clock_suspicious")
    run(site, server, "clock", "jump", "365d", "--back")
    run(site, server, "jobs", "run", "clock")
    cleared(site, server, "clock_suspicious")


@pytest.mark.row("C10.4", "E2")
def test_a_key_that_ends_soon_is_named_until_it_is_replaced(site: World) -> None:
    """Ten days before the end of the role keys both servers say so; new ones end it, at the site with the next response."""
    for number in range(5):
        site.advance("60d")
        site.synchronize(str(number))
    site.advance("55d")
    site.central("jobs", "run", "alerts")
    for side in SIDES:
        raised(site, side, "trust_expiring")
    for role in ("response", "grant"):
        site.central("role-key", "replace", role, "--root-keys", site.file("root-keys"))
    cleared(site, "central", "trust_expiring")
    site.synchronize("after")
    cleared(site, "satellite", "trust_expiring")


@pytest.mark.row("C10.4", "C9.4")
def test_a_conversion_that_fails_is_named_until_it_succeeds(vendor: World) -> None:
    """By a run by the settings, with how many; dismissed it comes back with the next failure; success ends it."""
    skus = vendor.file("skus.csv", "sku,tag,family\nL-ESS,ESSENTIALS,Routing\n")
    vendor.central("convert", "skus", "import", skus)
    paks = vendor.file("paks.csv", "pak,sku,quantity,virtual_account\nP-1,L-ESS,2,Spare\nP-2,L-ESS,3,Site\n")
    vendor.central("convert", "paks", "settings", ACCOUNT, "--on")
    assert vendor.central("convert", "paks", "import", ACCOUNT, paks)["in_progress"] == 2
    vendor.central("jobs", "run", "conversions")
    named = raised(vendor, "central", "conversion_errors")[0]
    assert (named["severity"], named["actions"], "2 failed" in named["message"]) == ("minor", ["dismiss"], True)
    dismissed(vendor, "central", "conversion_errors")
    assert vendor.central("convert", "paks", "run", ACCOUNT)["failed"] == 2
    raised(vendor, "central", "conversion_errors")
    contracts = vendor.file("contracts.csv", "contract,sku\nC-1,L-ESS\n")
    vendor.central("convert", "contracts", "import", ACCOUNT, contracts)
    assert vendor.central("convert", "paks", "run", ACCOUNT)["converted"] == 2
    cleared(vendor, "central", "conversion_errors")
    assert vendor.central("convert", "paks", "list", ACCOUNT)["items"] == []
