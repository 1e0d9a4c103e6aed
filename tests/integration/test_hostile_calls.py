"""Texts of existing clients: whatever member of a body a call looks for, no text in it is stored that no file carries."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import pytest

import serverkit.http.lenient as lenient
from central.api.compat.app import ROUTES as CENTRAL
from central.api.compat.wire import BASES as CENTRAL_BASES
from central.app import make_app as central_app
from central.runtime import open_central
from satellite.api.compat.app import ROUTES as SATELLITE
from satellite.api.compat.wire import BASES as SATELLITE_BASES
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.http.lenient_route import PLACE_HEADERS, Route
from tests.api.callers import central_token, satellite_token, wsgi_of
from tests.hostile import Noted, hostile_writes, places, undo_all, with_text
from tests.world import ACCOUNT, App, World, call

CODE = "CE-ZC9300-48P-4X:XDC240312LB5-A6rZG7jGd-75"
SUDI = {"udiPid": "SW-48", "udiSerialNumber": "SN1"}
LICENCE = {"entitlementTag": "ADVANTAGE", "quantity": 1}
DEVICE = {"sudi": SUDI, "productTagName": "x", "targetVirtualAccount": "DEFAULT"}
RESERVED = {"reservationRequests": [{"reservationCode": CODE, "productTagName": "x", "licenses": [LICENCE]}]}
USAGE = {
    "meta": {"entitlement_tag": "ADVANTAGE"},
    "asset_identification": {"report_id": "r"},
    "measurements": [{"start_time": 1, "end_time": 2, "value": {"value": "1"}}],
}
IN_XML = base64.b64encode(f"<RUMReport>{json.dumps({'payload': json.dumps(USAGE)})}</RUMReport>".encode()).decode()
DLC = {"virtualAccounts": [{"name": "Spare", "dlcRequests": [{"sudi": SUDI, "lines": [{"conversionString": "L"}]}]}]}
BODIES: Mapping[str, dict[str, Any]] = {
    "create_virtual_account": {"name": "New", "description": "d"},
    "delete_virtual_account": {},
    "at_central": {},
    "create_token": {"description": "d"},
    "_create_token": {"description": "d"},
    "revoke_tokens": {"tokens": ["x"]},
    "transfer": {"licenses": [{"license": "ADVANTAGE", "quantity": 1, "targetVirtualAccount": "Site"}]},
    "reserve": RESERVED,
    "_reserve_in_all": {"virtualAccounts": [{"name": "Spare", **RESERVED}]},
    "update": {"reservationUpdateRequests": [{"sudi": SUDI, "licenses": [LICENCE]}]},
    "confirm": {"reservationConfirmationRequests": [{"sudi": SUDI, "confirmationCode": "x"}]},
    "transfer_devices": {"productInstances": [DEVICE]},
    "remove_devices": {"productInstancesRemoveRequests": [DEVICE]},
    "request_authorizations": {
        "licenses": [{"sudi": {**SUDI, "udiSerialNumber": "SN7"}, "keys": [{"entitlement": "ADVANTAGE", "count": 1}]}]
    },
    "report_usage": {"reports": [{"sudi": SUDI, "usage": [{"payload": USAGE}]}]},
    "report_usage_in_xml": {"reports": [{"sudi": SUDI, "licenses": IN_XML}]},
    "dlc_convert": DLC,
    "dlc_request": {"dlc_request": DLC},
}
"""By what answers: a body with which each call goes as far as it can; what else it looks for is found by asking."""
ALIASES = {"_create_token", "_reserve_in_all", "report_usage_in_xml", "dlc_request"}
"""What hands the same body to another of them."""
WRAPPED: Mapping[str, Callable[[str], str]] = {
    "payload": str,
    "dlc_request": lambda text: base64.b64encode(text.encode()).decode(),
}


def sent(body: Any) -> Any:
    """A body as it is sent: what travels as a text within it is one."""
    if isinstance(body, list):
        return [sent(one) for one in body]
    if not isinstance(body, dict):
        return body
    return {
        name: WRAPPED[name](json.dumps(value)) if name in WRAPPED and isinstance(value, dict) else sent(value)
        for name, value in body.items()
    }


def answering(route: Route[Any]) -> str:
    """The name of what answers, also where it is wrapped to find its virtual account in the query."""
    inside = [cell.cell_contents for cell in route.handle.__closure__ or ()]
    name: str = (inside or [route.handle])[0].__name__
    return name


def walk(
    app: App, bases: Iterable[str], routes: Iterable[Route[Any]], headers: Mapping[str, str], patch: pytest.MonkeyPatch
) -> tuple[dict[str, list[int]], set[str]]:
    """Call everything that changes something, once for each place of its body where a text may be, and take it back.

    Returns the answers of each, the first of them to the plain body, and the statements that wrote a hostile text.
    """
    seen: set[tuple[Any, ...]] = set()
    read = lenient.read_body
    call(app, "GET", f"{[*bases][-1]}/v1/accounts/{ACCOUNT}/virtual-accounts", headers=dict(headers))  # notes its use
    patch.setattr(lenient, "read_body", lambda request: Noted(read(request), seen))
    undo_all(patch)
    answers: dict[str, list[int]] = {}

    def ask(method: str, path: str, body: Any) -> int:
        return call(app, method, f"{path}?virtualAccountName=Spare", json.dumps(sent(body)).encode(), dict(headers))[0]

    with hostile_writes() as written:
        for route in routes:
            name, path = answering(route), route.urls([*bases][:1])[0].path.replace("<kind>", "CUSTOMER")
            if route.changes and name not in answers:
                path = quote(path.replace("<account>", ACCOUNT).replace("<va>", "Spare"))
                seen.clear()
                answers[name] = [ask(route.method, path, BODIES[name])]
                known = {*places(BODIES[name])}
                wanted = sorted({place for place in {*seen, *known} if place in known or "sudi" not in place}, key=str)
                bodies = [] if name in ALIASES else [with_text(BODIES[name], place) for place in wanted]
                answers[name] += [ask(route.method, path, body) for body in bodies]
    return answers, written


@pytest.mark.row("S2.3", "C11.2", "E2")
def test_no_text_of_an_existing_client_is_stored_at_central_where_a_file_would_not_carry_it(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call of both generations that changes something, every member that it looks for; most of the plain ones succeed."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    numbers = {
        "account_number": vendor.central("account", "list")["items"][0]["number"],
        "va_number": next(
            one["number"]
            for one in vendor.central("virtual-account", "list", ACCOUNT)["items"]
            if one["name"] == "Spare"
        ),
    }
    headers = {PLACE_HEADERS[name]: str(number) for name, number in numbers.items()}
    headers["Authorization"] = f"Bearer {central_token(vendor, 'write')}"
    app = wsgi_of(central_app(open_central(vendor.folder / "central")))
    answers, written = walk(app, CENTRAL_BASES, CENTRAL, headers, monkeypatch)

    assert [name for name, found in answers.items() if max(found) >= 500] == []
    assert {name for name, found in answers.items() if found[0] >= 400} == {"delete_virtual_account"}
    assert min(len(answers[name]) for name in ("transfer", "reserve", "request_authorizations", "dlc_convert")) > 5
    assert written == set()


@pytest.mark.row("S2.3", "S3.2", "E2")
def test_no_text_of_an_existing_client_is_stored_at_a_satellite_where_a_file_would_not_carry_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call that changes something, every member that it looks for."""
    headers = {"Authorization": f"Bearer {satellite_token(site)}"}
    app = wsgi_of(satellite_app(open_satellite(site.folder / "satellite")))
    answers, written = walk(app, SATELLITE_BASES, SATELLITE, headers, monkeypatch)

    assert [name for name, found in answers.items() if max(found) >= 500] == []
    assert len(answers["create_token"]) > 4
    assert written == set()
