"""Changes of many rows: what is done is what was previewed, neither more nor to another target."""

from __future__ import annotations

import pytest

from serverkit.web import bulk_pages, table_pages
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


@pytest.mark.row("S3.2")
def test_all_that_match_means_the_rows_that_were_previewed(console: ExhibitConsole, browser: Browser) -> None:
    """Where one row went and another came since the preview, their number is the same and nothing is changed all the same."""
    preview = browser.post("/things/bulk/move", {"all": "yes", "all_count": "12", "step": "preview", "place": "Edge"})
    gone = console.server.items.pop()
    console.server.items.append({**gone, "id": "f" * 32, "place": "Core"})
    before = [one["place"] for one in console.server.items]

    refused = press(browser, preview, step="act", place="Edge")
    text = refused.get_data(as_text=True)
    assert (refused.status_code, 'data-verdict="selection_changed"' in text) == (409, True)
    assert [one["place"] for one in console.server.items] == before
    assert press(browser, refused, step="act", place="Edge").status_code == 200
    assert console.server.items[-1]["place"] == "Edge"


@pytest.mark.row("S3.2")
def test_a_change_of_more_rows_than_it_takes_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    """The list, the preview and the result say how many of how many; the preview says that it lists fewer."""
    monkeypatch.setattr(bulk_pages, "MOST", 60)
    monkeypatch.setattr(table_pages, "MOST", 60)
    monkeypatch.setattr(bulk_pages, "LISTED", 40)
    console = ExhibitConsole(80)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    assert "the first 60 of 80 that match" in browser.get("/things").get_data(as_text=True)

    fields = {"all": "yes", "all_count": "80", "step": "preview", "place": "Edge"}
    preview = browser.post("/things/bulk/move?sort=serial", fields)
    text = preview.get_data(as_text=True)
    assert "Only the first 60 of 80 rows are taken." in text
    refused = sum(one["state"] == "short" for one in sorted(console.server.items, key=lambda one: one["serial"])[40:60])
    assert f"The first 40 of 60 rows are listed here. Of the others, {20 - refused} can be changed." in text
    assert text.count('<th scope="row">') == 40
    result = press(browser, preview, step="act", place="Edge").get_data(as_text=True)
    assert "Only the first 60 of 80 rows were taken." in result
    assert "All rows were changed." not in result


@pytest.mark.row("S3.2")
def test_all_that_match_is_not_offered_where_they_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that ends its count says no number of rows to be changed."""
    monkeypatch.setattr(table_pages, "COUNTED_TO", 100)
    for count, offered in ((100, True), (101, False)):
        browser = Browser(app_of(ExhibitConsole(count)))
        browser.sign_in("anna")
        assert ('name="all" value="yes"' in browser.get("/things").get_data(as_text=True)) == offered, count
