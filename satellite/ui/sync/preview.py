"""Exactly what the next request holds: its rows themselves, after the privacy filter (row S2.4)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from satellite.actions.privacy import show_privacy
from satellite.actions.synchronization import preview_request
from satellite.core.site.errors import UnknownRowsError
from satellite.ui.files import KINDS
from satellite.ui.sync.frame import RUN, server_of, sync_page
from satellite.ui.way import FIELDS, WORDS
from serverkit.web.answers import Answer, Sent
from serverkit.web.page import Page
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url

MOST = 200
FIRST = ("hostname", "message", "description", "tag", "udi", "at", "ip_address", "notes", "id")
"""Members of a row that people look for; the others follow in the order of the format."""
TITLE = _("What leaves the site")


def show(page: Page) -> Answer:
    """The counts by kind, and the choices of privacy."""
    found = preview_request(server_of(page), page.unit)
    context = {
        "kinds": [(kind, name_of(kind), count) for kind, count in sorted(found["counts"].items())],
        "privacy": [(FIELDS[name], WORDS[choice]) for name, choice in show_privacy(page.unit).items()],
    }
    return sync_page(page, "preview", TITLE, "sync_preview.html", context, help="synchronization")


def show_kind(page: Page) -> Answer:
    """The rows of one kind, or all of them as a file."""
    kind = page.parts["kind"]
    rows: Sequence[dict[str, Any]] | None = preview_request(server_of(page), page.unit)["rows"].get(kind)
    if rows is None:
        raise UnknownRowsError("the next request holds no rows of the kind {kind}", kind=kind[:40])
    if page.query.get("as") == "json":
        return Sent(f"{kind}.jsonl", "application/jsonl", _lines(rows))
    names = dict.fromkeys(name for row in rows[:MOST] for name in row if name != "kind")
    columns = sorted(names, key=lambda name: FIRST.index(name) if name in FIRST else len(FIRST))
    context = {
        "kind": kind,
        "columns": columns,
        "rows": [[_cell(row.get(name)) for name in columns] for row in rows[:MOST]],
        "count": len(rows),
        "most": MOST,
    }
    title = _("What leaves: {kind}", kind=name_of(kind))
    return sync_page(page, "preview", title, "sync_preview_kind.html", context, help="synchronization")


def name_of(kind: str) -> Words:
    """What a kind of row is called."""
    return KINDS.get(kind, kind.replace("_", " "))


def _cell(value: Any) -> str | None:
    if value is None or value == "":
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _lines(rows: Sequence[dict[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        yield json.dumps(row, ensure_ascii=False).encode() + b"\n"


URLS = (
    Url("GET", "/sync/preview", show, RUN, "S2.4"),
    Url("GET", "/sync/preview/{kind}", show_kind, RUN, "S2.4"),
)
