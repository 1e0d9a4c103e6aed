"""The portal of a satellite in the browser: what a person sees of the site, and what can be done about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from satellite.actions.instances import preview_removals, preview_transfers
from satellite.app import make_app
from satellite.runtime import Satellite, open_satellite
from serverkit.actor import OPERATOR
from tests.bench.fleet import Fleet, fill_site
from tests.console import Browser
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"
LISTS = (
    "/instances",
    "/events",
    "/licences",
    "/alerts",
    "/tokens",
    "/export-queue",
    "/virtual-accounts",
    "/tasks",
    "/",
)


@pytest.fixture
def portal(site: World) -> Iterator[tuple[World, Satellite, Browser]]:
    """An administrator in front of a site with two virtual accounts."""
    site.central("satellite", "add-virtual-account", ACCOUNT, "North", "Spare")
    site.synchronize("pools")
    site.satellite("user", "add", "anna", "--role", "administrator", "--password-file", site.file("pw", PASSWORD))
    server = open_satellite(site.folder / "satellite")
    browser = Browser(make_app(server).rest)
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    yield site, server, browser
    server.database.dispose()


def text_of(browser: Browser, path: str) -> str:
    """A page as text."""
    found = browser.get(path)
    assert found.status_code == 200, (path, found.status_code)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found.get_data(as_text=True)))


def keys_of(browser: Browser, path: str) -> list[str]:
    """The keys of the rows that a list shows."""
    return re.findall(r'data-row="([^"]+)"', browser.get(path).get_data(as_text=True))


@pytest.mark.row("S3.1")
def test_a_german_page_says_refusals_alerts_and_causes_in_german(portal: tuple[World, Satellite, Browser]) -> None:
    """Alerts with the names and dates in them, a refused form, a page that is not there; commands and REST stay English."""
    site, _server, browser = portal
    site.device("FOC1", hostname="core").use("ADVANTAGE", 5)
    site.advance("35d")
    site.satellite("jobs", "run", "alerts")
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    assert browser.post("/me/look", {"language": "de", "theme": "light"}).status_code == 303

    alerts = text_of(browser, "/alerts")
    refused = browser.post("/me/password", {"old": "wrong", "new": "another long secret"})

    assert "In Site fehlen 2 von Advantage." in alerts
    assert "Seit 35 Tagen keine Synchronisation." in alerts
    assert "more of" not in alerts
    assert "Die Ankerdatei ist nicht lesbar." in text_of(browser, "/sync/causes")
    assert refused.status_code in {401, 422}
    assert "ist nicht gültig" in refused.get_data(as_text=True)
    assert "Es gibt keine Produktinstanz" in browser.get("/instances/nothing").get_data(as_text=True)
    assert "\u00dcberschuss gibt es in Spare (10)." in alerts
    assert "core hat sich seit 35 Tagen nicht gemeldet" in alerts
    said = {one["message"] for one in site.satellite("alerts")["items"]}
    assert "2 more of Advantage needed in Site. There is a surplus in Spare (10)." in said


@pytest.mark.row("S3.1", "S3.2")
def test_a_person_finds_out_why_a_licence_is_short_and_moves_a_device(
    portal: tuple[World, Satellite, Browser],
) -> None:
    """Dashboard, why, preview and transfer say the same; the balance of the ledger is that of the list."""
    site, server, browser = portal
    name = "<b>core</b> \u0635\u0627\u0644\u0629"
    device = site.device("FOC1", hostname=name)
    device.use("ADVANTAGE", 5)
    other = site.device("FOC2", hostname="access-2")
    other.use("ADVANTAGE", 1)

    assert "is short of units for 1 of 3 licences" in text_of(browser, "/")
    assert browser.get("/").get_data(as_text=True).count("btn-primary") <= 1
    assert "3 missing" in text_of(browser, "/licences?state=short")
    page = browser.get("/licences?state=short").get_data(as_text=True)
    why = text_of(browser, re.search(r'"(/licences/[^"]+/why)"', page)[1])  # type: ignore[index]  # it is there
    assert re.search(r"Perpetual, line \w+ counts without end \+3 Purchased = 3 In use by 2 product instances .6", why)
    assert "Balance = \u22123" in why
    assert "as of response 1" in why

    listed = browser.get("/instances?q=FOC1").get_data(as_text=True)
    assert "&lt;b&gt;core&lt;/b&gt;" in listed
    assert "<b>core" not in listed
    [key] = keys_of(browser, "/instances?q=FOC1")
    assert "requested 5 of Advantage" in text_of(browser, f"/instances/{key}")
    with server.database.read(OPERATOR) as unit:
        spare = next(
            one
            for one in re.findall(r'value="(\w{32})"', browser.get(f"/instances/{key}/transfer").get_data(as_text=True))
        )
        [intention] = preview_transfers(unit, [key], "Spare")
    assert (intention.verdict.verdict.allowed, [(one.tag, one.count) for one in intention.units], intention.short) == (
        True,
        [("ADVANTAGE", 5)],
        [],
    )
    preview = browser.post(f"/instances/{key}/transfer", {"virtual_account": spare})
    assert "From Site to Spare, with 5 of Advantage." in preview.get_data(as_text=True)
    assert (
        "1 row" in text_of(browser, f"/instances?virtual_account={spare}&q=nothing")
        or keys_of(browser, f"/instances?virtual_account={spare}") == []
    ), "a preview changes nothing"
    done = browser.post(f"/instances/{key}/transfer", {"virtual_account": spare, "step": "act"})
    assert done.status_code == 303
    assert keys_of(browser, f"/instances?virtual_account={spare}") == [key]
    assert browser.post(f"/instances/{key}/transfer", {"virtual_account": "nowhere", "step": "act"}).status_code == 404
    assert browser.post(f"/instances/{key}/transfer", {}).status_code == 422
    assert "has enough of all 3 licences" in text_of(browser, "/")


@pytest.mark.row("S3.2", "S3.3")
def test_a_device_with_restricted_units_stays_and_its_request_is_tracked(
    portal: tuple[World, Satellite, Browser],
) -> None:
    """The list, the confirmation and the bulk change refuse with the units; the track says each step with its time."""
    site, server, browser = portal
    device, plain = site.device("FOC1", hostname="core-1"), site.device("FOC2", hostname="sw-2")
    plain.use("ADVANTAGE", 1)
    device.request_export("STRONG", 1)
    assert "Waits for synchronization" in text_of(browser, "/export-queue")
    site.synchronize("grant")
    device.renew_authorization()
    [request] = keys_of(browser, "/export-queue?state=delivered")
    track = text_of(browser, f"/export-queue/{request}")
    assert re.search(r"Asked .* Sent .* with request 2 Granted .* Delivered .* Returned \(not yet\)", track), track

    held, free = keys_of(browser, "/instances?q=FOC1")[0], keys_of(browser, "/instances?q=FOC2")[0]
    with server.database.read(OPERATOR) as unit:
        assert [one.verdict.verdict.allowed for one in preview_removals(unit, [held, free])] == [False, True]
    assert "holds restricted licences: 1 of STRONG" in text_of(browser, f"/instances/{held}/remove")
    refused = browser.post(f"/instances/{held}/remove", {})
    assert (refused.status_code, 'data-verdict="restricted_licences_held"' in refused.get_data(as_text=True)) == (
        409,
        True,
    )
    preview = browser.post("/instances/bulk/remove", {"key": [held, free]}).get_data(as_text=True)
    assert "1 of 2 rows can be changed" in preview
    result = browser.post("/instances/bulk/remove", {"key": [held, free], "step": "act"}).get_data(as_text=True)
    assert "1 of 2 rows were changed" in result
    assert keys_of(browser, "/instances") == [held]


@pytest.mark.row("S3.2")
def test_alerts_are_put_away_and_restored_and_a_token_is_shown_again(portal: tuple[World, Satellite, Browser]) -> None:
    """Dismiss, list of the dismissed, restore; the text of a token in the page and as a file, for those who may."""
    site, _server, browser = portal
    site.device("FOC1", hostname="silent")
    site.advance("35d")
    site.satellite("jobs", "run", "alerts")
    assert browser.sign_in("anna", PASSWORD).status_code == 303
    before = keys_of(browser, "/alerts")
    [alert] = keys_of(browser, "/alerts?kind=instance_failed_to_connect")
    assert browser.post(f"/alerts/{alert}/dismiss", {}).status_code == 303
    assert alert not in keys_of(browser, "/alerts")
    assert keys_of(browser, "/alerts?state=hidden") == [alert]
    assert browser.post(f"/alerts/{alert}/restore", {}).status_code == 303
    assert keys_of(browser, "/alerts") == before

    text = site.satellite("token", "create", "--virtual-account", "Site", "--days", "5", "--description", "rack")[
        "token"
    ]
    [token] = keys_of(browser, "/tokens?q=rack")
    assert text not in browser.get(f"/tokens/{token}/show").get_data(as_text=True)
    assert text in browser.post(f"/tokens/{token}/show", {}).get_data(as_text=True)
    file = browser.post(f"/tokens/{token}/download", {})
    assert (file.get_data(as_text=True), "attachment" in file.headers["Content-Disposition"]) == (f"{text}\n", True)
    assert "Refresh the alerts" in text_of(browser, "/tasks?by=person")
    [task] = keys_of(browser, "/tasks?by=person&kind=alerts")
    assert "alerts refreshed" in text_of(browser, f"/tasks/{task}")


@pytest.mark.row("S3.1", "S3.2", "S3.3")
def test_a_page_takes_as_many_queries_for_a_thousand_devices_as_for_a_hundred(
    portal: tuple[World, Satellite, Browser],
) -> None:
    """Pages are read by the database: every list, the dashboard and the search; a page goes on and back by its links."""
    _site, server, browser = portal
    fill_site(server, Fleet(120))
    paths = [*LISTS, "/search?q=sw-0", "/instances?sort=-last_contact&state=active&rows=100"]
    few = {path: statements(server, lambda path=path: browser.get(path)) for path in paths}
    fill_site(server, Fleet(1_000))
    many = {path: statements(server, lambda path=path: browser.get(path)) for path in paths}

    assert many == few
    first = browser.get("/instances").get_data(as_text=True)
    assert "1,120 rows" in first or "1120 rows" in first
    following = re.search(r'href="([^"]+)"[^>]*data-page-key="n"', first) or re.search(
        r'rel="next" href="([^"]+)"', first
    )
    assert following is not None
    second = browser.get(following[1].replace("&amp;", "&")).get_data(as_text=True)
    seen, then = (re.findall(r'data-row="(\w+)"', page) for page in (first, second))
    assert (len(seen), len(then), set(seen) & set(then)) == (50, 50, set())
    back = re.search(r'rel="prev" href="([^"]+)"', second)
    assert back is not None
    assert re.findall(r'data-row="(\w+)"', browser.get(back[1].replace("&amp;", "&")).get_data(as_text=True)) == seen
    csv = browser.get("/instances?as=csv&sort=-name").get_data(as_text=True).splitlines()[1:]
    names = [line.partition(",")[0] for line in csv]
    assert (len(names), names) == (1_120, sorted(names, reverse=True))
    some = browser.get("/instances?as=csv&q=floor7").get_data(as_text=True).splitlines()[1:]
    assert sorted(line.partition(",")[0] for line in some) == [name for name in names[::-1] if "floor7" in name]
    assert browser.get("/instances?as=xlsx&q=sw-0").get_data()[:2] == b"PK"


def statements(server: Satellite, work: Callable[[], object]) -> int:
    """How many statements something takes."""
    seen: list[str] = []

    def note(*words: Any) -> None:
        seen.append(words[2])

    event.listen(server.database.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(server.database.engine, "before_cursor_execute", note)
    return len(seen)
