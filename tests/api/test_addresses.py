"""Addresses as they are sent: what is in a part stays in it, and what is not there is said without a detour."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from central.app import make_app
from central.runtime import open_central
from tests.api.callers import Api, central_token, wsgi_of
from tests.world import ACCOUNT, World, call

NAMES = ["North/South", "50% off", "a+b", "%2F", "Zürich & Söhne", "x?y#z", "../up"]


@pytest.fixture
def api(vendor: World) -> Api:
    """The vendor's administrator."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    return Api(make_app(open_central(vendor.folder / "central")), central_token(vendor, "write"))


@pytest.mark.row("B13", "C1.2")
def test_a_name_with_any_character_is_one_part_of_an_address(api: Api) -> None:
    """Slashes, percent signs and letters of all kinds, encoded: by REST and by existing clients' calls."""
    root = f"/smart-accounts/{ACCOUNT}/virtual-accounts"
    ours = f"/services/api/smart-accounts-and-licensing/v1/accounts/{ACCOUNT}/virtual-accounts"
    for name in NAMES:
        part = quote(name, safe="")
        assert api.ask("POST", root, {"name": name, "description": ""})[0] == 200, name
        assert api.ask("GET", f"{root}/{part}")[1]["name"] == name
        status, _, body = call(
            api.app, "GET", f"{ours}/{part}/tokens", headers={"Authorization": f"Bearer {api.token}"}
        )
        assert (status, json.loads(body)["tokens"]) == (200, []), name
        assert api.ask("DELETE", f"{root}/{part}") == (200, {"done": True})

    assert api.code("GET", f"{root}/North/South") == (404, "not_found")
    assert api.code("GET", f"{root}/%FF") == (422, "invalid_parameter")
    assert api.code("GET", f"{root}/a%00b") == (422, "invalid_parameter")


@pytest.mark.row("B13")
def test_an_address_is_taken_as_it_is_or_not_at_all(api: Api) -> None:
    """A slash too many, other capitals, encoded words: 404 and never a redirect; existing clients' addresses are lenient."""
    for path in ("/me/", "//me", "/Me", "/%6De", "/me/.", "/smart-accounts//virtual-accounts"):
        status, head, problem = api.whole("GET", path)
        assert (status, problem["code"]) == (404, "not_found"), path
        assert "location" not in head
    bearer = {"Authorization": f"Bearer {api.token}"}
    lenient = f"//services/api//services/api/smart-accounts-and-licensing/v1/accounts/{ACCOUNT}/CUSTOMER/holding/virtual-accounts//"
    assert call(api.app, "GET", lenient, headers=bearer)[0] == 200
    assert call(api.app, "GET", lenient)[0] == 401
    assert call(api.app, "GET", "/backend/api/v1/nothing", headers=bearer)[::2] == (404, b"")
    assert call(api.app, "GET", "/backend/api/v1/nothing")[::2] == (401, b"")
    assert call(api.app, "GET", "/Backend//OAuth/Token/")[0] == 405


@pytest.mark.row("B13", "C11.2")
def test_methods_that_an_address_does_not_take_are_named(api: Api) -> None:
    """405 with Allow in the form of each family; OPTIONS is not an exception, HEAD is GET without its body."""
    bearer = {"Authorization": f"Bearer {api.token}"}
    compat = f"/backend/api/v1/accounts/{ACCOUNT}/virtual-accounts"
    for path, allowed in (
        ("/api/v1/me", "GET, HEAD"),
        ("/api/v1/openapi.json", "GET, HEAD"),
        (f"/api/v1/smart-accounts/{ACCOUNT}", "GET, HEAD, PATCH"),
        ("/sync/v1/request", "POST"),
        ("/oauth/token", "POST"),
        (compat, "GET, HEAD, POST"),
    ):
        for method in ("OPTIONS", "PUT", "TRACE"):
            status, head, _ = call(api.app, method, path, headers=bearer)
            assert (status, head["allow"]) == (405, allowed), (method, path)
    for path in ("/api/v1/me", compat):
        whole, bare = (call(api.app, method, path, headers=bearer) for method in ("GET", "HEAD"))
        assert (bare[0], bare[2]) == (200, b"")
        assert bare[1]["content-length"] == str(len(whole[2]))


@pytest.mark.row("B13")
def test_a_body_without_a_length_is_taken_where_it_has_an_end(api: Api) -> None:
    """Chunked: the server says where it ends. With neither length nor chunks there is no body."""

    def chunked(environ: dict[str, Any], start: Any) -> Any:
        del environ["CONTENT_LENGTH"]
        return wsgi_of(api.app)({**environ, "HTTP_TRANSFER_ENCODING": "chunked"}, start)

    def endless(environ: dict[str, Any], start: Any) -> Any:
        del environ["CONTENT_LENGTH"]
        return wsgi_of(api.app)(environ, start)

    root = f"/smart-accounts/{ACCOUNT}/virtual-accounts"
    assert Api(chunked, api.token).ask("POST", root, {"name": "Chunks"})[1]["name"] == "Chunks"
    assert Api(endless, api.token).code("POST", root, {"name": "Endless"}) == (422, "invalid_parameter")
