"""The REST interface of a satellite: files up and down, the same figures as the commands, and existing clients."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.api.callers import THOROUGH, Api, generated_calls, satellite_token
from tests.world import ACCOUNT, World, call

FILE = "application/octet-stream"


@pytest.fixture
def api(site: World) -> Api:
    """An administrator's program."""
    return Api(make_app(open_satellite(site.folder / "satellite")), satellite_token(site))


@pytest.mark.row("S3.4")
def test_generated_calls_find_no_fault_in_the_interface(api: Api, site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is sent, the answer is one that the description names, in its media type and form; never a 500."""
    monkeypatch.setenv("SATELLITE_SERVER__FAILURES_A_MINUTE", "100000")  # many of the calls show no token
    app = make_app(open_satellite(site.folder / "satellite"))

    assert generated_calls(Api(app, api.token), 20 if THOROUGH else 2) >= 35


@pytest.mark.row("S1.2", "S1.5", "S2.1")
def test_a_satellite_is_set_up_and_synchronized_over_rest_alone(vendor: World) -> None:
    """Registration out, authorization in, set-up finished, a round trip by files: as with the commands."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    api = Api(make_app(open_satellite(vendor.folder / "satellite")), satellite_token(vendor))
    early = api.code("POST", "/sync/export", {})
    _, registration = api.ask("POST", "/registration/export", {})
    words = ("satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site")
    vendor.central(*words, "--registration", vendor.file("reg", registration))
    vendor.central("satellite", "authorize", ACCOUNT, "North", "--output", vendor.file("auth"))
    wrong = api.code("POST", "/registration/import", raw=registration, Content_Type=FILE)
    applied = api.ask("POST", "/registration/import", raw=(vendor.folder / "auth").read_bytes(), Content_Type=FILE)
    finished = api.ask("POST", "/setup/finish", {"mode": "manual"})
    _, request = api.ask("POST", "/sync/export", {})
    _, again = api.ask("POST", "/sync/export", {})
    vendor.central("sync", "import", vendor.file("q", request), "--output", vendor.file("r"))
    answered = api.ask("POST", "/sync/import", raw=(vendor.folder / "r").read_bytes(), Content_Type=FILE)
    now = api.code("POST", "/sync/now", {})

    assert early == (503, "setup_required")
    assert wrong[1] in {"wrong_kind", "malformed"}
    assert applied[1]["outcome"] == "applied"
    assert finished[1]["setup_finished"]
    assert request == again
    assert answered[1]["outcome"] == "applied"
    assert now[0] == 409
    assert api.ask("GET", "/status")[1]["sync_state"] == "response_applied"
    assert [row["step"] for row in api.items("/sync/history")].count("import") >= 1


@pytest.mark.both_databases
@pytest.mark.row("S3.2", "S3.3")
def test_the_interface_and_the_commands_show_the_same(api: Api, site: World) -> None:
    """What one makes the other lists; an instance that holds a restricted licence is not removed."""
    _, token = api.ask("POST", "/tokens", {"virtual_account": "Site", "days": 3, "export_controlled": True})
    device = site.device("SN1", token=token["token"], hostname="edge-1")
    device.use("ADVANTAGE", 2)
    _, shown = api.ask("GET", f"/instances/{device.state.instance}")
    figures = {row["tag"]: row for row in api.items("/licences")}
    removed = api.ask("DELETE", f"/instances/{device.state.instance}", Idempotency_Key="once")
    repeated = api.whole("DELETE", f"/instances/{device.state.instance}", Idempotency_Key="once")

    assert (shown["name"], shown["licences"]) == (
        "edge-1",
        [{"tag": "ADVANTAGE", "count": 2, "state": "authorized"}],
    )
    assert figures["ADVANTAGE"]["in_use"] == 2
    assert removed == (200, {"id": device.state.instance, "removed": True})
    assert repeated[0] == 200
    assert repeated[1]["idempotency-replayed"] == "true"
    assert site.satellite("instances")["items"] == []
    assert token["id"] in {row["id"] for row in site.satellite("token", "list")["items"]}


@pytest.mark.row("S1.4", "S2.4")
def test_settings_are_edited_only_by_the_last_reader(api: Api, site: World) -> None:
    """A mark that is old is refused; a wrong value names itself; a proxy's password is never shown."""
    _, head, _ = api.whole("GET", "/privacy")
    first = api.ask("PATCH", "/privacy", {"hostname": "drop"}, If_Match=head["etag"])
    second = api.code("PATCH", "/privacy", {"notes": "drop"}, If_Match=head["etag"])
    _, changed = api.ask(
        "PATCH", "/sync/settings", {"url": "https://central.example", "proxy": "http://me:secret@proxy.example:3128"}
    )

    assert first[1]["hostname"] == "drop"
    assert second == (412, "changed_meanwhile")
    assert changed["proxy_login"] is True
    assert "secret" not in json.dumps(changed)
    assert api.code("PATCH", "/sync/settings", {"zone": "Nowhere"})[1] == "invalid_sync_setting"
    assert site.satellite("privacy", "show")["hostname"] == "drop"


@pytest.mark.row("S3.4")
def test_an_access_token_ends_by_time_and_by_revocation(api: Api, site: World) -> None:
    """It is listed without its text; after its days, or once revoked, it opens nothing."""
    made = site.satellite("api-token", "create", "--name", "short", "--role", "operator", "--days", "1")
    short, other = (
        Api(api.app, made["token"]),
        api.ask("POST", "/api-tokens", {"name": "x", "role": "operator", "days": 300}),
    )
    before = short.ask("GET", "/status")[0]
    api.ask("POST", f"/api-tokens/{other[1]['id']}/revoke", {})
    revoked = Api(api.app, other[1]["token"]).ask("GET", "/status")[0]
    listed = json.dumps(site.satellite("api-token", "list"))
    site.satellite("clock", "advance", "25h")

    assert (before, revoked) == (200, 401)
    assert short.ask("GET", "/status")[0] == 401
    assert made["token"] not in listed
    assert {"api_token:created", "api_token:revoked"} <= {row["kind"] for row in site.satellite("events")["items"]}


@pytest.mark.row("S3.4")
def test_an_access_token_opens_from_its_addresses_only(api: Api, site: World) -> None:
    """Shown from elsewhere it is answered like one that does not exist."""
    words = ("api-token", "create", "--name", "far", "--role", "operator", "--days", "1")
    far = Api(api.app, site.satellite(*words, "--address", "192.0.2.0/24")["token"])
    near = Api(api.app, site.satellite(*words[:3], "near", *words[4:], "--address", "127.0.0.0/8")["token"])

    assert far.code("GET", "/status") == (401, "invalid_credentials")
    assert near.ask("GET", "/status")[0] == 200


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_run_of_a_job_that_was_asked_for_twice_with_one_key_is_one_run(api: Api) -> None:
    """The repetition names the same run; the same key for another job is refused."""
    first = api.whole("POST", "/jobs/alerts/run", {}, Idempotency_Key="k")
    again = api.whole("POST", "/jobs/alerts/run", {}, Idempotency_Key="k")
    other = api.code("POST", "/jobs/devices/run", {}, Idempotency_Key="k")

    assert (first[0], again[0]) == (200, 200)
    assert first[2] == again[2]
    assert again[1]["idempotency-replayed"] == "true"
    assert other == (409, "idempotency_key_reused")


@pytest.mark.both_databases
@pytest.mark.row("S3.4")
def test_a_refresh_token_works_once_and_ends_with_its_access_token(api: Api, site: World) -> None:
    """Used or after the revocation it gives nothing, and what it gave before opens nothing any more."""
    made = site.satellite("api-token", "create", "--name", "robot", "--role", "operator", "--days", "30")
    client = {"client_id": made["id"], "client_secret": made["token"]}

    def token(**values: str) -> tuple[int, Any]:
        status, _, data = call(api.app, "POST", "/oauth/token", urlencode({**client, **values}).encode())
        return status, json.loads(data)

    first = token(grant_type="password", username="robot", password=made["token"])[1]
    status, second = token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    used = token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    before = Api(api.app, second["access_token"]).ask("GET", "/status")[0]
    site.satellite("api-token", "revoke", made["id"])
    after = Api(api.app, second["access_token"]).ask("GET", "/status")[0]

    assert (status, before, after) == (200, 200, 401)
    assert used == (400, {"error": "invalid_grant", "error_description": used[1]["error_description"]})
    assert token(grant_type="refresh_token", refresh_token=second["refresh_token"])[0] == 401


@pytest.mark.row("S3.4")
def test_a_request_for_a_token_with_a_character_that_no_text_has_is_refused(api: Api) -> None:
    """A NUL or half of a surrogate pair is named, and fails neither database."""
    for text in ("\x00", "\ud800"):
        for grant in ("client_credentials", "password", "refresh_token"):
            person = {"client_id": text, "client_secret": text, "username": text, "password": text}
            body = json.dumps({"grant_type": grant, **person, "refresh_token": text}).encode()
            status, _, answer = call(api.app, "POST", "/oauth/token", body)
            assert (status, json.loads(answer)["error"]) == (400, "invalid_request"), grant


def playbook(api: Api, site: World) -> Any:
    """A script of the appliance form, signed in with an access token's id and text; returns what makes its calls."""
    made = site.satellite("api-token", "create", "--name", "robot", "--role", "operator", "--days", "30")
    person = {"grant_type": "password", "client_id": made["id"], "client_secret": made["token"]}
    body = json.dumps({**person, "username": "robot", "password": made["token"]}).encode()
    status, _, answer = call(api.app, "POST", "/backend/oauth/token", body)
    assert status == 200, answer
    given = json.loads(answer)
    form = {"grant_type": "refresh_token", "client_id": made["id"], "client_secret": made["token"]}
    more = urlencode({**form, "refresh_token": given["refresh_token"]})
    token = json.loads(call(api.app, "POST", "/oauth/token", more.encode())[2])["access_token"]

    def uri(method: str, tail: str, body: object = None, status: int = 200) -> dict[str, Any]:
        head = {"Authorization": f"Bearer {token}"}
        got, _, data = call(api.app, method, f"/backend/api/v1/{quote(tail)}", json.dumps(body).encode(), head)
        assert got == status, (tail, got, data)
        return dict(json.loads(data))

    return uri


@pytest.mark.row("S3.2")
def test_a_playbook_of_the_appliance_form_works_on_a_satellite(api: Api, site: World) -> None:
    """Accounts, virtual accounts, tokens, licences, devices and transfers within the site, with `null` for a body."""
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize()
    uri = playbook(api, site)
    account = uri("POST", "upstream_satellites/accounts")["accounts"][0]
    root = f"accounts/{account['name']}"
    pools = uri("GET", f"{root}/virtual-accounts")["virtualAccounts"]
    made = uri("POST", f"{root}/virtual-accounts/Site/tokens", {"description": "x", "expiresAfterDays": 5})
    text = made["tokenInfo"]["token"]
    site.device("SN1", token=text, product_tag="PX").use("ADVANTAGE", 4)
    listed = uri("GET", f"{root}/virtual-accounts/Site/tokens")["tokens"]
    usage = uri("POST", f"{root}/licenses", {"virtualAccounts": ["Site"]})["licenses"]
    devices = uri("GET", f"{root}/virtual-accounts/Site/devices")["devices"]
    wanted = [{**devices[0], "targetVirtualAccount": "Spare"}]
    moved = uri("POST", f"{root}/virtual-accounts/Site/devices/transfer", {"productInstances": wanted})
    there = uri("GET", f"{root}/virtual-accounts/Spare/devices")["devices"]
    revoked = uri("POST", f"{root}/virtual-accounts/Site/tokens/revoke", {"tokens": [text]})
    removed = uri("POST", f"{root}/virtual-accounts/Spare/devices/remove", there[0])

    assert account["domain"] == ACCOUNT
    assert {(pool["name"], pool["isSatellite"]) for pool in pools} == {("Site", "true"), ("Spare", "true")}
    assert [row["token"] for row in listed] == [text]
    advantage = next(row for row in usage if row["license"] == "Advantage")
    assert (advantage["quantity"], advantage["inUse"], advantage["available"]) == (3, 4, -1)
    assert advantage["status"] == "Out Of Compliance"
    assert (moved["successCount"], moved["errorCount"]) == (1, 0)
    assert [device["productTagName"] for device in there] == ["PX"]
    assert (revoked["status"], removed["status"]) == ("SUCCESS", "SUCCESS")


@pytest.mark.row("C1.3", "S3.2")
def test_a_satellite_takes_one_device_or_none_and_shows_all_without_a_limit(api: Api, site: World) -> None:
    """Three fit a product id: none is removed or moved; lists are whole; the account's number is central's."""
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize()
    token = site.token()
    for number in range(3):
        site.device(f"SN{number}", token=token)
    uri = playbook(api, site)
    root = f"accounts/{ACCOUNT}"
    vague = {"sudi": {"udiPid": "SW-48", "udiSerialNumber": None}, "targetVirtualAccount": "Spare"}
    removed = uri("POST", f"{root}/virtual-accounts/Site/devices/remove", vague, 400)
    moved = uri("POST", f"{root}/virtual-accounts/Site/devices/transfer", {"productInstances": [{}, vague]})
    account = uri("POST", "upstream_satellites/accounts")["accounts"][0]
    devices = uri("POST", f"{root}/devices", {})["devices"]
    number = next(x["number"] for x in site.central("account", "list")["items"] if x["domain"] == ACCOUNT)

    assert removed["messageCode"] == "ambiguous_device"
    assert (moved["successCount"], moved["errorCount"]) == (0, 1)
    assert [row["virtualAccount"] for row in devices] == ["Site"] * 3
    assert account["cssm_smart_account_id"] == number


@pytest.mark.row("C1.3")
def test_what_only_central_can_do_is_refused_with_a_reason(api: Api, site: World) -> None:
    """The error has the form that these clients read; another account's name finds nothing."""
    uri = playbook(api, site)
    made = uri("POST", f"accounts/{ACCOUNT}/virtual-accounts", {"name": "New"}, 400)
    moved = uri("POST", f"accounts/{ACCOUNT}/virtual-accounts/Site/licenses/transfer", {"licenses": [{}]}, 400)
    other = uri("GET", "accounts/Elsewhere/virtual-accounts", None, 400)

    assert made["status"] == moved["status"] == other["status"] == "ERROR"
    assert "Only central" in made["statusMessage"]
    assert other["messageCode"] == "unknown_account"


@pytest.mark.row("C7.5", "S4.2")
def test_contact_ends_the_alert_of_silence_at_once(site: World) -> None:
    """A device that was silent for a month and changes nothing is not an alert any more when it is answered."""
    device = site.device("SN1")
    device.use("ADVANTAGE", 1)
    site.advance("31d", device)
    site.satellite("jobs", "run", "alerts")
    api = Api(make_app(open_satellite(site.folder / "satellite")), satellite_token(site))
    _, before = api.ask("GET", "/alerts")
    device.renew_authorization()
    _, after = api.ask("GET", "/alerts")

    assert "instance_failed_to_connect" in {alert["kind"] for alert in before["items"]}
    assert "instance_failed_to_connect" not in {alert["kind"] for alert in after["items"]}
