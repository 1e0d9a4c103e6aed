"""A site is registered and synchronized by clicking through central's pages, with files as a person carries them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from central.actions import tasks
from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.portal import ADMIN, PASSWORD, A, central_portal
from tests.world import World

pytestmark = pytest.mark.system


@pytest.mark.row("C11.1", "C11.2")
def test_a_site_is_carried_through_central_and_its_device_is_licensed(
    vendor: World, visit: Callable[..., Watched], tmp_path: Path
) -> None:
    """New satellite, key, virtual account, authorization; a request with its stages; the response; the device in use."""
    vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    vendor.satellite("registration", "export", "--output", vendor.file("registration"))
    with central_portal(vendor) as portal, serving(portal.app.rest, tmp_path / "tls") as address:
        window = visit(address)
        window.sign_in(ADMIN, PASSWORD)
        page = window.open(f"{A}/satellites")
        page.get_by_role("link", name="New satellite").first.click()
        page.get_by_label("Registration file").set_input_files(vendor.file("registration"))
        page.get_by_role("button", name="Check").click()
        page.get_by_label("I compared key").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("checkbox", name="Site").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_role("button", name="Request authorization").click()
        with page.expect_download() as sent:
            page.get_by_role("button", name="Download authorization file").click()
        sent.value.save_as(vendor.file("authorization"))
        vendor.satellite("registration", "import", vendor.file("authorization"))
        vendor.satellite("setup", "finish", "--mode", "manual")
        vendor.device("SN1").use("ADVANTAGE", 1)
        vendor.satellite("sync", "export", "--output", vendor.file("request"))

        window.open(f"{A}/satellites")
        page.get_by_label("Request file of a satellite").set_input_files(vendor.file("request"))
        page.get_by_role("button", name="Import").click()
        page.get_by_text("It waits to be begun").wait_for()
        assert faults_of(page) == []
        assert tasks.run_next_task(portal.server)
        with page.expect_download() as got:
            page.get_by_role("link", name="Download response 1").click()
        got.value.save_as(vendor.file("response"))
        assert vendor.satellite("sync", "import", vendor.file("response"))["outcome"] == "applied"
        assert vendor.licence("ADVANTAGE")["in_use"] == 1
        window.open(f"{A}/satellites")
        assert "Synchronized" in page.locator("table").first.inner_text()
        assert faults_of(page) == []
