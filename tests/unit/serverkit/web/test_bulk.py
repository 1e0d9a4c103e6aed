"""Changes of many rows: what is done is what was previewed, neither more nor to another target."""

from __future__ import annotations

import pytest

from tests.console import Browser, app_of, press
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


@pytest.mark.row("S3.2")
def test_nothing_goes_to_a_target_that_was_not_previewed(console: ExhibitConsole, browser: Browser) -> None:
    """The button to act is there after a preview of the target; with another target the preview is shown again."""
    before = [one["place"] for one in console.server.items]
    first = browser.post("/things/bulk/move", {"key": [f"{4:032x}", f"{6:032x}"]})
    assert 'value="act"' not in first.get_data(as_text=True)
    assert 'value="act"' not in press(browser, first, step="act", place="Mars").get_data(as_text=True)

    unseen = press(browser, first, step="act", place="Edge")
    assert 'value="act"' in unseen.get_data(as_text=True)
    other = press(browser, unseen, step="act", place="Core")
    text = other.get_data(as_text=True)
    assert "not what was previewed" in text
    assert '<option value="Core" selected' in text
    assert [one["place"] for one in console.server.items] == before

    done = press(browser, other, step="act", place="Core")
    assert "2 rows done" in done.get_data(as_text=True)
    assert [console.server.items[number]["place"] for number in (4, 6)] == ["Core", "Core"]
