"""The alert bar: what a person hides stays hidden for that person, and what no one can hide stays."""

from __future__ import annotations

import pytest

from tests.console import Browser, app_of
from tests.exhibit import ExhibitConsole

SHORT, RESTORED = "60 more of SW-48 Advantage needed", "This machine was restored"


def bar(browser: Browser, path: str) -> str:
    """The alert bar of a page, without what unfolds."""
    text = browser.get(path).get_data(as_text=True).split('id="alerts"')[1].split("</section>")[0]
    before, _mark, after = text.partition("</summary>")
    return before + after.split("</details>")[1]


@pytest.mark.row("C10.1")
def test_hidden_alerts_stay_hidden_and_their_counts_stay() -> None:
    """Hidden on one page, on all pages, for this user and no other, until shown again; the restored machine is never hidden."""
    app = app_of(ExhibitConsole(3))
    anna, rudi = Browser(app), Browser(app)
    anna.sign_in("anna")
    rudi.sign_in("rudi")
    assert SHORT in bar(anna, "/things")
    answer = anna.post("/alert-bar", {"hidden": "yes", "next": "/things"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/things")
    for path in ("/things", "/parts"):
        shown = bar(anna, path)
        assert SHORT not in shown
        assert all(words in shown for words in ("1 major", "2 minor", RESTORED)), path
    assert SHORT in bar(rudi, "/things")
    elsewhere = anna.post("/alert-bar", {"hidden": "no", "next": "//elsewhere.example"})
    assert elsewhere.headers["Location"] == "/"
    assert SHORT in bar(anna, "/parts")
    assert anna.post("/alert-bar", {"hidden": "perhaps"}).status_code == 422
