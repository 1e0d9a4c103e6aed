"""Orders that were cancelled upstream: what came with them goes, copies included, whole or not at all."""

from __future__ import annotations

import re
from html import unescape

import pytest

from central.app import make_app
from central.runtime import Central
from exchange.codes.request import make_request_code
from exchange.identity import Udi
from tests.api.callers import Api, central_token
from tests.api.test_central_pages import Enter, portal, text_of
from tests.console import press
from tests.world import ACCOUNT, World

ORDERS = """virtual_account,tag,quantity,billing,order_number,order_line,subscription_id
Site,ESSENTIALS,1,usage,O-7,1,SUB-1
Spare,ESSENTIALS,1,usage,O-8,1,SUB-2
Spare,ADVANTAGE,4,prepaid,O-7,2,
Spare,STORED,3,prepaid,O-10,1,
"""
Portal = tuple[World, Central, Enter]
__all__ = ["portal"]


def stock(world: World) -> None:
    """Two subscriptions of one licence, one of them copied to where the other is."""
    world.central("catalogue", "import", world.file("more.csv", "kind,tag,name\nentitlement,STORED,Stored\n"))
    world.central("order", "import", ACCOUNT, world.file("orders.csv", ORDERS))
    assign = ("subscription", "assign", ACCOUNT, "ESSENTIALS", "SUB-1")
    world.central(*assign, "--virtual-account", "Site", "--virtual-account", "Spare")


def kinds(world: World) -> set[str]:
    """The kinds of the open alerts."""
    return {one["kind"] for one in world.central("alerts", ACCOUNT)["items"]}


@pytest.mark.row("C4.2", "C3.4", "C12.4")
def test_a_cancelled_order_takes_its_copies_out_and_nothing_brings_it_back(portal: Portal) -> None:
    """The duplicate goes and its alert clears; what was in use is missing; a transfer of it is not reversed; once only."""
    world, _server, _enter = portal
    stock(world)
    lots = world.central("licence", "lots", ACCOUNT)["items"]
    [line] = [one["id"] for one in lots if one["order_number"] == "O-7" and one["order_line"] == "2"]
    world.central("licence", "transfer", ACCOUNT, "--from", "Spare", "--lot", f"{line}:4:Site")
    moved = world.central("licence", "transfers", ACCOUNT)["items"][0]["transfer"]
    assert "duplicate_licences" in kinds(world)
    cancel = ("order", "cancel", ACCOUNT, "O-7")
    seen = world.central(*cancel, "--preview")
    assert [(one["virtual_account"], one["tag"], one["quantity"]) for one in seen["items"]] == [
        ("Site", "ADVANTAGE", 4),
        ("Site", "ESSENTIALS", 1),
        ("Spare", "ESSENTIALS", 1),
    ]
    assert world.central(*cancel, code=1)["error"]["code"] == "note_missing"
    assert "duplicate_licences" in kinds(world)
    done = world.central(*cancel, "--note", "cancelled by the customer")
    assert done["items"] == seen["items"]
    assert "duplicate_licences" not in kinds(world)
    [left] = world.central("subscription", "list", ACCOUNT)["items"]
    assert (left["subscription"], [one["name"] for one in left["virtual_accounts"]]) == ("SUB-2", ["Spare"])
    assert world.central(*cancel, "--note", "again", code=1)["error"]["code"] == "order_cancelled"
    assert (
        world.central("order", "cancel", ACCOUNT, "O-9", "--note", "x", code=1)["error"]["code"] == "unknown_order_line"
    )
    back = world.central("licence", "reverse-transfer", ACCOUNT, str(moved), code=1)["error"]["code"]
    assert back == "nothing_to_reverse"
    said = [one for one in world.central("events", ACCOUNT)["items"] if one["kind"] == "licences:order_cancelled"]
    assert {one["message"] for one in said} == {
        "order O-7 was cancelled: 4 of Advantage, 1 of Essentials taken out of Site",
        "order O-7 was cancelled: 1 of Essentials taken out of Spare",
    }
    rows = [one for one in world.central("transactions", ACCOUNT)["items"] if one["action"] == "cancelled"]
    assert sorted(one["count"] for one in rows) == [-4, -1, -1]
    assert world.central("ledger", "verify")["ok"]


@pytest.mark.row("C4.2", "C10.4")
def test_what_devices_hold_stops_the_cancellation_and_what_they_use_is_missing(portal: Portal) -> None:
    """All or nothing: a reservation has to be returned first; of a line that is in use the alert tells."""
    world, server, enter = portal
    stock(world)
    admin, owner = enter(), enter("owner", "account_administrator")
    api = Api(make_app(server), central_token(world, "write", user="anna"))
    path = f"/smart-accounts/{ACCOUNT}/order-cancellations"
    world.device("SN1", "central").use("ADVANTAGE", 5)
    lots = world.central("licence", "lots", ACCOUNT)["items"]
    [line] = [one["id"] for one in lots if one["order_number"] == "O-7" and one["order_line"] == "2"]
    assert owner.get(f"/orders/{line}/cancel").status_code == 403
    world.central("licence", "transfer", ACCOUNT, "--from", "Spare", "--lot", f"{line}:4:Site")
    status, seen = api.ask("POST", path, {"order": "O-7", "line": "2", "preview": True})
    assert (status, [one["missing"] for one in seen["items"]]) == (200, [2])
    assert "insufficient_licences" not in kinds(world)

    page = admin.get(f"/orders/{line}/cancel-line")
    assert "Cancel line O-7 / 2" in text_of(page)
    assert press(admin, page, note="", typed_name="O-7").status_code == 422
    assert press(admin, page, note="x", typed_name="O-8").status_code == 422
    assert world.licence("ADVANTAGE")["purchased"] == 7
    gone = press(admin, page, note="<b>why</b>", typed_name="O-7")
    assert gone.headers["Location"] == f"/orders/{line}"
    assert "removed" in text_of(admin.get(f"/orders/{line}"))
    assert "insufficient_licences" in kinds(world)
    assert "Cancel order" not in unescape(re.sub("<[^>]+>", " ", admin.get(f"/orders/{line}").text))
    assert api.ask("POST", path, {"order": "O-7", "line": "2", "note": "again"})[0] == 409
    assert api.ask("POST", path, {"order": "O-1", "line": "9", "note": "x"})[0] == 404
    code = make_request_code(Udi(pid="SW-48", serial="R1"), b"r" * 32)
    place = ("--virtual-account", "Spare", "--request-code", code, "--output", world.file("code"))
    world.central("reservation", "create", ACCOUNT, *place, "--licence", "STORED=2")
    held = world.central("order", "cancel", ACCOUNT, "O-10", "--note", "x", code=1)["error"]
    assert (held["code"], held["message"]) == ("order_held", "2 of Stored are held for a device in Spare")
    assert world.licence("STORED", pool="Spare")["purchased"] == 3
