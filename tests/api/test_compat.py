"""Existing automation against central: the calls, bodies and shapes that scripts in the field use."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import select

from central.app import make_app
from central.domain.access.models import User
from central.domain.credentials.models import TwoStep
from central.runtime import open_central
from serverkit.actor import SYSTEM
from serverkit.settings import ServerSettings
from tests.api.callers import Api
from tests.served import cheap_hashes
from tests.world import ACCOUNT, App, World, call

CLOUD = "/services/api/smart-accounts-and-licensing"
DOUBLED = "//services/api/services/api/smart-accounts-and-licensing"
APPLIANCE = "/api"
BACKEND = "/backend/api"


@dataclass
class Script:
    """A script with an API client; `get` and `post` return what it would parse."""

    app: App
    client: dict[str, Any]
    token: str = ""

    def ask(self, method: str, path: str, body: object = None, *, raw: bytes | None = None) -> tuple[int, bytes]:
        """Send a request as the scripts do: the path as it stands, `null` where there is no body."""
        data = raw if raw is not None else json.dumps(body).encode()
        path, _, query = path.partition("?")
        target = quote(path) + (f"?{query}" if query else "")
        status, _, answer = call(
            self.app, method, path if "%" in path else target, data, {"Authorization": f"Bearer {self.token}"}
        )
        return status, answer

    def get(self, path: str) -> dict[str, Any]:
        """A GET that succeeds."""
        status, answer = self.ask("GET", path)
        assert status == 200, answer
        found: dict[str, Any] = json.loads(answer)
        return found

    def post(self, path: str, body: object = None, status: int = 200) -> dict[str, Any]:
        """A POST that is answered with `status`."""
        got, answer = self.ask("POST", path, body)
        assert got == status, answer
        found: dict[str, Any] = json.loads(answer)
        return found


def call_path(app: App, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> tuple[int, Any]:
    """POST and parse."""
    status, _, answer = call(app, "POST", path, body, headers)
    return status, json.loads(answer) if answer else None


def _script(vendor: World) -> Script:
    vendor.central("user", "add", "robot", "--role", "account_administrator", "--account", ACCOUNT)
    client = vendor.central("api-client", "create", "--user", "robot")
    made = Script(make_app(open_central(vendor.folder / "central")), client)
    parameters = {"grant_type": "client_credentials", **{k: client[k] for k in ("client_id", "client_secret")}}
    _, answer = call_path(made.app, "/oauth/token", urlencode(parameters).encode())
    made.token = answer["access_token"]
    return made


@pytest.fixture
def script(vendor: World) -> Script:
    """A program of an account administrator."""
    return _script(vendor)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Script:
    """The same at a central that stands for many calls: none of them leaves anything behind."""
    world = World(tmp_path_factory.mktemp("standing"))
    world.found_central()
    return _script(world)


@pytest.mark.row("C12.4")
@pytest.mark.parametrize(
    "path", ["/oauth/token", "/backend/oauth/token", "/as/token.oauth2", "/oauth2/default/v1/token"]
)
@pytest.mark.parametrize("how", ["form", "query", "json"])
def test_a_client_gets_a_token_at_every_address_however_it_sends_its_parameters(
    standing: Script, path: str, how: str
) -> None:
    """Form, query and JSON are taken alike; the life is a number and long enough not to be renewed at every call."""
    values = {
        "grant_type": "client_credentials",
        "client_id": standing.client["client_id"],
        "client_secret": standing.client["client_secret"],
    }
    target, body = path, b""
    if how == "query":
        target = f"{path}?{urlencode(values)}"
    else:
        body = json.dumps(values).encode() if how == "json" else urlencode(values).encode()
    status, answer = call_path(standing.app, target, body)

    assert status == 200
    assert answer["token_type"] == "Bearer"
    assert isinstance(answer["expires_in"], int)
    assert answer["expires_in"] > 300


@pytest.mark.row("C12.4")
def test_wrong_credentials_get_the_error_that_clients_look_for(script: Script, vendor: World) -> None:
    """Unknown client 401 invalid_client, wrong password 400, wrong or revoked token an empty 401."""
    values = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    unknown = call_path(script.app, "/oauth/token", urlencode(values).encode())
    good = {"client_id": script.client["client_id"], "client_secret": script.client["client_secret"]}
    person = {"grant_type": "password", **good, "username": "robot", "password": "wrong"}
    password = call_path(script.app, "/oauth/token", urlencode(person).encode())
    doubled = urlencode([*values.items(), *good.items()]).encode()
    twice = [call_path(script.app, "/oauth/token", body) for body in (doubled, b'{"client_id":"a","client_id":"b"}')]
    raw = b'{"status":["Active"],"status":[]}'
    both = script.ask("POST", f"{CLOUD}/v1/accounts/{ACCOUNT}/license-subscriptions", raw=raw)
    vendor.central("api-client", "revoke", script.client["client_id"])
    revoked = script.ask("GET", f"{CLOUD}/v2/accounts")

    assert unknown == (401, {"error": "invalid_client"})
    assert password[0] == 400
    assert [(status, answer["error"]) for status, answer in twice] == [(400, "invalid_request")] * 2
    assert both[0] == 400
    assert revoked == (401, b"")


@pytest.mark.row("C12.4")
def test_a_person_signs_in_with_name_and_password(script: Script, vendor: World) -> None:
    """The password grant acts as the person, not as the client."""
    vendor.central(
        "user", "add", "ann", "--role", "virtual_account_user", "--account", ACCOUNT, "--virtual-account", "Spare"
    )
    vendor.central("user", "password", "ann", "--password-file", vendor.file("pw", "correct horse battery\n"))
    body = {
        "grant_type": "password",
        "client_id": script.client["client_id"],
        "client_secret": script.client["client_secret"],
        "username": "ann",
        "password": "correct horse battery",
    }
    status, answer = call_path(script.app, "/oauth/token", json.dumps(body).encode())
    ann = Script(script.app, script.client, answer["access_token"])
    seen = ann.get(f"{APPLIANCE}/v1/accounts/{ACCOUNT}/virtual-accounts")["virtualAccounts"]

    assert status == 200
    assert [va["name"] for va in seen] == ["Spare"]
    assert ann.ask("POST", f"{CLOUD}/v1/accounts/{ACCOUNT}/CUSTOMER/virtual-accounts", {"name": "Mine"}) == (403, b"")


@pytest.mark.row("C1.1")
@pytest.mark.parametrize("base", [CLOUD, DOUBLED])
def test_a_script_finds_its_accounts(script: Script, base: str) -> None:
    """Both searches answer with the names that either kind of client reads, and with numeric ids."""
    mine = script.get(f"{base}/v2/accounts/")["accounts"]
    found = script.get(f"{base}/v1/accounts/search?domain=customer&limit=1000&offset=0")
    ids = script.get(f"{base}/v2/accounts/search?domain={ACCOUNT}")["accounts"][0]

    assert mine[0]["accountDomain"] == ACCOUNT
    assert mine[0]["roles"] == [{"role": "Smart Account Administrator"}]
    assert found["totalRecords"] == 1
    assert found["accounts"][0]["domain"] == found["accounts"][0]["accountDomain"] == ACCOUNT
    assert isinstance(found["accounts"][0]["id"], int)
    assert ids["account_id"] == str(found["accounts"][0]["id"])
    assert {va["name"] for va in ids["virtual_accounts"]} == {"DEFAULT", "Site", "Spare"}


@pytest.mark.row("C1.2")
@pytest.mark.parametrize("kind", ["/CUSTOMER", "/customer", ""])
@pytest.mark.parametrize("base", [CLOUD, APPLIANCE, BACKEND])
def test_virtual_accounts_are_listed_made_and_deleted(standing: Script, base: str, kind: str) -> None:
    """With or without the segment of the kind; flags are texts; a full one is not deleted."""
    root = f"{base}/v1/accounts/{ACCOUNT}{kind}/virtual-accounts"
    made = standing.post(root, {"name": "Lab East", "description": "a lab"})
    listed = {va["name"]: va for va in standing.get(root)["virtualAccounts"]}
    refused = standing.post(f"{root}/Site/delete", None, 400)
    gone = standing.post(f"{root}/Lab East/delete")
    after = {va["name"] for va in standing.get(root)["virtualAccounts"]}

    assert made == {"status": "SUCCESS", "statusMessage": "Operation Successful"}
    assert listed["DEFAULT"]["isDefault"] == "true"
    assert listed["Lab East"]["isDefault"] == listed["Lab East"]["isSatellite"] == "false"
    assert refused["status"] == "ERROR"
    assert gone["status"] == "SUCCESS"
    assert "Lab East" not in after


@pytest.mark.row("C1.2")
def test_the_appliance_form_takes_the_accounts_name(script: Script) -> None:
    """Scripts of the appliance form begin with the list of local accounts and go on with the name."""
    accounts = script.post(f"{BACKEND}/v1/upstream_satellites/accounts")["accounts"]
    listed = script.get(f"{BACKEND}/v1/accounts/{accounts[0]['name']}/virtual-accounts")

    assert accounts[0]["domain"] == ACCOUNT
    assert len(listed["virtualAccounts"]) == 3


@pytest.mark.row("C2.2", "C2.3")
def test_a_token_is_made_listed_used_and_revoked(script: Script, vendor: World) -> None:
    """The token registers a device; after its revocation the list is empty and it registers nothing."""
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/CUSTOMER/virtual-accounts/Spare/tokens"
    made = script.post(root, {"description": "ci", "expiresAfterDays": 3, "exportControlled": "ALLOWED", "limit": 50})
    token = made["tokenInfo"]["token"]
    listed = script.get(root)["tokens"]
    vendor.device("SN1", "central", token)
    revoked = script.post(f"{root}/revoke", {"tokens": [token, "nonsense"]})

    assert made["tokenInfo"]["exportControl"] == "Allowed"
    assert made["tokenInfo"]["expirationDate"].endswith("Z")
    assert [row["token"] for row in listed] == [token]
    assert revoked["status"] == "WARNING"
    assert [one["status"] for one in revoked["tokensRevokeStatus"]] == ["SUCCESS", "ERROR"]
    assert script.get(root)["tokens"] == []
    with pytest.raises(Exception, match="cannot register a device"):
        vendor.device("SN2", "central", token)


@pytest.mark.both_databases
@pytest.mark.row("C3.1", "C3.4")
def test_usage_shows_each_licence_of_each_virtual_account(script: Script, vendor: World) -> None:
    """Figures, status in the exact letters, and the lots behind them; paging in the body counts records."""
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ADVANTAGE", 12)
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/licenses"
    everything = script.post(root, {"virtualAccounts": []})
    one = script.post(root, {"virtualAccounts": ["Spare"], "limit": 50, "offset": 0})
    paged = script.post(root, {"limit": 1, "offset": 1})
    licence = one["licenses"][0]

    assert everything["totalRecords"] == 3
    assert one["totalRecords"] == 1
    assert (licence["license"], licence["quantity"], licence["inUse"], licence["available"]) == (
        "Advantage",
        10,
        12,
        -2,
    )
    assert licence["status"] == "Out Of Compliance"
    assert licence["billingType"] == "PREPAID"
    assert licence["licenseDetails"][0]["quantity"] == 10
    assert licence["licenseDetails"][0]["licenseType"] == "PERPETUAL"
    assert len(paged["licenses"]) == 1
    assert paged["totalRecords"] == 3


@pytest.mark.both_databases
@pytest.mark.row("C3.4")
def test_subscriptions_are_the_terms_with_dates_and_quantity_as_text(script: Script, vendor: World) -> None:
    """Every field that a strict client demands is there."""
    rows = (
        "virtual_account,tag,quantity,type,start,end,subscription_id\n"
        "Spare,ESSENTIALS,5,term,2026-01-01,2027-12-31,SUB-1\n"
    )
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", rows))
    found = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/license-subscriptions", {"status": ["Active"]})

    assert found["totalRecords"] == 1
    assert found["licenseSubscriptions"][0] == {
        "virtualAccount": "Spare",
        "license": "Essentials",
        "billingType": "PREPAID",
        "quantity": "5",
        "startDate": "2026-01-01T00:00:00Z",
        "endDate": "2027-12-31T23:59:59Z",
        "status": "Active",
        "subscriptionId": "SUB-1",
    }


@pytest.mark.both_databases
@pytest.mark.row("C4.1")
def test_licences_move_between_virtual_accounts_and_the_sum_stays(script: Script, vendor: World) -> None:
    """What is free moves; what is in use does not; each entry has its own outcome."""
    vendor.device("SN1", "central", vendor.token("central", pool="Spare")).use("ADVANTAGE", 4)
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare/licenses/transfer"
    entry = {"license": "Advantage", "licenseType": "PERPETUAL", "targetVirtualAccount": "Site"}
    moved = script.post(root, {"licenses": [{**entry, "quantity": 6}, {**entry, "quantity": 1}]})
    spare, there = (vendor.licence("ADVANTAGE", pool=pool)["purchased"] for pool in ("Spare", "Site"))

    assert moved["status"] == "WARNING"
    assert [one["status"] for one in moved["licensesTransferStatus"]] == ["SUCCESS", "ERROR"]
    assert (spare, there) == (4, 9)
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C7.1", "C7.2")
@pytest.mark.parametrize("base", [CLOUD, APPLIANCE])
def test_devices_are_listed_moved_and_removed(script: Script, vendor: World, base: str) -> None:
    """By product id and serial number; both spellings of the removal list at once remove once."""
    vendor.device("SN1", "central", vendor.token("central", pool="Spare"), product_tag="PX", hostname="edge-1")
    root = f"{base}/v1/accounts/{ACCOUNT}/virtual-accounts"
    listed = script.get(f"{root}/Spare/devices?limit=50&offset=0")
    sudi = listed["devices"][0]["sudi"]
    asked = {"sudi": sudi, "productTagName": "PX", "targetVirtualAccount": "Site"}
    moved = script.post(f"{root}/Spare/devices/transfer", {"productInstances": [asked, asked]})
    there = script.get(f"{root}/Site/devices")["devices"]
    both = {name: [{"sudi": sudi, "productTagName": "PX"}] for name in REMOVAL_NAMES}
    removed = script.post(f"{root}/Site/devices/remove".replace("/v1/", "/v2/"), both)

    assert listed["totalRecords"] == 1
    assert (listed["devices"][0]["instanceName"], sudi["udiSerialNumber"]) == ("edge-1", "SN1")
    assert (moved["successCount"], moved["errorCount"], moved["status"]) == (1, 1, "WARNING")
    assert [device["productTagName"] for device in there] == ["PX"]
    assert removed["status"] == "SUCCESS"
    assert len(removed["removeProductInstancesStatus"]) == 1
    assert script.get(f"{root}/Site/devices")["devices"] == []


REMOVAL_NAMES = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")


REAL_CODE = "CE-ZC9300-48P-4X:XDC240312LB5-A6rZG7jGd-75"
RETURN = "CEL7AU-RaGyRi-dGWrct-Mex5qo-hZbfKf-Pp84Vg-m3QZre-FXjAbH-59J"


@pytest.mark.row("C6.1", "C6.5")
def test_each_request_of_a_reservation_has_its_own_outcome(script: Script, vendor: World) -> None:
    """One that is good, one universal, one mistyped, one too large, one unknown: one entry each, in their order."""
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare"
    one = {"entitlementTag": "ADVANTAGE", "quantity": 4}
    asked = [
        {"reservationCode": REAL_CODE, "reservationType": "SPECIFIC", "licenses": [one]},
        {"reservationCode": "CE-ZX:1-A6rZG7jGd-75", "reservationType": "UNIVERSAL"},
        {"reservationCode": "CP-ZX:1-A6rZG7jGd-zz", "licenses": [one]},
        {"reservationCode": "CE-ZX:2-A6rZG7jGd-75", "licenses": [{**one, "quantity": 7}]},
        {"reservationCode": "CE-ZX:3-A6rZG7jGd-75", "licenses": [{**one, "entitlementTag": "NONE"}]},
    ]
    found = script.post(f"{root}/reserve-licenses", {"reservationRequests": asked})
    none = script.post(f"{root}/reserve-licenses", {"reservationRequests": asked[1:2]})
    devices = script.get(f"{root}/devices")["devices"]
    removed = script.post(f"{root}/devices/remove", {**devices[0], "returnCode": RETURN})

    assert found["status"] == "WARNING"
    assert [entry["reservationCode"] for entry in found["authorizationCodes"]] == [
        entry["reservationCode"] for entry in asked
    ]
    assert [entry["status"] for entry in found["authorizationCodes"]] == ["SUCCESS", *["ERROR"] * 4]
    assert found["authorizationCodes"][0]["authorizationCode"].startswith("<?xml")
    assert none["status"] == "ERROR"
    assert "SPECIFIC" in none["authorizationCodes"][0]["statusMessage"]
    assert [device["sudi"]["udiSerialNumber"] for device in devices] == ["XDC240312LB5"]
    assert removed["status"] == "SUCCESS"
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 0
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C6.1", "C6.5", "C7.2", "C7.5")
def test_what_is_reserved_moves_with_its_device_and_outlives_silence(script: Script, vendor: World) -> None:
    """Nothing else takes it: not a transfer of licences, not a removal without the code, not years of silence."""
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts"
    registration_request = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 4}]}
    script.post(f"{root}/Spare/reserve-licenses", {"reservationRequests": [registration_request]})
    line = {"license": "Advantage", "quantity": 7, "targetVirtualAccount": "Site"}
    taken = script.post(f"{root}/Spare/licenses/transfer", {"licenses": [line]})
    device = script.get(f"{root}/Spare/devices")["devices"][0]
    refused = script.post(f"{root}/Spare/devices/remove", device, 400)
    script.post(f"{root}/Spare/devices/transfer", {"productInstances": [{**device, "targetVirtualAccount": "DEFAULT"}]})
    vendor.central("clock", "advance", "900d")
    vendor.central("jobs", "run", "deadlines")
    here, there = (vendor.licence("ADVANTAGE", pool=pool) for pool in ("Spare", "DEFAULT"))

    assert taken["status"] == "ERROR"
    assert "return_code_needed" in refused["messageCode"]
    assert (here["purchased"], here["reserved"]) == (6, 0)
    assert (there["purchased"], there["reserved"], there["balance"]) == (4, 4, 0)
    assert not {"instance_failed_to_connect", "instance_failed_to_renew"} & set(vendor.alerts())


@pytest.mark.row("C6.8")
def test_a_device_that_registers_under_a_reserving_serial_number_frees_nothing(script: Script, vendor: World) -> None:
    """A serial number is no proof: its instance is one, and what is reserved stays in use."""
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare"
    registration_request = {
        "reservationCode": "CE-ZSW-48:SN7-A6rZG7jGd-75",
        "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 4}],
    }
    script.post(f"{root}/reserve-licenses", {"reservationRequests": [registration_request]})
    vendor.device("SN7", "central", vendor.token("central", pool="Spare"))
    kept = vendor.central("reservation", "list", ACCOUNT)["items"]

    assert [(row["state"], row["held_by_former_key"]) for row in kept] == [("active", True)]
    assert vendor.licence("ADVANTAGE", pool="Spare")["in_use"] == 4
    assert len(vendor.central("instances", ACCOUNT)["items"]) == 1


@pytest.mark.row("C1.3", "C6.1")
def test_nothing_is_reserved_in_a_satellites_virtual_account(script: Script, vendor: World) -> None:
    """The entry says why."""
    vendor.found_satellite()
    registration_request = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 1}]}
    path = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Site/reserve-licenses"
    found = script.post(path, {"reservationRequests": [registration_request]})

    assert found["status"] == "ERROR"
    assert "belongs to satellite North" in found["authorizationCodes"][0]["statusMessage"]


BAD = [
    b"{",
    b"[1]",
    b'"x"',
    b"\xff",
    b"[" * 3000,
    b'{"virtualAccounts":5}',
    b'{"limit":"x"}',
    b'{"virtualAccounts":["No"]}',
]


@pytest.mark.row("C3.1")
@pytest.mark.parametrize("raw", BAD)
def test_a_bad_body_is_answered_with_the_error_envelope(standing: Script, raw: bytes) -> None:
    """Never a 500: 400 or 422 with status ERROR and a sentence."""
    status, answer = standing.ask("POST", f"{CLOUD}/v1/accounts/{ACCOUNT}/licenses", raw=raw)
    body = json.loads(answer)

    assert status in {400, 422}
    assert body["status"] == "ERROR"
    assert body["statusMessage"]


@pytest.mark.row("C1.6")
def test_what_is_not_offered_has_an_empty_404(script: Script) -> None:
    """Unknown addresses below the base, with a token, are 404 without a body; without a token 401."""
    assert script.ask("GET", f"{CLOUD}/v1/nothing") == (404, b"")
    assert script.ask("GET", "/v1/software/apis/licensing/v1/x") == (404, b"")
    assert script.ask("DELETE", f"{CLOUD}/v2/accounts") == (405, b"")
    assert Script(script.app, {}).ask("GET", f"{CLOUD}/v2/accounts") == (401, b"")
    assert Script(script.app, {}, "pca_wrong").ask("GET", f"{CLOUD}/v1/nothing") == (401, b"")


@pytest.mark.row("C3.8", "C4.1")
def test_a_transfer_takes_the_lot_that_it_names(script: Script, vendor: World) -> None:
    """By subscription under either spelling and by the end of the term; a lot that holds fewer is not topped up."""
    rows = (
        "virtual_account,tag,quantity,type,start,end,subscription_id\n"
        "Spare,ESSENTIALS,5,term,2026-01-01,2027-12-31,SUB-1\n"
        "Spare,ESSENTIALS,5,term,2026-01-01,2029-12-31,SUB-2\n"
    )
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", rows))
    line = {"license": "Essentials", "licenseType": "TERM", "quantity": 3, "targetVirtualAccount": "Site"}
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}"
    asked = [
        {**line, "subsriptionId": "SUB-1"},
        {**line, "subscriptionId": "SUB-1"},
        {**line, "endDate": "2029-12-31T23:59:59Z"},
    ]
    moved = script.post(f"{root}/virtual-accounts/Spare/licenses/transfer", {"licenses": asked})
    terms = script.post(f"{root}/license-subscriptions", {"virtualAccounts": ["Site"]})["licenseSubscriptions"]

    assert [one["status"] for one in moved["licensesTransferStatus"]] == ["SUCCESS", "ERROR", "SUCCESS"]
    assert {row["subscriptionId"]: row["quantity"] for row in terms} == {"SUB-1": "3", "SUB-2": "3"}


@pytest.mark.row("C4.1")
def test_a_name_of_two_licences_moves_none_however_the_list_goes(script: Script, vendor: World) -> None:
    """It does not come to mean the second licence once the first one, named by its tag, has left."""
    kinds = "entitlement,TWIN-1,Twin,no\nentitlement,TWIN-2,Twin,no\n"
    vendor.central("catalogue", "import", vendor.file("twins.csv", f"kind,tag,name,restricted\n{kinds}"))
    rows = "virtual_account,tag,quantity,type\nSpare,TWIN-1,5,perpetual\nSpare,TWIN-2,5,perpetual\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("twin-order.csv", rows))
    asked = [{"license": name, "quantity": 5, "targetVirtualAccount": "Site"} for name in ("TWIN-1", "Twin")]
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts"
    moved = script.post(f"{root}/Spare/licenses/transfer", {"licenses": asked})

    assert [one["status"] for one in moved["licensesTransferStatus"]] == ["SUCCESS", "ERROR"]
    assert vendor.licence("TWIN-2", pool="Spare")["purchased"] == 5


@pytest.mark.row("C1.1")
def test_who_may_not_see_an_account_learns_nothing_of_it(script: Script, vendor: World) -> None:
    """An account of others and one that does not exist are answered alike; a reading token shows no token texts."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    tail = "virtual-accounts/DEFAULT/tokens"
    others = script.ask("GET", f"{CLOUD}/v1/accounts/other.example/CUSTOMER/{tail}")
    nobody = script.ask("GET", f"{CLOUD}/v1/accounts/nobody.example/CUSTOMER/{tail}")
    reader = vendor.central("api-token", "create", "--user", "robot", "--days", "1", "--scope", "read")
    read = Script(script.app, {}, reader["token"])

    assert others[0] == nobody[0] == 400
    assert others[1].replace(b"other", b"nobody") == nobody[1]
    assert read.ask("GET", f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts")[0] == 200
    assert read.ask("GET", f"{CLOUD}/v1/accounts/{ACCOUNT}/{tail}") == (403, b"")
    assert read.ask("POST", f"{CLOUD}/v1/accounts/{ACCOUNT}/{tail}", {}) == (403, b"")


@pytest.mark.row("C1.6")
def test_a_reading_token_is_refused_before_the_body_is_looked_at(script: Script, vendor: World) -> None:
    """Whatever it sends, a change is an empty 403, and nothing is there afterwards."""
    token = vendor.central("api-token", "create", "--user", "robot", "--days", "1", "--scope", "read")["token"]
    read, root = Script(script.app, {}, token), f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts"
    before = read.get(root)

    assert read.ask("POST", root, {"name": "Mine"}) == (403, b"")
    assert read.ask("POST", root, raw=b"{") == (403, b"")
    assert read.get(root) == before


@pytest.mark.row("C12.4")
def test_an_address_that_guesses_tokens_is_slowed_on_this_way_too(script: Script, vendor: World) -> None:
    """After some wrong ones a guess is told to wait, with the time; a good token is taken all the while."""
    made = open_central(vendor.folder / "central")
    settings = made.settings.model_copy(update={"server": ServerSettings(failures_a_minute=3)})
    app = make_app(replace(made, settings=settings))
    answers = [
        call(app, "GET", f"{CLOUD}/v2/accounts", headers={"Authorization": f"Bearer pca_{number}"})
        for number in range(5)
    ]

    assert [status for status, _, _ in answers] == [401, 401, 401, 429, 429]
    assert 1 <= int(answers[-1][1]["retry-after"]) <= 60
    assert Script(app, {}, script.token).ask("GET", f"{CLOUD}/v2/accounts")[0] == 200


def _token(script: Script, **values: str) -> tuple[int, Any]:
    """Ask for a token as a form."""
    client = {name: script.client[name] for name in ("client_id", "client_secret")}
    return call_path(script.app, "/oauth/token", urlencode({**client, **values}).encode())


@pytest.mark.row("C12.4")
def test_a_client_that_is_revoked_or_shows_a_wrong_secret_gets_no_token(script: Script, vendor: World) -> None:
    """Its id is not a secret: it opens nothing without the secret, and with it nothing any more once it is revoked."""
    good = _token(script, grant_type="client_credentials")[0]
    wrong = [_token(script, grant_type="client_credentials", client_secret=text) for text in ("", "wrong")]
    vendor.central("api-client", "revoke", script.client["client_id"])
    revoked = _token(script, grant_type="client_credentials")

    assert good == 200
    assert [*wrong, revoked] == [(401, {"error": "invalid_client"})] * 3


@pytest.mark.both_databases
@pytest.mark.row("C12.4")
def test_a_request_for_a_token_with_a_character_that_no_text_has_is_refused(script: Script) -> None:
    """In any parameter, of every grant, before a database or a hash sees it: no stranger fails the server with it."""
    person = {**script.client, "username": "ann", "password": "x", "refresh_token": "y"}
    names = {
        "client_credentials": ("client_id", "client_secret"),
        "password": ("client_id", "username", "password"),
        "refresh_token": ("client_id", "refresh_token"),
    }
    cases = [(grant, name, text) for grant, of in names.items() for name in of for text in ("a\x00b", "\ud800")]
    for grant, name, text in cases:
        body = json.dumps({**person, "grant_type": grant, name: text}).encode()
        status, answer = call_path(script.app, "/oauth/token", body)
        assert (status, answer["error"]) == (400, "invalid_request"), (grant, name)


@pytest.mark.both_databases
@pytest.mark.row("C12.4")
def test_a_refresh_token_works_once_in_its_time_and_for_its_client(script: Script, vendor: World) -> None:
    """Used, old, or shown by another client it gives nothing; each use gives the next one."""
    vendor.central("user", "password", "robot", "--password-file", vendor.file("pw", "correct horse battery\n"))
    person = {"grant_type": "password", "username": "robot", "password": "correct horse battery"}
    first = _token(script, **person)[1]["refresh_token"]
    status, second = _token(script, grant_type="refresh_token", refresh_token=first)
    used = _token(script, grant_type="refresh_token", refresh_token=first)
    other = vendor.central("api-client", "create", "--user", "robot")
    theirs = _token(script, grant_type="refresh_token", refresh_token=second["refresh_token"], **_named(other))
    vendor.central("clock", "advance", "15d")
    old = _token(script, grant_type="refresh_token", refresh_token=second["refresh_token"])

    assert status == 200
    assert [found[1]["error"] for found in (used, theirs, old)] == ["invalid_grant"] * 3


@pytest.mark.row("C12.4")
def test_a_new_password_and_a_second_step_end_what_the_old_password_alone_opened(vendor: World) -> None:
    """The refresh token of an old password gives nothing; a person with a second step gets no token by a password alone."""
    with cheap_hashes():
        script = _script(vendor)
        vendor.central("user", "password", "robot", "--password-file", vendor.file("pw", "correct horse battery\n"))
        person = {"grant_type": "password", "username": "robot", "password": "correct horse battery"}
        old = _token(script, **person)[1]["refresh_token"]
        vendor.central("clock", "advance", "1m")
        vendor.central("user", "password", "robot", "--password-file", vendor.file("pw", "another horse battery\n"))
        ended = _token(script, grant_type="refresh_token", refresh_token=old)
        given = _token(script, **{**person, "password": "another horse battery"})[1]["refresh_token"]
        server = open_central(vendor.folder / "central")
        with server.database.write(SYSTEM) as unit:
            [user] = unit.session.scalars(select(User).where(User.name == "robot"))
            unit.session.add(TwoStep(user_id=user.id, secret="x", last_step=0, confirmed=True))
        server.database.dispose()
        by_password = _token(script, **{**person, "password": "another horse battery"})
        by_refresh = _token(script, grant_type="refresh_token", refresh_token=given)

    assert [found[1]["error"] for found in (ended, by_password, by_refresh)] == ["invalid_grant"] * 3
    assert "access token" in by_password[1]["error_description"]


def _named(client: dict[str, Any]) -> dict[str, str]:
    return {name: client[name] for name in ("client_id", "client_secret")}


@pytest.mark.row("C12.4")
def test_an_unknown_user_and_a_wrong_password_are_answered_alike(script: Script, vendor: World) -> None:
    """Byte for byte: anyone who tries learns of no name."""
    vendor.central("user", "password", "robot", "--password-file", vendor.file("pw", "correct horse battery\n"))
    found = [_token(script, grant_type="password", username=name, password="wrong") for name in ("robot", "nobody")]

    assert found[0] == found[1]
    assert found[0][0] == 400


@pytest.mark.row("C7.2", "C7.3")
def test_an_identity_that_fits_several_devices_changes_none_of_them(script: Script, vendor: World) -> None:
    """Neither removed nor moved by product id alone where three fit, nor when the others of its list are gone; who fits exactly is."""
    for serial in ("SN1", "SN2", "SN3"):
        vendor.device(serial, "central", vendor.token("central", pool="Spare"))
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare/devices"
    vague = {"sudi": {"udiPid": "SW-48", "udiSerialNumber": "NA"}, "productTagName": ""}
    one = script.post(f"{root}/remove", vague, 400)
    many = script.post(f"{root}/remove", {"productInstancesRemoveRequests": [{}, vague]})
    moved = script.post(f"{root}/transfer", {"productInstances": [{**vague, "targetVirtualAccount": "DEFAULT"}, {}]})
    unchanged = [(row["serial"], row["virtual_account"]) for row in vendor.central("instances", ACCOUNT)["items"]]
    wrong = {"sudi": {"udiPid": "SW-48", "udiSerialNumber": "SN1", "uuid": "0" * 32}}
    second = {"sudi": {"udiPid": "sw-48", "udiSerialNumber": "sn2"}}
    exact = script.post(f"{root}/remove", {"productInstancesRemoveRequests": [wrong, second, vague]})
    left = [row["serial"] for row in vendor.central("instances", ACCOUNT)["items"]]

    assert one["messageCode"] == "ambiguous_device"
    assert len(many["removeProductInstancesStatus"]) == len(moved["productsTransferStatus"]) == 1
    assert (many["status"], moved["successCount"]) == ("ERROR", 0)
    assert "fits 3 product instances" in moved["productsTransferStatus"][0]["statusMessage"]
    assert unchanged == [(serial, "Spare") for serial in ("SN1", "SN2", "SN3")]
    assert [one["status"] for one in exact["removeProductInstancesStatus"]] == ["SUCCESS", "SUCCESS", "ERROR"]
    assert left == ["SN3"]


@pytest.mark.row("C1.2", "C2.3", "C3.1", "C7.1")
def test_small_habits_of_clients_are_met_and_nothing_is_pretended(script: Script, vendor: World) -> None:
    """A body of GET is ignored; the appliance form is whole without a limit; PRIVATE is refused; no option is advised."""
    root, pools = f"{CLOUD}/v1/accounts/{ACCOUNT}", f"/v1/accounts/{ACCOUNT}/virtual-accounts"
    vendor.central("order", "import", ACCOUNT, _fifty_more(vendor))
    with_body = script.ask("GET", f"{CLOUD}{pools}", raw=b"not JSON at all \xff")[0]
    cloud, appliance = (script.post(f"{base}/v1/accounts/{ACCOUNT}/licenses", {}) for base in (CLOUD, APPLIANCE))
    asked = script.post(f"{APPLIANCE}/v1/accounts/{ACCOUNT}/licenses", {"limit": 2})
    private = [
        script.post(f"{CLOUD}{pools}", {"name": "P", **more}, 400)
        for more in ({"commerceAccessLevel": "PRIVATE"}, {"isSatellite": True}, {"parentVaName": "Site"})
    ]
    days = script.post(f"{CLOUD}{pools}/Spare/tokens", {"expiresAfterDays": 400}, 422)

    assert with_body == 200
    assert (len(cloud["licenses"]), len(appliance["licenses"]), len(asked["licenses"])) == (50, 53, 2)
    assert all(one["status"] == "ERROR" for one in private)
    assert "P" not in {row["name"] for row in script.get(f"{root}/virtual-accounts")["virtualAccounts"]}
    assert "--" not in days["statusMessage"]


def _fifty_more(vendor: World) -> str:
    """Fifty licences more."""
    kinds = "".join(f"entitlement,T{number},Kind {number},\n" for number in range(50))
    vendor.central("catalogue", "import", vendor.file("more.csv", f"kind,tag,name,restricted\n{kinds}"))
    lines = "".join(f"Spare,T{number},1,O-9,{number}\n" for number in range(50))
    return vendor.file("order9.csv", f"virtual_account,tag,quantity,order_number,order_line\n{lines}")


@pytest.mark.both_databases
@pytest.mark.row("C7.1", "C8.1", "C6.1")
def test_device_usage_shows_restricted_and_reserved_licences(script: Script, vendor: World) -> None:
    """What a device was granted and what is reserved for it are beside what it uses."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab")
    device = vendor.device("SN1", "central", vendor.token("central", pool="Site"))
    device.use("ADVANTAGE", 1)
    device.request_export("STRONG", 2)
    path = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Spare/reserve-licenses"
    wish = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ADVANTAGE", "quantity": 3}]}
    script.post(path, {"reservationRequests": [wish]})
    found = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/devices", {"virtualAccounts": ["Site", "Spare"]})["devices"]
    used = {
        row["sudi"]["udiPid"]: sorted((one["license"], one["quantity"]) for one in row["licenseUsage"]) for row in found
    }

    assert used == {"SW-48": [("Advantage", 1), ("Strong encryption", 2)], "C9300-48P-4X": [("Advantage", 3)]}


@pytest.mark.row("C7.1", "C3.4")
def test_device_usage_ends_on_the_last_day_of_the_term(script: Script, vendor: World) -> None:
    """The end of what is reserved is the last second that counts, as it is in the list of subscriptions."""
    vendor.central("virtual-account", "create", ACCOUNT, "Lab")
    rows = "virtual_account,tag,quantity,type,start,end\nLab,ESSENTIALS,5,term,2026-01-01,2027-12-31\n"
    vendor.central("order", "import", ACCOUNT, vendor.file("t.csv", rows))
    wish = {"reservationCode": REAL_CODE, "licenses": [{"entitlementTag": "ESSENTIALS", "quantity": 3}]}
    path = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts/Lab/reserve-licenses"
    script.post(path, {"reservationRequests": [wish]})
    (found,) = script.post(f"{CLOUD}/v1/accounts/{ACCOUNT}/devices", {"virtualAccounts": ["Lab"]})["devices"]
    (used,) = found["licenseUsage"]

    assert (used["startDate"], used["endDate"]) == ("2026-01-01T00:00:00Z", "2027-12-31T23:59:59Z")


@pytest.mark.row("C1.3", "C2.3")
def test_a_satellites_token_is_not_revoked_by_its_text(script: Script, vendor: World) -> None:
    """The outcome names the satellite and its command; the token goes on, and a token is known with blanks around it."""
    vendor.found_satellite()
    there, here = vendor.token(), vendor.token("central", pool="Spare")
    vendor.synchronize()
    root = f"{CLOUD}/v1/accounts/{ACCOUNT}/virtual-accounts"
    refused = script.post(f"{root}/Site/tokens/revoke", {"tokens": [there]})
    revoked = script.post(f"{root}/Spare/tokens/revoke", {"tokens": [f"\ufeff {here}\r\n"]})

    assert refused["status"] == "ERROR"
    assert "satellite North manages this token" in refused["tokensRevokeStatus"][0]["statusMessage"]
    assert revoked["status"] == "SUCCESS"
    assert vendor.device("SN1", token=there).state.instance


@pytest.mark.row("C1.7", "C1.5")
def test_account_administrators_see_and_change_the_users_of_their_account(script: Script, vendor: World) -> None:
    """Their list holds their own account's users with names of what for; roles of others' accounts are out of reach."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("user", "add", "max", "--role", "account_user", "--account", "other.example")
    api = Api(script.app, script.token)
    pool = {"role": "virtual_account_user", "account": ACCOUNT, "virtual_account": "Spare"}
    given = api.ask("POST", "/users", {"name": "uma", **pool})
    mine = api.items("/users")
    named = api.items(f"/users?account={ACCOUNT}")
    others = [
        api.code("GET", "/users?account=other.example"),
        api.code("POST", "/users", {"name": "uma", "role": "account_user", "account": "other.example"}),
        api.code("POST", "/users/max/remove-role", {"role": "account_user", "account": "other.example"}),
    ]
    vendors = api.code("POST", "/users", {"name": "uma", "role": "vendor_administrator"})
    taken = api.ask("POST", "/users/uma/remove-role", pool)

    assert given[0] == taken[0] == 200
    assert mine == named
    assert {(x["name"], x["account_domain"], x["virtual_account_name"]) for x in mine} == {
        ("robot", ACCOUNT, None),
        ("uma", ACCOUNT, "Spare"),
    }
    assert others == [(404, "unknown_account")] * 3
    assert vendors == (403, "forbidden")
    assert {x["name"] for x in api.items("/users")} == {"robot"}
