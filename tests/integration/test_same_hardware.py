"""Paths on which a right could change hands: other virtual accounts, UUIDs that are shown once, keys heard again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import central.cli
import satellite.cli
from agent.cli import main
from agent.errors import AgentError
from agent.joining import RegistrationRequest
from agent.typed import unit_of
from exchange.identity import Udi
from satellite.core.export_queue.models import HeldGrant
from satellite.runtime import open_satellite
from serverkit.actor import SYSTEM
from tests.integration import test_given_up_rights as rights
from tests.integration import test_identity as identity
from tests.world import ACCOUNT, World

UUID = "8f14e45f-ceea-467f-a0e6-1c0b8a2f9d11"


@pytest.mark.row("C6.8", "C7.2")
def test_registering_a_reserved_serial_number_elsewhere_does_not_move_its_reservation(vendor: World) -> None:
    """Only the virtual account that reserved disposes of it: a transfer of the other instance takes nothing along."""
    vendor.central("virtual-account", "create", ACCOUNT, "Third")
    device, of = rights.reserved(vendor)
    other = rights.home_of(vendor, "other", "central")
    rights.register(vendor, other, "AIR-1", token=vendor.token("central", pool="Site"))
    vendor.central("instance", "transfer", ACCOUNT, str(other.state.instance), "--to", "Third")
    held = rights.reservation(vendor, of)
    rows = {row["virtual_account"]: row["reserved"] for row in vendor.central("licences", ACCOUNT)["items"]}
    vendor.central("reservation", "return", ACCOUNT, of, "--code", device.reserve_return())

    assert (held["virtual_account"], held["held_by_former_key"]) == ("Spare", True)
    assert rows["Spare"] == 1
    assert rows.get("Third", 0) == 0
    assert vendor.licence("ADVANTAGE", pool="Spare")["balance"] == 10
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.1", "C6.8")
def test_a_virtual_account_that_reserves_goes_to_no_satellite(vendor: World) -> None:
    """Also where the device of the reservation is registered in another virtual account meanwhile."""
    rights.reserved(vendor)
    other = rights.home_of(vendor, "other", "central")
    rights.register(vendor, other, "AIR-1", token=vendor.token("central", pool="Site"))
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    words = ("--name", "North", "--virtual-account", "Spare", "--registration", vendor.file("registration"))

    assert rights.refused(vendor, "satellite", "add", ACCOUNT, *words) == "virtual_account_in_use"


@pytest.mark.row("C6.1", "S4.1")
def test_a_device_that_is_registered_with_a_uuid_cannot_reserve_beside_that(vendor: World) -> None:
    """A request code carries no UUID: PID and serial number decide, whatever else the registration says."""
    rights.register(vendor, rights.home_of(vendor, "first", "central"), "AIR-1", uuid=UUID)
    root = (vendor.folder / "root.json").read_bytes()
    code = vendor.unregistered("AIR-1", "central").reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    words = ("--virtual-account", "Spare", "--request-code", code, "--licence", "ADVANTAGE=1")
    words = (*words, "--output", vendor.file("code"))

    assert rights.refused(vendor, "reservation", "create", ACCOUNT, *words) == "device_connected"


@pytest.mark.row("C6.1", "C7.6")
@identity.SERVERS
def test_a_standby_of_a_registered_set_cannot_reserve_beside_that(site: World, server: str) -> None:
    """Where it registered itself, anywhere in the account; where only others named it, in their virtual account alone."""
    site.central("virtual-account", "create", ACCOUNT, "Third")
    orders = "virtual_account,tag,quantity\nThird,ADVANTAGE,2\n"
    site.central("order", "import", ACCOUNT, site.file("third.csv", orders))
    token = site.token(server, pool=identity.POOL[server])
    site.device("SET-1", server, token, standbys=(identity.unit("SET-2"), identity.unit("SET-3")), hostname="pair")
    site.device("SET-2", server, token, standbys=(identity.unit("SET-1"),))
    if server == "satellite":
        site.synchronize("sets")
    root = (site.folder / "root.json").read_bytes()

    def asks(serial: str, pool: str) -> str | None:
        code = site.unregistered(f"{serial}-{pool}", "central").reserve_request(identity.unit(serial), root)
        words = ("--virtual-account", pool, "--request-code", code, "--licence", "ADVANTAGE=1")
        words = ("reservation", "create", ACCOUNT, *words, "--output", site.file(f"code-{serial}-{pool}"))
        try:
            return rights.refused(site, *words)
        except AssertionError:
            return None

    assert asks("SET-2", "Third") == "device_connected"
    if server == "central":
        assert asks("SET-3", identity.POOL[server]) == "device_connected"
    assert asks("SET-3", "Third") is None


@pytest.mark.row("S4.1", "B6")
@identity.SERVERS
def test_one_serial_number_with_and_without_a_uuid_is_one_alert(site: World, server: str) -> None:
    """It may be one machine that is counted twice: the alert names both and ends when one of them goes."""
    token = site.token(server, pool=identity.POOL[server])
    rights.register(site, rights.home_of(site, "bare", server), "UU_1", server, token=token)
    rights.register(site, rights.home_of(site, "full", server), "UU_1", server, token=token, uuid=UUID)
    # Another UUID beside that UUID is another machine; so is a serial number that only begins alike.
    rights.register(site, rights.home_of(site, "like", server), "UUx1", server, token=token, uuid=UUID)
    alerts = identity.clones(site, server)
    full = next(row for row in identity.instances(site, server) if (row["serial"], row["uuid"]) == ("UU_1", UUID))
    identity.remove(site, server, full["id"])

    assert len(alerts) == 1
    assert "is listed 2 times" in alerts[0]["message"]
    assert identity.clones(site, server) == []


@pytest.mark.both_databases
@pytest.mark.row("S4.1")
@identity.SERVERS
@pytest.mark.parametrize(("pid", "serial"), [("Nexus 9300 Series", "FOC_1"), ("GERÄT", "A#1@*"), ("X & Y", "ß")])
def test_any_printable_identity_registers(site: World, server: str, pid: str, serial: str) -> None:
    """A certificate holds fewer characters than an identity; a product id may have blanks inside, also of a standby."""
    device = site.unregistered("odd", server)
    udi = Udi(pid=pid, serial=serial)
    wanted = RegistrationRequest(
        token=site.token(server, pool=identity.POOL[server]), udi=udi, standbys=(unit_of(f"{pid}:{serial}2"),)
    )
    identity.join(site, device, wanted)
    device.renew_identity()
    row = identity.instances(site, server)[0]

    assert (row["pid"], row["serial"]) == (pid, serial)
    assert row["standbys"] == [{"pid": pid, "serial": f"{serial}2"}]


@pytest.mark.row("S4.1")
def test_the_command_takes_a_product_id_with_blanks_but_no_such_serial_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What the product is called is taken for what it is; a serial number never has a blank inside."""
    words = ["--home", str(tmp_path / "d"), "--json", "register", "--url", "https://127.0.0.1:1", "--token", "t" * 40]
    words += ["--root", str(tmp_path / "missing.json")]
    codes = []
    for pid, serial in (("Nexus 9300 Series", "A1"), ("SW-48", "A 1"), ("  ", "A1")):
        with pytest.raises(SystemExit):
            main([*words, "--pid", pid, "--serial", serial])
        codes.append(json.loads(capsys.readouterr().out)["error"]["code"])

    assert codes[1:] == ["invalid_input", "invalid_input"]
    assert codes[0] != "invalid_input"  # it goes on to what comes next: the file with root's keys


@pytest.mark.row("C7.6", "B6")
@identity.SERVERS
def test_a_standby_that_registers_with_its_uuid_counts_twice_and_is_seen(site: World, server: str) -> None:
    """A list of standbys names no UUID: set and unit are beside each other, and one alert names both."""
    token = site.token(server, pool=identity.POOL[server])
    site.device("SET-1", server, token, standbys=(identity.unit("SET-2"),))
    rights.register(site, rights.home_of(site, "full", server), "SET-2", server, token=token, uuid=UUID)

    assert ["standby of" in alert["message"] for alert in identity.clones(site, server)] == [True]


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "C8.1", "C8.3")
@identity.SERVERS
def test_restricted_units_stay_with_the_key_that_is_heard_again(site: World, server: str) -> None:
    """The old key's unit is shown, renewed and counted once with its own machine; the other one may go."""
    pool = identity.POOL[server]
    if server == "central":
        site.central(
            "order", "import", ACCOUNT, site.file("more.csv", "virtual_account,tag,quantity\nSpare,STRONG,2\n")
        )
    rounds = iter(range(20))

    def exchange() -> None:
        if server == "satellite":
            site.synchronize(f"round-{next(rounds)}")

    token = site.token(server, pool=pool)
    old = site.device("SN1", server, token, hostname="old-host")
    old.request_export("STRONG", 1)
    exchange()
    old.renew_authorization()
    old.renew_authorization()
    exchange()
    (site.folder / "devices" / "SN1").rename(site.folder / "devices" / "old")
    new = site.device("SN1", server, token, hostname="new-host")
    old = site.unregistered("old", server)
    old.renew_authorization()
    exchange()
    shown = {row["name"]: [one["tag"] for one in row["licences"]] for row in identity.instances(site, "central")}
    here = {row["name"]: [one["tag"] for one in row["licences"]] for row in identity.instances(site, server)}
    old.request_export("STRONG", 2)
    exchange()
    old.renew_authorization()
    held = site.licence("STRONG", pool=pool)["in_use"]
    new.deregister()
    exchange()

    assert shown == here == {"old-host": ["STRONG"], "new-host": []}
    assert held == 2
    assert old.rights["STRONG"].count == 2
    assert "instance_failed_to_connect" not in site.alerts()
    with pytest.raises(AgentError):
        new.request_export("STRONG", 1)


@pytest.mark.both_databases
@pytest.mark.row("C7.2", "C6.9")
def test_what_an_ended_reservation_lacks_moves_with_its_device(vendor: World) -> None:
    """The shortage follows who causes it: the source is relieved, the target shows it and nothing of it is free."""
    start, end = "2020-01-01", (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    head = "virtual_account,tag,quantity,type,start,end\n"
    lots = (
        f"{head}Spare,ESSENTIALS,1,term,{start},{end}\nSpare,ESSENTIALS,1,perpetual,,\nSite,ESSENTIALS,1,perpetual,,\n"
    )
    vendor.central("order", "import", ACCOUNT, vendor.file("terms.csv", lots))
    device = vendor.unregistered("AIR-1", "central")
    root = (vendor.folder / "root.json").read_bytes()
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root)
    words = ("--virtual-account", "Spare", "--request-code", code, "--licence", "ESSENTIALS=2")
    made = vendor.central("reservation", "create", ACCOUNT, *words, "--output", vendor.file("code"))
    vendor.advance("30d")
    vendor.central("jobs", "run", "deadlines")
    before = vendor.licence("ESSENTIALS", pool="Spare"), vendor.licence("ESSENTIALS", pool="Site")
    vendor.central("instance", "transfer", ACCOUNT, str(made["instance"]), "--to", "Site")
    after = vendor.licence("ESSENTIALS", pool="Site")
    left = [row for row in vendor.central("licences", ACCOUNT)["items"] if row["tag"] == "ESSENTIALS"]
    words = ("ESSENTIALS", "--from", "Site", "--to", "Spare", "--quantity", "1")

    assert [row["balance"] for row in before] == [-1, 1]
    assert (after["purchased"], after["in_use"], after["balance"]) == (2, 2, 0)
    assert [row["virtual_account"] for row in left if row["balance"] < 0] == []
    assert rights.refused(vendor, "licence", "transfer", ACCOUNT, *words) == "not_enough_free"
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C11.3", "C8.2")
def test_a_virtual_account_with_ended_locked_units_goes_to_another_satellite(vendor: World) -> None:
    """What a removed site's device still holds of an ended term is not a licence of the next site, and lowers what that gets."""
    end = (datetime.now(UTC) + timedelta(days=20)).date().isoformat()
    head = "virtual_account,tag,quantity,type,start,end\n"
    lots = f"{head}Site,STRONG,1,term,2020-01-01,{end}\n"
    vendor.found_satellite()
    device = vendor.device("SN1")
    vendor.synchronize("lots")
    device.request_export("STRONG", 2)
    vendor.synchronize("asked")
    device.renew_authorization()
    vendor.synchronize("told")
    vendor.central("order", "import", ACCOUNT, vendor.file("terms.csv", lots))
    device.request_export("STRONG", 3)
    vendor.synchronize("more")
    device.renew_authorization()
    vendor.central("satellite", "remove", ACCOUNT, "North")
    vendor.satellite("init", "--name", "South", "--root", vendor.file("root.json"), "--lab", home="satellite2")
    vendor.satellite("registration", "export", "--output", vendor.file("second"), home="satellite2")
    vendor.advance("30d")
    vendor.central("jobs", "run", "deadlines")
    held = vendor.licence("STRONG")
    add = ("satellite", "add", ACCOUNT, "--name", "South", "--virtual-account", "Site")
    vendor.central(*add, "--registration", vendor.file("second"))
    vendor.central("satellite", "authorize", ACCOUNT, "South", "--output", vendor.file("authorization2"))
    vendor.satellite("registration", "import", vendor.file("authorization2"), home="satellite2")

    assert (held["purchased"], held["in_use"], held["balance"]) == (2, 3, -1)
    assert all(row["tag"] != "STRONG" for row in vendor.satellite("licences", home="satellite2")["items"])
    assert vendor.central("ledger", "verify")["ok"]


OTHER = {"satellite": "Spare", "central": "Third"}


def second_pool(world: World, server: str) -> None:
    """Another virtual account in which devices of a server can register."""
    if server == "satellite":
        world.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
        world.synchronize("second")
    else:
        world.central("virtual-account", "create", ACCOUNT, "Third")


@pytest.mark.row("S4.1", "C7.6")
@identity.SERVERS
def test_a_report_about_the_hardware_of_others_keeps_it_out_nowhere(site: World, server: str) -> None:
    """A unit that another account's device named as its standby registers all the same, at once with an alert.

    Neither that claim nor the fail-over to it moves, blocks or joins the real unit; a person decides.
    """
    second_pool(site, server)
    first, second = site.token(server, pool=identity.POOL[server]), site.token(server, pool=OTHER[server])
    claim = RegistrationRequest(token=first, udi=identity.unit("MINE"), standbys=(identity.unit("THEIRS"),))
    claimant = site.unregistered("MINE", server)
    identity.join(site, claimant, claim)
    claimant.transfer_active(identity.unit("THEIRS"))
    real = site.device("THEIRS", server, second)
    real.use("ADVANTAGE", 1)
    (site.folder / "devices" / "THEIRS").rename(site.folder / "devices" / "lost")
    again = site.device("THEIRS", server, second)  # its disk was lost: it comes back to its own instance

    rows = {row["id"]: row["virtual_account"] for row in identity.instances(site, server)}
    assert again.state.instance == real.state.instance != claimant.state.instance
    assert rows == {claimant.state.instance: identity.POOL[server], real.state.instance: OTHER[server]}
    assert len(identity.clones(site, server)) == 1
    with pytest.raises(AgentError) as refusal:  # only a person moves what signed for itself
        site.device("THEIRS", server, first)
    assert refusal.value.reason in {"already_registered", "other_virtual_account"}


@pytest.mark.row("S4.1")
@identity.SERVERS
def test_a_bar_in_a_part_makes_no_other_device_of_it(site: World, server: str) -> None:
    """`A|B` with `C` and `A` with `B|C` are two devices: neither takes the other's place."""
    token = site.token(server, pool=identity.POOL[server])
    for name, (pid, serial, uuid) in enumerate(
        [("A|B", "C", None), ("A", "B|C", None), ("A", "B", "C"), ("A", "B", "|")]
    ):
        udi = Udi(pid=pid, serial=serial, uuid=uuid)
        identity.join(site, site.unregistered(f"bar{name}", server), RegistrationRequest(token=token, udi=udi))

    assert len(identity.instances(site, server)) == 4
    assert identity.clones(site, server) == []
    assert Udi("p" * 255, "|" * 255, "|" * 255).key.isprintable() is False
    assert len(Udi("p" * 255, "|" * 255, "|" * 255).key) <= 800


@pytest.mark.both_databases
@pytest.mark.row("B6", "S4.1")
@identity.SERVERS
@pytest.mark.parametrize("later", [None, UUID])
def test_an_identity_with_and_without_a_uuid_is_an_alert_at_the_registration(
    site: World, server: str, later: str | None
) -> None:
    """Whichever comes second: no regular run is needed for it."""
    earlier = UUID if later is None else None
    rights.register(site, rights.home_of(site, "first", server), "UU_1", server, uuid=earlier)
    rights.register(site, rights.home_of(site, "second", server), "UU_1", server, uuid=later)
    words = ("alerts",) if server == "satellite" else ("alerts", ACCOUNT)
    program = satellite.cli.main if server == "satellite" else central.cli.main

    shown = site.run(program, server, *words)["items"]
    assert [alert["kind"] for alert in shown if alert["kind"] == "device_clone"] == ["device_clone"]


@pytest.mark.row("C8.2", "S2.6")
def test_a_report_of_one_site_ends_no_grant_of_another(site: World) -> None:
    """Another satellite of the same account reports a grant as never delivered: the device keeps it, and it counts."""
    site.central("virtual-account", "create", ACCOUNT, "South")
    site.found_satellite("South", home="satellite-2", pool="South")
    device = site.device("SN1")
    device.request_export("STRONG", 1)
    site.synchronize("one")
    with open_satellite(site.folder / "satellite").database.read(SYSTEM) as unit:
        row = unit.session.scalars(select(HeldGrant)).one()
        copied = {column.key: getattr(row, column.key) for column in HeldGrant.__table__.columns}
    with open_satellite(site.folder / "satellite-2").database.write(SYSTEM) as unit:
        unit.session.add(HeldGrant(**copied))
    device.renew_authorization()
    site.advance("31d", device)
    said = site.satellite("sync", "export", "--output", site.file("request-south"), home="satellite-2")
    site.central("sync", "import", site.file("request-south"), "--output", site.file("response-south"))

    assert said["counts"]["grant_state"] == 1
    assert device.may_use("STRONG").allowed
    assert site.licence("STRONG")["in_use"] == 1
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C8.3", "S2.3")
def test_a_device_that_gives_back_what_another_holds_keeps_no_file_out(site: World) -> None:
    """Its site cannot know whose grant it is and passes it on: central frees nothing and takes the rest of every file."""
    site.central("order", "import", ACCOUNT, site.file("more.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    holder = site.device("C1", "central", site.token("central", pool="Spare"))
    holder.request_export("STRONG", 1)
    other = site.device("S2")
    other.use("ADVANTAGE", 1)
    other.state.grants = dict(holder.state.grants)
    other._store.save(other.state)
    other.return_export("STRONG")
    sent = [site.synchronize("one")[0]["counts"]]
    other.use("ADVANTAGE", 2)
    sent += [site.synchronize(mark, *words)[0]["counts"] for mark, words in (("two", ()), ("three", ("--full",)))]

    assert len(holder.state.grants) == 1
    assert [counts.get("export_return", 0) for counts in sent] == [1, 0, 0]  # central could not place it
    assert site.licence("ADVANTAGE")["in_use"] == 2
    assert site.licence("STRONG", pool="Spare")["in_use"] == 1
    assert holder.may_use("STRONG").allowed
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("S4.1", "C8.2")
@pytest.mark.parametrize("full", [False, True])
def test_a_request_that_waits_while_its_machine_becomes_another_instance_is_decided(site: World, full: bool) -> None:
    """The key that was replaced is heard again before the site synchronizes: its request is granted to its own machine."""
    token = site.token("satellite")
    old = site.device("SN1", token=token, hostname="old-host")
    site.synchronize("one")
    old.request_export("STRONG", 1)
    (site.folder / "devices" / "SN1").rename(site.folder / "devices" / "old")
    new = site.device("SN1", token=token, hostname="new-host")
    old = site.unregistered("old")
    old.renew_authorization()
    site.synchronize("two", *(["--full"] if full else []))
    old.renew_authorization()
    site.synchronize("three")
    shown = {row["name"]: [one["tag"] for one in row["licences"]] for row in identity.instances(site, "central")}
    here = {row["name"]: [one["tag"] for one in row["licences"]] for row in identity.instances(site, "satellite")}
    old.request_export("STRONG", 2)
    site.synchronize("four")
    old.renew_authorization()

    assert shown == here == {"old-host": ["STRONG"], "new-host": []}
    assert (old.rights["STRONG"].count, new.state.grants) == (2, {})
    assert site.licence("STRONG")["in_use"] == 2
    assert site.central("ledger", "verify")["ok"]


@pytest.mark.row("C8.2", "S4.1")
@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("how", ["deregistered", "removed"])
def test_a_device_that_is_gone_is_granted_nothing(site: World, how: str, written: bool) -> None:
    """Its request is withdrawn; one that is in a file which never arrived fails beside the word that it is gone."""
    device = site.device("SN1")
    site.synchronize("one")
    device.request_export("STRONG", 2)
    if written:
        site.satellite("sync", "export", "--output", site.file("lost"))
    if how == "deregistered":
        device.deregister()
    else:
        identity.remove(site, "satellite", str(device.state.instance))
    sent = site.synchronize("two")[0]["counts"].get("export_request", 0)
    (entry,) = site.satellite("export-queue")["items"]

    assert sent == int(written)
    assert (entry["state"], entry["reason"]) == ("failed", "unknown_device" if written else "cancelled")
    assert site.licence("STRONG")["in_use"] == 0
    assert site.central("ledger", "verify")["ok"]
