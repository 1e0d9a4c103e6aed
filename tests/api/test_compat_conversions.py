"""Device-led conversion for existing clients: both spellings, each device with its outcome, nothing twice."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from tests.api.test_compat import CLOUD, Script, _script
from tests.api.test_compat_software import ask
from tests.world import ACCOUNT, World

SKUS = "sku,tag,family,contract_needed,divisible\nL-ESS,ESSENTIALS,Routing,no,yes\n"
SECOND = "/v1/software/apis/licensing/v2/device/conversion"


def asked(serial: str, *lines: dict[str, Any], pool: str = "Site") -> dict[str, Any]:
    """A request for one device."""
    sudi = {"udiPid": "SW-48", "udiSerialNumber": serial}
    return {"virtualAccounts": [{"name": pool, "dlcRequests": [{"sudi": sudi, "conversions": [*lines]}]}]}


@pytest.fixture
def script(vendor: World) -> Script:
    """A program at a central whose list names a device with four licences."""
    vendor.central("convert", "skus", "import", vendor.file("skus.csv", SKUS))
    rows = "pid,serial,sku,quantity\nSW-48,D-1,L-ESS,4\n"
    vendor.central("convert", "devices", "import", ACCOUNT, vendor.file("devices.csv", rows))
    return _script(vendor)


def owned(world: World) -> int:
    """How many units of the licence the account owns."""
    found = world.central("licences", ACCOUNT)["items"]
    return sum(one["purchased"] for one in found if one["tag"] == "ESSENTIALS")


def with_number(script: Script, body: object, number: int | str) -> dict[str, Any]:
    """The second generation names the account by its number in a header."""
    status, found = ask(script, "POST", SECOND, body, X_CSW_SMART_ACCOUNT_ID=str(number))
    assert status == 200, found
    return dict(found)


@pytest.mark.row("C9.5")
def test_a_program_converts_what_a_device_holds_and_repeats_it_without_effect(script: Script, vendor: World) -> None:
    """Both addresses of the first generation, a SKU as it stands and in Base64, say the same."""
    line = {
        "conversionType": "SKU",
        "conversionEncodingType": "NONE",
        "conversionString": "L-ESS",
        "conversionCount": 3,
    }
    coded = {**line, "conversionEncodingType": "BASE64", "conversionString": base64.b64encode(b"L-ESS").decode()}
    before = owned(vendor)
    first = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/dlc_convert", asked("D-1", line))
    assert (first["status"], first["statusCode"]) == ("SUCCESS", "SUC001")
    [device] = first["devices"]
    assert (device["sudi"]["udiSerialNumber"], device["conversionStatus"]) == ("D-1", "CONVERT_SUCCESS")
    assert device["conversionDetails"] == [
        {
            "entitlmentTag": "ESSENTIALS",
            "displayName": "Essentials",
            "conversionCode": "L-ESS",
            "conversionCount": 3,
            "conversionStatusMessage": "Success",
        }
    ]
    again = script.post(f"{CLOUD}/v1/{ACCOUNT}/dlc_convert", asked("D-1", coded))
    assert again["devices"][0]["conversionDetails"] == device["conversionDetails"]
    assert owned(vendor) == before + 3
    lots = vendor.central("licence", "lots", ACCOUNT, "--source", "dlc_migration")["items"]
    assert [one["quantity"] for one in lots] == [3]


@pytest.mark.row("C9.5")
def test_what_cannot_be_converted_is_told_device_by_device(script: Script, vendor: World) -> None:
    """A device that the list does not know, no serial number, no quantity, no line, an unknown virtual account."""
    line = {"conversionString": "L-ESS", "conversionCount": 1}
    body = asked("D-9", line)
    body["virtualAccounts"][0]["dlcRequests"] += [
        {"sudi": {"udiPid": "SW-48"}, "conversions": [line]},
        {"sudi": {"udiPid": "SW-48", "udiSerialNumber": "D-1"}, "conversions": [{**line, "conversionCount": 0}]},
        {"sudi": {"udiPid": "SW-48", "udiSerialNumber": "D-1"}, "conversions": []},
    ]
    body["virtualAccounts"] += asked("D-1", line, pool="Nowhere")["virtualAccounts"]
    told = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/dlc_convert", body)["devices"]
    assert [one["conversionStatus"] for one in told] == ["CONVERT_FAILURE"] * 5
    assert "list has no such licence" in told[0]["conversionDetails"][0]["conversionStatusMessage"]
    assert all(one["conversionMessage"] for one in told)


@pytest.mark.row("C9.5")
def test_a_program_asks_again_while_a_run_has_taken_the_device_up(script: Script, vendor: World) -> None:
    """The second generation has codes for a device in progress and one that is done, and takes its body in Base64."""
    number = script.get("/v1/software/apis/pnp/v2/accounts")["data"][0]["accountIdentifier"]
    body = json.dumps(asked("D-1", {"conversionString": "L-ESS", "conversionCount": 1})).encode()
    coded = {"dlc_request": base64.b64encode(body).decode()}
    vendor.central("convert", "devices", "settings", ACCOUNT, "--on")
    again = vendor.file("again.csv", "pid,serial,sku,quantity\nSW-48,D-1,L-ESS,5\n")
    vendor.central("convert", "devices", "import", ACCOUNT, again)
    waits = with_number(script, coded, number)
    assert (waits["statusCode"], waits["devices"][0]["conversionStatus"]) == ("DLC_INPROCESS", "IN_PROGRESS")
    vendor.central("jobs", "run", "conversions")
    assert with_number(script, coded, number)["statusCode"] == "DLC_COMPLETE"
