"""A form that someone else was faster than, and a change that nothing brings back."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any

import pytest

from serverkit.web.urls import SIGNED_IN, Grade, Url
from tests.console import Browser, app_of, press
from tests.exhibit import ExhibitConsole

CHANGE, DESTROY = f"/things/{7:032x}/change", f"/things/{3:032x}/destroy"


@pytest.fixture
def console() -> ExhibitConsole:
    """A console with things."""
    return ExhibitConsole(12)


@pytest.fixture
def browser(console: ExhibitConsole) -> Browser:
    """A browser in which anna is signed in."""
    made = Browser(app_of(console))
    made.sign_in("anna")
    return made


def columns(text: str) -> list[list[str]]:
    """The rows of the table of what differs, as texts."""
    rows = text.split('data-table="stale"')[1].split("</table>", maxsplit=1)[0].split("<tr>")[2:]
    return [
        [unescape(re.sub("<[^>]+>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>.*?</t[hd]>", row)] for row in rows
    ]


def value_of(text: str, name: str) -> str:
    """What is in a field of text."""
    found = re.search(rf'name="{name}" type="text"\s+value="([^"]*)"', text)
    assert found
    return unescape(found[1])


@pytest.mark.row("S3.1")
def test_who_was_slower_sees_three_states_and_chooses(console: ExhibitConsole, browser: Browser) -> None:
    """409, nothing changed; what I changed is as I typed it, all else as it is now; sending again keeps mine."""
    thing = console.server.items[7]
    opened = browser.get(CHANGE)
    thing.update(place="Edge", note="theirs <b>")
    refused = press(browser, opened, place=_place(opened), note="mine")
    text = refused.get_data(as_text=True)

    assert (refused.status_code, 'data-verdict="stale_form"' in text) == (409, True)
    assert thing["note"] == "theirs <b>"
    assert columns(text) == [["Place", "Core", "Edge", "Core"], ["Note", "–", "theirs <b>", "mine"]]
    assert '<option value="Edge" selected' in text
    assert value_of(text, "note") == "mine"
    assert f'<a class="btn" href="{CHANGE}">Take theirs</a>' in text
    assert press(browser, refused, place="Edge", note="mine").status_code == 303
    assert (thing["place"], thing["note"]) == ("Edge", "mine")


@pytest.mark.row("S3.1")
def test_who_is_late_twice_is_asked_twice_and_theirs_is_one_link_away(
    console: ExhibitConsole, browser: Browser
) -> None:
    """Each refusal carries the state that it showed; the link shows the present values in a fresh form."""
    thing = console.server.items[7]
    first = browser.get(CHANGE)
    for word in ("one", "two"):
        thing["note"] = word
        first = press(browser, first, place="Core", note="mine")
        assert first.status_code == 409
        assert columns(first.get_data(as_text=True))[-1][2:] == [word, "mine"]
    assert value_of(browser.get(CHANGE).get_data(as_text=True), "note") == "two"


@pytest.mark.row("S3.1")
@pytest.mark.parametrize(
    "opened", ["", "[1]", "{", '{"note": {"a": [1]}}', "[" * 5000, json.dumps({"note": "<script>"})]
)
def test_a_form_that_says_nonsense_of_how_it_was_opened_changes_nothing(
    console: ExhibitConsole, browser: Browser, opened: str
) -> None:
    """What a form carries is only shown, as text; without the right version it is never a change."""
    answer = browser.post(CHANGE, {"place": "Edge", "note": "mine", "version": "x", "opened": opened})

    assert answer.status_code == 409
    assert "<script>" not in answer.get_data(as_text=True).split('data-table="stale"')[1].split("</table>")[0]
    assert console.server.items[7]["place"] == "Core"


@pytest.mark.row("S3.1")
@pytest.mark.parametrize(
    ("typed", "gone"),
    [("", False), ("Other", False), ("\u0645\u0648\u0642\u0639", False),
     ("\u0645\u0648\u0642\u0639 \u0634\u0645\u0627\u0644", True), ("  \u0645\u0648\u0642\u0639   \u0634\u0645\u0627\u0644 ", True)],
)  # fmt: skip
def test_what_nothing_brings_back_needs_its_name_typed(
    console: ExhibitConsole, browser: Browser, typed: str, gone: bool
) -> None:
    """The server compares, so that it holds without script; blanks make no difference, another name is a 422 at its field."""
    browser.post("/step-up", {"password": "correct horse battery", "next": DESTROY})
    form = browser.get(DESTROY)
    assert 'data-typed="' in form.get_data(as_text=True)
    answer = press(browser, form, typed_name=typed)

    assert answer.status_code == (303 if gone else 422)
    assert ('id="field-typed_name-reason"' in answer.get_data(as_text=True)) == (not gone)
    assert len(console.server.items) == (11 if gone else 12)


@pytest.mark.row("S3.1")
@pytest.mark.parametrize(
    "wrong", [{"grade": Grade.TYPED}, {"grade": Grade.TYPED, "names": str}, {"names": str, "fresh": True}]
)
def test_no_page_leaves_the_name_or_the_password_out(wrong: dict[str, Any]) -> None:
    """An address of grade 3 that does not ask for both is not made."""
    with pytest.raises(ValueError, match="grade 3"):
        Url("POST", "/x", lambda _page: None, SIGNED_IN, "", **wrong)  # type: ignore[arg-type,return-value]  # never called


def _place(answer: Any) -> str:
    found = re.search(r'<option value="(\w+)" selected', answer.get_data(as_text=True))
    assert found
    return found[1]
