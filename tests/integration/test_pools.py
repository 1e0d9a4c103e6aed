"""What is free, by usage, reporting-only and upcoming: the same answer at central, satellite, device and every interface."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from central.app import make_app
from central.runtime import open_central
from exchange.identity import Udi
from satellite.app import make_app as make_satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, central_token, satellite_token
from tests.integration.test_reservations import reserve
from tests.world import ACCOUNT, World

HEAD = "virtual_account,tag,quantity,type,billing,start,end\n"


def order(world: World, *rows: str) -> dict[str, Any]:
    """Import order lines."""
    return world.central("order", "import", ACCOUNT, world.file("more.csv", HEAD + "\n".join(rows) + "\n"))


def rows(world: World, tag: str, side: str = "central", pool: str = "Spare") -> dict[str, dict[str, Any]]:
    """The rows of a licence, by billing."""
    found = world.central("licences", ACCOUNT) if side == "central" else world.satellite("licences")
    return {row["billing"]: row for row in found["items"] if (row["tag"], row["virtual_account"]) == (tag, pool)}


def central_api(world: World) -> Api:
    """A caller of central's REST interface."""
    world.central("user", "add", "root", "--role", "vendor_administrator")
    return Api(make_app(open_central(world.folder / "central")), central_token(world, "write"))


def code_of(world: World, serial: str) -> str:
    """The request code of a device without a network."""
    root = (world.folder / "root.json").read_bytes()
    return world.unregistered(serial, "central").reserve_request(Udi(pid="SW-48", serial=serial), root)


def held_over_its_term(world: World) -> str:
    """Five of a term are reserved, the term ends, five others are bought; returns the reservation's id."""
    world.central("clock", "set", "2026-12-01T00:00:00Z")
    order(world, "Spare,ESSENTIALS,5,term,prepaid,2026-01-01,2026-12-31")
    reserve(world, code_of(world, "AIR-1"), "ESSENTIALS=5")
    world.central("clock", "set", "2027-01-01T00:00:00Z")
    order(world, "Spare,ESSENTIALS,5,perpetual,prepaid,,")
    return str(world.central("reservation", "list", ACCOUNT)["items"][0]["id"])


MOVE = ("licence", "transfer", ACCOUNT, "ESSENTIALS", "--from", "Spare", "--to", "Site", "--quantity")


@pytest.mark.both_databases
@pytest.mark.row("C4.1")
def test_reserved_units_of_an_ended_term_lower_what_is_free(vendor: World) -> None:
    """Neither a transfer nor a further reservation is taken that would leave a shortage; nothing changes."""
    held_over_its_term(vendor)
    before = rows(vendor, "ESSENTIALS")["prepaid"]
    moved = vendor.central(*MOVE, "1", code=1)["error"]["code"]
    words = ("--virtual-account", "Spare", "--request-code", code_of(vendor, "AIR-2"), "--licence", "ESSENTIALS=1")
    out = vendor.file("second")
    reserved = vendor.central("reservation", "create", ACCOUNT, *words, "--output", out, code=1)["error"]["code"]

    assert (before["purchased"], before["reserved"], before["balance"]) == (5, 5, 0)
    assert (moved, reserved) == ("not_enough_free", "not_enough_free")
    assert rows(vendor, "ESSENTIALS")["prepaid"] == before
    assert "insufficient_licences" not in vendor.alerts()
    assert vendor.central("ledger", "explain", ACCOUNT, "--virtual-account", "Spare", "ESSENTIALS")["free"] == 0


@pytest.mark.both_databases
@pytest.mark.row("C6.3")
def test_an_update_to_the_same_quantity_replaces_units_of_an_ended_term(vendor: World) -> None:
    """The device gets a valid term, the ended units stand in the way no more; a cancelled update restores them."""
    row = held_over_its_term(vendor)
    words = ("reservation", "update", ACCOUNT, row, "--licence", "ESSENTIALS=5", "--output", vendor.file("code"))
    vendor.central(*words)
    pending = vendor.central("reservation", "list", ACCOUNT)["items"][0]["pending"]
    replaced = rows(vendor, "ESSENTIALS")["prepaid"]
    vendor.central("reservation", "cancel", ACCOUNT, row)
    restored = rows(vendor, "ESSENTIALS")["prepaid"]

    assert [line["end"] for line in pending["licences"]] == [None]
    assert (replaced["reserved"], replaced["in_transition"], replaced["balance"]) == (5, 0, 0)
    assert (restored["reserved"], restored["balance"]) == (5, 0)
    assert vendor.central(*MOVE, "1", code=1)["error"]["code"] == "not_enough_free"
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C4.1", "C8.1")
def test_a_grant_takes_no_unit_that_ended_reserved_ones_lack(vendor: World) -> None:
    """A restricted licence that is short by ended reserved units is not granted to a device."""
    vendor.central("clock", "set", "2026-12-01T00:00:00Z")
    order(vendor, "Spare,STRONG,2,term,prepaid,2026-01-01,2026-12-31")
    reserve(vendor, code_of(vendor, "AIR-1"), "STRONG=2")
    vendor.central("clock", "set", "2027-01-01T00:00:00Z")
    order(vendor, "Spare,STRONG,3,perpetual,prepaid,,")
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.clock.set(vendor_time(vendor))
    device.request_export("STRONG", 2)
    device.request_export("STRONG", 1)

    assert device.may_use("STRONG", 2).allowed is False
    assert rows(vendor, "STRONG")["prepaid"]["balance"] == 0


@pytest.mark.row("C3.3", "C8.1")
def test_a_grant_ends_with_the_term_of_its_units(vendor: World) -> None:
    """A restricted licence for ten days is not used for a year, nor renewed beyond its term; a longer one is granted anew."""
    first = vendor_time(vendor)
    end = f"{first + timedelta(days=10):%Y-%m-%d}"
    order(vendor, f"Spare,STRONG,1,term,prepaid,{first:%Y-%m-%d},{end}")
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    device.renew_authorization()
    given = device.rights["STRONG"].valid_until
    vendor.advance("9d", device)
    device.renew_authorization()
    renewed = device.rights["STRONG"].valid_until
    vendor.advance("3d", device)
    vendor.central("jobs", "run", "terms")

    assert given is not None
    assert f"{given - timedelta(seconds=1):%Y-%m-%d}" == end
    assert renewed == given
    assert not device.may_use("STRONG").allowed
    assert [row["in_use"] for row in rows(vendor, "STRONG").values()] == [0]
    order(vendor, "Spare,STRONG,1,perpetual,prepaid,,")
    device.renew_authorization()
    device.request_export("STRONG", 1)
    device.renew_authorization()
    assert device.may_use("STRONG").allowed


def vendor_time(world: World) -> Any:
    """Central's clock."""
    from exchange.canonical import parse_time

    return parse_time(world.central("clock", "show")["now"])


@pytest.mark.both_databases
@pytest.mark.row("C3.6", "C3.1")
def test_a_lot_by_usage_hides_no_shortage_of_direct_devices(vendor: World) -> None:
    """Connected to central a device consumes prepaid: row, device, alert and both interfaces say what is missing."""
    order(vendor, "Spare,ESSENTIALS,9,perpetual,usage,,", "Spare,ESSENTIALS,2,perpetual,prepaid,,")
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.use("ESSENTIALS", 2)
    enough, allowed = rows(vendor, "ESSENTIALS")["prepaid"]["status"], device.may_use("ESSENTIALS", 2).allowed
    device.use("ESSENTIALS", 5)
    found = rows(vendor, "ESSENTIALS")
    api = central_api(vendor)
    listed = {row["id"]: row for row in api.items(f"/smart-accounts/{ACCOUNT}/licences")}

    assert (enough, allowed) == ("in_compliance", True)
    assert (found["prepaid"]["purchased"], found["prepaid"]["in_use"], found["prepaid"]["balance"]) == (2, 5, -3)
    assert found["prepaid"]["status"] == "out_of_compliance"
    assert (found["usage"]["purchased"], found["usage"]["in_use"], found["usage"]["balance"]) == (None, 0, None)
    assert device.rights["ESSENTIALS"].state == "out_of_compliance"
    assert "insufficient_licences" in vendor.alerts()
    assert listed["ESSENTIALS@Spare"]["balance"] == -3
    assert listed["ESSENTIALS@Spare@usage"]["balance"] is None


@pytest.mark.both_databases
@pytest.mark.row("C3.6", "S3.2")
def test_what_a_satellite_reports_beyond_prepaid_is_by_usage(vendor: World) -> None:
    """Prepaid is consumed first, the rest is by usage, and both sides say the same; with neither it is out of compliance."""
    order(vendor, "Site,ESSENTIALS,9,perpetual,usage,,", "Site,ESSENTIALS,2,perpetual,prepaid,,")
    vendor.found_satellite()
    device = vendor.device("SN1")
    device.use("ESSENTIALS", 50)
    device.use("ESSENTIALS", 50)
    short = vendor.device("SN2")
    short.use("ADVANTAGE", 4)
    vendor.synchronize()
    here, there = rows(vendor, "ESSENTIALS", pool="Site"), rows(vendor, "ESSENTIALS", "satellite", "Site")

    assert [(row["in_use"], row["balance"], row["status"]) for row in here.values()] == [
        (2, 0, "in_compliance"),
        (48, None, "in_compliance"),
    ]
    assert {key: (row["in_use"], row["balance"]) for key, row in here.items()} == {
        key: (row["in_use"], row["balance"]) for key, row in there.items()
    }
    assert device.may_use("ESSENTIALS", 50).allowed
    assert short.rights["ADVANTAGE"].state == "out_of_compliance"
    for side in ("central", "satellite"):
        found = vendor.central("alerts", ACCOUNT) if side == "central" else vendor.satellite("alerts")
        lacking = [row["subject"]["tag"] for row in found["items"] if row["kind"] == "insufficient_licences"]
        assert lacking == ["ADVANTAGE"]


@pytest.mark.both_databases
@pytest.mark.row("C3.3")
def test_reporting_only_licences_are_reserved_without_limit_and_gone_when_released(vendor: World) -> None:
    """Purchased always equals in use; what is given up never waits for a confirmation."""
    order(vendor, "Spare,ESSENTIALS,1,reporting_only,prepaid,,")
    _, instance = reserve(vendor, code_of(vendor, "AIR-1"), "ESSENTIALS=40")
    row = vendor.central("reservation", "list", ACCOUNT)["items"][0]["id"]
    held = rows(vendor, "ESSENTIALS")["prepaid"]
    words = ("--licence", "ESSENTIALS=30", "--output", vendor.file("less"))
    vendor.central("reservation", "update", ACCOUNT, row, *words)
    lowered = rows(vendor, "ESSENTIALS")["prepaid"]
    vendor.central("reservation", "cancel", ACCOUNT, row)
    restored = rows(vendor, "ESSENTIALS")["prepaid"]
    user = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    user.use("ESSENTIALS", 7)
    both = rows(vendor, "ESSENTIALS")["prepaid"]
    device = vendor.unregistered("AIR-1", "central")
    device.reserve_install((vendor.folder / "code").read_text())
    vendor.central("instance", "remove", ACCOUNT, instance, "--return-code", device.reserve_return())
    after = rows(vendor, "ESSENTIALS")["prepaid"]

    def figures(found: dict[str, Any]) -> tuple[int, ...]:
        return tuple(found[name] for name in ("purchased", "in_use", "reserved", "in_transition", "balance"))

    assert figures(held) == figures(restored) == (40, 40, 40, 0, 0)
    assert figures(lowered) == (30, 30, 30, 0, 0)
    assert figures(both) == (47, 47, 40, 0, 0)
    assert figures(after) == (7, 7, 0, 0, 0)
    assert user.may_use("ESSENTIALS", 7).allowed
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.both_databases
@pytest.mark.row("C3.3", "C4.1")
def test_reporting_only_beside_other_types_gives_no_negative_balance(vendor: World) -> None:
    """What prepaid units lack, the reporting-only lot covers; it is not a surplus that could be moved away."""
    order(vendor, "Spare,ESSENTIALS,5,reporting_only,prepaid,,", "Spare,ESSENTIALS,2,perpetual,prepaid,,")
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ESSENTIALS", 6)
    mixed = rows(vendor, "ESSENTIALS")["prepaid"]
    moved = vendor.central(*MOVE, "1", code=1)["error"]["code"]

    assert (mixed["purchased"], mixed["in_use"], mixed["balance"], mixed["status"]) == (6, 6, 0, "in_compliance")
    assert moved == "not_enough_free"
    assert "insufficient_licences" not in vendor.alerts()


@pytest.mark.both_databases
@pytest.mark.row("C3.1", "C3.3", "C3.5")
def test_lots_that_start_later_are_upcoming_and_last_days_are_said_inclusively(vendor: World) -> None:
    """Command, REST, compatibility API and satellite show them; a date as an end counts to the end of that day, UTC."""
    taken = order(vendor, "Site,ESSENTIALS,15,term,prepaid,2099-01-01,2099-12-31", "Site,STRONG,1,term,prepaid,2026-01-01,2027-11-30")  # fmt: skip
    vendor.found_satellite()
    later, now = rows(vendor, "ESSENTIALS", pool="Site")["prepaid"], rows(vendor, "STRONG", pool="Site")["prepaid"]
    api = central_api(vendor)
    listed = next(r for r in api.items(f"/smart-accounts/{ACCOUNT}/licences") if r["tag"] == "ESSENTIALS")
    site = Api(make_satellite_app(open_satellite(vendor.folder / "satellite")), satellite_token(vendor))
    near = next(r for r in site.items("/licences") if r["tag"] == "ESSENTIALS")
    there = rows(vendor, "STRONG", "satellite", "Site")["prepaid"]

    assert [item["until"] for item in taken["items"]] == [
        "until the end of 31 Dec 2099 UTC",
        "until the end of 30 Nov 2027 UTC",
    ]
    assert (later["purchased"], later["upcoming"]) == (0, 15)
    assert later["terms"][0]["phase"] == "upcoming"
    assert now["until"] == there["until"] == "until the end of 30 Nov 2027 UTC"
    assert (listed["upcoming"], near["upcoming"]) == (15, 15)


@pytest.mark.both_databases
@pytest.mark.row("C3.3")
def test_an_end_written_as_a_date_counts_on_its_last_day(vendor: World) -> None:
    """Until midnight it is there, then it is not."""
    order(vendor, "Spare,ESSENTIALS,5,term,prepaid,2026-01-01,2026-11-30")
    vendor.central("clock", "set", "2026-11-30T23:59:00Z")
    last = rows(vendor, "ESSENTIALS")["prepaid"]["purchased"]
    texts = [row["message"] for row in vendor.central("alerts", ACCOUNT)["items"] if row["kind"] == "licences_expiring"]
    vendor.central("clock", "set", "2026-12-01T00:00:00Z")
    over = rows(vendor, "ESSENTIALS")["prepaid"]

    assert (last, over["purchased"], over["until"]) == (5, 0, None)
    assert "until the end of 30 Nov 2026 UTC" in texts[0]


@pytest.mark.row("C3.3", "C4.2")
def test_reporting_only_units_of_a_device_cover_no_one_else(vendor: World) -> None:
    """Their order is not cancelled while the device holds them; without that order they hide no shortage of their pool."""
    columns = "virtual_account,tag,quantity,type,billing,order_number,order_line\n"
    line = "Spare,ESSENTIALS,1,reporting_only,prepaid,O-5,1\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("reporting.csv", columns + line))
    reserve(vendor, code_of(vendor, "AIR-1"), "ESSENTIALS=2")
    held = vendor.central("order", "cancel", ACCOUNT, "O-5", "--note", "cancelled", code=1)["error"]["code"]
    [lot] = [one for one in vendor.central("licence", "lots", ACCOUNT)["items"] if one["order_number"] == "O-5"]
    words = ("--virtual-account", "Spare", "--quantity", "1", "--note", "ended")
    vendor.central("licence", "remove", ACCOUNT, lot["id"], *words)
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ESSENTIALS", 3)

    found = rows(vendor, "ESSENTIALS")["prepaid"]
    assert held == "order_held"
    assert (found["in_use"], found["balance"], found["status"]) == (5, -3, "out_of_compliance")
