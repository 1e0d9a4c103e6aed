"""Who may call what: every operation of both servers, for those who show nothing, too little, or belong elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from central.api.v1.app import OPERATIONS as CENTRAL
from central.app import make_app as central_app
from central.runtime import open_central
from satellite.api.v1.app import OPERATIONS as SATELLITE
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.http.operations import JSON, Operation
from tests.api.callers import BASE, Api, central_token, satellite_token
from tests.world import ACCOUNT, World

pytestmark = pytest.mark.one_database("who may call what is decided before any statement that the databases differ in")
NOWHERE = "f" * 32
# What each role of a satellite may do besides looking.
OPERATOR = {
    "create_token", "revoke_token", "remove_token", "transfer_instance", "remove_instance", "dismiss_alert",
    "remind_alert", "export_sync", "import_sync", "sync_now", "run_doctor",
}  # fmt: skip
ADMINISTRATOR_ONLY = {
    "list_api_tokens", "create_api_token", "revoke_api_token", "export_registration", "import_authorization",
    "finish_setup", "set_sync_settings", "set_privacy", "run_job", "confirm_time", "measure_time",
    "change_time_settings",
}  # fmt: skip
# What a customer's administrator may call outside accounts.
EVERYONE = {"who_am_i", "list_accounts", "list_catalogue", "show_policies", "import_sync", "export_root"}


def ask(api: Api, operation: Operation[Any], **parts: str) -> tuple[int, str]:
    """Call an operation with an example of its body; status and code."""
    path = operation.path.removeprefix(BASE.rstrip("/"))
    for name in operation.parts:
        path = path.replace(f"{{{name}}}", parts.get(name, NOWHERE))
    if operation.name == "add_satellite":
        path += "?name=N&virtual_accounts=DEFAULT"
    if operation.name == "explain_licence":
        path += "?virtual_account=DEFAULT&tag=ADVANTAGE"
    if operation.body is not None:
        extra: Any = operation.body.model_config.get("json_schema_extra") or {}
        body = (extra.get("examples") or [{}])[0]
        if operation.name == "set_password":
            body = {"password": "correct horse battery"}
        status, answer = api.ask(operation.method, path, body)
    elif operation.media != JSON:
        status, answer = api.ask(operation.method, path, raw=b"x", Content_Type=operation.media)
    else:
        status, answer = api.ask(operation.method, path)
    return status, str(answer.get("code", "")) if isinstance(answer, dict) else ""


@pytest.mark.row("C1.5")
def test_central_answers_nobody_who_shows_nothing_and_lets_readers_read_only(vendor: World) -> None:
    """Every operation: 401 without a token; every change: 403 with a token that may read."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    app = central_app(open_central(vendor.folder / "central"))
    reader, nobody = Api(app, central_token(vendor, "read")), Api(app, "")

    for operation in CENTRAL:
        assert ask(nobody, operation) in {(401, "invalid_credentials"), (429, "too_many_failures")}, operation.name
    for operation in CENTRAL:
        if operation.changes:
            found = ask(Api(central_app(open_central(vendor.folder / "central")), reader.token), operation)
            assert found == (403, "read_only_token"), operation.name


@pytest.mark.row("C1.1", "C1.5")
def test_an_account_of_others_is_answered_like_one_that_does_not_exist(vendor: World) -> None:
    """Its administrator may do everything in the other account; here each operation finds no account, the vendor's none."""
    vendor.central("account", "create", "other.example", "--name", "Other")
    vendor.central("user", "add", "eve", "--role", "account_administrator", "--account", "other.example")
    eve = Api(central_app(open_central(vendor.folder / "central")), central_token(vendor, "write", user="eve"))

    for operation in CENTRAL:
        found = ask(eve, operation, account=ACCOUNT)
        if "account" in operation.parts:
            assert found == (404, "unknown_account"), operation.name
            assert found == ask(eve, operation, account="nobody.example"), operation.name
        elif operation.name in {"give_role", "remove_role"}:
            assert found == (404, "unknown_account")  # the body names one
        elif operation.name not in EVERYONE:
            own = (200, "") if operation.name == "list_users" else (403, "forbidden")  # the users of her own account
            assert found == own, operation.name
        else:
            assert found[0] in {200, 400}, operation.name
    assert [row["domain"] for row in eve.items("/smart-accounts")] == ["other.example"]


@pytest.mark.row("C1.5")
def test_a_virtual_accounts_user_sees_nothing_of_the_others(vendor: World) -> None:
    """Things of another virtual account are answered like those that do not exist, and stand in no list."""
    vendor.central("user", "add", "vic", "--role", "virtual_account_administrator", "--account", ACCOUNT, "--virtual-account", "Spare")  # fmt: skip
    device = vendor.device("SN1", "central", vendor.token("central", pool="Site"))
    device.use("ADVANTAGE", 9)
    token = vendor.central("token", "list", ACCOUNT)["items"][0]["id"]
    alert = next(
        row["id"] for row in vendor.central("alerts", ACCOUNT)["items"] if row["kind"] == "insufficient_licences"
    )
    registration_request = (
        "--request-code",
        "CE-ZX:1-A6rZG7jGd-75",
        "--licence",
        "STRONG=1",
        "--output",
        vendor.file("code"),
    )
    reservation = vendor.central("reservation", "create", ACCOUNT, "--virtual-account", "Site", *registration_request)[
        "id"
    ]
    vic = Api(central_app(open_central(vendor.folder / "central")), central_token(vendor, "write", user="vic"))
    ids = {"instance": str(device.state.instance), "token": token, "alert": alert, "reservation": reservation}

    for operation in CENTRAL:
        named = set(operation.parts) & set(ids)
        if "account" in operation.parts and named:
            there = ask(vic, operation, account=ACCOUNT, **ids)
            assert there[0] == 404, operation.name
            assert there == ask(vic, operation, account=ACCOUNT), operation.name
    root = f"/smart-accounts/{ACCOUNT}"
    for tail in ("instances", "tokens", "reservations", "alerts", "transactions"):
        assert not [row for row in vic.items(f"{root}/{tail}") if "Site" in str(row)], tail
    assert vic.code("GET", f"{root}/satellites") == (403, "forbidden")
    assert vic.code("GET", f"{root}/licences?virtual_account=Site") == (404, "unknown_virtual_account")


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("role", ["administrator", "operator", "read-only"])
def test_each_role_of_a_satellite_may_do_what_is_its_own(site: World, role: str) -> None:
    """Everyone may look; changes are refused to all roles but those that they belong to."""
    app = satellite_app(open_satellite(site.folder / "satellite"))
    api = Api(app, satellite_token(site, role))

    for operation in SATELLITE:
        status, code = ask(api, operation)
        own = operation.name in OPERATOR if operation.changes else operation.name not in ADMINISTRATOR_ONLY
        allowed = role == "administrator" or own
        if role == "read-only" and operation.changes:
            assert (status, code) == (403, "read_only_token"), operation.name
        elif not allowed:
            assert (status, code) == (403, "forbidden"), operation.name
        else:
            assert status != 403, operation.name
            assert status < 500, operation.name


@pytest.mark.row("S3.4")
def test_a_satellite_answers_nobody_who_shows_nothing(site: World) -> None:
    """Every operation: 401 without a token, and with one of central."""
    app = satellite_app(open_satellite(site.folder / "satellite"))

    for operation in SATELLITE:
        assert ask(Api(app, ""), operation) == (401, "invalid_credentials"), operation.name
    assert Api(app, "pca_of_central").code("GET", "/status") == (401, "invalid_credentials")
