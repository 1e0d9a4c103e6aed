"""The alert bar: what a person hides stays hidden there for that person, what is new is shown, and what no one can hide stays."""

from __future__ import annotations

import re

import pytest

from serverkit.web.alert_bar import MOST_PLACES, SHOWN, Mark, bar_of, changed, hidden_in, marks_of
from serverkit.web.console import AlertLine, Frame, Severity
from tests.console import Browser, app_of
from tests.exhibit import ExhibitConsole

SHORT, RESTORED = "60 more of SW-48 Advantage needed", "This machine was restored"
OLD, NEW = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def bar(browser: Browser, path: str) -> str:
    """The alert bar of a page."""
    return browser.get(path).get_data(as_text=True).split('id="alerts"')[1].split("</section>")[0]


def press(browser: Browser, path: str, change: str, **more: str) -> int:
    """Press one of the buttons of the bar of a page."""
    marks = dict(re.findall(r'name="(mark_\w+)" value="([^"]*)"', bar(browser, path)))
    return int(browser.post("/alert-bar", {**marks, "change": change, "next": path, **more}).status_code)


@pytest.mark.row("C10.1")
def test_hidden_alerts_stay_hidden_and_their_counts_stay() -> None:
    """Hidden on one page, on all pages, for this user and no other, until shown again; the restored machine is never hidden."""
    app = app_of(ExhibitConsole(3))
    anna, rudi = Browser(app), Browser(app)
    anna.sign_in("anna")
    rudi.sign_in("rudi")
    assert SHORT in bar(anna, "/things")
    assert press(anna, "/things", "hide") == 303
    for path in ("/things", "/parts"):
        shown = bar(anna, path)
        assert SHORT not in shown
        assert all(words in shown for words in ("1 major", "2 minor", RESTORED)), path
    assert SHORT in bar(rudi, "/things")
    elsewhere = anna.post("/alert-bar", {"change": "show", "next": "//elsewhere.example"})
    assert elsewhere.headers["Location"] == "/"
    assert SHORT in bar(anna, "/parts")
    assert press(anna, "/things", "hide-major") == 303
    shown = bar(anna, "/things")
    assert (SHORT in shown, "North Site: no synchronization" in shown) == (False, True)
    assert 'value="show-major" aria-pressed="false"' in shown
    assert press(anna, "/things", "show-major") == 303
    assert SHORT in bar(anna, "/things")
    for wrong in ({"change": "perhaps"}, {"change": "hide", "place": "x" * 201}, {}):
        assert anna.post("/alert-bar", wrong).status_code == 422


@pytest.mark.row("C10.1")
def test_what_is_new_after_hiding_is_shown_and_a_place_hides_nothing_of_another() -> None:
    """Newer alerts come through, also those of the same moment; another severity and another place stay as they are."""
    old = [AlertLine(Severity.MAJOR, "a", at=OLD), AlertLine(Severity.MINOR, "b", at=OLD)]
    kept = changed(None, "x", "hide", marks_of((one.severity, one.at) for one in old if one.severity is Severity.MAJOR))

    def shown(place: str, *more: AlertLine) -> list[str]:
        return [str(line.message) for line in bar_of(Frame("", alerts=[*old, *more], alert_place=place), kept).lines]

    assert shown("x") == ["b"]
    assert shown("y") == ["a", "b"]
    assert shown("x", AlertLine(Severity.MAJOR, "c", at=NEW)) == ["b", "c"]
    assert shown("x", AlertLine(Severity.MAJOR, "c", at=OLD)) == ["a", "b", "c"]
    assert bar_of(Frame("", alerts=old, alert_place="x"), kept).tone == "minor"
    assert changed(kept, "x", "show", {Severity.MAJOR: Mark()}) is None


@pytest.mark.row("C10.1")
def test_what_no_one_can_hide_is_shown_however_many_more_urgent_alerts_there_are() -> None:
    """It is among the lines, which are no more than there is room for."""
    worse = [AlertLine(Severity.MAJOR, str(number), at=NEW) for number in range(SHOWN + 5)]
    lines = bar_of(Frame("", alerts=[*worse, AlertLine(Severity.MINOR, RESTORED, stays=True, at=OLD)]), None).lines

    assert (len(lines), str(lines[-1].message)) == (SHOWN, RESTORED)


@pytest.mark.row("C10.1")
def test_what_is_kept_is_bounded_and_junk_in_it_hides_nothing() -> None:
    """The places that were changed last are kept; other values than marks are none."""
    kept: object = None
    for number in range(MOST_PLACES + 5):
        kept = changed(kept, str(number), "hide", {Severity.MINOR: Mark(OLD, 1)})
    assert isinstance(kept, dict)
    assert (len(kept), next(iter(kept))) == (MOST_PLACES, str(MOST_PLACES + 4))
    for junk in (True, [], {"x": 1}, {"x": {"major": "no mark"}}, {"x": {"major": "|²"}}):
        assert hidden_in(junk, "x") == {}
