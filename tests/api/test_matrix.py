"""Who may call what: every operation of both servers, for those who show nothing, too little, or belong elsewhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from central.api.compat.app import ROUTES as CENTRAL_ROUTES
from central.api.compat.wire import BASES as CENTRAL_BASES
from central.api.v1 import app as central_api
from central.api.v1.app import OPERATIONS as CENTRAL
from central.app import URLS as CENTRAL_URLS
from central.app import make_app as central_app
from central.domain.access.rules import MATRIX, ROLE_SCOPES, Permission, Role, Scope
from central.runtime import open_central
from satellite.api.compat.app import ROUTES as SATELLITE_ROUTES
from satellite.api.compat.wire import BASES as SATELLITE_BASES
from satellite.api.v1.app import OPERATIONS as SATELLITE
from satellite.app import URLS as SATELLITE_URLS
from satellite.app import make_app as satellite_app
from satellite.core.access.rules import MATRIX as SATELLITE_MATRIX
from satellite.core.access.rules import Permission as SatellitePermission
from satellite.core.access.rules import Role as SatelliteRole
from satellite.runtime import open_satellite
from serverkit.http.lenient_route import Route
from serverkit.http.operations import JSON, Access, Operation, alternatives
from tests.api.callers import BASE, Api, central_token, satellite_token
from tests.world import ACCOUNT, World, call

NOWHERE = "f" * 32
# What each role of a satellite may do besides looking.
OPERATOR = {
    "create_token", "revoke_token", "remove_token", "transfer_instance", "replace_unit", "remove_instance", "dismiss_alert",
    "remind_alert", "restore_alert", "export_sync", "import_sync", "sync_now", "run_doctor", "check_sync",
    "start_task", "stop_task",
}  # fmt: skip
ADMINISTRATOR_ONLY = {
    "list_api_tokens", "create_api_token", "revoke_api_token", "export_registration", "import_authorization",
    "finish_setup", "set_sync_settings", "set_privacy", "run_job", "confirm_time", "measure_time",
    "change_time_settings", "list_users", "show_user", "add_user", "change_role", "reset_user", "unlock_user",
    "remove_user", "choose_mode", "download_registration", "check_authorization", "try_connection",
    "list_webhooks", "add_webhook", "test_webhook", "remove_webhook", "list_webhook_deliveries", "show_webhook_delivery",
    "redeliver_webhook",
}  # fmt: skip
# What a customer's administrator may call outside accounts.
EVERYONE = {
    "who_am_i", "list_accounts", "list_users", "list_catalogue", "show_policies", "import_sync", "export_root",
    "list_tasks", "show_task", "stop_task",
}  # fmt: skip


def ask(api: Api, operation: Operation[Any], **parts: str) -> tuple[int, str]:
    """Call an operation with an example of its body; status and code."""
    path = operation.path.removeprefix(BASE.rstrip("/"))
    for name in operation.parts:
        path = path.replace(f"{{{name}}}", parts.get(name, NOWHERE))
    if operation.name == "add_satellite":
        path += "?name=N&virtual_accounts=DEFAULT"
    elif operation.name == "explain_licence":
        path += "?virtual_account=DEFAULT&tag=ADVANTAGE"
    elif operation.query is not None:
        needed = {
            name: "1" if one.annotation is int else "Spare"
            for name, one in operation.query.model_fields.items()
            if one.is_required()
        }
        path += f"?{urlencode(needed)}" if needed else ""
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
def test_central_answers_nobody_who_shows_nothing_and_lets_readers_read_only(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every operation: 401 without a token; every change: 403 with a token that may read."""
    monkeypatch.setenv("CENTRAL_SERVER__FAILURES_A_MINUTE", "100000")  # no one has to wait
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    app = central_app(open_central(vendor.folder / "central"))
    reader, nobody = Api(app, central_token(vendor, "read")), Api(app, "")

    for operation in CENTRAL:
        assert ask(nobody, operation) == (401, "invalid_credentials"), operation.name
    for operation in CENTRAL:
        if operation.changes:
            assert ask(reader, operation) == (403, "read_only_token"), operation.name


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
            unknown = {(404, "unknown_task")} if "task" in operation.parts else set()  # one's own, and there is none
            assert found[0] in {200, 400} or found in unknown, operation.name
    assert [row["domain"] for row in eve.items("/smart-accounts")] == ["other.example"]
    assert {row["account_domain"] for row in eve.items("/users")} == {"other.example"}


@pytest.mark.row("C1.5")
def test_a_virtual_accounts_user_sees_nothing_of_the_others(vendor: World) -> None:
    """Things of another virtual account are answered like those that do not exist, and are in no list."""
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
            own = {*alternatives(operation.permission)} & MATRIX[Role.VIRTUAL_ACCOUNT_ADMINISTRATOR]
            assert there[0] == (404 if own else 403), operation.name
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


def role_api(world: World, role: Role) -> Api:
    """A caller who holds one role of the account, or the vendor's, and a token that may write."""
    words = ["--account", ACCOUNT] if ROLE_SCOPES[role] is not Scope.VENDOR else []
    words += ["--virtual-account", "Spare"] if ROLE_SCOPES[role] is Scope.VIRTUAL_ACCOUNT else []
    world.central("user", "add", "one", "--role", role.value, *words)
    return Api(central_app(open_central(world.folder / "central")), central_token(world, "write", user="one"))


def ask_route(api: Api, base: str, route: Route[Any], **parts: str) -> tuple[int, bytes]:
    """Call a route of existing clients with an empty body."""
    path = route.urls([base])[0].path.replace("<kind>", "CUSTOMER")
    for name, value in parts.items():
        path = path.replace(f"<{name}>", value)
    status, _, body = call(api.app, route.method, path, b"{}", {"Authorization": f"Bearer {api.token}"})
    return status, body


@pytest.mark.row("C1.5")
@pytest.mark.parametrize("role", sorted(Role))
def test_each_role_of_central_may_call_what_the_matrix_gives_it(vendor: World, role: Role) -> None:
    """Each operation and each route is refused to a role exactly where the matrix gives it none of what is declared."""
    api = role_api(vendor, role)

    for operation in CENTRAL:
        needed = set(alternatives(operation.permission))
        found = ask(api, operation, account=ACCOUNT)
        if operation.name == "list_users":  # all of them are the vendor's to see; of an account, its own
            found = api.ask("GET", f"/users?account={ACCOUNT}")[0], "forbidden"
        given = bool(needed & MATRIX[role]) or needed <= set(Access)
        assert (found == (403, "forbidden")) is not given, (operation.name, found)
        assert found[0] < 500, operation.name
    for route in CENTRAL_ROUTES:
        given = bool({*alternatives(route.permission)} & MATRIX[role]) or route.permission in set(Access)
        for base in CENTRAL_BASES:
            status, body = ask_route(api, base, route, account=ACCOUNT, va="Spare")
            assert (status == 403) is not given, (route.path, status)
            assert status < 500, (route.path, body)


@pytest.mark.row("C1.5")
@pytest.mark.parametrize("role", [Role.VIRTUAL_ACCOUNT_USER, Role.ACCOUNT_USER])
def test_without_the_layer_the_use_cases_refuse_the_same(
    vendor: World, role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second line: what the layer refuses to those who hold least is refused behind it, too."""
    monkeypatch.setattr(central_api, "permit_at", lambda *_words, **_options: None)
    api = role_api(vendor, role)

    for operation in CENTRAL:
        needed = set(alternatives(operation.permission))
        if not needed & MATRIX[role] and not needed <= set(Access):
            # A file that is none is refused before anyone asks whose it is.
            refusals = {403, 404} if operation.media == JSON else {400, 403, 404}
            assert ask(api, operation, account=ACCOUNT)[0] in refusals, operation.name


@pytest.mark.row("C1.5", "B13")
def test_a_token_of_one_scope_reaches_only_what_declares_it(vendor: World) -> None:
    """The vendor's administrator with such a token: every change that declares something else is refused."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    scope = Permission.TOKEN_MANAGE
    api = Api(central_app(open_central(vendor.folder / "central")), central_token(vendor, scope.value))

    for operation in CENTRAL:
        needed = set(alternatives(operation.permission))
        narrow = scope in needed or needed <= set(Access) or any(one.endswith(":view") for one in needed)
        if operation.changes:
            refused = ask(api, operation, account=ACCOUNT) == (403, "forbidden")
            assert refused is not narrow, operation.name
    for route in CENTRAL_ROUTES:
        if route.changes:
            status, _ = ask_route(api, CENTRAL_BASES[0], route, account=ACCOUNT, va="Spare")
            assert (status == 403) is (route.permission is not scope), route.path


@pytest.mark.row("S3.4")
@pytest.mark.parametrize("role", sorted(SatelliteRole))
def test_each_role_of_a_satellite_may_call_what_the_matrix_gives_it(site: World, role: SatelliteRole) -> None:
    """Operations and routes of existing clients alike: what is declared is what is asked for."""
    api = Api(satellite_app(open_satellite(site.folder / "satellite")), satellite_token(site, role.value))
    own = SATELLITE_MATRIX[role]

    for operation in SATELLITE:
        given = {*alternatives(operation.permission)} <= {*own, *Access}
        status, code = ask(api, operation)
        assert (status == 403) is not given, (operation.name, code)
    for route in SATELLITE_ROUTES:
        given = {*alternatives(route.permission)} <= {*own, *Access}
        status, _ = ask_route(api, SATELLITE_BASES[0], route, account=ACCOUNT, va="Site")
        assert (status == 403) is not given, (route.path, status)


@pytest.mark.row("C1.5", "S3.4")
def test_the_table_of_addresses_is_what_flask_routes_by(site: World) -> None:
    """No rule that the table does not list, and none that is listed only; each is answered by one family."""
    servers = (
        (central_app(open_central(site.folder / "central")), CENTRAL_URLS, {*Permission, *Access}),
        (satellite_app(open_satellite(site.folder / "satellite")), SATELLITE_URLS, {*SatellitePermission, *Access}),
    )
    for app, urls, known in servers:
        flask: Any = app.rest
        routed = {(method, rule.rule) for rule in flask.url_map.iter_rules() for method in rule.methods - {"HEAD"}}
        listed = [(one.method, one.path) for one in urls if one.family not in {"device", "health"}]

        assert sorted(routed) == sorted(listed)
        assert {word for one in urls for word in alternatives(one.permission)} <= known
