"""Texts that people type into forms: whatever field of a page takes one, none is stored that no file carries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from central.app import make_app as central_app
from central.runtime import open_central
from central.ui.console import URLS as CENTRAL
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from satellite.ui.console import URLS as SATELLITE
from serverkit.http.operations import Access
from serverkit.web.errors import InvalidFormError
from serverkit.web.form_reading import is_list, plain_type, read_form
from serverkit.web.page import Page
from serverkit.web.stages import Pages
from serverkit.web.urls import Url
from tests.console import Browser, guard
from tests.hostile import DECOMPOSED, hostile_writes, undo_all
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"
KNOWN = {
    "url": "https://hooks.site.example/x",
    "domain": "new.example",
    "account": ACCOUNT,
    "address": "anna@site.example",
    "to": "anna@site.example",
    "names": "north.site.example",
    "licence": "ADVANTAGE",
    "folder": "/srv/copies",
    "sha256": "0" * 64,
    "host_keys": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f",
}
"""What fields take that do not take any text."""


def texts_of(model: type[BaseModel]) -> list[str]:
    """The fields of a form that take a text, or several."""
    plain = {name: plain_type(info.annotation) for name, info in model.model_fields.items()}
    inner = {name: get_args(kind)[0] if is_list(kind) else kind for name, kind in plain.items()}
    return [name for name, kind in inner.items() if kind is str]


def value_of(name: str, info: FieldInfo, known: Mapping[str, str]) -> str | None:
    """Something that a field takes which has to be filled in; None for any other."""
    plain = plain_type(info.annotation)
    if not info.is_required() or plain is bool:
        return None
    if plain is SecretStr:
        return PASSWORD
    if get_origin(plain) is Literal:
        return str(get_args(plain)[0])
    if isinstance(plain, type) and issubclass(plain, Enum):
        return str(next(iter(plain)).value)
    return "2" if plain is int else known.get(name, "x")


def forms(urls: Sequence[Url], parts: Mapping[str, str]) -> Iterator[tuple[Url, str, type[BaseModel]]]:
    """The changes whose form has a text, at places that there are."""
    for url in urls:
        path = _place(url, parts)
        if url.changes and url.form is not None and "{" not in path and url.permission is not Access.CREDENTIALS:
            yield url, path, url.form


def _place(url: Url, parts: Mapping[str, str]) -> str:
    """An address with what there is; the id is of a thing of the kind that the word before it names."""
    kind = url.path.partition("/{id}")[0].rsplit("/", 1)[-1]
    known = {"id": parts[f"id of {kind}"]} if f"id of {kind}" in parts else {}
    return re.sub(r"{(\w+)}", lambda found: {**parts, **known}.get(found[1], found[0]), url.path)


def bulk_forms(urls: Sequence[Url], parts: Mapping[str, str]) -> Iterator[tuple[str, type[BaseModel]]]:
    """The changes of many rows whose form has a text, at places that there are."""
    for url in urls:
        path = _place(url, parts)
        if url.bulk is not None and url.bulk[1].form is not None and "{" not in path:
            yield path, url.bulk[1].form.model


def walk_bulk(browser: Browser, urls: Sequence[Url], parts: Mapping[str, str]) -> dict[str, int]:
    """Have each change of many rows made of a row, with a hostile text in each of its texts; returns the statuses by path and field."""
    answers: dict[str, int] = {}
    token = browser.token()
    for path, model in bulk_forms(urls, parts):
        key = parts.get(f"id of {path.split('/bulk/')[0].rsplit('/', 1)[-1]}", "x")
        plain = {name: value_of(name, info, {**parts, **KNOWN}) for name, info in model.model_fields.items()}
        for name in texts_of(model):
            fields = {**{field: value for field, value in plain.items() if value is not None}, name: DECOMPOSED}
            if _reads(model, fields):
                previewed = read_form(model, MultiDict(fields)).model_dump_json()
                sent = {**fields, "key": key, "step": "act", "previewed": previewed}
                answers[f"{path} {name}"] = browser.post(path, sent, token=token).status_code
    return answers


def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take back what forms change, and draw no page around a refusal."""
    undo_all(monkeypatch)

    def bare(_pages: Pages, _page: Page, error: Exception) -> Response:
        return Response(status=int(getattr(error, "status", 400)))

    monkeypatch.setattr(Pages, "_come_back", bare)


def walk(browser: Browser, urls: Sequence[Url], parts: Mapping[str, str]) -> tuple[dict[str, int], list[str]]:
    """Send each form once for each of its texts that its model takes.

    Returns the statuses by path and field, and the forms that are not even read where nothing in them is hostile.
    """
    answers: dict[str, int] = {}
    unread: list[str] = []
    token = browser.token()
    for url, path, model in forms(urls, parts):
        plain = {name: value_of(name, info, {**parts, **KNOWN}) for name, info in model.model_fields.items()}
        base = {name: value for name, value in plain.items() if value is not None}
        if not _reads(model, base):
            unread.append(path)
        taken = [name for name in texts_of(model) if _reads(model, {**base, name: DECOMPOSED})]
        more = guard(browser.get(path)) if taken and url.current is not None else {}
        for name in taken:
            found = browser.post(path, {**base, **more, name: DECOMPOSED}, token=token)
            answers[f"{path} {name}"] = found.status_code
    return answers, unread


def _reads(model: type[BaseModel], fields: Mapping[str, Any]) -> bool:
    try:
        read_form(model, MultiDict(fields))
    except InvalidFormError:
        return False
    return True


@pytest.mark.row("S2.3", "S3.1", "E2")
def test_no_text_of_a_form_of_a_satellite_is_stored_where_a_file_would_not_carry_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every form of every page, every text that its model takes."""
    secret = site.file("password", PASSWORD + "\n")
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", secret)
    site.device("SN1")
    parts = {
        "table": "tokens",
        "path": "/tokens",
        "virtual_account": "Site",
        "role": "operator",
        "id of users": site.satellite("user", "list")["items"][0]["id"],
        "id of instances": site.satellite("instances")["items"][0]["id"],
    }
    browser = Browser(satellite_app(open_satellite(site.folder / "satellite")))
    browser.sign_in("anna", PASSWORD)
    quickly(monkeypatch)
    with hostile_writes() as written:
        answers, unread = walk(browser, SATELLITE, parts)
        answers |= walk_bulk(browser, SATELLITE, parts)

    assert {place: status for place, status in answers.items() if status >= 500 or status in {401, 403}} == {}
    assert unread == []
    assert len(answers) > 10
    assert written == set()


@pytest.mark.row("C1.6", "C11.2", "E2")
def test_no_text_of_a_form_of_central_is_stored_where_a_file_would_not_carry_it(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every form of every page, every text that its model takes."""
    secret = site.file("password", PASSWORD + "\n")
    site.central("user", "add", "anna", "--role", "vendor_administrator")
    site.central("user", "password", "anna", "--password-file", secret)
    pools = site.central("virtual-account", "list", ACCOUNT)["items"]
    site.device("SN1", "central", site.token("central", pool="Spare"))
    parts = {
        "domain": ACCOUNT,
        "number": str(next(one["number"] for one in pools if one["name"] == "Spare")),
        "table": "accounts",
        "path": "/accounts",
        "flag": "add_to_inventory",
        "id of satellites": site.central("satellite", "list", ACCOUNT)["items"][0]["id"],
        "id of users": site.central("user", "list")["items"][0]["id"],
        "id of instances": site.central("instances", ACCOUNT)["items"][0]["id"],
        "id of licences": "ADVANTAGE",
        "virtual_account": "Spare",
    }
    browser = Browser(central_app(open_central(site.folder / "central")))
    browser.sign_in("anna", PASSWORD)
    quickly(monkeypatch)
    with hostile_writes() as written:
        answers, unread = walk(browser, CENTRAL, parts)
        answers |= walk_bulk(browser, CENTRAL, parts)

    assert {place: status for place, status in answers.items() if status >= 500 or status in {401, 403}} == {}
    assert unread == []
    assert {200, 303} & {answers[place] for place in answers if "/bulk/" in place}, "no change of many rows was made"
    assert len(answers) > 40
    assert written == set()
