"""The pages of central's portal over accounts of two sizes: how many statements each sends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from central.actions.figures import keep_figures
from tests.bench.estate import Estate, fill_estate
from tests.bench.estate_pages import pages
from tests.integration.test_scale import statements
from tests.portal import central_portal
from tests.world import World

FEW = Estate(lots=60, pools=6, devices=30, licences=4, satellites=2, events=30)
MANY = Estate(lots=600, pools=60, devices=300, licences=12, satellites=8, events=300)
MORE = 12
"""An empty list asks nothing of its rows, and one that goes on counts; a statement for each row would be forty more."""


def sent(world: World, estate: Estate) -> Mapping[str, int]:
    """How many statements each page sends once it was shown; those of the smaller virtual accounts are left out."""
    with central_portal(world) as portal:
        fill_estate(portal.server, estate)
        keep_figures(portal.server)
        world.central("jobs", "run", "alerts")
        admin, found = portal.admin, {}
        for name, path in pages(portal.server).items():
            if name.endswith(", small"):
                continue
            with statements() as seen:
                answer = admin.get(path)
                assert answer.status_code in {200, 303}, (name, path, answer.status_code)
                answer.get_data()
            found[name] = len(seen)
    return found


@pytest.mark.long
@pytest.mark.row("C3.1", "C3.4", "C3.5", "C7.1", "C10.1", "C12.1", "C12.4")
@pytest.mark.one_database("the statements are the same; what they cost is measured, not tested")
def test_no_page_sends_more_statements_for_more_rows(site: World, tmp_path_factory: Any) -> None:
    """Ten times the lots, virtual accounts, devices and events: each list, details page, report and search asks as often."""
    other = World(tmp_path_factory.mktemp("other"), site.new_database)
    other.found_central()
    other.found_satellite()
    few, many = sent(other, FEW), sent(site, MANY)

    grown = {name: (few[name], many[name]) for name in few if many.get(name, 0) > few[name] + MORE}
    assert grown == {}
    assert len(few) > 70
