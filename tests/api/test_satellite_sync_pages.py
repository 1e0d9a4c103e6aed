"""Synchronization in the browser: state, files out and in, refusals, doctor, what leaves, settings."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from satellite.actions.tasks import run_next_task
from satellite.app import make_app
from satellite.core.site.causes import CAUSES
from satellite.runtime import open_satellite
from satellite.ui.console import URLS
from satellite.ui.sync.remedies import remedy_of
from tests.console import Browser, guard
from tests.world import World

PASSWORD = "a long enough secret"


@pytest.fixture
def browser(site: World) -> Iterator[Browser]:
    """A browser in which an administrator is signed in."""
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", site.file("password", PASSWORD))
    server = open_satellite(site.folder / "satellite")
    browser = Browser(make_app(server))
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    yield browser
    server.database.dispose()


def text_of(found: Any) -> str:
    """The text of an answer."""
    return str(found.get_data(as_text=True))


def bring(browser: Browser, content: bytes) -> Any:
    """Choose a file and press Check."""
    return browser.post("/sync/response", {"file": (io.BytesIO(content), "response.pgx")})


def apply(browser: Browser) -> Any:
    """Press Apply on the card of the file that was checked."""
    found = re.search(r'name="sha256" value="(\w+)"', text_of(browser.get("/sync")))
    assert found is not None
    return browser.post("/sync/response/apply", {"sha256": found[1]})


def carry(world: World, browser: Browser) -> bytes:
    """Make a request, carry it to central; the response that comes back."""
    assert browser.post("/sync/request").headers["Location"] == "/sync#carry"
    address = re.search(r'href="(/sync/request/\d+/\d+)"', text_of(browser.get("/sync")))
    assert address is not None
    request = world.file("carried", browser.get(address[1]).get_data())
    world.central("sync", "import", request, "--output", world.file("answer"))
    return Path(world.file("answer")).read_bytes()


@pytest.mark.row("S2.1", "S2.5")
def test_a_round_trip_is_carried_by_the_pages(site: World, browser: Browser) -> None:
    """Make, download, check, apply; the same again and an older one are calm, and lose nothing."""
    assert "has not synchronized yet" in text_of(browser.get("/sync"))
    first = carry(site, browser)
    assert 'data-sync="waiting_for_response"' in text_of(browser.get("/sync"))
    assert bring(browser, first).headers["Location"] == "/sync"
    text = text_of(browser.get("/sync"))
    assert 'data-checked="sync-response"' in text
    assert site.satellite("status")["sync_state"] == "waiting_for_response"
    assert apply(browser).headers["Location"] == "/sync"
    assert "Response 1 applied" in text_of(browser.get("/sync"))
    assert site.satellite("status")["sync_state"] == "response_applied"

    assert bring(browser, first).status_code == 303
    assert "This response was applied before. There is nothing to do." in text_of(browser.get("/sync"))
    assert apply(browser).status_code == 303
    site.satellite("token", "create", "--virtual-account", "Site", "--days", "30")
    second = carry(site, browser)
    assert bring(browser, second).status_code == 303
    assert apply(browser).status_code == 303
    assert bring(browser, first).status_code == 303
    assert "A newer response was applied already." in text_of(browser.get("/sync"))
    other = browser.post("/sync/response/apply", {"sha256": "0" * 64})
    assert (other.status_code, 'data-verdict="not_checked"' in text_of(other)) == (409, True)


@pytest.mark.row("S2.5")
def test_a_refused_response_is_answered_with_its_cause_and_changes_nothing(site: World, browser: Browser) -> None:
    """Empty, another kind, cut, altered, another site's, another file altogether, too large: one cause each."""
    response = carry(site, browser)
    site.found_satellite("South", "satellite-south", pool="Spare")
    site.satellite("sync", "export", "--output", site.file("south-request"), home="satellite-south")
    site.central("sync", "import", site.file("south-request"), "--output", site.file("south"))
    wrong = {
        "truncated": [b"", response[: len(response) // 2]],
        "wrong_kind": [Path(site.file("carried")).read_bytes()],
        "altered": [response[:-40] + bytes([response[-40] ^ 1]) + response[-39:]],
        "wrong_satellite": [Path(site.file("south")).read_bytes()],
        "malformed": [b"<html>a portal</html>\n" * 9, b"no file of ours!"],
    }
    before = site.satellite("status")

    for expected, contents in wrong.items():
        for content in contents:
            found = bring(browser, content)
            seen = re.search(r'data-verdict="(\w+)"', text_of(found))
            assert (found.status_code, seen and seen[1]) == (422, expected)
            assert 'data-page="sync"' in text_of(found)
            assert "data-checked" not in text_of(found)
    nothing = browser.post("/sync/response")
    assert (nothing.status_code, 'data-verdict="no_file"' in text_of(nothing)) == (422, True)
    assert site.satellite("status") == before
    assert bring(browser, response).status_code == 303
    assert apply(browser).status_code == 303


@pytest.mark.row("S2.2", "S2.5")
def test_a_refused_file_is_told_as_a_sentence_in_history_alert_and_doctor(site: World, browser: Browser) -> None:
    """A photograph is no truncated file: the page, the alert and the doctor say so; the code is small print."""
    carry(site, browser)
    site.satellite("sync", "import", site.file("holiday.jpg", b"no file of ours!"), code=1)
    page = text_of(browser.get("/sync"))
    assert "The file is not a well-formed response. <code>malformed</code>" in page
    assert "this is not a Perigee file" in text_of(browser.get("/sync/history"))
    [alert] = [one for one in site.satellite("alerts")["items"] if one["kind"] == "satellite_sync_failed"]
    assert alert["message"].startswith("The last response was refused. The file is not a well-formed response. Make")
    doctor = site.satellite("sync", "doctor", code=1)
    assert "this is not a Perigee file" in doctor["cause"]["detail"]
    site.satellite("sync", "import", site.file("carried"), code=1)
    assert "The file is not a response. <code>wrong_kind</code>" in text_of(browser.get("/sync"))


@pytest.mark.row("S2.4", "B2")
def test_what_leaves_is_shown_row_by_row_with_the_choice_of_privacy(site: World, browser: Browser) -> None:
    """The preview holds the rows as they would be packed: a host name as a pseudonym, and hostile text as text."""
    site.device("SN-1", hostname="sw-<script>alert(1)</script>")
    opened = guard(browser.get("/sync/settings"))
    assert "sw-&lt;script&gt;" in text_of(browser.get("/sync/preview/instance"))
    assert browser.post("/sync/settings", {**opened, "mode": "manual", "hostname": "pseudonym"}).status_code == 303
    text = text_of(browser.get("/sync/preview/instance"))
    assert "script&gt;alert" not in text
    assert "p-" in text
    file = browser.get("/sync/preview/instance?as=json")
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert "p-" in text_of(file)
    assert browser.get("/sync/preview/nothing").status_code == 404
    assert 'data-table="leaves"' in text_of(browser.get("/sync/preview"))


@pytest.mark.row("S1.4", "S2.2")
def test_the_doctor_names_one_cause_with_a_page_for_its_remedy(site: World, browser: Browser) -> None:
    """Settings of a way that leads nowhere: the test of the connection and the doctor agree, and lead to the settings."""
    way = {"mode": "network", "url": "https://127.0.0.1:1", "every": "weekly", "weekday": "tuesday", "at": "03:30"}
    way |= guard(browser.get("/sync/settings"))
    assert browser.post("/sync/settings", {**way, "at": "25:99"}).status_code == 422
    tested = text_of(browser.post("/sync/settings/test", way))
    assert 'data-test="refused"' in tested
    assert site.satellite("sync", "settings")["url"] == ""
    assert browser.post("/sync/settings", way).status_code == 303
    assert site.satellite("sync", "settings")["day"] == "tuesday"
    address = browser.post("/sync/now").headers["Location"]
    waiting = text_of(browser.get(address))
    assert "It waits to be begun." in waiting
    poll = unescape(re.search(r'hx-get="(/sync/now/[^"]+)"', waiting)[1])
    assert browser.get(poll).status_code == 204  # nothing new
    server = open_satellite(site.folder / "satellite")
    run_next_task(server)
    server.database.dispose()
    assert "Nothing listens" in text_of(browser.get(poll))
    ended = text_of(browser.get(address))
    assert "Nothing listens" in ended
    assert 'href="/sync/settings"' in ended
    found = text_of(browser.post("/sync/doctor"))
    assert 'data-cause="refused"' in found
    assert 'href="/sync/settings"' in found
    history = text_of(browser.get("/sync/history"))
    assert "Nothing listens" in history
    assert "Nothing listens" in text_of(browser.get("/sync/history?as=csv&outcome=failed"))


@pytest.mark.row("S2.2")
def test_every_cause_leads_to_a_page_that_there_is() -> None:
    """Each remedy is an address of this console."""
    there = {url.path for url in URLS if not url.changes}
    paths = {remedy_of(code).path.partition("#")[0] for code in CAUSES}

    assert {path for path in paths if not path.startswith("/help/")} <= there
    assert "certificate_name" in CAUSES
    assert remedy_of("certificate_name").path == "/sync/settings"
    assert remedy_of("wrong_file").path == "/sync#bring"


@pytest.mark.row("S2.6")
def test_a_restored_satellite_is_led_through_its_resynchronization(site: World, browser: Browser) -> None:
    """A registration with new keys, the authorization of the new epoch, and requests go out again."""
    carried = carry(site, browser)
    bring(browser, carried)
    apply(browser)
    assert browser.post("/sync/resync/make").headers["Location"] == "/sync/resync"
    registration = site.file("again", browser.get("/sync/resync/file").get_data())
    site.central("satellite", "resync", "customer.example", "North", "--registration", registration)
    site.central("satellite", "authorize", "customer.example", "North", "--output", site.file("authorization-2"))
    content = Path(site.file("authorization-2")).read_bytes()
    sent = browser.post("/sync/resync/authorization", {"file": (io.BytesIO(content), "a.pgx")})
    assert sent.headers["Location"] == "/sync/resync"
    found = re.search(r'name="sha256" value="(\w+)"', text_of(browser.get("/sync/resync")))
    assert found is not None
    assert browser.post("/sync/resync/apply", {"sha256": found[1]}).headers["Location"] == "/sync/resync"
    assert site.satellite("status")["epoch"] == 2
    bring(browser, carry(site, browser))
    assert apply(browser).status_code == 303
    assert site.satellite("status")["sync_state"] == "response_applied"
