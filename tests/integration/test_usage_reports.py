"""Usage reports: measured by the device, booked once by month, carried to central, acknowledged (rows S4.6, C3.3, C3.6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from agent.device import Device
from agent.errors import ServerUnreachableError
from central.actions.usage import book_foreign_report
from central.runtime import open_central
from exchange.identity import Udi
from exchange.usage import Measurement
from serverkit.actor import OPERATOR
from tests.integration.test_pools import order
from tests.world import ACCOUNT, World


def use_of(world: World, *words: str) -> list[dict[str, Any]]:
    """What central lists."""
    items: list[dict[str, Any]] = world.central("usage", "list", ACCOUNT, *words)["items"]
    return items


def hours(items: list[dict[str, Any]]) -> int:
    """Unit hours of all months together; a test may run at the end of a month."""
    return round(sum(one["unit_hours"] for one in items))


def using(world: World, serial: str, tag: str, count: int, server: str = "satellite", pool: str = "Site") -> Device:
    """A device that uses a licence."""
    device = world.device(serial, server, world.token(server, pool=pool))
    device.use(tag, count)
    return device


@pytest.mark.both_databases
@pytest.mark.row("S4.6", "C3.6")
def test_measured_use_is_carried_to_central_and_booked_once(vendor: World) -> None:
    """Device, satellite, file, central: counted by month, whatever is sent again; the device learns that it arrived."""
    order(vendor, "Site,ESSENTIALS,9,perpetual,usage,,")
    vendor.found_satellite()
    device = using(vendor, "SN1", "ESSENTIALS", 4)
    vendor.advance("10h", device)
    device.use("ESSENTIALS", 6)
    vendor.advance("2h", device)
    vendor.wire().deaf = True
    with pytest.raises(ServerUnreachableError):
        device.report_usage()
    vendor.wire().deaf = False
    first = device.report_usage()
    _, answered, _ = vendor.synchronize("1")
    again = device.report_usage()
    vendor.advance("1h", device)
    last = device.report_usage()
    vendor.synchronize("2")
    vendor.synchronize("3", "--full")
    found = use_of(vendor)

    assert first is not None
    assert again is not None
    assert last is not None
    assert answered["received"]["usage"] in {1, 2}
    assert (first.number, first.acknowledged, again.number, again.acknowledged) == (1, 0, 1, 1)
    assert (last.number, last.acknowledged) == (2, 1)
    assert {(one["tag"], one["devices"], one["billing"]) for one in found} == {("ESSENTIALS", 1, "usage")}
    assert max(one["count"] for one in found) == 6
    assert hours(found) == 4 * 10 + 6 * 2 + 6 * 1


@pytest.mark.both_databases
@pytest.mark.row("S4.6")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_a_number_is_booked_once_and_a_copy_of_the_device_counts_nothing_twice(site: World, server: str) -> None:
    """A device restored from an older copy goes on above the number that the server knows; what was booked stays so."""
    device = using(site, "SN1", "ADVANTAGE", 2, server, "Site" if server == "satellite" else "Spare")
    site.advance("4h", device)
    state = (site.folder / "devices" / "SN1" / "device.json").read_bytes()
    first = device.report_usage()
    site.advance("4h", device)
    device.report_usage()
    (site.folder / "devices" / "SN1" / "device.json").write_bytes(state)
    older = site.unregistered("SN1", server)
    again = older.report_usage()
    site.synchronize()

    assert first is not None
    assert again is not None
    assert (first.number, again.number) == (1, 3)
    assert again.acknowledged == (3 if server == "central" else 0)
    assert hours(use_of(site)) == 16
    kinds = [one["kind"] for one in site.central("events", ACCOUNT)["items"]]
    assert ("instance:reported_use" in kinds) == (server == "central")


@pytest.mark.row("S4.6", "C3.3", "B13")
@pytest.mark.parametrize("server", ["satellite", "central"])
def test_a_reporting_only_licence_appears_where_its_use_is_reported(vendor: World, server: str) -> None:
    """The account has it elsewhere; after the report it is in the device's virtual account, purchased equal to in use."""
    order(vendor, "DEFAULT,ESSENTIALS,1,reporting_only,prepaid,,")
    if server == "satellite":
        vendor.found_satellite()
    device = using(vendor, "SN1", "ESSENTIALS", 7, server)
    before = device.rights["ESSENTIALS"].state
    vendor.advance("1d", device)
    device.report_usage()
    if server == "satellite":
        vendor.synchronize()
    device.renew_authorization()
    row = vendor.licence("ESSENTIALS")
    device.report_usage()

    assert (before, device.rights["ESSENTIALS"].state) == ("out_of_compliance", "authorized")
    assert (row["purchased"], row["in_use"], row["balance"], row["types"]) == (7, 7, 0, ["reporting_only"])
    assert {one["billing"] for one in use_of(vendor, "--virtual-account", "Site")} == {"reporting_only"}
    assert vendor.central("ledger", "verify")["ok"]
    assert "insufficient_licences" not in vendor.alerts()


@pytest.mark.row("S4.6")
def test_use_of_a_licence_that_nobody_knows_is_named_and_not_booked(site: World) -> None:
    """The rest of the report is booked; another account's licences are not made from a report."""
    device = using(site, "SN1", "ADVANTAGE", 1)
    device.use_all({"ADVANTAGE": 1, "OTHER": 3})
    site.advance("1h", device)
    result = device.report_usage()
    site.synchronize()

    assert result is not None
    assert result.unknown == ("OTHER",)
    assert {one["tag"] for one in use_of(site)} == {"ADVANTAGE"}


@pytest.mark.both_databases
@pytest.mark.row("C3.6")
def test_measured_use_is_listed_by_month_and_licence(site: World) -> None:
    """What is no month is refused; an unknown licence too; a month without use is empty."""
    assert site.central("usage", "list", ACCOUNT, "--month", "2026-13", code=1)["error"]["code"] == "invalid_month"
    assert site.central("usage", "list", ACCOUNT, "--licence", "NONE", code=1)["error"]["code"] == "unknown_entitlement"
    assert use_of(site, "--month", "2020-01") == []


@pytest.mark.row("S4.6")
def test_a_satellite_that_was_restored_takes_nothing_back(site: World) -> None:
    """An older, lower state of a month changes nothing at central; it goes on with what is reported from then on."""
    device = using(site, "SN1", "ADVANTAGE", 2)
    site.advance("4h", device)
    device.report_usage()
    site.synchronize("1")
    site.sql("satellite", "UPDATE usage_months SET unit_seconds = 1, count = 1")
    site.synchronize("2", "--full")

    assert hours(use_of(site)) == 8
    assert max(one["count"] for one in use_of(site)) == 2


@pytest.mark.row("S4.6")
def test_what_a_report_of_another_maker_is_known_by_is_kept_as_long_as_it_can_be_booked(vendor: World) -> None:
    """400 days: what comes again after them measures nothing that is booked, so that nothing has to be kept forever."""
    begin = datetime(2027, 1, 2, tzinfo=UTC)
    measured = [Measurement("ADVANTAGE", 3, begin, begin + timedelta(hours=1))]

    def report() -> set[str] | None:
        server = open_central(vendor.folder / "central")
        with server.database.write(OPERATOR) as unit:
            found = book_foreign_report(unit, ACCOUNT, "Spare", Udi("C9K", "S1"), "1 ADVANTAGE", measured)
        server.database.dispose()
        return found

    vendor.central("clock", "set", "2027-01-03T00:00:00Z")
    found = [report(), report()]
    for days in ("398d", "3d"):
        vendor.central("clock", "advance", days)
        vendor.central("jobs", "run", "deadlines")
        found.append(report())

    assert found == [{"ADVANTAGE"}, None, None, {"ADVANTAGE"}]
    assert [row["unit_hours"] for row in vendor.central("usage", "list", ACCOUNT)["items"]] == [3.0]
