"""Service contracts that another system is asked about over HTTPS: covered, not covered, not known; never guessed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import pytest

from tests.api.test_conversion_pages import id_of
from tests.integration.test_device_led_conversion import became, listed
from tests.portal import A, central_portal, main_of, verdict_of
from tests.secure_server import Reply, secure_server
from tests.world import ACCOUNT, World

SKUS = "sku,tag,contract_needed,divisible\nL-ADV,ADVANTAGE,yes,yes\nL-ESS,ESSENTIALS,yes,yes\n"
PAKS = "pak,sku,quantity,virtual_account,partial\nP-1,L-ADV,5,Site,no\nP-1,L-ESS,3,Site,no\nP-2,L-ADV,2,Site,yes\n"


@dataclass
class Contracts:
    """The other system: the lines of its answers by SKU, or another answer for everything; and what it was asked."""

    lines: dict[str, dict[str, Any]] = field(default_factory=dict)
    instead: Reply | None = None
    asked: list[tuple[Message, dict[str, Any]]] = field(default_factory=list)

    def answer(self, method: str, path: str, headers: Message, body: bytes) -> Reply:
        """What it says."""
        assert (method, path) == ("POST", "/covered/v1")
        wanted = json.loads(body)
        self.asked.append((headers, wanted))
        found = [{"sku": sku, **self.lines[sku]} for sku in wanted["skus"] if sku in self.lines]
        return self.instead or (200, {}, json.dumps({"contracts": found}).encode())


@pytest.fixture
def other(vendor: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Contracts]:
    """The other system, which central is told of; PAKs to convert."""
    found = Contracts()
    with secure_server(vendor.folder, found.answer) as (address, authority):
        for name, value in (
            ("URL", f"{address}/covered/v1"),
            ("CA_FILE", authority),
            ("ALLOWED_NETWORKS", "127.0.0.0/8"),
            ("TOKEN_FILE", str(vendor.file("contracts-token", "s3cret-token\n"))),
            ("TIMEOUT_SECONDS", "2"),
        ):
            monkeypatch.setenv(f"CENTRAL_CONTRACTS__{name}", value)
        vendor.central("convert", "skus", "import", vendor.file("skus.csv", SKUS))
        vendor.central("convert", "paks", "import", ACCOUNT, vendor.file("paks.csv", PAKS))
        yield found


def run(vendor: World, number: str, *options: str, code: int = 0) -> dict[str, Any]:
    """Convert a PAK."""
    found = vendor.central("convert", "paks", "run", ACCOUNT, number, *options, code=code)
    refused: dict[str, Any] = found.get("error", found)
    return refused


@pytest.mark.row("C9.2")
def test_what_another_system_says_decides_what_is_converted(vendor: World, other: Contracts) -> None:
    """Each SKU that needs a contract is asked about, by PAK, with the token; a contract that has ended covers nothing."""
    other.lines = {"L-ADV": {"contract": "C-7", "end": "2999-12-31"}, "L-ESS": {"contract": "C-8", "end": "2020-01-01"}}
    seen = run(vendor, "P-1", "--preview")
    assert [(one["sku"], one["check"], one["contract"]) for one in seen["lines"]] == [
        ("L-ADV", "passed", "C-7"), ("L-ESS", "failed", None),
    ]  # fmt: skip
    headers, body = other.asked[0]
    assert headers["Authorization"] == "Bearer s3cret-token"
    assert body == {"account": ACCOUNT, "kind": "pak", "pak": "P-1", "skus": ["L-ADV", "L-ESS"]}
    assert run(vendor, "P-1", code=1)["code"] == "contract_missing"
    other.lines["L-ESS"] = {"contract": "C-9"}
    assert run(vendor, "P-1")["quantity"] == 8
    assert [sorted(body["skus"]) for _, body in other.asked[1:]] == [["L-ESS"], ["L-ESS"]]
    refused = vendor.central(
        "convert", "contracts", "import", ACCOUNT, vendor.file("c.csv", "contract,sku\nC,L-ADV\n"), code=1
    )["error"]
    assert refused["code"] == "contracts_looked_up"


BAD = {
    "the answer is 302; redirects are not followed": (302, {"Location": "https://127.0.0.1:1/"}, b""),
    "the answer is 500": (500, {}, b'{"contracts": [{"sku": "L-ADV", "contract": "C-7"}]}'),
    "the answer is not what was expected": (200, {}, b'{"contracts": [], "contracts": []}'),
    "the answer does not name it": (200, {}, b'{"contracts": [{"sku": "OTHER", "contract": "C-7"}]}'),
    "answer too large": (200, {}, b" " * 300_000),
    "connection cut": (200, {"Content-Length": "4000"}, b'{"contracts": []}'),
}


@pytest.mark.row("C9.2")
def test_no_answer_is_never_taken_for_an_answer(
    vendor: World, other: Contracts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong has its reason, nothing is converted, and the next try may succeed."""
    for reason, reply in BAD.items():
        other.instead = reply
        refused = run(vendor, "P-2", code=1)
        assert (refused["code"], reason in refused["message"]) == ("contract_not_checked", True), (reason, refused)
    for name, value, reason in (
        ("ALLOWED_NETWORKS", "10.0.0.0/8", "address refused"),
        ("CA_FILE", str(vendor.file("none.pem", "")), "the file of the authorities"),
        ("URL", "https://127.0.0.1:1/covered/v1", "refused"),
        ("TOKEN_FILE", str(vendor.folder / "missing"), "the file of the token cannot be read"),
    ):
        with monkeypatch.context() as changed:
            changed.setenv(f"CENTRAL_CONTRACTS__{name}", value)
            refused = run(vendor, "P-2", code=1)
            assert (refused["code"], reason in refused["message"]) == ("contract_not_checked", True), (reason, refused)
            assert "s3cret" not in json.dumps(refused)
    other.instead, other.lines = None, {"L-ADV": {"contract": None}}
    assert run(vendor, "P-2", code=1)["code"] == "contract_missing"
    for text in ("http://contracts.example/", "https://user:word@contracts.example/", "https://contracts.example/?a=1"):
        monkeypatch.setenv("CENTRAL_CONTRACTS__URL", text)
        refused = vendor.central("account", "list", code=1)["error"]
        assert (refused["code"], "word" in json.dumps(refused)) == ("invalid_setting", False)


@pytest.mark.row("C9.2", "C9.4", "C9.5")
def test_what_is_converted_by_itself_waits_for_the_answer_and_goes_on(vendor: World, other: Contracts) -> None:
    """An automatic conversion and a device's request: not decided while nothing answers, decided by the job after that."""
    device = vendor.device("D-1", "central")
    listed(vendor, "D-1", "L-ADV,4")
    vendor.central("convert", "paks", "settings", ACCOUNT, "--on")
    more = vendor.file("more.csv", "pak,sku,quantity,virtual_account\nP-3,L-ADV,7,Site\n")
    assert vendor.central("convert", "paks", "import", ACCOUNT, more)["in_progress"] == 1
    other.instead = (503, {}, b"")
    device.convert({"L-ADV": 4})
    assert became(device) == {"state": "pending"}
    vendor.central("jobs", "run", "conversions")
    (asked,) = vendor.central("convert", "requests", ACCOUNT)["items"]
    assert (asked["state"], asked["decided_at"], asked["licences"][0]["reason"]) == (
        "pending", None, "contract_not_checked",
    )  # fmt: skip
    found = vendor.central("convert", "paks", "show", ACCOUNT, "P-3")
    assert (found["status"], found["problem"]) == ("failed", "contract_not_checked")

    other.instead, other.lines = None, {"L-ADV": {"contract": "C-7"}}
    vendor.advance("1h")
    before = len(other.asked)
    vendor.central("jobs", "run", "conversions")
    assert {one.get("pak") or one["serial"] for _, one in other.asked[before:]} == {"P-3", "D-1"}
    device.convert()
    assert became(device) == {"state": "converted", "L-ADV": (4, None)}
    assert "P-3" not in {one["number"] for one in vendor.central("convert", "paks", "list", ACCOUNT)["items"]}
    assert vendor.central("ledger", "verify")["ok"]


@pytest.mark.row("C9.2")
def test_the_page_checks_contracts_and_says_why_one_is_not_checked(vendor: World, other: Contracts) -> None:
    """A button looks them up; with the answer the review follows, without one the form says why and is there again."""
    with central_portal(vendor) as portal:
        ada = portal.enter("ada", "account_administrator")
        path = f"{A}/convert/paks/{id_of(ada, 'paks', 'P-2')}/convert"
        first = ada.get(path)
        assert "not checked yet" in main_of(first)
        fields = {"to": first.text.partition("selected>Site")[0].rpartition('value="')[2].partition('"')[0]}
        wanted = {**fields, "sku": "L-ADV", "quantity": "2"}
        other.instead = (503, {}, b"")
        again = ada.get(ada.post(f"{path}/check", wanted).headers["Location"])
        assert (verdict_of(again), "the answer is 503" in main_of(again)) == ("conversion_refused", True)
        other.instead, other.lines = None, {"L-ADV": {"contract": "C-7"}}
        review = ada.get(ada.post(f"{path}/check", wanted).headers["Location"])
        assert (review.status_code, "C-7" in main_of(review)) == (200, True)
