"""What the pages show as a request of the REST interface does what their forms do."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest

from satellite.api.v1.app import OPERATIONS
from satellite.app import make_app
from satellite.runtime import open_satellite
from satellite.ui.console import URLS
from tests.api.callers import Api, satellite_token
from tests.console import Browser, press
from tests.world import World

PASSWORD = "a long enough secret"


@pytest.fixture
def both(site: World) -> Iterator[tuple[Browser, Api]]:
    """An administrator's browser, and a program with an access token, at one satellite."""
    secret = site.folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    site.satellite("user", "add", "ann", "--role", "administrator", "--password-file", str(secret))
    server = open_satellite(site.folder / "satellite")
    app = make_app(server)
    browser = Browser(app.rest)
    browser.sign_in("ann", PASSWORD)
    yield browser, Api(app, satellite_token(site, "administrator"))
    server.database.dispose()


def shown(answer: Any) -> tuple[str, str, Any]:
    """Method, path and body of the request that a page shows, as a shell reads it."""
    found = re.search(r"<code data-request[^>]*>(.*?)</code>", answer.get_data(as_text=True), re.DOTALL)
    assert found
    words = shlex.split(unescape(found[1]).replace("\\\n", " "))
    assert words[0] == "curl"
    method, address = words[words.index("-X") + 1], words[words.index("-X") + 2]
    body = json.loads(words[words.index("-d") + 1]) if "-d" in words else None
    return method, address.removeprefix("https://site.example/api/v1"), body


@pytest.mark.row("S3.2")
def test_the_request_of_a_form_does_what_the_form_does(both: tuple[Browser, Api]) -> None:
    """With what was typed, quotes and other scripts too; then the request of a page of one thing, which names that thing."""
    browser, api = both
    typed = {"description": "Anna's \u0645\u0648\u0642\u0639 $(x)", "days": "9", "uses": ""}
    came_back = press(browser, browser.get("/tokens/new"), virtual_account="", **typed)
    method, path, body = shown(came_back)
    assert body == {"days": 9, "export_controlled": False, "description": typed["description"]}
    method, path, body = shown(browser.get("/tokens/new"))
    status, made = api.ask(method, path, body)
    assert (status, made["days" if "days" in made else "state"]) == (200, "active")

    method, path, body = shown(browser.get(f"/tokens/{made['id']}/revoke"))
    assert api.ask(method, path, body or {})[1]["state"] == "revoked"


@pytest.mark.row("S3.4")
def test_a_request_never_shows_a_secret(both: tuple[Browser, Api]) -> None:
    """A password stands as dots, also where it was typed and the form came back."""
    browser, _api = both
    browser.post("/step-up", {"password": PASSWORD, "next": "/users/new"})
    refused = press(browser, browser.get("/users/new"), name="bob", role="operator", password="short-one")
    assert refused.status_code == 422
    assert shown(refused) == ("POST", "/users", {"name": "bob", "role": "operator", "password": "..."})
    assert "short-one" not in refused.get_data(as_text=True)


@pytest.mark.row("S3.2")
def test_every_operation_that_a_page_names_is_there_and_takes_what_the_form_has() -> None:
    """A page's form has every member that its operation needs, so that the request that it shows is whole."""
    operations = {one.name: one for one in OPERATIONS}
    named = [url for url in URLS if url.twin]
    assert len(named) > 8
    for url in named:
        operation = operations[url.twin]
        assert operation.permission == url.permission, url.path
        assert len(operation.parts) <= url.path.count("{"), url.path
        needed = {
            name for name, info in (operation.body.model_fields if operation.body else {}).items() if info.is_required()
        }
        whole = needed <= set(url.form.model_fields if url.form else ())
        assert whole == (url.path != "/setup/summary"), (url.path, needed)  # its mode was chosen on another page
