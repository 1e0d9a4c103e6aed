"""What central signs for a device can be read by the device: a code holds no text and no size that would be refused there."""

from __future__ import annotations

import pytest

from exchange.identity import Udi
from tests.world import ACCOUNT, World

CATALOGUE = "kind,tag,name,restricted\nentitlement,LONG," + "\u4e00" * 255 + ",\n"
HEAD = "virtual_account,tag,quantity,order_number,order_line,type,start,end\n"


def reserve(world: World, code: str, *licences: str, code_of: int = 0) -> dict[str, object]:
    """Reserve in Spare; the answer."""
    words = [word for licence in licences for word in ("--licence", licence)]
    named = ("--virtual-account", "Spare", "--request-code", code)
    return world.central("reservation", "create", ACCOUNT, *named, *words, "--output", world.file("code"), code=code_of)


@pytest.mark.row("S4.5", "C6.1")
def test_units_of_many_orders_are_one_line_of_a_code_that_the_device_installs(vendor: World) -> None:
    """A code has room for few lines: units that 25 orders brought, of one term, need one."""
    vendor.central("catalogue", "import", vendor.file("long.csv", CATALOGUE))
    rows = "".join(f"Spare,LONG,1,M-{number},1,term,2026-01-01,2027-12-31\n" for number in range(25))
    vendor.central("order", "import", ACCOUNT, vendor.file("many.csv", HEAD + rows))
    device = vendor.unregistered("AIR-1", "central")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    reserve(vendor, code, "LONG=25")
    device.reserve_install((vendor.folder / "code").read_text())

    assert device.may_use("LONG", 25).allowed
    assert [row["quantity"] for row in vendor.central("reservation", "list", ACCOUNT)["items"][0]["licences"]] == [25]


@pytest.mark.row("S4.5", "C6.1", "C6.3")
def test_what_does_not_fit_into_a_code_is_refused_before_anything_is_reserved(vendor: World) -> None:
    """No device would read such a code, and so none could give it back: the units would be locked."""
    vendor.central("catalogue", "import", vendor.file("long.csv", CATALOGUE))
    rows = "".join(f"Spare,LONG,1,M-{day},1,term,2026-01-01,2027-12-{day:02}\n" for day in range(1, 26))
    vendor.central("order", "import", ACCOUNT, vendor.file("many.csv", HEAD + rows))
    device = vendor.unregistered("AIR-1", "central")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    refused = reserve(vendor, code, "LONG=25", code_of=1)
    none = vendor.licence("LONG", pool="Spare")["reserved"]
    made = reserve(vendor, code, "LONG=9")
    more = ("reservation", "update", ACCOUNT, str(made["id"]), "--licence", "LONG=25", "--output", vendor.file("u"))
    again = vendor.central(*more, code=1)

    assert refused["error"]["code"] == again["error"]["code"] == "code_too_long"
    assert (none, vendor.licence("LONG", pool="Spare")["reserved"]) == (0, 9)


@pytest.mark.both_databases
@pytest.mark.row("C3.6", "S2.1", "S4.2", "C6.1")
def test_a_pool_of_more_units_than_a_line_holds_reaches_sites_devices_and_codes(site: World) -> None:
    """Orders of 999,999,999 stand for "no limit": two of them lay beyond the format, and nothing of the account was read."""
    rows = "".join(
        f"{va},ADVANTAGE,999999999,{va}-{number},1,perpetual,,\n" for va in ("Site", "Spare") for number in (1, 2)
    )
    site.central("order", "import", ACCOUNT, site.file("many.csv", HEAD + rows))
    site.synchronize("1")
    behind = site.device("SN1")
    direct = site.device("SN2", "central", site.token("central", pool="Spare"))
    alone = site.unregistered("AIR-1", "central")
    code = alone.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (site.folder / "root.json").read_bytes())
    for device in (behind, direct):
        device.use("ADVANTAGE", 2)
    reserve(site, code, "ADVANTAGE=1999999999")
    alone.reserve_install((site.folder / "code").read_text())

    assert behind.may_use("ADVANTAGE", 2).allowed
    assert direct.may_use("ADVANTAGE", 2).allowed
    assert alone.may_use("ADVANTAGE", 1_999_999_999).allowed
    assert site.licence("ADVANTAGE", "satellite")["purchased"] == 2_000_000_001


@pytest.mark.row("C6.1")
@pytest.mark.parametrize("code", ["CE-ZA\u0308:1-A6rZG7jGd-75", "CE-ZSW:\u2126-A6rZG7jGd-75"])
def test_a_request_code_with_a_text_that_nothing_signed_holds_is_refused(vendor: World, code: str) -> None:
    """Letters that are composed of several characters, or have a usual form that differs, are no part of an identity."""
    refused = reserve(vendor, code, "ADVANTAGE=1", code_of=1)

    assert refused["error"]["code"] == "invalid_code"
    assert "NFC" in refused["error"]["message"]


@pytest.mark.row("C6.1")
def test_the_product_of_a_reservation_is_a_text_that_can_be_shown(vendor: World) -> None:
    """It stands with the device in lists and events, as what devices say of themselves."""
    device = vendor.unregistered("AIR-1", "central")
    code = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    named = ("--virtual-account", "Spare", "--request-code", code, "--product", "PX\x1b[31m")
    words = ("reservation", "create", ACCOUNT, *named, "--licence", "ADVANTAGE=1", "--output", vendor.file("code"))

    assert vendor.central(*words, code=1)["error"]["code"] == "invalid_name"
    assert vendor.central("reservation", "list", ACCOUNT)["items"] == []
