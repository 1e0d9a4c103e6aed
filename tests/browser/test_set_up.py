"""A person with only a browser takes a fresh satellite from its set-up code to licensed devices, by files, then by network."""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page
from werkzeug.wrappers import Request, Response

from central.app import make_app as make_central
from central.runtime import open_central
from satellite.actions.tasks import run_next_task
from satellite.app import make_app
from satellite.runtime import Satellite, open_satellite
from serverkit.devices.asgi_front import Application
from serverkit.tls.pair import CERTIFICATE
from tests.browser.conftest import Watched, faults_of
from tests.browser.serve import serving
from tests.front import ask, whole_front
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"


@pytest.fixture
def fresh(vendor: World) -> Iterator[tuple[World, Satellite, str, str]]:
    """A satellite that was just made, beside a central; its address and its set-up code."""
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server = open_satellite(vendor.folder / "satellite")
    with serving(make_app(server).rest, vendor.folder / "tls") as address:
        yield vendor, server, address, made["setup_code"]
    server.database.dispose()


def whole(application: Application) -> Callable[..., Response]:
    """A server with all that it answers, its health too."""

    @Request.application
    def answer(request: Request) -> Response:
        found = ask(whole_front(application), request.method, request.path, request.get_data(), dict(request.headers))
        return Response(found[2], found[0], dict(found[1]))

    return answer


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
@pytest.mark.row("S1.1", "S1.2", "S1.3", "S1.4", "S1.5", "S2.1", "S2.2")
@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_from_the_set_up_code_to_licensed_devices_by_clicking(
    fresh: tuple[World, Satellite, str, str], visit: Callable[..., Watched], *, script: bool
) -> None:
    """Every step by buttons, links and files; central by command; the same without script."""
    world, server, address, code = fresh
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

    central = open_central(world.folder / "central")
    with serving(whole(make_central(central)), world.folder / "central-tls") as other:
        pem = (world.folder / "central-tls" / CERTIFICATE).read_text("ascii")
        device.use("ADVANTAGE", 3)
        page.goto(f"{address}/sync/settings")
        page.get_by_label("Over the network").check()
        page.get_by_label("Address of central").fill(other)
        page.get_by_label("Certificate fingerprint").fill(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest())
        page.get_by_role("button", name="Test connection").click()
        page.wait_for_selector("[data-test]", timeout=60_000)
        assert page.get_attribute("[data-test]", "data-test") == "ok"
        fine()
        press(page, "Save")
        page.goto(f"{address}/sync")
        press(page, "Synchronize now")
        run_next_task(server)
        page.goto(f"{address}/sync")
        assert "As of response 2" in page.inner_text("main")
        fine()
    central.database.dispose()
    rows = [one for one in world.central("licences", ACCOUNT)["items"] if one["tag"] == "ADVANTAGE"]
    assert {one["virtual_account"]: one["in_use"] for one in rows}["Site"] == 3
