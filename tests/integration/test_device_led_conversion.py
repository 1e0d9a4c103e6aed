"""Classic licences that a device has converted itself: at central, behind a satellite, once, and with its alerts."""

from __future__ import annotations

from typing import Any

import pytest

from agent.clock import DeviceClock
from agent.device import Device
from agent.errors import NoConversionError, ServerRefusedError, ServerUnreachableError
from agent.joining import RegistrationRequest
from agent.transport import Server
from exchange.conversion import ClassicLine, ConversionRequest
from exchange.device.licence_bodies import StatementBody
from exchange.identity import Udi
from exchange.keys import PrivateKey
from exchange.statements import seal_conversion_request
from exchange.vocabulary import DeviceOp
from tests.integration.test_alert_causes import cleared, dismissed, raised
from tests.world import ACCOUNT, World

SKUS = """sku,tag,family,contract_needed,divisible
L-ESS,ESSENTIALS,Routing,no,yes
L-ADV,ADVANTAGE,Routing,yes,no
"""


def listed(world: World, serial: str, *licences: str) -> None:
    """The vendor's list says what a device holds."""
    world.central("convert", "skus", "import", world.file("skus.csv", SKUS))
    rows = "".join(f"SW-48,{serial},{one}\n" for one in licences)
    path = world.file("devices.csv", f"pid,serial,sku,quantity\n{rows}")
    world.central("convert", "devices", "import", ACCOUNT, path)


def became(device: Any) -> dict[str, Any]:
    """State, and what of each SKU was converted and why not, as the device knows it."""
    one = device.state.conversion
    return {"state": one.state, **{line["sku"]: (line["converted"], line["reason"]) for line in one.result}}


def purchased(world: World, pool: str = "Site") -> dict[str, int]:
    """What a virtual account owns of the two licences beyond what was ordered."""
    found = world.central("licences", ACCOUNT, "--virtual-account", pool)["items"]
    return {one["tag"]: one["purchased"] for one in found if one["tag"] in {"ESSENTIALS", "ADVANTAGE"}}


def grown(world: World, before: dict[str, int], pool: str = "Site") -> dict[str, int]:
    """How much more it owns now."""
    return {
        tag: count - before.get(tag, 0) for tag, count in purchased(world, pool).items() if count != before.get(tag)
    }


@pytest.mark.both_databases
@pytest.mark.row("C9.5")
def test_a_device_at_central_converts_once_whatever_it_repeats(vendor: World) -> None:
    """At once, into its own virtual account; the same again, a restored device and a new request convert nothing more."""
    device = vendor.device("D-1", "central")
    listed(vendor, "D-1", "L-ESS,5")
    before = purchased(vendor)

    device.convert({"L-ESS": 3})

    assert became(device) == {"state": "converted", "L-ESS": (3, None)}
    assert grown(vendor, before) == {"ESSENTIALS": 3}
    first = device.state.conversion.request
    device.convert({"L-ESS": 3})
    device.convert()
    assert (device.state.conversion.request, became(device)["state"]) == (first, "converted")
    device.state.conversion = None
    device._store.save(device.state)  # as restored from a copy that knows of no request
    device.convert({"L-ESS": 3})
    assert device.state.conversion.request != first
    assert became(device) == {"state": "already_converted", "L-ESS": (3, None)}
    device.convert({"L-ESS": 4})
    assert grown(vendor, before) == {"ESSENTIALS": 4}
    assert vendor.central("ledger", "verify")["ok"]
    lots = vendor.central("licence", "lots", ACCOUNT, "--virtual-account", "Site", "--source", "dlc_migration")["items"]
    assert sorted(one["quantity"] for one in lots) == [1, 3]
    assert vendor.central("convert", "devices", "show", ACCOUNT, "PID:SW-48 SN:D-1")["remaining"] == 1
    told = [one["state"] for one in vendor.central("convert", "requests", ACCOUNT)["items"]]
    assert told == ["converted", "already_converted", "converted"]


@pytest.mark.row("C9.5")
def test_a_lost_answer_about_a_request_that_was_replaced_stops_no_device(vendor: World) -> None:
    """It comes before the next message and says nothing of the request that is kept now: the device goes on."""
    device = vendor.device("D-1", "central")
    listed(vendor, "D-1", "L-ESS,5")
    vendor.wire("central").deaf = True
    with pytest.raises(ServerUnreachableError):
        device.convert({"L-ESS": 2})
    vendor.wire("central").deaf = False

    device.convert({"L-ESS": 3})
    device.renew_authorization()
    assert became(device) == {"state": "converted", "L-ESS": (3, None)}


@pytest.mark.row("C9.5")
def test_a_device_behind_a_satellite_waits_for_central_and_is_told(site: World) -> None:
    """Pending until the response is there; a renewal asks by itself; what the site then owns grows by the next response."""
    device = site.device("D-1")
    listed(site, "D-1", "L-ESS,2")
    before = purchased(site)

    device.convert({"L-ESS": 2})

    assert became(device) == {"state": "pending"}
    assert [one["state"] for one in site.satellite("conversions")["items"]] == ["waiting"]
    site.satellite("sync", "export", "--output", site.file("lost.pgx"))
    assert [one["state"] for one in site.satellite("conversions")["items"]] == ["sent"]
    site.synchronize("first")
    assert grown(site, before) == {"ESSENTIALS": 2}
    device.renew_authorization()
    assert became(device) == {"state": "converted", "L-ESS": (2, None)}
    assert [one["state"] for one in site.satellite("conversions")["items"]] == ["converted"]
    assert site.licence("ESSENTIALS", "satellite")["purchased"] == site.licence("ESSENTIALS")["purchased"]
    site.synchronize("second", "--full")
    assert grown(site, before) == {"ESSENTIALS": 2}
    kinds = {one["kind"] for one in site.satellite("events")["items"]}
    assert {"conversion:requested", "conversion:decided"} <= kinds


@pytest.mark.row("C9.5")
def test_a_device_that_asked_at_a_satellite_and_then_at_central_converts_once(site: World) -> None:
    """The request goes along when the device moves; the older one, which arrives later, is not decided again."""
    device = site.device("D-1")
    listed(site, "D-1", "L-ESS,2")
    before = purchased(site)
    device.convert({"L-ESS": 2})
    request = site.file("waits.pgx")
    site.satellite("sync", "export", "--output", request)
    site.central("virtual-account", "create", ACCOUNT, "Direct")
    folder = site.folder / "devices" / "D-1"
    moved = Device(folder, clock=DeviceClock(folder), transport=lambda server: site.wire(server.url.rpartition("/")[2]))
    moved.state.url = "https://in.process/satellite"
    moved._store.save(moved.state)
    root = (site.folder / "root.json").read_bytes()
    wanted = RegistrationRequest(token=site.token("central", pool="Direct"), udi=Udi(pid="SW-48", serial="D-1"))
    moved.register(wanted, root, Server("https://in.process/central", None, None))

    assert became(moved) == {"state": "converted", "L-ESS": (2, None)}
    site.central("sync", "import", request, "--output", site.file("answer.pgx"))
    assert grown(site, before) == {}
    assert grown(site, {}, "Direct") == {"ESSENTIALS": 2}
    assert len(site.central("convert", "requests", ACCOUNT)["items"]) == 1


@pytest.mark.row("C9.5", "C10.2", "C10.4")
def test_what_a_device_could_not_convert_is_an_alert_until_it_can(vendor: World) -> None:
    """None: `licences_not_converted`; some: `licence_converted`, both minor and dismissible; all ends them."""
    device = vendor.device("D-1", "central")
    listed(vendor, "D-1", "L-ESS,2", "L-ADV,3")
    device.convert({"L-ADV": 3})
    assert became(device) == {"state": "not_converted", "L-ADV": (0, "contract_missing")}
    named = raised(vendor, "central", "licences_not_converted")[0]
    assert (named["severity"], named["actions"]) == ("minor", ["dismiss"])
    assert "no service contract covers it" in named["message"]
    dismissed(vendor, "central", "licences_not_converted")
    device.convert({"L-ADV": 3, "L-ESS": 2})
    cleared(vendor, "central", "licences_not_converted")
    named = raised(vendor, "central", "licence_converted")[0]
    assert (named["severity"], named["actions"], "L-ADV" in named["message"]) == ("minor", ["dismiss"], True)
    dismissed(vendor, "central", "licence_converted")
    vendor.central("convert", "contracts", "import", ACCOUNT, vendor.file("c.csv", "contract,sku\nC-1,L-ADV\n"))
    device.convert({"L-ADV": 3, "L-ESS": 2})
    assert became(device) == {"state": "converted", "L-ADV": (3, None), "L-ESS": (2, None)}
    cleared(vendor, "central", "licence_converted")


@pytest.mark.row("C9.5")
def test_a_request_that_was_on_its_way_for_too_long_converts_nothing(site: World) -> None:
    """Behind a satellite without a connection for 90 days: none is converted, and the alert says why."""
    device = site.device("D-1")
    listed(site, "D-1", "L-ESS,2")
    device.convert({"L-ESS": 2})
    site.advance("91d", device)
    site.synchronize("late")
    named = raised(site, "central", "licences_not_converted")[0]
    assert "found no connection to central for 90 days" in named["message"]
    device.renew_authorization()
    assert became(device) == {"state": "not_converted", "L-ESS": (0, "too_late")}
    device.convert({"L-ESS": 2})
    site.synchronize("again")
    cleared(site, "central", "licences_not_converted")


@pytest.mark.row("C9.5")
def test_a_request_that_another_key_signed_is_refused(vendor: World) -> None:
    """Nor does a unit speak for another one; a device that asked for nothing is told so."""
    device, other = vendor.device("D-1", "central"), vendor.device("D-2", "central")
    listed(vendor, "D-1", "L-ESS,2")
    with pytest.raises(NoConversionError):
        device.convert()
    for udi, key, code in (
        (Udi("SW-48", "D-1"), PrivateKey.generate(), "unknown_issuer"),
        (Udi("SW-48", "D-1"), other._own_key(), "identity_mismatch"),
    ):
        wanted = ConversionRequest(
            "ab" * 16,
            other.state.instance or "",
            udi,
            key.public.key_hash,
            (ClassicLine("L-ESS", 2),),
            other.clock.now(),
        )
        body = StatementBody(seal_conversion_request(wanted, key)).to_dict()
        with pytest.raises(ServerRefusedError) as refused:
            other._talk().say(DeviceOp.CONVERT, body, other.clock.now())
        assert refused.value.reason == code
    assert vendor.central("convert", "requests", ACCOUNT)["items"] == []
