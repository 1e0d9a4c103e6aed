"""The second generation of addresses, discovery with numbers, summaries, search and updates for existing clients."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from exchange.identity import Udi
from tests.api.test_compat import CLOUD, REAL_CODE, RETURN, Script, _script
from tests.api.test_compat_contract import DAY, LICENCE, POOL, TERMS, TOKEN, USAGE, differences
from tests.world import ACCOUNT, World, call

B = "/v1/software/apis"
DMS = "/services/api/software/dms/v2/smartaccounts"
ONE = f"{B}/licensing/v1/account/{ACCOUNT}"
DIGITS, NOTHING = re.compile(r"\d+"), re.compile("")
SHORT_DAY = re.compile(r"20\d\d-(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-\d\d")
SNAKE = dict.fromkeys(("suvi", "uuid", "host_identifier", "udi_pid", "udi_serial_number", "udi_vid", "mac_address"), (str, None))  # fmt: skip


@pytest.fixture
def script(vendor: World) -> Script:
    """A program at a central with a term, two devices and a shortage."""
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", TERMS))
    token = vendor.token("central", pool="Spare")
    vendor.device("SN1", "central", token, product_tag="PX", hostname="edge-1").use("ADVANTAGE", 2)
    vendor.device("SN2", "central", token).use("ESSENTIALS", 9)
    return _script(vendor)


def ask(script: Script, method: str, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
    """Send a request with the headers by which programs of devices name accounts; status and what it would parse."""
    data = b"" if body is None else json.dumps(body).encode()
    path, _, query = path.partition("?")
    target = quote(path) + (f"?{query}" if query else "")
    sent = {name.replace("_", "-"): text for name, text in headers.items()}
    status, _, answer = call(script.app, method, target, data, {"Authorization": f"Bearer {script.token}", **sent})
    return status, json.loads(answer) if answer else None


@pytest.mark.row("C1.1", "C1.2")
def test_accounts_and_virtual_accounts_are_found_with_their_numbers(script: Script) -> None:
    """Discovery under both names, the checks of access, and the default virtual account agree about the numbers."""
    listed, older = script.get(f"{B}/pnp/v2/accounts"), script.get(DMS)
    places = script.get(f"{B}/pnp/v2/accounts/{ACCOUNT}/virtual-accounts")
    part = script.get(f"{DMS}/{ACCOUNT}/virtualaccounts?startIdx=1&rowsPerPage=1")
    default = script.get(f"{B}/accounts/v1/virtual-account/default?smartAccountDomain={ACCOUNT}&accountType=CUSTOMER")
    number = listed["data"][0]["accountIdentifier"]
    by_number = script.get(f"{B}/accounts/v1/virtual-account/default?smartAccountId={number}")
    first = script.get(f"{B}/accounts/v1/validate-user-access?domain={ACCOUNT}")
    second = script.get(f"{B}/accounts/v2/validate-user-access?domain={ACCOUNT}/customer")
    searched = script.get(
        f"{B}/accounts/v1/user/search-smart-accounts?userId=robot&roleName=Smart Account Administrator"
    )
    role = {"role": re.compile("Smart Account Administrator")}
    account = {"accountName": str, "accountDomain": re.compile(ACCOUNT), "accountType": str, "accountStatus": str, "roles": [role], "accounts": [role]}  # fmt: skip
    wrong = [
        *differences(listed, {"data": [{"companyName": str, "domainIdentifier": str, "accountIdentifier": DIGITS}], "totalRows": int}),
        *differences(places, {"data": [{"virtualAccountName": str, "virtualAccountId": DIGITS, "default": bool}], "totalRows": int}),
        *differences(default, {"id": int, "name": str, "accountId": int, "accountName": str, "accountDomain": str, "default": bool}),
        *differences(first, {"status": re.compile("SUCCESS"), "messageCode": re.compile("CSW-SMARTACC-SUCCESS"), "data": [account]}),
        *differences(second, {"statusMessage": re.compile("OK"), "accounts": [account]}),
        *differences(searched, {"accounts": [{"accountId": int, "accountName": str, "accountDomain": str, "accountType": str, "roles": [role]}]}),
    ]  # fmt: skip

    assert wrong == []
    assert listed == older
    assert [len(first["data"]), len(second["accounts"]), len(searched["accounts"])] == [1, 1, 1]
    assert (part["totalRows"], part["data"]) == (places["totalRows"], places["data"][1:2])
    assert default == by_number
    assert [str(default["id"])] == [one["virtualAccountId"] for one in places["data"] if one["default"]]


@pytest.mark.row("C1.1")
def test_a_look_up_that_fails_says_so_in_the_form_of_its_call(script: Script) -> None:
    """No user, an unknown account, a number of another vendor, no identity: the form that clients read, nothing else."""
    status, found = ask(script, "GET", f"{B}/accounts/v1/user/search-smart-accounts")
    unknown = ask(script, "GET", f"{B}/accounts/v1/validate-user-access?domain=no.example")
    foreign = ask(script, "POST", f"{B}/licensing/v2/get-summary", {}, X_CSW_SMART_ACCOUNT_ID="99999999999999999999")
    unnamed = ask(script, "POST", f"{B}/licensing/v2/get-summary", {"data": {"tags": []}})
    odd = ask(script, "POST", f"{B}/licensing/v2/get-summary", {"data": []})
    pool = ask(script, "GET", f"{B}/licensing/v2/accounts/{ACCOUNT}/devices")

    assert (status, found["status"], found["messageCode"]) == (400, "FAILED", "CSW-SMARTACC-ERR-0003")
    assert (unknown[0], unknown[1]["status"]) == (400, "FAILED")
    assert [answer[0] for answer in (foreign, unnamed, odd, pool)] == [400, 400, 400, 400]
    assert "virtualAccountName" in pool[1]["statusMessage"]


@pytest.mark.row("C2.2", "C3.1", "C3.3", "C7.1")
def test_the_second_generation_answers_like_the_first_but_for_its_own_forms(script: Script) -> None:
    """Tokens within a list, terms under other names, pages of virtual accounts; the rest is the same to the byte."""
    first = f"{CLOUD}/v1/accounts/{ACCOUNT}"
    pools = script.get(f"{B}/accounts/v1/domain/{ACCOUNT}/type/customer/virtual-accounts?from=1&size=2&order=asc")
    made = script.post(f"{ONE}/virtual-account/Spare/token/create", {"description": "x", "expiresAfterDays": 3})
    usage = script.post(f"{ONE}/report-usage-partner", {"limit": -1})
    detail = {"license_type": re.compile("TERM|PERPETUAL"), "entitled_quantity": int, "start_date": (re.compile(DAY), None), "end_date": (re.compile(DAY), None), "sub_ref_id": str, "status": re.compile("Active"), "product_sku": str}  # fmt: skip
    alerts = script.post(f"{ONE}/get-alerts", {"virtualAccounts": ["Spare"], "severity": ["major", "minor"], "limit": -1})  # fmt: skip
    alert = {"virtualAccount": str, "message": str, "license": str, "severity": re.compile("Minor|Major"), "messageType": str, "licenseStartDate": str, "licenseEndDate": str, "actionDue": str, "source": str, "sourceType": re.compile("Virtual Account"), "productInstanceHostName": str, "satelliteName": str}  # fmt: skip
    wrong = [
        *differences(pools, {"virtualAccounts": [POOL], "currentPage": int, "pageSize": int, "totalPages": int, "totalRows": int}),
        *differences(made, {"tokenInfo": [TOKEN]}),
        *differences(usage, {"totalRecords": int, "licenses": [{**LICENCE, "licenseDetails": [detail]}]}),
        *differences(alerts, {"totalRecords": int, "alerts": [alert]}),
        *differences(script.post(f"{ONE}/device/get-usage", {}), {"devices": [USAGE]}),
    ]  # fmt: skip
    same = [
        (f"{ONE}/virtual-account/Spare/token/list", f"{first}/virtual-accounts/Spare/tokens"),
        (f"{ONE}/virtual-account/Spare/device/search", f"{first}/virtual-accounts/Spare/devices"),
        (f"{B}/licensing/v2/accounts/{ACCOUNT}/devices?virtualAccountName=Spare", f"{first}/virtual-accounts/Spare/devices"),
    ]  # fmt: skip

    assert wrong == []
    assert len(pools["virtualAccounts"]) == min(2, pools["totalRows"] - 1)
    assert [one["entitled_quantity"] for line in usage["licenses"] for one in line["licenseDetails"]]
    assert "Spare" in {one["virtualAccount"] for one in alerts["alerts"]}
    assert [script.get(one) == script.get(other) for one, other in same] == [True, True, True]
    terms = {"status": ["Active"]}
    assert script.post(f"{ONE}/licenses/subscription-usage", terms) == script.post(f"{first}/license-subscriptions", terms)  # fmt: skip


@pytest.mark.row("C3.1", "C3.2")
def test_a_summary_counts_what_is_reserved_as_in_use(script: Script, vendor: World) -> None:
    """By tag, of an account or of one virtual account that headers name; the nonce comes back, days are written out."""
    one = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 1}]}
    script.post(f"{ONE}/virtual-account/Spare/licenses/reserve", {"reservationRequests": [one]})
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    spare = {one["virtualAccountName"]: one["virtualAccountId"] for one in script.get(f"{DMS}/{ACCOUNT}/virtualaccounts")["data"]}["Spare"]  # fmt: skip
    named = {"X_CSW_SMART_ACCOUNT_ID": number, "X_CSW_VIRTUAL_ACCOUNT_ID": spare}
    body = {"data": {"timestamp": 1, "nonce": "n-1", "tags": []}}
    _, old = ask(script, "POST", f"{B}/licensing/v2/get-summary", body, **named)
    _, new = ask(script, "POST", f"{CLOUD}/v3/licenses/summary", body, **named)
    _, chosen = ask(script, "POST", f"{B}/licensing/v3/get-summary-by-tag", {"data": {"tags": ["ADVANTAGE"]}}, **named)
    _, whole = ask(script, "POST", f"{B}/licensing/v2/get-summary", body, X_CSW_SMART_ACCOUNT_ID=number)
    head = {"status": re.compile("SUCCESS"), "message_code": None, "message": str, "timestamp": int, "nonce": re.compile("n-1"), "out_standing_reports": int}  # fmt: skip
    known = {"tag": str, "compliance_status": re.compile("In Compliance|Out Of Compliance"), "display_name": str, "enforced": bool, "export_restricted": bool}  # fmt: skip
    term = {"quantity": int, "start_date": (SHORT_DAY, None), "end_date": (SHORT_DAY, None), "subscription_id": str, "license_type": str}  # fmt: skip
    v2 = {**known, "entitled": int, "future_entitled": int, "inuse": int, "reserved": int, "license_details": [term]}
    v3 = {**known, "prepaid_entitled": int, "prepaid_inuse": int, "prepaid_reserved": int, "prepaid_future_entitled": int, "license_details": [{**term, "billing_type": re.compile("PREPAID|USAGE"), "postpaid_usage": int, "status": str, "billing_model": str}]}  # fmt: skip
    wrong = [*differences(old, {**head, "summary": [v2]}), *differences(new, {**head, "summary": [v3]})]
    found = {entry["tag"]: entry for entry in old["summary"]}
    table = vendor.licence("ADVANTAGE", pool="Spare")

    assert wrong == []
    assert (found["ADVANTAGE"]["inuse"], found["ADVANTAGE"]["reserved"]) == (3, 1)
    assert found["ADVANTAGE"]["entitled"] - found["ADVANTAGE"]["inuse"] == table["balance"]
    assert found["ESSENTIALS"]["license_details"][-1]["end_date"] == "2029-Dec-31"
    assert [entry["tag"] for entry in chosen["summary"]] == ["ADVANTAGE"]
    assert {entry["tag"] for entry in whole["summary"]} >= {entry["tag"] for entry in old["summary"]}


@pytest.mark.row("C7.1", "C1.1")
def test_a_device_is_found_in_all_accounts_that_the_caller_sees_and_in_no_other(script: Script, vendor: World) -> None:
    """By product and serial number, or by one of them; what others have is not found, nor is what contradicts."""
    search = f"{B}/licensing/v2/device/search"
    found = script.get(f"{search}?udi_pid=SW-48&udi_serial_number=sn1")
    by_serial = script.get(f"{search}?udi_serial_number=SN2")
    other = script.get(f"{search}?udi_pid=OTHER&udi_serial_number=SN1")
    none = ask(script, "GET", f"{search}?host_identifier=NA")
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("user", "add", "eve", "--role", "account_administrator", "--account", "other.example")
    client = vendor.central("api-client", "create", "--user", "eve")
    secrets = {one: client[one] for one in ("client_id", "client_secret")}
    _, _, answer = call(script.app, "POST", "/oauth/token", json.dumps({"grant_type": "client_credentials", **secrets}).encode())  # fmt: skip
    eve = Script(script.app, client, json.loads(answer)["access_token"])
    line = {"license": str, "description": str, "quantity": int, "utility": bool, "display_name": str, "compliance_status": str, "subscription_id": str, "end_date": (SHORT_DAY, None)}  # fmt: skip
    place = {"name": str, "domain": str, "account_id": DIGITS, "virtual_account_name": re.compile("Spare"), "virtual_account_id": DIGITS, "default": bool}  # fmt: skip
    one = {"sudi": SNAKE, "software_tag": str, "last_contact_date": str, "account": place, "licenses": [line]}

    assert [*differences(found, {"status": re.compile("COMPLETE"), "message": NOTHING, "data": [one]})] == []
    assert [(one["sudi"]["udi_serial_number"], one["licenses"][0]["quantity"]) for one in found["data"]] == [("SN1", 2)]
    assert [one["licenses"][0]["compliance_status"] for one in by_serial["data"]] == ["Out Of Compliance"]
    assert (other["data"], other["message_code"]) == ([], "NO_DATA_FOUND")
    assert none[0] == 400
    assert eve.get(f"{search}?udi_pid=SW-48&udi_serial_number=SN1")["data"] == []


@pytest.mark.row("C3.3")
def test_subscriptions_are_searched_over_accounts(script: Script) -> None:
    """By domain or number; each subscription with its virtual accounts; an account of others is unknown."""
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    asked = {"source": "CCW", "smartAccount": [{"domain": ACCOUNT}, {"smartAccountId": int(number)}], "additionalParams": []}  # fmt: skip
    found = script.post(f"{CLOUD}/v1/subscription/search", asked)
    unknown = ask(script, "POST", f"{CLOUD}/v1/subscription/search", {"smartAccount": [{"domain": "no.example"}]})
    offers = found["offerDetails"]

    assert (found["source"], offers[0]) == ("ESM", offers[1])
    assert [one["subRefId"] for one in offers[0]["subscriptions"]] == ["SUB-1"]
    assert [one["virtualAccountName"] for one in offers[0]["subscriptions"][0]["vaDetails"]] == ["Spare"]
    assert (unknown[0], unknown[1]["status"]) == (400, "ERROR")


@pytest.mark.row("C6.1", "C6.3", "C7.3")
def test_a_reservation_is_made_updated_confirmed_and_returned_at_the_newer_addresses(vendor: World) -> None:
    """In several virtual accounts at once; the device installs the new code, confirms it, and is removed with its code."""
    script = _script(vendor)
    device = vendor.unregistered("AIR-1", "central")
    request = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    wanted = {"reservationCode": request, "reservationType": "SPECIFIC", "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 3}]}  # fmt: skip
    places = [{"name": "Spare", "reservationRequests": [wanted]}, {"name": "Site", "reservationRequests": [wanted]}]
    v2 = f"{B}/licensing/v2/account/{ACCOUNT}"
    made = script.post(f"{v2}/licenses/reserve-bulk", {"virtualAccounts": places, "forSingleVirtualAccount": False})
    device.reserve_install(made["authorizationCodes"][0]["authorizationCode"])
    root, at = f"{B}/licensing/v2/accounts/{ACCOUNT}/licenses", "virtualAccountName=Spare"
    sudi = {"udiPid": "SW-48", "udiSerialNumber": "AIR-1"}
    lower = {"sudi": sudi, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 1}]}
    updated = script.post(f"{root}/update?{at}", {"reservationUpdateRequests": [lower]})
    second = script.post(f"{root}/update?{at}", {"reservationUpdateRequests": [lower]})
    device.reserve_install(updated["autorizationCodes"][0]["authorizationCode"])
    code = device.reserve_confirmation()
    confirmation = {"sudi": sudi, "productTagName": None, "confirmationCode": code}
    wrong = script.post(f"{root}/confirm?{at}", {"reservationConfirmationRequests": [{**confirmation, "confirmationCode": "1fc54c75"}]})  # fmt: skip
    confirmed = script.post(f"{root}/confirm?{at}", {"reservationConfirmationRequests": [confirmation]})

    assert [one["status"] for one in made["authorizationCodes"]] == ["SUCCESS", "ERROR"]
    assert [*differences(updated["autorizationCodes"][0], {"status": str, "sudi": dict, "authorizationCode": str, "reservationCode": str, "licenses": [{"quantity": int, "name": str}]})] == []  # fmt: skip
    assert [one["quantity"] for one in updated["autorizationCodes"][0]["licenses"]] == [1]
    assert (second["status"], second["autorizationCodes"][0]["authorizationCode"]) == ("ERROR", None)
    assert (wrong["status"], wrong["data"]["status"]) == ("ERROR", "ERROR")
    assert (confirmed["data"]["statusMessage"], confirmed["statusMessage"]) == ("Update confirmed", "1 update requests processed successfully")  # fmt: skip
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 1
    gone = {"productInstancesRemoveRequests": [{"sudi": sudi, "returnCode": device.reserve_return()}]}
    removed = script.post(f"{B}/licensing/v3/accounts/{ACCOUNT}/devices/remove?{at}", gone)
    assert (removed["status"], vendor.licence("ADVANTAGE", pool="Spare")["reserved"]) == ("SUCCESS", 0)


AUTHORIZED = {"product_instance_identifier": str, "sudi": {"udi_pid": str, "udi_serial_number": str}, "auth_status": [], "status": re.compile("SUCCESS|FAILED"), "status_message": str, "correlation_id": str}  # fmt: skip


@pytest.mark.row("C6.1", "C6.3", "C6.8")
def test_devices_are_authorized_by_a_submission_and_a_poll(vendor: World) -> None:
    """One that fits, one that is too much: both are in the poll; the same submission again gives the same number."""
    script = _script(vendor)
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    pools = script.get(f"{DMS}/{ACCOUNT}/virtualaccounts")["data"]
    spare = {one["virtualAccountName"]: one["virtualAccountId"] for one in pools}["Spare"]
    named = {"X_CSW_SMART_ACCOUNT_ID": number, "X_CSW_VIRTUAL_ACCOUNT_ID": spare}

    def entry(serial: str, count: str, **more: object) -> dict[str, Any]:
        sudi = {"udi_pid": "C9K", "udi_serial_number": serial, "uuid": "NA"}
        keys = [{"entitlement": "ADVANTAGE", "count": count}] if count else []
        return {"sudi": sudi, "software_tag_identifier": "PX", "hostname": None, "keys": keys, **more}

    def submit(nonce: str, *entries: dict[str, Any], path: str = f"{CLOUD}/v2/devices/authrequest") -> dict[str, Any]:
        body = {"data": {"timestamp": 1, "nonce": nonce, "license_pool_id": None, "licenses": [*entries]}}
        status, found = ask(script, "POST", path, body, **named)
        assert status == 202, found
        return dict(found)

    def poll(submitted: dict[str, Any], path: str = f"{CLOUD}/v2/accounts/poll") -> dict[str, Any]:
        return script.post(path, {"data": {"nonce": "p", "poll_id": submitted["poll_id"], "type": "authorizations"}})

    first = submit("n-1", entry("S1", "2"), entry("S2", "99"))
    again = submit("n-1", entry("S1", "2"), entry("S2", "99"))
    found = poll(first)
    newer = poll(first, f"{B}/licensing/v2/poll")
    raised = poll(submit("n-2", entry("S1", "3"), path=f"{B}/licensing/v2/device/request-auth-codes"))
    good, bad = found["data"]["authorizations"]
    stranger = ask(script, "POST", f"{CLOUD}/v2/accounts/poll", {"data": {"poll_id": "1"}})
    unplaced = ask(script, "POST", f"{CLOUD}/v2/devices/authrequest", {"data": {"licenses": [entry("S3", "1")]}}, X_CSW_SMART_ACCOUNT_ID=number)  # fmt: skip
    strange = poll(submit("n-3", entry("S9", "", remove_code="x")))["data"]["authorizations"][0]
    twin, vague = entry("S1", "1"), entry("S1", "1")
    twin["sudi"]["udi_pid"] = "C9L"
    submit("n-5", twin)
    del vague["sudi"]["udi_pid"]
    two = poll(submit("n-4", entry("S1", "", remove_code=RETURN), vague))["data"]["authorizations"]
    returned = two[0]

    assert (first["status"], first["action"], again["poll_id"]) == ("OK_POLL", "authorizations", first["poll_id"])
    assert first["poll_id"] > 2**53
    assert [*differences(found, {"status": re.compile("COMPLETE"), "message": NOTHING, "data": {"authorizations": [AUTHORIZED]}})] == []  # fmt: skip
    assert newer["data"]["license_data"] == found["data"]["authorizations"]
    assert base64.b64decode(good["smart_license"]).startswith(b"<?xml")
    assert (good["status"], good["error_code"]) == ("SUCCESS", None)
    assert (bad["status"], bad["smart_license"], bad["error_code"]) == ("FAILED", None, "ERROR_ALL_COUNTS_IN_USE")
    assert raised["data"]["authorizations"][0]["status"] == "SUCCESS"
    assert (stranger[0], stranger[1]["message_code"]) == (400, "INVALID_POLL_ID")
    assert (unplaced[0], unplaced[1]["status"]) == (400, "ERROR")
    assert (strange["status"], strange["error_code"]) == ("FAILED", "UNKNOWN_RESERVATION")
    assert (returned["status"], returned["smart_license"]) == ("SUCCESS", None)
    assert (two[1]["status"], two[1]["error_code"]) == ("FAILED", "AMBIGUOUS_DEVICE")
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 1
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.2")
def test_a_program_learns_which_licences_a_product_may_reserve(script: Script) -> None:
    """What is for any product is listed for each; a restricted licence is marked; without a product nothing is asked."""
    found = script.post(f"{B}/licensing/v1/search-slr-details", {"softwareTags": ["PX", "PX", "OTHER"]})
    none = ask(script, "POST", f"{B}/licensing/v1/search-slr-details", {})
    one = {"type": re.compile("SPECIFIC"), "entitlementTag": str, "displayName": str, "exportControlled": bool}

    assert [*differences(found, {"data": [{"softwareTag": str, "entitlements": [one]}]})] == []
    assert [row["softwareTag"] for row in found["data"]] == ["PX", "OTHER"]
    assert {"ADVANTAGE", "ESSENTIALS"} <= {row["entitlementTag"] for row in found["data"][0]["entitlements"]}
    assert none[0] == 400


def _payload(report: int, tag: str, *measured: tuple[int, int, str], **more: object) -> str:
    measurements = [
        {"metric_name": "ENTITLEMENT", "start_time": start, "end_time": end, "value": {"type": "COUNT", "value": count}}
        for start, end, count in measured
    ]
    asset = {"report_id": report, "asset": {"name": "PX"}, "instance": {"sudi": {"udi_pid": "C9K"}}}
    meta = {"entitlement_tag": tag, "utility_enabled": "FALSE"}
    return json.dumps({"version": "2.0", "asset_identification": asset, "meta": meta, "measurements": measurements, **more})  # fmt: skip


def _saved(report: int, *measured: tuple[int, int, str]) -> str:
    """A usage report as a device saves it, in base64."""
    inner = json.dumps(
        {"payload": _payload(report, "ADVANTAGE", *measured), "header": {"type": "rum"}, "signature": {}}
    )
    return _coded(f'<?xml version="1.0"?><smartLicense><RUMReport><![CDATA[{inner}]]></RUMReport></smartLicense>')


def _coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


NO_REPORTS = (
    "no base64", _coded("not XML"), _coded("<smartLicense/>"), _coded("<RUMReport>{</RUMReport>"), _coded("<RUMReport>[]</RUMReport>"),
    _coded('<!DOCTYPE a [<!ENTITY b "c">]><RUMReport>&b;</RUMReport>'), 5, None,
)  # fmt: skip


@pytest.mark.row("S4.6", "C3.6")
def test_usage_reports_of_other_devices_are_booked_once(vendor: World) -> None:
    """The highest count of the month is listed; a report that comes again is refused; what cannot be read changes nothing."""
    script = _script(vendor)
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    pools = script.get(f"{DMS}/{ACCOUNT}/virtualaccounts")["data"]
    spare = {one["virtualAccountName"]: one["virtualAccountId"] for one in pools}["Spare"]
    named = {"X_CSW_SMART_ACCOUNT_ID": number, "X_CSW_VIRTUAL_ACCOUNT_ID": spare}
    path, now = f"{CLOUD}/v2/devices/reportusage", 1_800_000_000

    def submit(*payloads: object, path: str = path) -> tuple[int, Any]:
        usage = [{"payload": one, "signature": {"value": "x"}, "is_ha": None, "errors": None} for one in payloads]
        sudi = {"udi_pid": "C9K", "udi_serial_number": "S1"}
        report = {"sudi": sudi, "software_tag_identifier": "PX", "hostname": "h", "usage": usage, "locale": None}
        return ask(script, "POST", path, {"data": {"timestamp": 1, "nonce": "n", "reports": [report]}}, **named)

    start = int(datetime(2026, 1, 2, tzinfo=UTC).timestamp())
    measured = _payload(now, "ADVANTAGE", (start, start + 3600, "3"), (start + 3600, start + 7200, "2"))
    status, first = submit(measured, _payload(now, "NO-SUCH", (start, start + 60, "1")), _payload(7, "ADVANTAGE"))
    found = script.post(f"{CLOUD}/v2/accounts/poll", {"data": {"poll_id": first["poll_id"], "type": "authorizations"}})
    again = submit(measured)
    newer = submit(_payload(now + 1, "ADVANTAGE", (start + 7200, start + 9000, "4")), path=f"{B}/licensing/v2/report-usage")  # fmt: skip
    xml = [_saved(now + 2, (start + 9000, start + 9600, "5")), _saved(now + 2, (start, start + 60, "9"))]
    legacy, before = f"{B}/licensing/v2/report-usage-legacy", {"udi_pid": "C9K", "udi_serial_number": "S1"}
    sent = [
        ask(script, "POST", legacy, {"reports": [{"sudi": before, "licenses": one}]}, **named)
        for one in (*xml, *NO_REPORTS)
    ]
    listed = vendor.central("usage", "list", ACCOUNT)["items"]
    bad = [submit(one) for one in ("{", 5, "[]", _payload(9, "ADVANTAGE", (5, 1, "1")), _payload(9, "ADVANTAGE", (start, start + 1, "-1")), _payload(9, ""))]  # fmt: skip
    one = found["data"]["acknowledgements"][0]
    states = re.findall(r'tag="([^"]+)" state="([^"]+)"', base64.b64decode(one["smart_license"]).decode())

    assert (status, first["status"], first["action"]) == (202, "OK_POLL", "acknowledgements")
    assert [*differences(one, {"sudi": {"udi_pid": str}, "software_tag_identifier": re.compile("PX")})] == []
    assert states == [("ADVANTAGE", "booked"), ("NO-SUCH", "unknown_licence"), ("ADVANTAGE", "booked")]
    assert (again[0], again[1]["status"], bool(again[1]["message"])) == (400, "FAILED", True)
    assert newer[0] == 202
    assert [one[0] for one in sent] == [202, *[400] * (1 + len(NO_REPORTS))]
    assert (sent[0][1]["action"], sent[1][1]["message_code"]) == ("acknowledgements", "DUPLICATE_REPORT")
    assert [(row["virtual_account"], row["tag"], row["month"], row["count"], row["devices"]) for row in listed] == [
        ("Spare", "ADVANTAGE", "2026-01", 5, 1)
    ]
    assert [(answer[0], answer[1]["status"]) for answer in bad] == [(400, "ERROR")] * 6
    assert vendor.central("usage", "list", ACCOUNT)["items"] == listed


@pytest.mark.row("S4.6", "C1.3")
def test_a_usage_report_about_a_device_of_a_satellite_is_left_to_the_satellite(site: World) -> None:
    """Central is told by the site's signed file what is used there; nobody's unsigned report adds to it."""
    script = _script(site)
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    pools = script.get(f"{DMS}/{ACCOUNT}/virtualaccounts")["data"]
    managed = {one["virtualAccountName"]: one["virtualAccountId"] for one in pools}["Site"]
    usage = [{"payload": _payload(1, "ADVANTAGE", (1_767_312_000, 1_767_315_600, "3"))}]
    report = {"sudi": {"udi_pid": "C9K", "udi_serial_number": "S1"}, "usage": usage}
    named = {"X_CSW_SMART_ACCOUNT_ID": number, "X_CSW_VIRTUAL_ACCOUNT_ID": managed}
    status, answer = ask(script, "POST", f"{CLOUD}/v2/devices/reportusage", {"data": {"reports": [report]}}, **named)

    assert (status >= 400, "satellite North" in str(answer)) == (True, True)
    assert site.central("usage", "list", ACCOUNT)["items"] == []


@pytest.mark.row("C7.3", "C3.1", "C6.3", "C10.1")
def test_devices_are_removed_by_a_submission_and_the_rest_of_an_account_is_told(script: Script, vendor: World) -> None:
    """Each has its own outcome in the poll, what fits several until others are gone too, and the same again removes nothing more.

    Policy and figures of the account are told.
    """
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    named = {"X_CSW_SMART_ACCOUNT_ID": number}
    wanted = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 1}]}
    pool = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare"
    held = script.post(f"{pool}/reserve-licenses", {"reservationRequests": [wanted]})["authorizationCodes"][0]["sudi"]
    devices = [{"sudi": {"udi_pid": "SW-48", "udi_serial_number": one}} for one in ("SN1", "SN9", "SN1")]
    devices += [{"sudi": {"udi_pid": "SW-48"}}, {"sudi": held}]
    body = {"data": {"timestamp": 1, "nonce": "n", "devices": devices}}
    status, first = ask(script, "POST", f"{B}/licensing/v2/device/remove", body, **named)
    _, again = ask(script, "POST", f"{B}/licensing/v2/device/remove", body, **named)
    assert (status, first["action"], again["poll_id"]) == (202, "remove_status", first["poll_id"])
    found = script.post(f"{B}/licensing/v2/poll", {"data": {"poll_id": first["poll_id"]}})["data"]
    assert [(one["status"], one["error_code"]) for one in found["license_data"]] == [
        ("SUCCESS", None), ("FAILED", "UDI_NOT_FOUND"), ("FAILED", "AMBIGUOUS_DEVICE"), ("FAILED", "UDI_LICENSES_RESERVED"),
    ]  # fmt: skip
    assert found["remove_status"] == found["license_data"]
    left = [row["serial"] for row in vendor.central("instances", ACCOUNT)["items"]]
    assert sorted(left) == sorted(["SN2", held["udiSerialNumber"]])

    _, policy = ask(script, "GET", f"{B}/licensing/v2/account-policy", **named)
    read = base64.b64decode(policy["policy"])
    assert read.startswith(
        b'<?xml version="1.0" encoding="UTF-8"?><smartLicensePolicy><policyCode>PERIGEE</policyCode><name>'
    )
    _, past = ask(script, "POST", f"{B}/licensing/v2/get-history", {"data": {"tags": ["ESSENTIALS"]}}, **named)
    [line] = past["data"]
    assert (line["tag"], line["billing_type"], line["history"][0]["inUse"]) == ("ESSENTIALS", "PREPAID", 9)
    assert len(line["history"]) == 1
    vendor.central("catalogue", "import", vendor.file("feed.csv", "kind,tag,name\nentitlement,FEED,Feed\n"))
    billing = "virtual_account,tag,quantity,billing\nSpare,FEED,1,usage\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("billing.csv", billing))
    _, billed = ask(script, "POST", f"{B}/licensing/v2/get-history", {"data": {"tags": ["FEED"]}}, **named)
    assert [one["billing_type"] for one in billed["data"]] == ["USAGE"]
    older = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/alerts", {"severity": ["major"]})
    assert older == script.post(f"{ONE}/get-alerts", {"severity": ["major"]})
    for path in ("update-slr", "confirm-slr-update"):
        status, _ = ask(script, "POST", f"{ONE}/virtual-account/Spare/licenses/{path}", {})
        assert status == 400
