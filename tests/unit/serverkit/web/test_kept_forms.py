"""Forms that were sent too late are shown again, filled; nothing acts before the person presses its button once more."""

from __future__ import annotations

from typing import Any

import pytest

from serverkit.web.urls import AGAIN
from tests.console import PEOPLE, Browser, app_of, press
from tests.exhibit import ExhibitConsole


@pytest.fixture
def console() -> ExhibitConsole:
    """A console with pages of every kind."""
    return ExhibitConsole(12)


@pytest.fixture
def browser(console: ExhibitConsole) -> Browser:
    """A browser in which anna, who may change things, is signed in."""
    made = Browser(app_of(console))
    assert made.sign_in("anna").status_code == 303
    return made


def sign_in_again(browser: Browser, answer: Any) -> Any:
    """Fill in the sign-in form that a page shows because the session is over."""
    return press(browser, answer, name="anna", password=PEOPLE["anna"][0])


@pytest.mark.row("S3.4", "S3.2")
def test_a_bulk_change_that_was_kept_shows_its_preview_with_its_filters_and_acts_only_after_it(
    console: ExhibitConsole, browser: Browser
) -> None:
    """The way back to a change of many rows leads to its preview, with the rows and the filters that were chosen."""
    before = [one["place"] for one in console.server.items]
    token = browser.token()
    console.sessions.clear()
    sent = {"key": [f"{4:032x}", f"{5:032x}"], "step": "act", "place": "Edge"}
    over = browser.post("/things/bulk/move?state=enough", sent, token=token)
    way_back = sign_in_again(browser, over)
    assert "Nothing was changed yet." in way_back.get_data(as_text=True)

    again = press(browser, way_back)
    text = again.get_data(as_text=True)

    assert again.status_code == 200
    assert "2 of 2 rows can be changed" in text
    assert 'action="/things/bulk/move?state=enough"' in text
    assert [one["place"] for one in console.server.items] == before
    assert console.database.writes == 0
    done = press(browser, again, step="act", place="Edge")
    assert "2 rows done" in done.get_data(as_text=True)


@pytest.mark.row("S3.4")
def test_a_button_without_a_form_is_not_kept(console: ExhibitConsole, browser: Browser) -> None:
    """A sign-out that came after the session ended is no form to go back to: it never signs out the session after it."""
    token = browser.token()
    console.sessions.clear()
    over = browser.post("/sign-out", token=token)
    assert over.status_code == 401
    assert 'name="kept"' not in over.get_data(as_text=True)

    browser.sign_in("anna")
    again = browser.post("/sign-out", {AGAIN: "yes"})
    assert again.headers["Location"] == "/"
    assert list(console.sessions.values()) == ["anna"]


@pytest.mark.row("S3.4", "S3.1")
def test_what_was_typed_is_kept_while_the_password_is_asked_for_again(
    console: ExhibitConsole, browser: Browser
) -> None:
    """A form that comes when the step-up has ended waits behind the password, and comes back filled but for secrets."""
    typed = {"name": "kept name", "note": "kept & safe", "secret": "not kept"}
    asked = browser.post("/things/fresh", typed)
    assert asked.status_code == 401
    assert "Enter your password" in asked.get_data(as_text=True)
    assert "not kept" not in asked.get_data(as_text=True)
    asked = press(browser, asked, password="a wrong one")
    assert asked.status_code == 401

    way_back = press(browser, asked, password=PEOPLE["anna"][0])
    assert "Nothing was changed yet." in way_back.get_data(as_text=True)
    form = press(browser, way_back)
    text = form.get_data(as_text=True)
    assert (form.status_code, 'value="kept name"' in text, ">kept &amp; safe</textarea>" in text) == (200, True, True)
    assert console.database.writes == 0
    assert press(browser, form, name="kept name").headers["Location"] == "/things"


@pytest.mark.row("S3.4", "S3.1")
def test_a_form_of_before_a_step_up_in_another_tab_is_shown_again_filled(
    console: ExhibitConsole, browser: Browser
) -> None:
    """The secret of the session is another one since: nothing is done, what was typed is in a form that works."""
    before = browser.token()
    browser.post("/step-up", {"password": PEOPLE["anna"][0]})
    typed = {"name": "kept name", "secret": "not kept"}
    form = browser.post("/things/new", typed, token=before)
    text = form.get_data(as_text=True)

    assert (form.status_code, 'data-verdict="form_expired"' in text) == (403, True)
    assert ('value="kept name"' in text, "not kept" in text) == (True, False)
    assert console.database.writes == 0
    assert press(browser, form, name="kept name").headers["Location"] == "/things"
    unknown = browser.post("/things/new", typed, token=before, Sec_Fetch_Site="none")
    assert "kept name" not in unknown.get_data(as_text=True)
