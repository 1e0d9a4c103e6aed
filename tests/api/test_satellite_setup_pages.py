"""The set-up in the browser, step by step, as it is sent and answered."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from satellite.actions.health import HealthCheck
from satellite.app import make_app
from satellite.core.site.rules import ENOUGH_BYTES, FEWEST_BYTES, Finding, judge_clock, judge_disk, judge_names
from satellite.runtime import Satellite, open_satellite
from satellite.ui.setup.findings import WORDS, counted, line
from satellite.ui.setup.time import ANSWERS
from serverkit.actor import Actor
from serverkit.db.unit import Database
from serverkit.time.ntp import MEANINGS
from serverkit.verdicts import Outcome
from serverkit.web.health_pages import DETAILS, detail
from serverkit.web.texts import speaking, use_locales
from tests.console import Browser, guard
from tests.world import ACCOUNT, World

PASSWORD = "a long enough secret"
NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def fresh(vendor: World) -> Iterator[tuple[World, Satellite, str]]:
    """A satellite that was just made, beside a central; its set-up code."""
    made = vendor.satellite("init", "--name", "North", "--root", vendor.file("root.json"), "--lab")
    server = open_satellite(vendor.folder / "satellite")
    yield vendor, server, made["setup_code"]
    server.database.dispose()


def page_of(found: object) -> str:
    """The text of an answer."""
    return found.get_data(as_text=True)  # type: ignore[attr-defined, no-any-return]


def upload(browser: Browser, path: str, content: bytes, name: str = "file.pgx") -> object:
    """Send a file."""
    return browser.post(path, {"file": (io.BytesIO(content), name)})


def first_administrator(browser: Browser, code: str) -> None:
    """Take the first page."""
    text = page_of(browser.get("/setup/code"))
    token = text.split('name="csrf_token" value="')[1].split('"')[0]
    made = browser.post("/setup/code", {"code": code, "name": "Anna", "password": PASSWORD}, token=token)
    assert (made.status_code, made.headers.get("Location")) == (303, "/setup"), page_of(made)


@pytest.mark.row("S1.1", "S1.2", "S1.3", "S1.4", "S1.5")
def test_a_fresh_satellite_is_set_up_in_the_browser(fresh: tuple[World, Satellite, str]) -> None:
    """From the set-up code to the dashboard; another server on the same home, as after a restart, goes on in between."""
    world, server, code = fresh
    browser = Browser(make_app(server))
    assert browser.get("/tokens").headers["Location"] == "/setup/code"
    assert browser.get("/sign-in").headers["Location"] == "/setup/code"
    text = page_of(browser.get("/setup/code"))
    token = text.split('name="csrf_token" value="')[1].split('"')[0]
    wrong = browser.post("/setup/code", {"code": "WRONG", "name": "Anna", "password": PASSWORD}, token=token)
    assert wrong.status_code == 401
    assert 'value="Anna"' in page_of(wrong)
    assert "3 tries are left." in page_of(wrong)
    assert PASSWORD not in page_of(wrong)
    first_administrator(browser, code)
    assert browser.get("/setup/code").headers["Location"] == "/"

    assert browser.get("/").headers["Location"] == "/setup"
    assert browser.get("/setup").headers["Location"] == "/setup/check"
    assert 'data-table="machine"' in page_of(browser.get("/setup/check?browser=2020-01-01T00:00:00Z"))
    assert browser.post("/setup/check").headers["Location"] == "/setup/register"
    assert browser.post("/setup/register/make").status_code == 303
    registration = browser.get("/setup/register/file")
    assert registration.headers["Content-Disposition"].startswith("attachment")
    again = Browser(make_app(open_satellite(world.folder / "satellite")))
    assert again.sign_in("Anna", PASSWORD).status_code == 303
    assert again.get("/setup").headers["Location"] == "/setup/register"
    assert "waits for central since" in page_of(again.get("/setup/register"))

    carried = world.file("registration", registration.get_data())
    world.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Site", "--registration", carried
    )
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file("authorization"))
    authorization = Path(world.file("authorization")).read_bytes()
    assert upload(again, "/setup/register/authorization", authorization).headers["Location"] == "/setup/register"
    text = page_of(again.get("/setup/register"))
    assert 'data-checked="authorization"' in text
    assert world.satellite("registration", "status")["state"] == "registration_made"
    applied = again.post("/setup/register/apply", {"sha256": re.search(r'name="sha256" value="(\w+)"', text)[1]})
    assert applied.status_code == 303
    assert "this satellite is registered" in page_of(again.get("/setup/register"))
    assert upload(again, "/setup/register/authorization", authorization).status_code == 303
    assert "There is nothing to do." in page_of(again.get("/setup/register"))
    sha256 = re.search(r'name="sha256" value="(\w+)"', page_of(again.get("/setup/register")))[1]
    assert again.post("/setup/register/drop").status_code == 422  # a form that names no file drops none
    assert again.post("/setup/register/drop", {"sha256": sha256}).status_code == 303

    form = guard(again.get("/setup/time"))
    assert again.post("/setup/time", {"zone": "Nowhere/Land", **form}).status_code == 422
    time = {"zone": "Europe/Vienna", "servers": ""}
    assert again.post("/setup/time", time).status_code == 409  # nothing says when it was opened
    assert again.post("/setup/time", {**time, **form}).status_code == 303
    assert 'data-verdict="stale_form"' in page_of(again.post("/setup/time", {"zone": "Asia/Tokyo", **form}))
    assert again.post("/setup/time/confirm").status_code == 303
    early = page_of(again.get("/setup/summary"))
    assert 'data-reason="mode_not_chosen"' in early
    assert "Synchronization is by" not in early
    form = guard(again.get("/setup/sync"))
    refused = again.post("/setup/sync", {"mode": "network", "hostname": "pseudonym", **form})
    assert refused.status_code == 409
    assert 'value="pseudonym" selected' in page_of(refused)
    tested = again.post("/setup/sync/test", {"mode": "network", "url": "https://127.0.0.1:1", "at": "04:30"})
    assert 'data-test="refused"' in page_of(tested)
    assert 'value="04:30"' in page_of(tested)
    way = {"mode": "manual", "hostname": "pseudonym", **form}
    assert again.post("/setup/sync", way).headers["Location"] == "/setup/summary"
    assert 'data-verdict="stale_form"' in page_of(again.post("/setup/sync", {**way, "notes": "drop"}))
    summary = page_of(again.get("/setup/summary"))
    assert "Host names as a pseudonym" in summary
    assert again.post("/setup/summary").headers["Location"] == "/"
    assert 'data-page="dashboard"' in page_of(again.get("/"))
    assert browser.get("/").status_code == 200


@pytest.mark.row("S1.1", "S1.2")
def test_a_refused_file_is_answered_with_its_cause_and_changes_nothing(fresh: tuple[World, Satellite, str]) -> None:
    """Empty, another kind, cut, altered, another satellite's: each its own code on the page, which stays as it was."""
    world, server, code = fresh
    browser = Browser(make_app(server))
    first_administrator(browser, code)
    browser.post("/setup/check")
    browser.post("/setup/register/make")
    registration = browser.get("/setup/register/file").get_data()
    world.found_satellite("South", "satellite-south")
    other = Path(world.file("authorization")).read_bytes()
    carried = world.file("registration-north", registration)
    world.central(
        "satellite", "add", ACCOUNT, "--name", "North", "--virtual-account", "Spare", "--registration", carried
    )
    world.central("satellite", "authorize", ACCOUNT, "North", "--output", world.file("own"))
    own = Path(world.file("own")).read_bytes()
    wrong = {
        "no_file": None,
        "truncated": own[: len(own) // 2],
        "altered": own[:-40] + bytes([own[-40] ^ 1]) + own[-39:],
        "wrong_kind": registration,
        "wrong_satellite": other,
    }

    for expected, content in wrong.items():
        found = (
            browser.post("/setup/register/authorization", {"file": ""})
            if content is None
            else upload(browser, "/setup/register/authorization", content)
        )
        text = page_of(found)
        seen = re.search(r'data-verdict="(\w+)"', text)
        assert (found.status_code, seen and seen[1]) == (422, expected)  # type: ignore[attr-defined]
        assert 'data-page="setup-register"' in text
        assert "data-checked" not in text
    empty = upload(browser, "/setup/register/authorization", b"")
    assert 'data-verdict="truncated"' in page_of(empty)
    assert world.satellite("registration", "status")["state"] == "registration_made"
    assert not list((server.home / "incoming").glob("*")) if (server.home / "incoming").exists() else True
    huge = browser.post("/setup/register/authorization", {"file": (io.BytesIO(b"x" * 70_000_000), "x")})
    assert huge.status_code == 413


@pytest.mark.row("S1.1", "S3.4")
def test_an_unknown_caller_takes_no_lock_of_writers_where_the_answer_is_certain(
    site: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a satellite in use a set-up code, a backup and a code without a session are refused, and nothing is written."""
    site.satellite(
        "user", "add", "anna", "--role", "administrator", "--password-file", site.file("pw", PASSWORD + "\n")
    )
    server = open_satellite(site.folder / "satellite")
    browser, written = Browser(make_app(server)), []
    write = Database.write

    def noted(database: Database, actor: Actor) -> Any:
        written.append(actor)
        return write(database, actor)

    monkeypatch.setattr(Database, "write", noted)
    found = [
        browser.post("/setup/code", {"code": "0000", "name": "Eve", "password": PASSWORD}),
        browser.post("/setup/restore/code", {"code": "0000"}),
        browser.post("/setup/restore", {"passphrase": "x", "file": (io.BytesIO(b"x" * 99), "b")}),
        browser.post("/sign-in/code", {"code": "000000"}),
    ]
    server.database.dispose()

    assert [(one.status_code, one.headers.get("Location")) for one in found] == [(303, "/")] * 3 + [(401, None)]
    assert written == []


@pytest.mark.row("S1.1")
def test_what_was_found_on_a_machine_is_said_in_the_language_of_the_page() -> None:
    """Every case of every check has words, filled with what was measured, in English and in German."""
    found = [
        *(judge_clock(NOW, other, since) for since in (NOW, NOW + timedelta(days=1)) for other in
          (None, NOW, NOW + timedelta(hours=1), NOW - timedelta(hours=1))),
        *(judge_disk(free) for free in (0, FEWEST_BYTES, ENOUGH_BYTES)),
        *(judge_names(names, reached) for names in ([], ["north.example"]) for reached in ("north.example", "10.0.0.1")),
        Finding("address", "", "", case="none"), Finding("address", "", "", facts={"fingerprint": "AB:CD", "ends": NOW}),
        Finding("keys", "", "", case="missing", facts={"missing": "77e0"}), Finding("keys", "", ""),
        *(Finding("schema", "", "", case=case, facts={"now": "0001", "newest": "0002"}) for case in ("another", "fine")),
    ]  # fmt: skip

    use_locales("satellite.ui")

    def said(language: str) -> list[str]:
        with speaking(language):
            lines = [line(one, "Europe/Vienna") for one in found]
            return [" | ".join(map(str, (one.name, one.found, one.needed, one.advice))) for one in lines]

    english, german = said("en"), said("de")
    assert {f"{one.name}.{one.case}" for one in found} == set(WORDS)
    assert not [text for text in (*english, *german) if "{" in text or "T12:" in text]
    assert all(one != other for one, other in zip(english, german, strict=True))
    assert "1 Mar 2027, 13:00 CET; your computer says 1 Mar 2027, 14:00 CET" in english[2]
    assert "60 min 0 s behind your computer" in english[2]
    assert "3 in order, 1 to look at" in str(counted((found[1], found[1], found[2], found[1])))


@pytest.mark.row("S1.3", "S3.4")
def test_measurements_and_checks_are_said_in_the_language_of_the_page() -> None:
    """Every outcome of a time server, and every detail of a check that is a word, is translated."""
    use_locales("satellite.ui")
    checked = [HealthCheck("certificate", Outcome.PASS, text, NOW) for text in DETAILS]
    assert set(ANSWERS) == set(MEANINGS)
    assert {name: str(words) for name, words in ANSWERS.items()} == MEANINGS
    with speaking("de"):
        german = [str(words) for words in (*ANSWERS.values(), *(detail(one, {}) for one in checked))]
    assert not {*german} & {*MEANINGS.values(), *(text.replace("{day}", "1 Mar 2027") for text in DETAILS)}
    assert any(text.startswith("bis 1") and text.endswith("2027") for text in german)
    assert str(detail(HealthCheck("copy", Outcome.SKIP, ""), {})) == "–"
