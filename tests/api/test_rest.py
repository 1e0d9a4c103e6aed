"""The REST interface of central: who may, what is answered, what is repeated, what is described."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from central.app import make_app
from central.runtime import open_central
from tests.world import ACCOUNT, World, WsgiApp, call

BASE = "/api/v1"


@dataclass
class Api:
    """A caller with a token."""

    app: WsgiApp
    token: str

    def ask(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request; returns status and parsed answer."""
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        status, found, answer = call(self.app, method, BASE + path, data, sent)
        return status, json.loads(answer) if "json" in found["content-type"] else answer


@pytest.fixture
def api(vendor: World) -> Api:
    """A vendor administrator's program that may write."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    made = vendor.central("api-token", "create", "--user", "root", "--days", "3", "--scope", "write")
    return Api(make_app(open_central(vendor.folder / "central")), made["token"])


@pytest.mark.row("C1.6")
def test_without_a_valid_token_nothing_is_shown(api: Api, vendor: World) -> None:
    """No token, a wrong one, an expired and a revoked one: 401 as a problem with its code."""
    made = vendor.central("api-token", "create", "--user", "root", "--days", "1")
    answers = [Api(api.app, token).ask("GET", "/smart-accounts") for token in ("", "wrong")]
    vendor.central("api-token", "revoke", made["id"])
    answers.append(Api(api.app, made["token"]).ask("GET", "/smart-accounts"))
    vendor.central("clock", "advance", "4d")
    answers.append(api.ask("GET", "/smart-accounts"))

    assert [status for status, _ in answers] == [401, 401, 401, 401]
    assert {problem["code"] for _, problem in answers} == {"invalid_credentials"}


@pytest.mark.row("C1.6")
def test_a_reading_token_changes_nothing(api: Api, vendor: World) -> None:
    """Its scope stops it before anything is looked at."""
    made = vendor.central("api-token", "create", "--user", "root", "--days", "1", "--scope", "read")
    reader = Api(api.app, made["token"])
    status, problem = reader.ask("POST", f"/smart-accounts/{ACCOUNT}/virtual-accounts", {"name": "New"})

    assert reader.ask("GET", "/smart-accounts")[0] == 200
    assert (status, problem["code"]) == (403, "read_only_token")


@pytest.mark.both_databases
@pytest.mark.row("C1.2", "C2.2", "C3.1")
def test_the_interface_and_the_commands_show_the_same(api: Api, vendor: World) -> None:
    """What one makes the other lists, in the same words."""
    _, pool = api.ask("POST", f"/smart-accounts/{ACCOUNT}/virtual-accounts", {"name": "Lab"})
    _, token = api.ask("POST", f"/smart-accounts/{ACCOUNT}/tokens", {"virtual_account": "Lab", "days": 3})
    _, licences = api.ask("GET", f"/smart-accounts/{ACCOUNT}/licences")
    listed = vendor.central("virtual-account", "list", ACCOUNT)["items"]
    shown = vendor.central("licences", ACCOUNT)["items"]

    assert pool["id"] in {item["id"] for item in listed}
    assert token["id"] in {item["id"] for item in vendor.central("token", "list", ACCOUNT)["items"]}
    seen = [{k: v for k, v in row.items() if k != "id"} for row in licences["items"]]
    assert sorted(seen, key=str) == sorted(shown, key=str)


@pytest.mark.row("C12.4")
def test_pages_are_turned_by_key_and_end(api: Api) -> None:
    """All items come, each once; a key that was never given is refused."""
    seen, after = [], None
    while True:
        query = "?limit=3" + (f"&after={after}" if after else "")
        _, page = api.ask("GET", f"/smart-accounts/{ACCOUNT}/events{query}")
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
        if after is None:
            break
    _, whole = api.ask("GET", f"/smart-accounts/{ACCOUNT}/events?limit=500")

    assert seen == [item["id"] for item in whole["items"]]
    assert len(set(seen)) == len(seen) > 3
    assert api.ask("GET", f"/smart-accounts/{ACCOUNT}/events?after=nothing")[1]["code"] == "unknown_page"


@pytest.mark.both_databases
@pytest.mark.row("C2.2")
def test_a_change_with_a_key_is_made_once(api: Api, vendor: World) -> None:
    """The repetition gets the same answer; the same key for another change is refused."""
    path, body = f"/smart-accounts/{ACCOUNT}/tokens", {"virtual_account": "Spare", "days": 3}
    first = api.ask("POST", path, body, Idempotency_Key="k-1")
    again = api.ask("POST", path, body, Idempotency_Key="k-1")
    other = api.ask("POST", path, {**body, "days": 4}, Idempotency_Key="k-1")

    assert first == again
    assert first[0] == 200
    assert other[1]["code"] == "idempotency_key_reused"
    assert len(vendor.central("token", "list", ACCOUNT)["items"]) == 1


@pytest.mark.row("C3.4", "C3.3")
def test_orders_come_in_as_a_file_whole_or_not_at_all(api: Api, vendor: World) -> None:
    """A faulty line is named with its code; a good file counts at once."""
    bad = api.ask(
        "POST",
        f"/smart-accounts/{ACCOUNT}/orders",
        raw=b"virtual_account,tag,quantity\nSpare,NO,1\n",
        Content_Type="text/csv",
    )
    good = api.ask(
        "POST",
        f"/smart-accounts/{ACCOUNT}/orders",
        raw=b"virtual_account,tag,quantity\nSpare,ESSENTIALS,7\n",
        Content_Type="text/csv",
    )

    assert bad[1]["code"] == "unknown_entitlement"
    assert good == (200, {"lots": 1, "quantity": 7})
    assert vendor.licence("ESSENTIALS", pool="Spare")["purchased"] == 7


@pytest.mark.row("C11.1", "C11.2")
def test_a_satellite_is_registered_and_synchronized_over_http(api: Api, vendor: World) -> None:
    """The same files as by hand, uploaded and downloaded."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("reg"))
    sats = f"/smart-accounts/{ACCOUNT}/satellites"
    registration = (vendor.folder / "reg").read_bytes()
    added = api.ask(
        "POST", f"{sats}?name=North&virtual_accounts=Site", raw=registration, Content_Type="application/octet-stream"
    )
    _, file = api.ask("POST", f"{sats}/North/authorization", {})
    vendor.satellite("registration", "import", vendor.file("auth", file))
    vendor.satellite("sync", "export", "--output", vendor.file("q"))
    status, headers, response = call(api.app, "POST", "/sync/v1/request", (vendor.folder / "q").read_bytes())
    applied = vendor.satellite("sync", "import", vendor.file("r", response))
    altered = call(api.app, "POST", "/sync/v1/request", (vendor.folder / "q").read_bytes()[:-3] + b"xyz")

    assert added[1]["state"] in {"pending", "authorized"}
    assert (status, headers["x-outcome"]) == (200, "applied")
    assert applied["outcome"] == "applied"
    assert json.loads(altered[2])["code"] == "altered"


@pytest.mark.row("C1.6")
@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "malformed"), (b"[]", "malformed"), (b'{"name":1}', "invalid_parameter"), (b'{"nam":"x"}', "invalid_parameter"),
     (b'{"name":NaN}', "malformed"), (b'{"name":""}', "invalid_name"), (b'{"name":"Spare"}', "virtual_account_exists")],
)  # fmt: skip
def test_bad_bodies_are_problems_with_a_code(api: Api, body: bytes, code: str) -> None:
    """Nothing is converted, nothing unknown is ignored, and what is there is not made twice."""
    status, problem = api.ask("POST", f"/smart-accounts/{ACCOUNT}/virtual-accounts", raw=body)

    assert problem["code"] == code
    assert status == problem["status"]
    assert problem["remedy"]


@pytest.mark.row("C12.4")
def test_generated_calls_find_no_fault_in_the_interface(api: Api, vendor: World) -> None:
    """Whatever is sent, the answer is one that the description names, in its media type and form; never a 500."""
    config = SchemathesisConfig.from_dict({})
    schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", api.app, config=config)
    checked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        strategy = operation.as_strategy()

        @settings(max_examples=12, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        def one(case: schemathesis.Case) -> None:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {api.token}"}
            response = case.call()
            case.validate_response(response, checks=CHECKS)

        from hypothesis import given, seed

        seed(20261124)(given(case=strategy)(one))()
        checked += 1

    assert checked >= 30
    assert vendor.central("ledger", "verify")["ok"]


CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.ignored_auth,
]
