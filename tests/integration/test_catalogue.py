"""A catalogue that comes again: what it changes is told, and a licence in use does not become restricted by accident."""

from __future__ import annotations

import pytest

from central.app import make_app
from central.runtime import open_central
from exchange.identity import Udi
from tests.api.callers import Api, central_token
from tests.integration.test_reservations import reserve
from tests.world import ACCOUNT, CATALOGUE, World

TURNED = CATALOGUE.replace("ADVANTAGE,Advantage,", "ADVANTAGE,Advantage,yes")


@pytest.mark.row("C8.1", "C3.4")
def test_an_ordinary_licence_in_use_becomes_restricted_only_where_that_is_said(vendor: World) -> None:
    """The refusal names the licence and how much is in use, and changes nothing; said on purpose it is an event."""
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.use("ADVANTAGE", 2)
    file = vendor.file("turned.csv", TURNED + "entitlement,NEW,New,\n")
    preview = vendor.central("catalogue", "import", file, "--preview")
    refused = vendor.central("catalogue", "import", file, code=1)["error"]
    tags = {row["tag"]: row["restricted"] for row in vendor.central("catalogue", "list")["items"]}
    device.renew_authorization()
    still = device.may_use("ADVANTAGE", 2).allowed
    done = vendor.central("catalogue", "import", file, "--change-restriction")
    events = [row for row in vendor.central("events")["items"] if row["kind"] == "catalogue:restriction_changed"]
    device.renew_authorization()

    assert (preview["imported"], preview["added"], preview["changed"]) == (False, 1, 1)
    assert preview["restriction_changes"] == [{"tag": "ADVANTAGE", "restricted": True, "in_use": 2}]
    assert refused["code"] == "restriction_in_use"
    assert "ADVANTAGE (2 in use)" in refused["message"]
    assert "NEW" not in tags
    assert not tags["ADVANTAGE"]
    assert still
    assert done["imported"]
    assert [row["subject"] for row in events] == [{"tag": "ADVANTAGE", "restricted": True}]
    assert not device.may_use("ADVANTAGE", 2).allowed


@pytest.mark.row("C8.1")
def test_a_licence_that_nobody_uses_changes_sides_freely_and_one_that_is_granted_does_not(vendor: World) -> None:
    """Restricted and granted: refused; unused: imported, with its event."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    plain = CATALOGUE.replace("encryption,yes", "encryption,")
    granted = vendor.central("catalogue", "import", vendor.file("plain.csv", plain), code=1)["error"]
    unused = CATALOGUE.replace("ESSENTIALS,Essentials,", "ESSENTIALS,Essentials,yes")
    free = vendor.central("catalogue", "import", vendor.file("unused.csv", unused))
    again = vendor.central("catalogue", "import", vendor.file("unused.csv", unused))

    assert granted["code"] == "restriction_in_use"
    assert free["restriction_changes"] == [{"tag": "ESSENTIALS", "restricted": True, "in_use": 0}]
    assert (again["changed"], again["restriction_changes"]) == (0, [])


@pytest.mark.row("C8.1", "C6.1")
def test_a_licence_that_is_held_by_a_code_is_in_use(vendor: World) -> None:
    """What a device has by a code is use like any other: its licence becomes restricted on purpose only."""
    device = vendor.unregistered("AIR-1", "central")
    root = (vendor.folder / "root.json").read_bytes()
    reserve(vendor, device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), root), "ADVANTAGE=2")
    file = vendor.file("turned.csv", TURNED)
    preview = vendor.central("catalogue", "import", file, "--preview")
    refused = vendor.central("catalogue", "import", file, code=1)["error"]

    assert preview["restriction_changes"] == [{"tag": "ADVANTAGE", "restricted": True, "in_use": 2}]
    assert refused["code"] == "restriction_in_use"


@pytest.mark.row("C3.4", "C8.1")
def test_a_catalogue_is_looked_at_and_imported_over_rest(vendor: World) -> None:
    """The same preview, refusal and consent by query parameters."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    api = Api(make_app(open_central(vendor.folder / "central")), central_token(vendor, "write"))
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ADVANTAGE", 2)

    def post(query: str) -> tuple[int, dict[str, object]]:
        return api.ask("POST", f"/catalogue{query}", raw=TURNED.encode(), Content_Type="text/csv")

    looked, refused, done = post("?preview=true"), post(""), post("?change_restriction=true")

    assert (looked[0], looked[1]["imported"]) == (200, False)
    assert (refused[0], refused[1]["code"]) == (409, "restriction_in_use")
    assert (done[0], done[1]["imported"]) == (200, True)
