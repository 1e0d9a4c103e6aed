"""Clients as the field has them, over real HTTPS: each sends what its family sends and reads what its family reads."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import urllib3

from exchange.codes.authorization import open_authorization_code
from exchange.codes.request import make_request_code
from exchange.codes.returning import make_return_code
from exchange.identity import Udi
from exchange.trust import load_root
from tests.world import ACCOUNT, World

TREE = "/services/api/smart-accounts-and-licensing"
PASSWORD = "correct horse battery"
MANY = 120


@dataclass
class Vendor:
    """A central that serves, with an account, its administrator and an API client."""

    world: World
    url: str
    client: dict[str, str]

    def session(self) -> requests.Session:
        """A session that trusts any certificate, as these scripts do."""
        session = requests.Session()
        session.verify = False
        session.trust_env = False
        return session


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    """One central for all clients; each keeps to virtual accounts of its own."""
    world = World(tmp_path_factory.mktemp("vendor"))
    world.found_central()
    lines = "".join(f"entitlement,T{n:03},Feature {n:03},\n" for n in range(MANY))
    world.central("catalogue", "import", world.file("many.csv", f"kind,tag,name,restricted\n{lines}"))
    orders = "".join(f"Spare,T{n:03},{n + 1}\n" for n in range(MANY))
    world.central("order", "import", ACCOUNT, world.file("m.csv", f"virtual_account,tag,quantity\n{orders}"))
    world.central("user", "add", "robot", "--role", "account_administrator", "--account", ACCOUNT)
    world.central("user", "password", "robot", "--password-file", world.file("pw", PASSWORD + "\n"))
    made = world.central("api-client", "create", "--user", "robot")
    serving = subprocess.Popen(
        [
            Path(sys.executable).parent / "central",
            "--home",
            world.folder / "central",
            "serve",
            "--no-jobs",
            "--bind",
            "127.0.0.1:0",
        ],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert serving.stdout is not None
        line = serving.stdout.readline()
        client = {name: made[name] for name in ("client_id", "client_secret")}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", urllib3.exceptions.InsecureRequestWarning)
            yield Vendor(world, json.loads(line)["url"], client)
    finally:
        serving.terminate()
        serving.wait(30)
        if serving.stdout:
            serving.stdout.close()


pytestmark = pytest.mark.filterwarnings("ignore::urllib3.exceptions.InsecureRequestWarning")


@pytest.mark.row("C3.1", "C2.2")
def test_a_script_with_doubled_slashes_and_a_doubled_prefix(vendor: Vendor) -> None:
    """Its base begins with two slashes, its bodies carry no content type, and blanks are percent-encoded."""
    session = vendor.session()
    form = {"grant_type": "client_credentials", **vendor.client}
    token = session.post(f"{vendor.url}/as/token.oauth2", data=form).json()["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    vendor.world.central("virtual-account", "create", ACCOUNT, "Hall 2")
    for base in (f"{vendor.url}/{TREE}", f"{vendor.url}//services/api/{TREE.lstrip('/')}"):
        found = session.get(f"{base}/v1/accounts/{ACCOUNT}/customer/virtual-accounts", headers=head)
        assert "Hall 2" in {row["name"] for row in found.json()["virtualAccounts"]}
        path = f"{base}/v1/accounts/{ACCOUNT}/virtual-accounts/Hall%202/tokens"
        made = session.post(
            path, data=json.dumps({"description": None, "expiresAfterDays": 30, "x": None}), headers=head
        )
        listed = session.get(path, headers=head).json()["tokens"]

        assert made.status_code == 200
        assert made.json()["tokenInfo"]["token"] in {row["token"] for row in listed}


@pytest.mark.row("C3.1", "C1.1")
def test_a_client_that_reads_all_pages_of_a_hundred(vendor: Vendor) -> None:
    """It takes any status but 200 for an error, counts records, and matches accounts by both searches."""
    session = vendor.session()
    answer = session.post(
        f"{vendor.url}/as/token.oauth2", data={"grant_type": "client_credentials", **vendor.client}
    ).json()
    assert answer["expires_in"] > 300
    session.headers.update({"Authorization": f"Bearer {answer['access_token']}", "Content-Type": "application/json"})
    base = f"{vendor.url}{TREE}"
    mine = session.get(f"{base}/v2/accounts").json()["accounts"][0]
    found = session.get(f"{base}/v1/accounts/search", params={"domain": mine["accountDomain"], "limit": 1000}).json()
    licences: list[dict[str, Any]] = []
    while True:
        body = {"virtualAccounts": [], "limit": 100, "offset": len(licences)}
        page = session.post(f"{base}/v1/accounts/{mine['accountDomain']}/licenses", json=body)
        assert page.status_code == 200
        licences += page.json()["licenses"]
        if len(licences) >= page.json()["totalRecords"]:
            break

    assert found["accounts"][0]["id"] > 0
    assert len({(row["license"], row["virtualAccount"]) for row in licences}) == len(licences) >= MANY
    many = [row for row in licences if row["virtualAccount"] == "Spare" and row["license"].startswith("Feature")]
    assert sum(row["quantity"] for row in many) == MANY * (MANY + 1) // 2


SUBSCRIPTION_FIELDS = {
    "virtualAccount", "license", "billingType", "quantity", "startDate", "endDate", "status", "subscriptionId",
}  # fmt: skip
ACCOUNT_FIELDS = {"accountDomain", "accountName", "accountType", "accountStatus", "id"}


@pytest.mark.row("C3.4", "C1.1")
def test_a_client_that_demands_every_field(vendor: Vendor) -> None:
    """It pages in the query of a POST, calls accounts with a slash at the end, and fails on a field that is missing."""
    session = vendor.session()
    form = {"grant_type": "client_credentials", **vendor.client}
    token = session.post(f"{vendor.url}/oauth2/default/v1/token", data=form).json()["access_token"]
    session.headers.update({"Authorization": f"Bearer {token}", "Content-Type": "application/json"})
    rows = (
        "virtual_account,tag,quantity,type,start,end,subscription_id\nDEFAULT,T000,4,term,2026-01-01,2029-01-01,S-1\n"
    )
    vendor.world.central("order", "import", ACCOUNT, vendor.world.file("terms.csv", rows))
    base = f"{vendor.url}{TREE}"
    accounts = session.get(f"{base}/v2/accounts/").json()["accounts"]
    found = session.get(f"{base}/v1/accounts/search?type=CUSTOMER&limit=1000&offset=0").json()["accounts"]
    terms = session.post(f"{base}/v1/accounts/{ACCOUNT}/license-subscriptions?limit=50&offset=0", json={}).json()
    paged = session.post(f"{base}/v1/accounts/{ACCOUNT}/licenses?limit=3&offset=1", json={}).json()

    assert accounts[0]["roles"][0]["role"] == "Smart Account Administrator"
    assert all(set(row) >= ACCOUNT_FIELDS for row in found)
    assert [row for row in terms["licenseSubscriptions"] if set(row) >= SUBSCRIPTION_FIELDS] != []
    assert terms["licenseSubscriptions"][0]["quantity"] == "4"
    assert len(paged["licenses"]) == 3


@pytest.mark.row("C1.2", "C7.2")
@pytest.mark.parametrize("root", ["/api/v1", "/backend/api/v1"])
def test_a_playbook_of_the_appliance_form(vendor: Vendor, root: str) -> None:
    """A password in JSON, the body `null` on every call without one, names in place of domains, and domains with a suffix."""
    session = vendor.session()
    person = {"grant_type": "password", **vendor.client, "username": "robot", "password": PASSWORD}
    path = "/oauth/token" if root == "/api/v1" else "/backend/oauth/token"
    first = session.post(f"{vendor.url}{path}", json=person).json()
    again = {"grant_type": "refresh_token", **vendor.client, "refresh_token": first["refresh_token"]}
    second = session.post(f"{vendor.url}{path}", json=again).json()
    used_up = session.post(f"{vendor.url}{path}", json=again)
    head = {"Authorization": f"Bearer {second['access_token']}", "Content-Type": "application/json"}
    base = f"{vendor.url}{root}"

    def uri(method: str, tail: str, body: object = None) -> dict[str, Any]:
        answer = session.request(method, f"{base}/{tail}", data=json.dumps(body), headers=head)
        assert answer.status_code == 200, (tail, answer.status_code, answer.text)
        found: dict[str, Any] = answer.json()
        return found

    account = uri("POST", "upstream_satellites/accounts")["accounts"][0]
    name, lab = account["name"], f"Lab of {root.strip('/').replace('/', '-')}"
    uri("POST", f"accounts/{name}/virtual-accounts", {"name": lab, "description": "made by a playbook"})
    pools = {row["name"]: row for row in uri("GET", f"accounts/{name}/virtual-accounts")["virtualAccounts"]}
    suffixed = uri("GET", f"accounts/{account['domain']}/customer/CUSTOMER/virtual-accounts")["virtualAccounts"]
    token = uri("POST", f"accounts/{name}/virtual-accounts/{lab}/tokens", {"description": "x", "expiresAfterDays": 1})
    mark = lab[-9:].replace(" ", "-")
    device = vendor.world.device(f"SN-{mark}", "central", token["tokenInfo"]["token"], product_tag=f"TAG-{mark}")
    devices = uri("GET", f"accounts/{name}/virtual-accounts/{lab}/devices")["devices"]
    wanted = [{**devices[0], "targetVirtualAccount": "DEFAULT"}]
    uri("POST", f"accounts/{name}/virtual-accounts/{lab}/devices/transfer", {"productInstances": wanted})
    there = uri("GET", f"accounts/{name}/virtual-accounts/DEFAULT/devices")["devices"]
    # One whose token still registers devices is not empty.
    uri("POST", f"accounts/{name}/virtual-accounts/{lab}/tokens/revoke", {"tokens": [token["tokenInfo"]["token"]]})
    gone = uri("POST", f"accounts/{name}/virtual-accounts/{lab}/delete")

    assert used_up.status_code == 400
    assert pools["DEFAULT"]["isDefault"] == "true"
    assert len(suffixed) == len(pools)
    assert device.state.instance
    assert f"TAG-{mark}" in {row["productTagName"] for row in there}
    assert gone["status"] == "SUCCESS"


@pytest.mark.row("C6.1", "C6.2", "C6.5", "S4.5")
def test_a_script_reserves_and_returns(vendor: Vendor) -> None:
    """The code is signed for exactly the asking device; the licences come back by its return code and no other."""
    session = vendor.session()
    query = {"grant_type": "client_credentials", **vendor.client}
    token = session.post(f"{vendor.url}/oauth/token", params=query).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    root = f"{vendor.url}{TREE}/v2/accounts/{ACCOUNT}/virtual-accounts/Spare"
    udi, secret = Udi(pid="SW-48", serial="AIR-1"), secrets.token_bytes(24)
    registration_request = {"entitlementTag": "T099", "quantity": "30", "precedence": "LONGEST_TERM_FIRST"}
    code = make_request_code(udi, secret)
    asked = {
        "reservationRequests": [
            {"reservationCode": code, "reservationType": "SPECIFIC", "licenses": [registration_request]}
        ]
    }
    answer = session.post(f"{root}/reserve-licenses", json=asked).json()
    repeated = session.post(f"{root}/reserve-licenses", json=asked).json()
    entry = answer["authorizationCodes"][0]
    trust = load_root((vendor.world.folder / "root.json").read_bytes())
    opened = open_authorization_code(entry["authorizationCode"], trust)
    held = vendor.world.licence("T099", pool="Spare")
    usage = session.post(
        f"{vendor.url}{TREE}/v1/accounts/{ACCOUNT}/licenses", json={"virtualAccounts": ["Spare"], "limit": -1}
    ).json()
    shown = next(row for row in usage["licenses"] if row["entitlementTag"] == "T099")
    sudi = {"udiPid": "SW-48", "udiSerialNumber": "AIR-1"}
    lists = ("productInstacesRemoveRequests", "productInstancesRemoveRequests")

    def remove(return_code: str | None) -> dict[str, Any]:
        one = {"sudi": sudi, "productTagName": "", **({"returnCode": return_code} if return_code else {})}
        found: dict[str, Any] = session.post(f"{root}/devices/remove", json={name: [one] for name in lists}).json()
        return found

    without, wrong = remove(None), remove(make_return_code(secrets.token_bytes(24)))
    right = remove(make_return_code(secret))
    after = session.post(f"{root}/reserve-licenses", json=asked).json()

    assert (answer["status"], entry["status"]) == ("SUCCESS", "SUCCESS")
    assert entry["reservationCode"] == code == opened.request
    assert (opened.udi, opened.lines[0].quantity) == (udi, 30)
    assert entry["licenses"][0]["quantity"] == 30
    assert repeated["status"] == "ERROR"
    assert "already" in repeated["authorizationCodes"][0]["statusMessage"]
    assert (held["in_use"], held["reserved"], held["balance"]) == (30, 30, 70)
    assert (shown["inUse"], shown["reserved"], shown["available"]) == (0, 30, 70)
    assert [found["status"] for found in (without, wrong, right)] == ["ERROR", "ERROR", "SUCCESS"]
    assert len(right["removeProductInstancesStatus"]) == 1
    assert vendor.world.licence("T099", pool="Spare")["reserved"] == 0
    assert after["status"] == "ERROR"  # a request code that was used is used for good
    assert vendor.world.central("ledger", "verify")["ok"]
