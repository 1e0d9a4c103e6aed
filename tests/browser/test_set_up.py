"""A person with only a browser takes a fresh satellite from its set-up code to licensed devices, by files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from satellite.app import make_app
from satellite.runtime import open_satellite
from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.world import ACCOUNT, World

pytestmark = pytest.mark.one_database("a browser asks pages; those ask actions, which are proved on both")
PASSWORD = "a long enough secret"


@pytest.fixture
def fresh(vendor: World) -> Iterator[tuple[World, str, str]]:
    """A satellite that was just made, beside a central; its address and its set-up code."""
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server = open_satellite(vendor.folder / "satellite")
    with serving(make_app(server).rest, vendor.folder / "tls") as address:
        yield vendor, address, made["setup_code"]
    server.database.dispose()


def press(page: Page, name: str) -> None:
    """Press a button, and wait for the page that follows."""
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_load_state()


def fetch(page: Page, link: str, target: str) -> str:
    """Follow a link that downloads; where the file is."""
    with page.expect_download() as begun:
        page.get_by_role("link", name=link).click()
    begun.value.save_as(target)
    return target


def check(page: Page, label: str, file: str, seen: str) -> None:
    """Choose a file, press Check, and wait for what is said of it."""
    page.get_by_label(label, exact=True).set_input_files(file)
    page.get_by_role("button", name="Check", exact=True).click()
    page.wait_for_selector(seen)


@pytest.mark.long
@pytest.mark.row("S1.1", "S1.2", "S1.3", "S1.4", "S1.5", "S2.1")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_from_the_set_up_code_to_licensed_devices_by_clicking(
    fresh: tuple[World, str, str], visit: Callable[..., Watched], *, script: bool
) -> None:
    """Every step by buttons, links and files; central by command; the same without script."""
    world, address, code = fresh
    page = visit(address, java_script_enabled=script).open("/")

    def fine() -> None:
        assert not script or faults_of(page) == []

    fine()
    page.get_by_label("Set-up code").fill(code)
    page.get_by_label("Name", exact=True).fill("Anna")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    press(page, "Begin the set-up")
    fine()
    press(page, "Continue")

    press(page, "Make registration file")
    carried = fetch(page, "Download registration file", world.file("carried"))
    check(page, "Authorization file", carried, "[data-verdict=wrong_kind]")
    world.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--registration", carried
    )
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file("authorization"))
    check(page, "Authorization file", world.file("authorization"), "[data-checked=authorization]")
    fine()
    press(page, "Apply authorization")
    page.get_by_role("link", name="Continue").click()
    fine()
    press(page, "Confirm this time")
    page.get_by_role("link", name="Continue").click()
    fine()
    page.get_by_label("I carry files").check()
    page.get_by_label("Host names").select_option("pseudonym")
    press(page, "Save and continue")
    assert "Host names as a pseudonym" in page.inner_text("main")
    fine()
    press(page, "Finish set-up")
    assert page.get_attribute("main", "data-page") == "dashboard"

    page.goto(f"{address}/tokens")
    page.get_by_role("link", name="New token").first.click()
    press(page, "Make token")
    device = world.device("SN-1", token=page.get_by_label("Registration token").input_value(), hostname="switch-1")
    device.use("ADVANTAGE", 2)
    assert device.may_use("ADVANTAGE", 2)

    page.goto(f"{address}/sync")
    press(page, "Make request file")
    request = fetch(page, "Download request 1", world.file("request.pgx"))
    assert b"switch-1" not in Path(request).read_bytes()
    world.central("sync", "import", request, "--output", world.file("response.pgx"))
    check(page, "Response file", world.file("response.pgx"), "[data-checked=sync-response]")
    fine()
    press(page, "Apply response")
    assert "Response 1 applied" in page.inner_text("main")
    assert page.get_attribute("[data-sync]", "data-sync") == "response_applied"
    assert world.central("instances", ACCOUNT)["items"][0]["serial"] == "SN-1"
