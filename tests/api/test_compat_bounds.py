"""What existing clients may send at most, and what a look-up of theirs costs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, event

from serverkit.http.texts import can_be_kept
from tests.api.test_compat import CLOUD, RETURN, Script, _script
from tests.api.test_compat_software import DMS, B, _payload
from tests.world import ACCOUNT, World, call

AUTHORIZE = f"{CLOUD}/v2/devices/authrequest"
KEY = {"entitlement": "ADVANTAGE", "count": 1}
SUDI = {"udi_pid": "C9K", "udi_serial_number": "S1"}
Send = Callable[[str, str], tuple[int, Any]]


@pytest.fixture
def script(vendor: World) -> Script:
    """A program of an account administrator."""
    return _script(vendor)


@pytest.fixture
def send(script: Script) -> Send:
    """Sends a text to an address with the numbers of account and virtual account; status and answer."""
    number = script.get(DMS)["data"][0]["accountIdentifier"]
    pools = script.get(f"{DMS}/{ACCOUNT}/virtualaccounts")["data"]
    spare = {one["virtualAccountName"]: one["virtualAccountId"] for one in pools}["Spare"]
    sent = {"Authorization": f"Bearer {script.token}", "X-CSW-SMART-ACCOUNT-ID": number, "X-CSW-VIRTUAL-ACCOUNT-ID": spare}  # fmt: skip

    def post(path: str, text: str) -> tuple[int, Any]:
        status, _, answer = call(script.app, "POST", path, text.encode(), sent)
        return status, json.loads(answer) if answer else None

    return post


def _entries(*found: dict[str, Any]) -> str:
    return json.dumps({"data": {"nonce": "n", "licenses": found}})


@pytest.mark.row("C6.1")
def test_a_body_that_no_answer_could_repeat_is_refused(send: Send) -> None:
    """A number that JSON does not have, and a depth at which nothing more fits around what the body holds."""
    texts = [f'{{"data":{{"nonce":{text}}}}}' for text in ("NaN", "-Infinity", "1e400")]
    deepest: list[Any] = []
    for _ in range(1000):
        if not can_be_kept([deepest]):
            break
        deepest = [deepest]
    around: list[Any] = deepest
    for _ in range(30):
        around = [around]

    assert [send(f"{B}/licensing/v2/get-summary", text)[0] for text in texts] == [400] * 3
    assert len(json.dumps(around)) > 100
    assert not can_be_kept(around)
    assert send(AUTHORIZE, json.dumps({"data": {"nonce": around}}))[0] == 400


@pytest.mark.row("C3.3", "C6.1", "C6.2")
def test_lists_whose_work_would_have_no_bound_are_refused(send: Send, vendor: World) -> None:
    """Software tags, accounts of a search and keys of an authorization: more than the bound changes and shows nothing."""
    tags = {"softwareTags": [f"T{number}" for number in range(101)]}
    accounts = {"smartAccount": [{"domain": ACCOUNT}] * 101}

    assert send(f"{B}/licensing/v1/search-slr-details", json.dumps(tags))[0] == 400
    assert send(f"{CLOUD}/v1/subscription/search", json.dumps(accounts))[0] == 400
    assert send(AUTHORIZE, _entries({"sudi": SUDI, "keys": [KEY] * 501}))[0] == 400
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0


@pytest.mark.row("C6.1", "C6.4")
def test_keys_beside_a_return_code_change_nothing(send: Send, script: Script, vendor: World) -> None:
    """An entry that gives licences back and asks for some is refused, instead of forgetting the code."""
    _, submitted = send(AUTHORIZE, _entries({"sudi": SUDI, "keys": [KEY], "remove_code": RETURN}))
    found = script.post(f"{CLOUD}/v2/accounts/poll", {"data": {"poll_id": submitted["poll_id"]}})
    outcome = found["data"]["authorizations"][0]

    assert (outcome["status"], outcome["error_code"], outcome["smart_license"]) == ("FAILED", "INVALID_BODY", None)
    assert vendor.licence("ADVANTAGE", pool="Spare")["reserved"] == 0


@pytest.mark.row("S4.6")
@pytest.mark.parametrize(("report", "tag"), [("1\u0001", "ADVANTAGE"), ("1", "AD\u0007"), ("1\n", "ADVANTAGE")])
def test_a_usage_report_is_named_by_what_xml_can_hold(send: Send, report: str, tag: str) -> None:
    """The acknowledgement repeats the names of report and licence, so that control characters are refused."""
    usage = {"sudi": SUDI, "usage": [{"payload": _payload(report, tag)}]}  # type: ignore[arg-type]  # an id as a text

    assert send(f"{CLOUD}/v2/devices/reportusage", json.dumps({"data": {"reports": [usage]}}))[0] == 400


@pytest.mark.row("C7.1")
def test_many_devices_are_found_with_the_queries_of_one(script: Script, vendor: World) -> None:
    """A search by product id takes the same number of statements for one device and for three."""
    token = vendor.token("central", pool="Spare")
    seen: list[str] = []

    def note(*words: Any) -> None:
        seen.append(words[2])

    def statements(serials: int) -> int:
        event.listen(Engine, "before_cursor_execute", note)
        seen.clear()
        try:
            found = script.get(f"{B}/licensing/v2/device/search?udi_pid=SW-48")
        finally:
            event.remove(Engine, "before_cursor_execute", note)
        assert len(found["data"]) == serials
        return len(seen)

    vendor.device("SN1", "central", token).use("ADVANTAGE", 1)
    one = statements(1)
    for serial in ("SN2", "SN3"):
        vendor.device(serial, "central", token).use("ADVANTAGE", 1)

    assert statements(3) <= one
