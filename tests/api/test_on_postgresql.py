"""Every page and every list of REST, in each of its orders, on PostgreSQL: most tests of interfaces run on SQLite alone."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.api.callers import BASE
from tests.api.test_links import of_central, of_satellite
from tests.api.test_pages import kind_of
from tests.served import CONSOLES, Outline, served
from tests.world import ACCOUNT, World

pytestmark = [
    pytest.mark.system,
    pytest.mark.parametrize("empty_world", ["postgresql"], indirect=True),
    pytest.mark.parametrize("name", CONSOLES),
]


@pytest.mark.row("S3.1", "C1.6")
def test_every_page_opens_in_every_order_of_its_lists(site: World, name: str) -> None:
    """Each page, each order, filter and file of its lists, and the page of one row: shown, with no fault."""
    site.device("SN1").use("ADVANTAGE", 30)
    site.device("SN2", "central", site.token("central", pool="Spare")).use("ADVANTAGE", 1)
    site.synchronize()
    with served(site, name) as console:
        browser = console.administrator
        to_open = {console.filled(url): console.filled(url) for url in console.urls if not url.changes}
        linked: dict[object, str] = {}
        known: dict[str, int] = {}
        for path in to_open:
            found = browser.get(path)
            known[path] = found.status_code
            if found.status_code != 200 or "Content-Disposition" in found.headers:
                continue
            for link in Outline(found.get_data(as_text=True)).all("a"):
                to = (link.get("href") or "").partition("#")[0]
                if to.startswith("/"):
                    order = tuple(parse_qs(to.partition("?")[2]).get("sort", ()))
                    linked.setdefault((kind_of(console, to), order), to)
        for to in linked.values():
            known[to] = known.get(to) or browser.get(to).status_code

        assert sum("sort=" in to for to in linked.values()) > (60 if name == "central" else 20)
        assert {path: status for path, status in known.items() if status >= 500} == {}
        assert {to: known[to] for to in linked.values() if known[to] >= 400} == {}


@pytest.mark.row("C12.4", "S3.4")
def test_every_list_of_rest_is_answered_in_each_of_its_orders(site: World, name: str) -> None:
    """Each GET whose address can be filled in, with each order that its description names."""
    api = of_central(site) if name == "central" else of_satellite(site)
    _, described = api.ask("GET", "/openapi.json")
    answered = 0
    for path, methods in described["paths"].items():
        address = path.removeprefix(BASE).replace("{account}", ACCOUNT)
        look: dict[str, Any] = methods.get("get", {"parameters": [{"required": True, "in": "query", "name": ""}]})
        if "{" in address or any(one["required"] and one["in"] == "query" for one in look["parameters"]):
            continue
        orders = next((one["schema"].get("enum", []) for one in look["parameters"] if one["name"] == "sort"), [])
        for order in orders or [""]:
            status = api.ask("GET", f"{address}?sort={order}" if order else address)[0]
            assert status == 200, (address, order, status)
            answered += 1

    assert answered > (30 if name == "central" else 10)
