"""Small signed files with large effects: what their rows hold is bounded before anything of it is kept (row E3)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

import central.sync.make_response as responding
import satellite.sync.make_request as making
from exchange.canonical import encode
from exchange.container_writing import Lines
from exchange.files.central_rows import AllotmentRow, GrantReleaseRow, GrantRow
from tests.world import ACCOUNT, World

TIME = "2026-11-24T12:00:00Z"


def _events(first: int, subject: dict[str, Any], message: str) -> Lines:
    """A table of 1000 events that differ by nothing but their ids."""
    ids = b"".join(number.to_bytes(16, "big") for number in range(first, first + 1000))
    columns = {
        "id": {"hex": base64.b64encode(ids).decode()}, "at": {"all": TIME}, "event": {"all": "e"},
        "actor": {"all": "a"}, "message": {"all": message}, "subject": {"all": subject},
    }  # fmt: skip
    return Lines("event", 1000, encode({"kind": "event", "table": 1000, "columns": columns}) + b"\n")


def _returns(number: int, size: int) -> Lines:
    """A row that is a line, with what should be a signed object."""
    row = {
        "kind": "export_return", "grant": f"{number:032x}", "instance": "0" * 32, "statement": {"a": "x" * size},
        "device_key": {"suite": 1, "public": base64.b64encode(bytes(32)).decode()},
    }  # fmt: skip
    return Lines("export_return", 1, encode(row) + b"\n")


HOSTILE: dict[str, Callable[[], list[Lines]]] = {
    "one long subject": lambda: [_events(0, {"text": "x" * 60_000}, "m")],
    "rows within their bounds, and many of them": lambda: [
        _events(at * 1000, {"text": "x" * 3000}, "m" * 4000) for at in range(60)
    ],
    "one long statement": lambda: [_returns(1, 40_000)],
    "many statements": lambda: [_returns(at, 30_000) for at in range(3000)],
}


@pytest.mark.row("E3", "E2")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_small_file_does_not_fill_central(site: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each is signed by the site's own key, small, and refused as `too_large`; nothing of it is kept."""
    usual = making._rows

    def hostile(*words: Any, **more: Any) -> Iterator[Any]:
        yield from usual(*words, **more)
        yield from HOSTILE[name]()

    monkeypatch.setattr(making, "_rows", hostile)
    request = site.file("request")
    site.satellite("sync", "export", "--output", request)
    before = len(site.central("events", ACCOUNT)["items"])

    assert Path(request).stat().st_size < 2_000_000
    refused = site.central("sync", "import", request, "--output", site.file("response"), code=1)["error"]
    assert refused["code"] == "too_large"
    assert len(site.central("events", ACCOUNT)["items"]) <= before + 1  # that it was refused


def _line(**row: Any) -> Lines:
    return Lines(row["kind"], 1, encode(row) + b"\n")


def _token(virtual_account: str, **wrong: Any) -> Lines:
    return _line(
        kind="token", id="1" * 32, virtual_account=virtual_account, description="", hash="a" * 64, created=TIME,
        max_uses=3, export_controlled=False, revoked=False, removed=False,
        **{"created_by": "x", "uses": 1, "expires": TIME, **wrong},
    )  # fmt: skip


BEYOND: dict[str, Callable[[str, str], Lines]] = {
    "the creator of a token": lambda place, _: _token(place, created_by="x" * 256),
    "more uses than allowed": lambda place, _: _token(place, uses=4),
    "an end before the beginning": lambda place, _: _token(place, expires="2025-01-01T00:00:00Z"),
    "the tag of a claim": lambda _, of: _line(kind="claim", instance=of, tag="x" * 256, count=1, since=TIME),
    "the actor of an event": lambda _, of: _line(
        kind="event", id="2" * 32, at=TIME, event="e", actor="x" * 1024, message="m", instance=of, subject={}
    ),
}


@pytest.mark.both_databases
@pytest.mark.row("E2", "C11.2")
def test_what_no_table_of_central_holds_is_a_malformed_file(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Texts and figures that the form allows and no honest site has: the file is refused, the database is not blamed."""
    device = site.device("SN1")
    site.synchronize()
    place = next(
        row["id"] for row in site.central("virtual-account", "list", ACCOUNT)["items"] if row["name"] == "Site"
    )
    usual, codes = making._rows, {}
    for number, (name, make) in enumerate(BEYOND.items()):
        row = make(place, str(device.state.instance))
        with monkeypatch.context() as patch:
            patch.setattr(making, "_rows", lambda *words, row=row, **more: chain(usual(*words, **more), [row]))
            site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
            site.satellite("sync", "export", "--output", site.file(f"request-{number}"))
        words = ("sync", "import", site.file(f"request-{number}"), "--output", site.file("response"))
        codes[name] = site.central(*words, code=1)["error"]["code"]

    assert codes == dict.fromkeys(BEYOND, "malformed")


FROM_CENTRAL: dict[str, Callable[[], list[Any]]] = {
    "one long allotment": lambda: [AllotmentRow({"a": "x" * 60_000})],
    "one long grant": lambda: [GrantRow("0" * 32, {"a": "x" * 60_000})],
    "many releases": lambda: [GrantReleaseRow({"a": "x" * 30_000}) for _ in range(3000)],
}


@pytest.mark.row("E3", "E2")
@pytest.mark.parametrize("name", FROM_CENTRAL)
def test_a_small_response_does_not_fill_a_site(site: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Signed by central's own key and small: refused before anything of it is kept; the site keeps what it had."""
    usual = responding.rows_for
    before = site.satellite("licences")["items"]
    with monkeypatch.context() as patched:
        patched.setattr(responding, "rows_for", lambda *words: [*usual(*words), *FROM_CENTRAL[name]()])
        request, response = site.file("request"), site.file("response")
        site.satellite("sync", "export", "--output", request)
        site.central("sync", "import", request, "--output", response)

    assert Path(response).stat().st_size < 2_000_000
    assert site.satellite("sync", "import", response, code=1)["error"]["code"] == (
        "malformed" if name == "many releases" else "too_large"  # the first is no signed object already
    )
    assert site.satellite("licences")["items"] == before
