"""The published contract field by field: names, types, nulls and words of every answer; and whatever else is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, satellite_token
from tests.api.test_compat import BACKEND, CLOUD, REAL_CODE, Script, _script
from tests.world import ACCOUNT, App, World, call

TERMS = (
    "virtual_account,tag,quantity,type,start,end,subscription_id\nSpare,ESSENTIALS,5,term,2026-01-01,2029-12-31,SUB-1\n"
)
DAY, MILLIS = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
PIECE = dict.fromkeys(("suvi", "uuid", "hostIdentifier", "udiPid", "udiSerialNumber", "udiVid", "macAddress"), (str, None))  # fmt: skip
ENVELOPE = {"status": re.compile("SUCCESS"), "statusMessage": str}
ROLE = re.compile("(Smart|Virtual) Account (Administrator|User|Viewer)")
DETAIL = {
    "licenseType": re.compile("TERM|DEMO|PERPETUAL|SUBSCRIPTION"), "quantity": int, "startDate": (re.compile(DAY), None),
    "endDate": (re.compile(DAY), None), "subscriptionId": str, "status": re.compile("Active|Cancelled|Expired|Future|Pending"),
}  # fmt: skip
LICENCE = {
    "license": str, "licenseName": str, "virtualAccount": str, "quantity": int, "inUse": int, "available": int,
    "status": re.compile("In Compliance|Out Of Compliance"), "billingType": re.compile("PREPAID|USAGE"), "ahaApps": bool,
    "pendingQuantity": int, "reserved": int, "isPortable": bool, "portable": bool, "licenseSubstitutions": [],
    "licenseDetails": [DETAIL],
}  # fmt: skip
SUBSCRIPTION = {
    "virtualAccount": str, "license": str, "billingType": re.compile("PREPAID|USAGE"), "quantity": re.compile(r"\d+"),
    "startDate": re.compile(DAY), "endDate": re.compile(DAY), "status": re.compile("Active|Canceled|Expired|Future"), "subscriptionId": str,
}  # fmt: skip
TOKEN = {
    "token": str, "expirationDate": re.compile(MILLIS), "description": str, "exportControl": re.compile("Allowed|Not Allowed"),
    "createdBy": str,
}  # fmt: skip
POOL = {
    "name": str, "description": str, "isDefault": re.compile("true|false"), "commerceAccessLevel": re.compile("PUBLIC|PRIVATE"),
    "isSatellite": re.compile("true|false"),
}  # fmt: skip
USAGE = {
    "virtualAccount": str, "hostName": str, "hostname": str, "sudi": PIECE, "productName": str, "displayName": re.compile(r"UDI_PID:.*; UDI_SN:.*; "),
    "productTagName": str, "productDescription": str, "productType": str, "status": re.compile("In Compliance|Out Of Compliance"),
    "registrationDate": re.compile(DAY), "lastContactDate": re.compile(DAY), "mode": str,
    "licenseUsage": [{"license": str, "quantity": int, "startDate": (str, None), "endDate": (str, None)}],
}  # fmt: skip


def differences(value: Any, form: Any, where: str = "") -> Iterator[str]:
    """Where a value is not of a form: a type, an expression, a choice, an object with at least these members, a list."""
    if isinstance(form, tuple):
        if all(list(differences(value, one)) for one in form):
            yield f"{where}: {value!r}"
    elif isinstance(form, dict):
        for name, inner in form.items():
            if not isinstance(value, dict) or name not in value:
                yield f"{where}.{name} is missing"
            else:
                yield from differences(value[name], inner, f"{where}.{name}")
    elif isinstance(form, list):
        if not isinstance(value, list):
            yield f"{where} is not a list"
        for entry in value if form and isinstance(value, list) else ():
            yield from differences(entry, form[0], where)
    elif isinstance(form, re.Pattern):
        if not isinstance(value, str) or not form.fullmatch(value):
            yield f"{where}: {value!r}"
    elif not (value is None if form is None else type(value) is form):
        yield f"{where}: {value!r}"


@pytest.fixture
def script(vendor: World) -> Script:
    """A program at a central with something of everything."""
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", TERMS))
    token = vendor.token("central", pool="Spare")
    vendor.device("SN1", "central", token, product_tag="PX", hostname="edge-1").use("ADVANTAGE", 2)
    vendor.device("SN2", "central", token)
    return _script(vendor)


@pytest.mark.row("C1.1", "C3.1", "C3.4", "C7.1")
def test_what_is_read_has_every_field_in_its_type(script: Script) -> None:
    """Accounts, virtual accounts, tokens, licences, subscriptions, devices: each member as the contract draws it."""
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}"
    made = script.post(f"{root}/CUSTOMER/virtual-accounts/Spare/tokens", {"description": "x", "expiresAfterDays": 3})
    account = {"accountName": str, "accountDomain": str, "accountType": re.compile("CUSTOMER|HOLDING"), "accountStatus": re.compile("(?i:active)")}  # fmt: skip
    mine = {**account, "roles": [{"role": ROLE}], "accounts": [{"role": ROLE}]}
    ids = {"account_id": re.compile(r"\d+"), "domain": str, "name": str, "virtual_accounts": [{"default": bool, "name": str, "virtual_account_id": re.compile(r"\d+")}]}  # fmt: skip
    local = {"account_id": int, "name": str, "domain": str, "cslu_tenant_url": str, "cssm_smart_account_id": int, "cssm_smart_account_name": str, "cssm_virtual_account_name": str, "virtual_accounts": []}  # fmt: skip
    found = {
        "mine": (script.get(f"{CLOUD}/v2/accounts"), {"accounts": [mine]}),
        "search": (script.get(f"{CLOUD}/v1/accounts/search?type=CUSTOMER"), {"totalRecords": int, "accounts": [{**account, "domain": str, "name": str, "id": int, "type": str, "status": str}]}),
        "ids": (script.get(f"{CLOUD}/v2/accounts/search"), {"status": re.compile("COMPLETE"), "message_code": re.compile(""), "message": re.compile(""), "accounts": [ids]}),
        "local": (script.post(f"{BACKEND}/v1/upstream_satellites/accounts"), {"accounts": [local]}),
        "pools": (script.get(f"{root}/virtual-accounts"), {**ENVELOPE, "virtualAccounts": [POOL]}),
        "made": (made, {**ENVELOPE, "tokenInfo": TOKEN}),
        "tokens": (script.get(f"{root}/virtual-accounts/Spare/tokens"), {**ENVELOPE, "tokens": [TOKEN]}),
        "licences": (script.post(f"{root}/licenses", {}), {**ENVELOPE, "totalRecords": int, "licenses": [LICENCE]}),
        "terms": (script.post(f"{root}/license-subscriptions", {"status": "Active"}), {**ENVELOPE, "totalRecords": int, "licenseSubscriptions": [SUBSCRIPTION]}),
        "devices": (script.get(f"{root}/virtual-accounts/Spare/devices"), {**ENVELOPE, "totalRecords": int, "devices": [{"instanceName": str, "productTagName": str, "sudi": PIECE}]}),
        "usage": (script.post(f"{root}/devices", {"virtualAccounts": []}), {**ENVELOPE, "totalRecords": int, "devices": [USAGE]}),
    }  # fmt: skip
    wrong = [line for name, (answer, form) in found.items() for line in differences(answer, form, name)]

    assert wrong == []
    assert found["terms"][0]["totalRecords"] == 1
    assert found["usage"][0]["totalRecords"] == 2


@pytest.mark.row("C4.1", "C6.1", "C7.2", "C7.3")
def test_what_is_changed_is_answered_item_by_item_in_the_words_of_the_contract(script: Script) -> None:
    """An entry that fails is `WARNING` where devices move, `ERROR` elsewhere; above stands what became of all of them."""
    va = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare"
    sudi = {"udiPid": "SW-48", "udiSerialNumber": "SN1", "suvi": None}
    move = {"sudi": sudi, "productTagName": "PX", "targetVirtualAccount": "Site"}
    moved = script.post(f"{va}/devices/transfer", {"productInstances": [move, {**move, "targetVirtualAccount": "No"}]})
    gone = script.post(f"{va}/devices/transfer", {"productInstances": [move]})
    one = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": "1"}]}
    reserved = script.post(f"{va}/reserve-licenses", {"reservationRequests": [one]})
    item = {"reservationCode": str, "authorizationCode": str, "status": re.compile("SUCCESS"), "statusMessage": re.compile("Authorization code generated successfully"), "sudi": PIECE, "productInstance": str, "productTagName": str, "productType": str, "licenses": [{"licenseType": str, "quantity": int, "endDate": (str, None), "name": str}]}  # fmt: skip
    entry = {"status": re.compile("SUCCESS|WARNING"), "statusMessage": str, "sudi": dict, "targetVirtualAccount": str, "productTagName": str, "sourceVirtualAccount": str}  # fmt: skip
    wrong = [
        *differences(moved, {"status": re.compile("WARNING"), "statusMessage": re.compile("1 product instances transferred successfully."), "productsTransferStatus": [entry], "successCount": int, "errorCount": int}),
        *differences(reserved, {"authorizationCodes": [item], "statusMessage": re.compile("1 reservation requests processed successfully")}),
    ]  # fmt: skip

    assert wrong == []
    assert [one["status"] for one in moved["productsTransferStatus"]] == ["SUCCESS", "WARNING"]
    assert (gone["status"], gone["productsTransferStatus"][0]["status"]) == ("ERROR", "WARNING")


@pytest.mark.row("C4.1")
def test_a_transfer_takes_lots_of_the_type_that_it_names(script: Script, vendor: World) -> None:
    """Perpetual lots stay where a term is asked for, in whatever case; an unknown type is that entry's own error."""
    more = "virtual_account,tag,quantity\nSpare,ESSENTIALS,5\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("more.csv", more))
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}"
    line = {"license": "Essentials", "quantity": 4, "targetVirtualAccount": "Site", "precedence": "longest_term_first"}
    asked = [{**line, "licenseType": kind} for kind in ("term", "TERM", "Perpetual", "rental")]
    moved = script.post(f"{root}/virtual-accounts/Spare/licenses/transfer", {"licenses": asked})
    there = script.post(f"{root}/licenses", {"virtualAccounts": ["Site"]})["licenses"]
    details = {d["licenseType"]: d["quantity"] for row in there if row["license"] == "Essentials" for d in row["licenseDetails"]}  # fmt: skip

    assert [one["status"] for one in moved["licensesTransferStatus"]] == ["SUCCESS", "ERROR", "SUCCESS", "ERROR"]
    assert details == {"TERM": 4, "PERPETUAL": 4}


# -- whatever is sent -----------------------------------------------------------------------------------------------

ODD: list[Any] = [
    None, True, 0, -1, 1.5, 1e400, float("nan"), 10**30, "", " ", "é😀", "\u202e", "9" * 50, "A" * 3000, "2026-13-45", "١٢",
    [], [None], ["x"], [[]], [{}], {}, {"sudi": 1},
]  # fmt: skip
SUDI = {"udiPid": "SW-48", "udiSerialNumber": "SN9", "uuid": "x"}


def bodies(root: str) -> dict[str, dict[str, Any]]:
    """An example of each body, every field in it."""
    va, two = (
        f"{root}/v1/accounts/{ACCOUNT}/virtual-accounts/Site",
        f"{root}/v2/accounts/{ACCOUNT}/virtual-accounts/Site",
    )
    paging = {"virtualAccounts": ["Site"], "limit": 5, "offset": 0}
    line = {"license": "Nope", "licenseType": "PERPETUAL", "quantity": 1, "targetVirtualAccount": "DEFAULT", "precedence": "LONGEST_TERM_FIRST", "subscriptionId": "x", "startDate": "2026-01-01", "endDate": "2026-01-01"}  # fmt: skip
    registration_request = {"entitlementTag": "NOPE", "quantity": 1, "precedence": "LONGEST_TERM_FIRST"}
    return {
        f"{root}/v1/accounts/{ACCOUNT}/virtual-accounts": {"name": "Site", "description": "d", "isDefault": "false"},
        f"{va}/tokens": {"description": "d", "expiresAfterDays": 30, "exportControlled": "Not Allowed", "numberOfUses": 3},
        f"{va}/tokens/revoke": {"tokens": ["x"]},
        f"{root}/v1/accounts/{ACCOUNT}/licenses": paging,
        f"{root}/v1/accounts/{ACCOUNT}/license-subscriptions": {**paging, "status": ["Active"]},
        f"{root}/v1/accounts/{ACCOUNT}/devices": paging,
        f"{va}/licenses/transfer": {"licenses": [line]},
        f"{va}/reserve-licenses": {"reservationRequests": [{"reservationCode": REAL_CODE, "reservationType": "SPECIFIC", "productTagName": "x", "licenses": [registration_request]}]},
        f"{va}/devices/transfer": {"productInstances": [{"sudi": SUDI, "productTagName": "PX", "targetVirtualAccount": "Nope", "sourceVirtualAccount": "Site"}]},
        f"{two}/devices/remove": {"productInstacesRemoveRequests": [{"sudi": SUDI, "productTagName": "PX", "returnCode": "abc"}]},
        f"{va}/devices/remove": {"sudi": SUDI, "productTagName": "PX", "returnCode": "abc"},
    }  # fmt: skip


def places(value: Any, where: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a body."""
    yield where
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from places(value[key], (*where, key))


def with_odd(value: Any, where: tuple[Any, ...], odd: Any) -> Any:
    """A body with something else at one place."""
    if not where:
        return odd
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in where[:-1]:
        inner = inner[key]
    inner[where[-1]] = odd
    return copy


KINDS: list[Any] = [None, True, -1, 1.5, 10**30, "", "é😀", ["x"], [{}], {}]


def surprises(app: App, token: str, root: str, odds: list[Any] = ODD) -> list[str]:
    """Answers that the contract does not know, for every place of every body with something odd in it: half of them in turn."""
    found = []
    head = {"Authorization": f"Bearer {token}"}
    for path, body in bodies(root).items():
        for number, where in enumerate(places(body)):
            for odd in odds[number % 2 :: 2]:
                status, _, answer = call(
                    app, "POST", quote(path), json.dumps(with_odd(body, where, odd)).encode(), head
                )
                parsed = json.loads(answer) if answer else {}
                good = status == 200 or (
                    status in {400, 422} and parsed.get("status") == "ERROR" and parsed["statusMessage"]
                )
                if not good:
                    found.append(f"{path} {where} {odd!r}: {status} {answer!r}")
    return found


@pytest.mark.row("C12.4")
def test_whatever_stands_in_a_body_central_answers_in_the_words_of_the_contract(vendor: World) -> None:
    """A wrong type, a huge number, an odd letter at every place: 200, or 400 and 422 with the envelope; never a fault."""
    script = _script(vendor)

    assert surprises(script.app, script.token, CLOUD) == []
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("S3.2")
def test_whatever_stands_in_a_body_a_satellite_answers_in_the_words_of_the_contract(site: World) -> None:
    """The same for the appliance form at a satellite, which reads bodies by the same rules: one of each kind."""
    app = satellite_app(open_satellite(site.folder / "satellite"))
    api = Api(app, satellite_token(site))

    assert surprises(app, api.token, BACKEND, KINDS) == []
