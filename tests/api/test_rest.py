"""The REST interface of central: who may, what is answered, what is repeated, what is described."""

from __future__ import annotations

import base64
import io
import json
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, redirect_stderr
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from central.api.v1.app import OPERATIONS
from central.app import make_app
from central.runtime import open_central
from exchange.identity import Udi
from serverkit.log import configure_logging
from serverkit.settings import ServerSettings
from tests.api.callers import THOROUGH, Api, central_token, generated_calls
from tests.world import ACCOUNT, World, call


@pytest.fixture
def api(vendor: World) -> Api:
    """A vendor administrator's program that may write."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    return Api(make_app(open_central(vendor.folder / "central")), central_token(vendor, "write"))


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Api:
    """The same at a central that stands for many calls: each of them is refused."""
    world = World(tmp_path_factory.mktemp("standing"))
    world.found_central()
    world.central("user", "add", "root", "--role", "vendor_administrator")
    return Api(make_app(open_central(world.folder / "central")), central_token(world, "write"))


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


@pytest.mark.both_databases
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
    assert good == (200, {"lots": 1, "quantity": 7, "imported": True, "warnings": []})
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
    assert api.ask("GET", f"{sats}/North")[1]["address"] == "127.0.0.1"
    listed = api.ask("GET", f"{sats}/North/history")[1]["items"]
    assert [(one["sequence"], one["request_kept"]) for one in listed] == [(1, True), (0, False)]
    sent = vendor.file("again")
    vendor.central("satellite", "file", ACCOUNT, "North", "1", "1", "--request", "--output", sent)
    assert Path(sent).read_bytes() == (vendor.folder / "q").read_bytes()
    vendor.central("satellite", "file", ACCOUNT, "North", "1", "1", "--output", sent)
    assert Path(sent).read_bytes() == response
    assert vendor.central("satellite", "history", ACCOUNT, "North")["items"] == listed
    assert vendor.central("satellite", "show", ACCOUNT, "North")["sync_failure"] == "altered"
    status, answer = api.ask("GET", f"{sats}/North/history/1/9")
    assert (status, answer["code"]) == (404, "file_not_kept")


@pytest.mark.row("C1.6")
@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "malformed"), (b"[]", "malformed"), (b'{"name":"A","name":"B"}', "malformed"), (b'{"name":1}', "invalid_parameter"), (b'{"nam":"x"}', "invalid_parameter"), (b'{"name":"New","nam":"x"}', "invalid_parameter"),
     (b'{"name":"a\\u0000b"}', "invalid_parameter"), (b'{"name":"\\ud800"}', "invalid_parameter"), (b'{"name":NaN}', "malformed"), (b'{"name":""}', "invalid_name"), (b'{"name":"Spare"}', "virtual_account_exists")],
)  # fmt: skip
def test_bad_bodies_are_problems_with_a_code(standing: Api, body: bytes, code: str) -> None:
    """Nothing is converted, nothing unknown is ignored, and what is there is not made twice."""
    status, problem = standing.ask("POST", f"/smart-accounts/{ACCOUNT}/virtual-accounts", raw=body)

    assert problem["code"] == code
    assert status == problem["status"]
    assert problem["remedy"]


@pytest.mark.row("C2.2")
@pytest.mark.parametrize("days", ["3", 3.0, True, None])
def test_a_number_is_not_guessed_from_what_is_none(standing: Api, days: object) -> None:
    """A text, a fraction, a truth: each is refused by the name of the member, and no token is made."""
    body = {"virtual_account": "Spare", "days": days}
    path = f"/smart-accounts/{ACCOUNT}/tokens"
    status, problem = standing.ask("POST", path, body)

    assert (status, problem["code"]) == (422, "invalid_parameter")
    assert problem["detail"].startswith("days")
    assert standing.items(path) == []


@pytest.mark.long
@pytest.mark.row("C12.4")
def test_generated_calls_find_no_fault_in_the_interface(
    api: Api, vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is sent, the answer is one that the description names, in its media type and form; never a 500."""
    monkeypatch.setenv("CENTRAL_SERVER__FAILURES_A_MINUTE", "100000")  # many of the calls show no token
    app = make_app(open_central(vendor.folder / "central"))

    assert generated_calls(Api(app, api.token), 20 if THOROUGH else 2) >= 45
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C1.5")
def test_a_token_is_worth_its_scopes_within_its_users_rights(api: Api, vendor: World) -> None:
    """A permission allows just that; rights that the user has not are not gained; use is noted, a far address refused."""
    vendor.central("user", "add", "ann", "--role", "account_user", "--account", ACCOUNT)
    only = Api(api.app, central_token(vendor, "virtual_account:token:manage", user="ann"))
    wide = Api(api.app, central_token(vendor, "write", user="ann"))
    words = ("api-token", "create", "--user", "ann", "--days", "1", "--address", "192.0.2.0/24")
    far = Api(api.app, vendor.central(*words)["token"])
    root = f"/smart-accounts/{ACCOUNT}"
    token = {"virtual_account": "Spare", "days": 3}
    move = {"licence": "ADVANTAGE", "source": "Spare", "target": "Site", "quantity": 1}
    made = only.ask("POST", f"{root}/tokens", token)
    noted = [row["last_used"] for row in vendor.central("api-token", "list")["items"] if row["user"] == "ann"]

    assert made[0] == 200
    assert only.code("POST", f"{root}/licence-transfers", move) == (403, "forbidden")
    assert wide.ask("POST", f"{root}/licence-transfers", move)[0] == 200
    assert wide.code("POST", f"{root}/virtual-accounts", {"name": "Mine"}) == (403, "forbidden")
    assert far.code("GET", f"{root}/tokens") == (401, "invalid_credentials")
    assert sum(at is not None for at in noted) == 1
    assert vendor.central(*words[:-1], "nowhere", code=1)["error"]["code"] == "invalid_address"
    assert vendor.central(*words[:6], "--scope", "all", code=1)["error"]["code"] == "invalid_scope"


@pytest.mark.both_databases
@pytest.mark.row("C12.4")
def test_an_edit_of_what_was_changed_meanwhile_is_refused(api: Api) -> None:
    """With the mark that was read the first edit is made and the second refused; without a mark no one asks."""
    path = f"/smart-accounts/{ACCOUNT}/virtual-accounts/Spare"
    _, head, _ = api.whole("GET", path)
    first = api.whole("PATCH", path, {"name": "Reserve"}, If_Match=head["etag"])
    path = path.replace("Spare", "Reserve")
    second = api.code("PATCH", path, {"name": "Other"}, If_Match=head["etag"])
    third = api.ask("PATCH", path, {"name": "Other"}, If_Match=first[1]["etag"])

    assert first[0] == 200
    assert second == (412, "changed_meanwhile")
    assert third[1]["name"] == "Other"


@pytest.mark.row("C12.4")
def test_methods_media_and_sizes_that_are_not_taken_are_named(api: Api) -> None:
    """405 with Allow, 415, 413, 422 for a parameter that does not exist; HEAD is GET without the body."""
    pools = f"/smart-accounts/{ACCOUNT}/virtual-accounts"
    status, head, _ = api.whole("PUT", pools)
    headed = api.whole("HEAD", pools)

    assert (status, head["allow"]) == (405, "GET, HEAD, POST")
    assert api.code("POST", pools, {"name": "X"}, Content_Type="text/plain") == (415, "unsupported_media_type")
    assert api.code("POST", f"/smart-accounts/{ACCOUNT}/orders", {}, Content_Type="image/png")[0] == 415
    assert api.code("POST", pools, raw=b" " * 9_000_000) == (413, "too_large")
    assert api.code("GET", f"{pools}?limt=3") == (422, "invalid_parameter")
    assert api.code("GET", "/nothing") == (404, "not_found")
    assert (headed[0], headed[2]) == (200, b"")
    assert int(headed[1]["content-length"]) > 0


@pytest.mark.row("C12.4")
def test_an_address_that_guesses_tokens_is_slowed_and_nobody_else(api: Api, vendor: World) -> None:
    """After many wrong ones a guess is told to wait; a good token from the same address is taken all the while."""
    guesses = [Api(api.app, f"pca_{number}").ask("GET", "/me")[0] for number in range(121)]
    status, head, problem = Api(api.app, "pca_more").whole("GET", "/me")
    good = api.ask("GET", "/me")[0]
    vendor.central("clock", "advance", "2m")

    assert set(guesses) == {401, 429}
    assert (status, problem["code"]) == (429, "too_many_failures")
    assert 1 <= int(head["retry-after"]) <= 60
    assert good == 200
    assert Api(api.app, "pca_again").ask("GET", "/me")[0] == 401


@pytest.mark.row("C12.4")
def test_an_address_that_guesses_a_password_waits_before_it_is_looked_at(api: Api, vendor: World) -> None:
    """Even the right one waits then, for this name and address; other names do not."""
    vendor.central("user", "add", "ann", "--role", "account_user", "--account", ACCOUNT)
    vendor.central("user", "password", "ann", "--password-file", vendor.file("pw", "correct horse battery\n"))
    client = vendor.central("api-client", "create", "--user", "ann")
    form = {"grant_type": "password", "client_id": client["client_id"], "client_secret": client["client_secret"]}

    def sign_in(name: str, password: str) -> int:
        body = json.dumps({**form, "username": name, "password": password}).encode()
        return call(api.app, "POST", "/oauth/token", body)[0]

    def guess(_number: int) -> int:
        return sign_in("ann", "wrong")

    first = sign_in("ann", "correct horse battery")
    made = open_central(vendor.folder / "central")
    limited = make_app(
        replace(made, settings=made.settings.model_copy(update={"server": ServerSettings(failures_a_minute=3)}))
    )
    api.app = limited
    guesses = [guess(number) for number in range(5)]

    assert first == 200
    assert guesses == [400, 400, 400, 429, 429]
    assert sign_in("ann", "correct horse battery") == 429
    assert sign_in("bob", "wrong") == 400


@pytest.mark.both_databases
@pytest.mark.row("C7.1")
def test_pages_stay_in_place_while_things_come_and_go(api: Api, vendor: World) -> None:
    """What is removed between two pages moves none of the others; the key of a removed one still counts."""
    token = vendor.token("central", pool="Spare")
    for number in range(5):
        vendor.device(f"SN{number}", "central", token)
    root = f"/smart-accounts/{ACCOUNT}/instances"
    _, first = api.ask("GET", f"{root}?limit=2")
    rest = sorted(row["id"] for row in api.items(root))[2:]
    removed = api.ask("DELETE", f"{root}/{first['next']}")
    _, second = api.ask("GET", f"{root}?limit=50&after={first['next']}")

    assert removed[0] == 200
    assert [row["id"] for row in second["items"]] == rest
    assert second["next"] is None


@pytest.mark.row("C12.4")
def test_the_description_is_whole(api: Api) -> None:
    """Each operation has a name of its own, what it refers to is there, and each example of a body is one."""
    _, described = api.ask("GET", "/openapi.json")
    operations = [one for path in described["paths"].values() for one in path.values()]
    names = [one["operationId"] for one in operations]
    text = json.dumps(described)
    models = {one.body.__name__: one.body for one in OPERATIONS if one.body is not None}
    examples = [
        (name, found) for name in models for found in described["components"]["schemas"][name].get("examples", [])
    ]
    for name, found in examples:
        models[name].model_validate(found)

    assert described["openapi"].startswith("3.1")
    assert len(names) == len(set(names)) >= 45
    assert all(ref in described["components"]["schemas"] for ref in re.findall(r"#/components/schemas/(\w+)", text))
    assert len(examples) >= 10


@pytest.mark.row("C6.1", "C6.5")
def test_a_reservation_over_rest_is_the_one_of_the_commands(api: Api, vendor: World) -> None:
    """Made by one and listed by the other; the code can be fetched again; a removal needs the return code."""
    registration_request = {"licence": "ADVANTAGE", "quantity": 2}
    body = {"virtual_account": "Spare", "request_code": "CE-ZX:1-A6rZG7jGd-75", "licences": [registration_request]}
    root = f"/smart-accounts/{ACCOUNT}"
    status, made = api.ask("POST", f"{root}/reservations", body)
    _, head, code = api.whole("GET", f"{root}/reservations/{made['id']}/authorization-code")
    refused = api.code("DELETE", f"{root}/instances/{made['instance']}")
    wrong = api.code("DELETE", f"{root}/instances/{made['instance']}?return_code=nonsense")

    assert status == 200
    assert code.decode() == made["authorization_code"]
    assert head["content-type"] == "application/xml"
    assert [row["id"] for row in vendor.central("reservation", "list", ACCOUNT)["items"]] == [made["id"]]
    assert refused == (409, "return_code_needed")
    assert wrong == (422, "invalid_code")


@pytest.mark.both_databases
@pytest.mark.row("C2.2")
def test_of_concurrent_calls_with_one_key_one_makes_the_change(api: Api, vendor: World) -> None:
    """Eight at once with the same key: each gets the one answer, or is told to ask again; one token is there."""
    body = {"virtual_account": "Spare", "days": 3}

    def ask(_number: int) -> tuple[int, Any]:
        return api.ask("POST", f"/smart-accounts/{ACCOUNT}/tokens", body, Idempotency_Key="one")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    good = {answer["token"] for status, answer in answers if status == 200}

    assert {status for status, _ in answers} <= {200, 409}
    assert len(good) == 1
    assert len(vendor.central("token", "list", ACCOUNT)["items"]) == 1
    assert ask(0)[0] == 200


@pytest.mark.row("C8.3", "C10.4")
def test_what_a_device_left_behind_is_an_alert_at_once(api: Api, vendor: World) -> None:
    """No one has to run a job: the answer to the device is sent when the alert stands."""
    vendor.central("order", "import", ACCOUNT, vendor.file("o.csv", "virtual_account,tag,quantity\nSpare,STRONG,1\n"))
    device = vendor.device("SN1", "central", vendor.token("central", pool="Spare"))
    device.request_export("STRONG", 1)
    device.state.grants.clear()
    device._store.save(device.state)
    device.deregister()
    _, listed = api.ask("GET", f"/smart-accounts/{ACCOUNT}/alerts")

    kinds = {(alert["kind"], alert["severity"]) for alert in listed["items"]}
    assert ("instance_failed_to_connect", "major") in kinds


@pytest.mark.both_databases
@pytest.mark.row("C2.2")
def test_an_idempotency_key_is_its_own_user_s_and_lasts_a_day(api: Api, vendor: World) -> None:
    """Another user's call with the same key is another change; so is the same one two days later."""
    vendor.central("user", "add", "ann", "--role", "account_administrator", "--account", ACCOUNT)
    ann = Api(api.app, central_token(vendor, "write", user="ann"))
    path, body = f"/smart-accounts/{ACCOUNT}/tokens", {"virtual_account": "Spare", "days": 30}
    mine = api.ask("POST", path, body, Idempotency_Key="k")
    theirs = ann.ask("POST", path, body, Idempotency_Key="k")
    vendor.central("clock", "advance", "25h")
    later = api.ask("POST", path, body, Idempotency_Key="k")

    assert [found[0] for found in (mine, theirs, later)] == [200] * 3
    assert len({found[1]["token"] for found in (mine, theirs, later)}) == 3


@pytest.mark.row("C2.2", "E2")
def test_no_secret_that_an_answer_showed_stands_in_the_database(api: Api, vendor: World) -> None:
    """Tokens of devices and of programs that were shown once are found in it neither plain nor in base 64."""
    path, body = f"/smart-accounts/{ACCOUNT}/tokens", {"virtual_account": "Spare", "days": 3}
    shown = [api.ask("POST", path, body, Idempotency_Key="k")[1]["token"], api.token]
    with closing(sqlite3.connect(vendor.folder / "central" / "central.db")) as connection:
        texts = "\n".join(connection.iterdump())

    assert all(token not in texts for token in shown)
    assert all(base64.b64encode(token.encode()).decode()[8:-8] not in texts for token in shown)


@pytest.mark.row("C12.4")
def test_no_cookie_and_no_parameter_signs_anybody_in_and_none_is_set(api: Api) -> None:
    """A page in someone's browser can send neither header; what is answered is kept by no one and run by nothing."""
    target = f"/api/v1/smart-accounts/{ACCOUNT}/virtual-accounts"
    forged = [
        call(api.app, "POST", target, b'{"name":"Forged"}', {"Cookie": f"Bearer={api.token}"})[0],
        call(api.app, "POST", target, b'{"name":"Forged"}', {"Cookie": f"Bearer {api.token}"})[0],
        call(api.app, "POST", f"{target}?access_token={api.token}", b'{"name":"Forged"}')[0],
        call(api.app, "OPTIONS", target, headers={"Origin": "https://elsewhere.example"})[0],
    ]
    status, head, body = call(
        api.app, "GET", target, headers={"Authorization": f"Bearer {api.token}", "Origin": "https://elsewhere.example"}
    )

    assert forged == [401, 401, 401, 405]
    assert (status, b"Forged" in body) == (200, False)
    assert not {"set-cookie", "access-control-allow-origin"} & set(head)
    assert (head["cache-control"], head["x-content-type-options"]) == ("no-store", "nosniff")


@pytest.mark.row("C11.2")
def test_a_sender_of_bad_files_is_slowed(api: Api, site: World) -> None:
    """After some refused files of one address the next is told to wait, with the time; then a good one is taken."""
    site.satellite("sync", "export", "--output", site.file("q"))
    good = (site.folder / "q").read_bytes()
    made = open_central(site.folder / "central")
    settings = made.settings.model_copy(update={"server": ServerSettings(failures_a_minute=3)})
    app = make_app(replace(made, settings=settings))
    answers = [call(app, "POST", "/sync/v1/request", good[:-number]) for number in range(1, 6)]
    waits = call(app, "POST", "/sync/v1/request", good)
    site.central("clock", "advance", "2m")
    taken = call(app, "POST", "/sync/v1/request", good)

    assert [status for status, _, _ in answers] == [400, 400, 400, 429, 429]
    assert waits[0] == 429
    assert 1 <= int(waits[1]["retry-after"]) <= 60
    assert taken[0] == 200


@pytest.mark.row("C12.4")
def test_a_fault_is_answered_with_a_reference_that_stands_in_the_log(api: Api, vendor: World) -> None:
    """The caller learns neither statement nor table; the log names the cause, and not what was written."""
    vendor.sql("central", "DROP TABLE tokens")
    body = {"virtual_account": "Spare", "days": 3, "description": "words of a person"}
    log = io.StringIO()
    with redirect_stderr(log):
        configure_logging("info")
        status, problem = api.ask("POST", f"/smart-accounts/{ACCOUNT}/tokens", body)
    configure_logging("info")
    reference = re.findall(r"reference (\w+)", problem["detail"])[0]

    assert (status, problem["code"]) == (500, "internal_error")
    assert "tokens" not in problem["detail"]
    assert "INSERT" not in problem["detail"]
    assert any(reference in line and "tokens" in line for line in log.getvalue().splitlines())
    assert "words of a person" not in log.getvalue()


@pytest.mark.row("C12.4")
def test_a_fault_of_the_program_is_a_problem_with_a_reference_on_every_way(api: Api, vendor: World) -> None:
    """Over a row that cannot be read neither interface loses its form, and what does not touch it goes on."""
    token = vendor.central("token", "create", ACCOUNT, "--virtual-account", "Spare", "--days", "3")
    vendor.sql("central", "UPDATE tokens SET created_at = '0000 is no time'")
    bearer = {"Authorization": f"Bearer {api.token}"}
    status, problem = api.ask("GET", f"/smart-accounts/{ACCOUNT}/tokens")
    path = f"/services/api/smart-accounts-and-licensing/v1/accounts/{ACCOUNT}/virtual-accounts/Spare/tokens"
    other = call(api.app, "GET", path, headers=bearer)

    assert (status, problem["code"], problem["status"]) == (500, "internal_error", 500)
    assert "reference" in problem["detail"]
    assert "no time at all" not in problem["detail"]
    assert (other[0], other[2]) == (500, b"")
    assert api.ask("GET", f"/smart-accounts/{ACCOUNT}/licences")[0] == 200
    assert token["id"] not in problem["detail"]


@pytest.mark.row("C1.2", "C1.8", "C2.1")
def test_properties_of_accounts_and_virtual_accounts_are_changed_over_rest(api: Api, vendor: World) -> None:
    """Name, description, tags and the right to export control: as by the commands, with the same events."""
    root = f"/smart-accounts/{ACCOUNT}"
    _, head, _ = api.whole("GET", root)
    changed = api.ask("PATCH", root, {"export_allowed": False}, If_Match=head["etag"])
    late = api.code("PATCH", root, {"name": "Other"}, If_Match=head["etag"])
    described = api.ask("PATCH", f"{root}/virtual-accounts/Spare", {"description": "for later"})
    tagged = api.ask("POST", f"{root}/virtual-accounts/Spare/tags", {"add": ["north", "North", "old"]})
    untagged = api.ask("POST", f"{root}/virtual-accounts/Spare/tags", {"remove": ["OLD"]})
    found = api.items(f"{root}/virtual-accounts?search=nor")
    kinds = {row["kind"] for row in vendor.central("events", ACCOUNT)["items"]}

    assert changed[1]["export_allowed"] is False
    assert late == (412, "changed_meanwhile")
    assert described[1]["description"] == "for later"
    assert [tag.lower() for tag in tagged[1]["tags"]] == ["north", "old"]
    assert [row["name"] for row in found] == ["Spare"]
    assert untagged[1]["tags"] == found[0]["tags"]
    assert {"account:changed", "virtual_account:described", "virtual_account:tagged"} <= kinds
    assert api.ask("PATCH", root, {})[0] == 200


@pytest.mark.row("E2", "C12.2")
def test_the_root_document_is_public_and_mail_is_tried_over_rest(api: Api, vendor: World) -> None:
    """The root is the one that the command writes; without a mail server the trial is refused with its code."""
    status, head, root = api.whole("GET", "/root")

    assert (status, head["content-type"]) == (200, "application/octet-stream")
    assert root == (vendor.folder / "root.json").read_bytes()
    assert api.code("POST", "/mail/test", {"to": "a@example.com"})[1] == "mail_off"


@pytest.mark.row("C6.3", "C6.4")
def test_a_reservation_is_updated_confirmed_and_cancelled_over_rest(api: Api, vendor: World) -> None:
    """The same rules as by the commands; support and vendor alone cancel; an edit of what changed meanwhile is refused."""
    device = vendor.unregistered("AIR-1", "central")
    root = f"/smart-accounts/{ACCOUNT}/reservations"
    request = device.reserve_request(Udi(pid="SW-48", serial="AIR-1"), (vendor.folder / "root.json").read_bytes())
    registration_request = {"licence": "ADVANTAGE", "quantity": 3}
    _, made = api.ask(
        "POST", root, {"virtual_account": "Spare", "request_code": request, "licences": [registration_request]}
    )
    one = f"{root}/{made['id']}"
    device.reserve_install(made["authorization_code"])
    _, head, _ = api.whole("GET", one)
    lower = {"licences": [{**registration_request, "quantity": 1}]}
    changed = api.ask("PATCH", one, lower, If_Match=head["etag"])
    late = [api.code("PATCH", one, lower, If_Match=head["etag"]), api.code("PATCH", one, lower)]
    vendor.central("user", "add", "ann", "--role", "account_administrator", "--account", ACCOUNT)
    ann = Api(api.app, central_token(vendor, "write", user="ann"))
    hers = ann.code("POST", f"{one}/cancel-update", {})
    taken_back = api.ask("POST", f"{one}/cancel-update", {})[1]
    _, again = ann.ask("PATCH", one, lower)
    device.reserve_install(again["authorization_code"])
    wrong = ann.code("POST", f"{one}/confirmation", {"code": "1fc54c75"})
    confirmed = ann.ask("POST", f"{one}/confirmation", {"code": device.reserve_confirmation()})[1]

    assert (made["waiting"], made["installed"]) == (True, False)
    assert changed[1]["pending"]["licences"][0]["quantity"] == 1
    assert late == [(412, "changed_meanwhile"), (409, "update_pending")]
    assert hers == (403, "forbidden")
    assert (taken_back["pending"], taken_back["licences"][0]["quantity"]) == (None, 3)
    assert wrong == (409, "confirmation_code_mismatch")
    assert (confirmed["licences"][0]["quantity"], confirmed["waiting"], confirmed["number"]) == (1, False, 2)
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 1
