"""Conversions in central's portal: lists that the vendor imports, choice with contract check, review, number typed."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest

from central.app import make_app
from central.runtime import Central
from tests.api.callers import Api, central_token
from tests.api.test_central_pages import PASSWORD, A, Enter, numbers, portal, text_of
from tests.console import Browser, press
from tests.world import ACCOUNT, World

__all__ = ["portal"]
Portal = tuple[World, Central, Enter]
SKUS = "sku,tag,family,contract_needed,divisible\nL-ADV-K9,ADVANTAGE,Routing,yes,yes\nL-ESS,ESSENTIALS,Routing,no,no\n"
PAKS = """pak,sku,quantity,virtual_account,partial,order_number,order_date
3901J5A1B2C,L-ADV-K9,5,Site,yes,87001234,2024-05-17
3901J5A1B2C,L-ESS,3,Site,yes,87001234,2024-05-17
4455W0K9ZZZ,<b>L-OLD</b>,7,Spare,no,87005678,2023-02-01
"""
DEVICES = "pid,serial,sku,quantity,virtual_account,product_family\nC9300-24UX,FCW2303D16Y,L-ESS,2,Site,Catalyst 9300\n"


def prepare(world: World, contracts: str = "contract,sku\nC-100,L-ADV-K9\n") -> None:
    """Eligible SKUs and contracts."""
    world.central("convert", "skus", "import", world.file("skus.csv", SKUS))
    world.central("convert", "contracts", "import", ACCOUNT, world.file("contracts.csv", contracts))


def upload(browser: Browser, path: str, text: str) -> Any:
    """Have a file checked."""
    return browser.post(path, {"file": (io.BytesIO(text.encode()), "list.csv")})


def id_of(browser: Browser, kind: str, number: str) -> str:
    """The key of a PAK or device in its list."""
    page = browser.get(f"{A}/convert/{kind}").get_data(as_text=True)
    found = re.search(rf'/convert/{kind}/([0-9a-f]+)"[^>]*>(?:<[^>]+>)*{re.escape(number)}<', page)
    assert found is not None, page
    return found[1]


@pytest.mark.row("C9.1")
def test_the_vendor_imports_a_list_and_the_customer_sees_it(portal: Portal) -> None:
    """Each line with its verdict before anything is taken over; then the table, searched, with the time of the list."""
    world, _server, enter = portal
    prepare(world)
    clerk, ada = enter(), enter("ada", "account_administrator")
    assert "No list was imported yet." in text_of(ada.get(f"{A}/convert/paks"))
    assert ada.get(f"{A}/convert/paks/import").status_code == 403
    wrong = upload(clerk, f"{A}/convert/paks/import", PAKS.replace(",5,", ",five,"))
    assert (wrong.status_code, "invalid_quantity" in text_of(wrong)) == (422, True)
    seen = upload(clerk, f"{A}/convert/paks/import", PAKS)
    assert "<b>L-OLD</b> becomes no smart licence" in text_of(seen)
    assert press(clerk, seen).status_code == 303

    page = text_of(ada.get(f"{A}/convert/paks"))
    assert "L-ADV-K9 (5), L-ESS (3) 87001234 2024-05-17 00:00 Site available" in page
    assert "Last updated: " in page
    assert "3901J5A1B2C" not in text_of(ada.get(f"{A}/convert/paks?q=l-old"))
    source = id_of(ada, "paks", "4455W0K9ZZZ")
    for path in (f"{A}/convert/paks/{source}", f"{A}/convert/paks/{source}/convert"):
        page = ada.get(path)
        assert ("None of its SKUs becomes a smart licence." in text_of(page), 'name="step"' in page.text) == (
            True,
            False,
        )
    guest = enter("guest", "virtual_account_user", "Spare")
    assert "3901J5A1B2C" not in text_of(guest.get(f"{A}/convert/paks"))
    assert guest.get(f"{A}/convert/paks/{id_of(ada, 'paks', '3901J5A1B2C')}").status_code == 404


@pytest.mark.row("C9.2")
def test_a_pak_is_converted_in_the_browser(portal: Portal) -> None:
    """Choose, contract check, review, its number typed; too many and no contract go no further; a stale review is refused."""
    world, _server, enter = portal
    prepare(world, "contract,sku\n")
    world.central("convert", "paks", "import", ACCOUNT, world.file("paks.csv", PAKS))
    enter()
    ada = enter("ada", "account_administrator")
    path = f"{A}/convert/paks/{id_of(ada, 'paks', '3901J5A1B2C')}/convert"
    spare = numbers(world)["Spare"]
    first = ada.get(path)
    assert ("no contract found" in text_of(first), 'value="5"' in first.get_data(as_text=True)) == (True, False)

    def review(advantage: str, essentials: str) -> Any:
        wanted = f"sku=L-ADV-K9&quantity={advantage}&sku=L-ESS&quantity={essentials}"
        return ada.get(f"{path}?step=review&to={spare}&{wanted}")

    refused = review("2", "3")
    assert (refused.status_code, "no service contract covers L-ADV-K9" in text_of(refused)) == (422, True)
    for wrong in ("x", "-1", "9" * 30, "<script>"):
        assert review(wrong, "3").status_code == 422
    assert review("", "1").status_code == 200
    prepare(world)
    assert "6 of L-ADV-K9 are chosen; 5 are left" in text_of(review("6", "3"))
    seen = review("2", "3")
    assert (seen.status_code, "L-ADV-K9 Advantage 2 3 passed C-100" in text_of(seen)) == (200, True)
    ada.post("/step-up", {"password": PASSWORD, "next": path})
    seen = review("2", "3")
    assert press(ada, seen, typed_name="another").status_code == 422
    world.central("convert", "paks", "run", ACCOUNT, "3901J5A1B2C", "--sku", "L-ADV-K9=1")
    stale = press(ada, seen, typed_name="3901J5A1B2C")
    assert (stale.status_code, "conversion_changed" in text_of(stale)) == (409, True)
    done = press(ada, review("2", "3"), typed_name="3901J5A1B2C")
    assert (done.status_code, done.headers["Location"]) == (303, f"{A}/convert/paks")
    page = ada.get(f"{A}/convert/paks").get_data(as_text=True)
    assert ("L-ADV-K9 (2)" in page, "6 units were converted already." in page) == (True, True)
    found = world.central("licences", ACCOUNT, "--virtual-account", "Spare")["items"]
    assert {one["tag"]: one["purchased"] for one in found} == {"ADVANTAGE": 12, "ESSENTIALS": 3}


@pytest.mark.row("C9.3")
def test_licences_of_a_device_are_converted_in_the_browser(portal: Portal) -> None:
    """The same by device identifier; a SKU that is not divided goes as a whole or stays."""
    world, _server, enter = portal
    prepare(world)
    world.central("convert", "devices", "import", ACCOUNT, world.file("devices.csv", DEVICES))
    enter()
    ada = enter("ada", "account_administrator")
    number = "PID:C9300-24UX SN:FCW2303D16Y"
    assert "Catalyst 9300 L-ESS (2) Site available" in text_of(ada.get(f"{A}/convert/devices"))
    path = f"{A}/convert/devices/{id_of(ada, 'devices', number)}"
    assert "FCW2303D16Y" in text_of(ada.get(path))
    site = numbers(world)["Site"]
    assert ada.get(f"{path}/convert?step=review&to={site}&sku=L-ESS&quantity=1").status_code == 422
    ada.post("/step-up", {"password": PASSWORD, "next": path})
    seen = ada.get(f"{path}/convert?step=review&to={site}&sku=L-ESS&quantity=2")
    assert press(ada, seen, typed_name=number).status_code == 303
    assert "No devices to convert" in text_of(ada.get(f"{A}/convert/devices"))


@pytest.mark.row("C9.1", "C9.2")
def test_conversions_are_done_over_rest(portal: Portal) -> None:
    """Lists, preview, outcome and paging are those of the command."""
    world, server, _enter = portal
    world.central("user", "add", "root", "--role", "vendor_administrator")
    api = Api(make_app(server), central_token(world, "write"))
    raw = {"Content_Type": "text/csv"}
    base = f"/smart-accounts/{ACCOUNT}"
    assert api.ask("POST", "/catalogue/classic-skus", raw=SKUS.encode(), **raw)[1] == {"skus": 2}
    assert api.ask("POST", f"{base}/service-contracts", raw=b"contract,sku\nC-1,L-ADV-K9\n", **raw)[1] == {
        "contracts": 1
    }
    taken = api.ask("POST", f"{base}/classic-licences?kind=pak", raw=PAKS.encode(), **raw)[1]
    assert (taken["sources"], taken["new"], taken["imported"]) == (2, 2, True)
    first = api.ask("GET", f"{base}/classic-licences?limit=1")[1]
    second = api.ask("GET", f"{base}/classic-licences?limit=1&after={first['next']}")[1]
    assert {one["number"] for one in [*first["items"], *second["items"]]} == {"3901J5A1B2C", "4455W0K9ZZZ"}
    shown = api.ask("GET", f"{base}/classic-licences/{first['items'][0]['id']}")[1]
    assert shown["licences"][0]["sku"] == first["items"][0]["skus"][0]["sku"]
    body: dict[str, Any] = {"kind": "pak", "number": "3901j5a1b2c", "licences": [{"sku": "L-ESS", "quantity": 2}]}
    twice = {**body, "licences": [*body["licences"], {"sku": "L-ESS", "quantity": 1}]}
    assert api.ask("POST", f"{base}/conversions", twice)[0] == 422
    seen = api.ask("POST", f"{base}/conversions", {**body, "preview": True})[1]
    status, done = api.ask("POST", f"{base}/conversions", {**body, "revision": seen["revision"]})
    assert (status, done["lines"], done["converted"], seen["converted"]) == (200, seen["lines"], True, False)
    assert (
        api.ask("POST", f"{base}/conversions", {**body, "revision": seen["revision"]})[1]["code"]
        == "conversion_changed"
    )


@pytest.mark.row("C9.4", "C9.1")
def test_an_administrator_sets_automatic_conversion_and_converts_now(portal: Portal) -> None:
    """Notices by role; the choice is kept; all at once needs the name of the account, and says what is in progress; with nothing to convert there is no form."""
    world, _server, enter = portal
    prepare(world)
    world.central("convert", "paks", "import", ACCOUNT, world.file("paks.csv", PAKS))
    enter()
    ada, guest = enter("ada", "account_administrator"), enter("guest", "virtual_account_user", "Site")
    assert "may be eligible under your settings" in text_of(ada.get(f"{A}/convert/paks"))
    assert "An administrator of the account can convert these more easily" in text_of(guest.get(f"{A}/convert/paks"))
    for path in ("settings", "paks/now"):
        assert guest.get(f"{A}/convert/{path}").status_code == 403
    site = numbers(world)["Site"]
    form = {"kind": "pak", "enabled": "yes", "pools": "selected", "pool": [site], "products": "all"}
    for wrong in ({"pool": []}, {"products": "selected", "product": []}, {"kind": "car"}):
        assert ada.post(f"{A}/convert/settings", {**form, **wrong}).status_code == 422
    assert ada.post(f"{A}/convert/settings", form).status_code == 303
    assert f'id="pak-pool-{site}" name="pool" value="{site}" checked' in ada.get(f"{A}/convert/settings").get_data(
        as_text=True
    )
    shown = world.central("convert", "paks", "settings", ACCOUNT)
    assert (shown["enabled"], shown["virtual_accounts"], shown["products"]) == (True, ["Site"], [])

    path = f"{A}/convert/paks/now"
    ada.post("/step-up", {"password": PASSWORD, "next": path})
    page = ada.get(path)
    assert ("It cannot be undone here" in text_of(page), "Units 8" in text_of(page)) == (True, True)
    assert press(ada, page, typed_name="another").status_code == 422
    name = re.findall(r'data-typed="([^"]*)"', page.get_data(as_text=True))[0]
    assert press(ada, ada.get(path), typed_name=name).status_code == 303
    assert "conversion in progress" in text_of(ada.get(f"{A}/convert/paks"))
    assert "1 converted, 0 failed" in world.central("jobs", "run", "conversions")["detail"]
    done = ada.get(path)
    assert ("Nothing to convert now" in text_of(done), "data-typed" in done.text) == (True, False)
