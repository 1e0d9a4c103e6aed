"""Reports on licences, subscriptions and product instances: by page, as files, by command and REST."""

from __future__ import annotations

import csv
import io
from typing import Any
from urllib.parse import quote
from zipfile import ZipFile

import pytest

from central.app import make_app
from tests.api.callers import Api, central_token
from tests.api.test_central_instances import holding
from tests.api.test_central_pages import portal, text_of
from tests.api.test_central_people import Portal
from tests.world import ACCOUNT, World

__all__ = ["portal"]
R = f"/a/{ACCOUNT}/reports"
ORDERS = """virtual_account,tag,quantity,type,start,end,subscription_id,billing
Site,ESSENTIALS,5,term,2026-01-01,2036-01-01,SUB-1,prepaid
Spare,ESSENTIALS,7,term,2026-01-01,2036-01-01,SUB-2,prepaid
"""


def stocked(world: World) -> None:
    """Two subscriptions, a tagged virtual account, a tagged licence, two devices."""
    world.central("order", "import", ACCOUNT, world.file("more.csv", ORDERS))
    world.central("virtual-account", "tag", ACCOUNT, "Spare", "Lab")
    tag = ("licence", "tag", ACCOUNT, "gold", "--virtual-account", "Site", "--licence", "ADVANTAGE")
    world.central(*tag)
    holding(world, restricted=False)


def run(world: World, report: str, *words: str) -> list[dict[str, Any]]:
    """The rows of a report by command."""
    return list(world.central("report", "run", report, ACCOUNT, *words)["items"])


@pytest.mark.row("C12.1")
def test_a_report_is_about_the_virtual_accounts_tags_and_products_that_are_chosen(portal: Portal) -> None:
    """All or some virtual accounts, those with all tags, licences with all tags or none, products by name."""
    world, _server, _enter = portal
    stocked(world)

    def told(*words: str) -> list[tuple[str, str, int | None]]:
        return [(one["virtual_account"], one["licence"], one["purchased"]) for one in run(world, "licences", *words)]

    every = told()
    subscriptions = run(world, "subscriptions")
    [device] = run(world, "instances", "--products", "sw-48")

    assert ("Site", "ADVANTAGE", 3) in every
    assert ("Spare", "ESSENTIALS", 7) in every
    assert {place for place, _, _ in told("--va-tags", "lab")} == {"Spare"}
    assert {place for place, _, _ in told("--virtual-account", "Site")} == {"Site"}
    assert told("--tags", "gold") == [("Site", "ADVANTAGE", 3)]
    assert set(every) - set(told("--untagged")) == {("Site", "ADVANTAGE", 3)}
    assert sorted((one["subscription"], one["quantity"]) for one in subscriptions) == [("SUB-1", 5), ("SUB-2", 7)]
    assert run(world, "subscriptions", "--va-tags", "lab")[0]["virtual_accounts"] == ["Spare"]
    assert (device["serial"], device["licences"]) == ("SN1", ["2 Advantage"])
    assert run(world, "instances", "--products", "other") == []
    assert world.central("report", "run", "licences", ACCOUNT, "--virtual-account", "X", code=1)["error"]["code"] == (
        "unknown_virtual_account"
    )


@pytest.mark.row("C12.1")
def test_files_hold_every_row_whatever_a_page_takes(portal: Portal, monkeypatch: pytest.MonkeyPatch) -> None:
    """CSV and workbook are read part by part; what a person may not see is in none of them."""
    world, _server, enter = portal
    stocked(world)
    monkeypatch.setattr("central.actions.reports.BATCH", 1)
    for report in ("licences", "subscriptions", "instances"):
        for form in ("csv", "xlsx"):
            file = world.folder / f"{report}.{form}"
            world.central("report", "run", report, ACCOUNT, "--format", form, "--output", str(file))
        rows = list(csv.DictReader(io.StringIO((world.folder / f"{report}.csv").read_text(encoding="utf-8"))))
        sheet = ZipFile(world.folder / f"{report}.xlsx").read("xl/worksheets/sheet1.xml").decode()
        assert len(rows) == len(run(world, report))
        assert sheet.count("<row ") == len(rows) + 1
    enter()
    guest = enter("guest", "virtual_account_user", "Spare")
    sent = guest.get(f"{R}/licences?as=csv").get_data(as_text=True)

    assert "Spare" in sent
    assert "Site" not in sent


@pytest.mark.row("C12.1")
def test_the_page_lists_the_reports_and_runs_each(portal: Portal) -> None:
    """With its description; filters of the address hold; a choice of nothing shows nothing."""
    world, server, enter = portal
    stocked(world)
    enter()
    owner = enter("owner", "account_user")
    overview = text_of(owner.get(R))
    page = text_of(owner.get(f"{R}/subscriptions?va_tags=Lab"))
    devices = text_of(owner.get(f"{R}/instances"))
    api = Api(make_app(server), central_token(world, "read", user="owner"))
    own = f"/smart-accounts/{ACCOUNT}/reports"
    first = api.ask("GET", f"{own}/licences?limit=1&untagged=true")
    second = api.ask("GET", f"{own}/licences?limit=1&untagged=true&after={first[1]['next']}")

    assert "Licence subscriptions Each subscription with its term" in overview
    assert "SUB-2" in page
    assert "SUB-1" not in page
    assert "rack-SN1" in devices
    assert (first[0], second[0]) == (200, 200)
    assert first[1]["items"] != second[1]["items"]
    assert api.ask("GET", f"{own}/instances")[1]["items"][0]["name"] == "rack-SN1"
    assert api.ask("GET", f"{own}/licences?after=x")[0] == 422
    assert api.ask("GET", f"{own}/licences?virtual_accounts=Nowhere")[0] == 404


@pytest.mark.row("C12.1")
def test_virtual_accounts_with_commas_and_long_names_are_chosen_whole(portal: Portal) -> None:
    """A name may hold commas, and a list of long names is not cut; an unknown one is refused, by page and REST."""
    world, server, enter = portal
    places = ["Berlin, Mitte", "Y" * 200, "Z" * 200]
    for place in places:
        world.central("virtual-account", "create", ACCOUNT, place)
    orders = [f'"{place}",ESSENTIALS,{5 + at},perpetual' for at, place in enumerate(places)]
    world.central("order", "import", ACCOUNT, world.file("o.csv", "\n".join(("virtual_account,tag,quantity,type", *orders, ""))))  # fmt: skip
    enter()
    owner = enter("owner", "account_user")
    api = Api(make_app(server), central_token(world, "read", user="owner"))
    own = f"/smart-accounts/{ACCOUNT}/reports/licences?virtual_accounts="
    listed = api.ask("GET", own + quote(",".join(places)))[1]["items"]
    page = text_of(owner.get(f"{R}/licences?virtual_accounts={quote(','.join(places).replace(', ', ','))}"))

    assert {one["virtual_account"] for one in listed} == set(places)
    assert all(place in page for place in places)
    assert "Spare" not in page
    assert api.ask("GET", own + quote("Berlin, Nord"))[0] == 404
