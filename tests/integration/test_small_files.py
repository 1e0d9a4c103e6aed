"""Small signed files with large effects: what their rows hold is bounded before anything of it is kept (row E3)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
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
