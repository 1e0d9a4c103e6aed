"""Requests that break off in the middle, over the front of the server: half of one is never taken for all of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from central.app import make_app
from central.runtime import open_central
from serverkit.devices.asgi_front import AsgiFront
from tests.api.callers import central_token
from tests.world import ACCOUNT, World

ORDERS = b"virtual_account,tag,quantity\nSpare,ADVANTAGE,7\nSpare,ADVANTAGE,10"  # of 1000


def broken(world: World, path: str, data: bytes, **headers: str) -> tuple[int, str]:
    """Send a part of a body, of which more was announced, and break the line; the answer that no one hears."""
    made = open_central(world.folder / "central")
    sent: list[Any] = []
    parts = [{"type": "http.request", "body": data, "more_body": True}]
    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "http_version": "1.1",
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.9", 1),
        "server": ("127.0.0.1", 2),
    }

    async def receive() -> dict[str, Any]:
        return parts.pop(0) if parts else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    async def run() -> None:
        await AsgiFront(make_app(made), threads=1, behind_proxy=False)(scope, receive, send)

    asyncio.run(run())
    made.database.dispose()
    return sent[0]["status"], json.loads(sent[1]["body"])["code"]


@pytest.mark.row("C3.4")
@pytest.mark.parametrize("size", [{"content_length": "200"}, {"transfer_encoding": "chunked"}])
def test_half_a_file_of_orders_orders_nothing(vendor: World, size: dict[str, str]) -> None:
    """The line breaks within a quantity: nothing is ordered, whatever the sender had said of the length."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    said = {"authorization": f"Bearer {central_token(vendor, 'write')}", "content_type": "text/csv", **size}
    before = vendor.licence("ADVANTAGE", pool="Spare")["purchased"]
    answer = broken(vendor, f"/api/v1/smart-accounts/{ACCOUNT}/orders", ORDERS, **said)

    assert answer == (400, "body_incomplete")
    assert vendor.licence("ADVANTAGE", pool="Spare")["purchased"] == before


@pytest.mark.row("C11.2")
def test_half_a_synchronization_says_nothing_about_the_satellite(site: World) -> None:
    """A file that breaks off on its way is not a refused file: no event, no alert, and it may come again at once."""
    path = site.file("request")
    site.satellite("sync", "export", "--output", path)
    data = Path(path).read_bytes()
    answer = broken(site, "/sync/v1/request", data[:-20], content_length=str(len(data)))

    assert answer == (400, "body_incomplete")
    assert not [row for row in site.central("events", ACCOUNT)["items"] if "refused" in row["message"]]
