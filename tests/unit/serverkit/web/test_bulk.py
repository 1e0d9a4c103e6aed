"""Changes of many rows: what is done is what was previewed, neither more nor to another target."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest

from serverkit.web import bulk_pages, selection, table_pages
from tests.console import Browser, Memory, MemoryWorks, app_of, press
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
    """The list, the preview and the result say how many of how many."""
    monkeypatch.setattr(selection, "MOST", 60)
    monkeypatch.setattr(table_pages, "MOST", 60)
    console = ExhibitConsole(80)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    assert "the first 60 of 80 that match" in browser.get("/things").get_data(as_text=True)

    fields = {"all": "yes", "all_count": "80", "step": "preview", "place": "Edge"}
    preview = browser.post("/things/bulk/move?sort=serial", fields)
    assert "Only the first 60 of 80 rows are taken." in preview.get_data(as_text=True)
    result = press(browser, preview, step="act", place="Edge").get_data(as_text=True)
    assert "Only the first 60 of 80 rows were taken." in result
    assert "All rows were changed." not in result


@pytest.mark.row("S3.2")
def test_a_large_selection_is_previewed_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the rows of a part are read and judged; forth and back each row is shown once, and the number of all is said."""
    monkeypatch.setattr(bulk_pages, "LISTED", 40)
    console = ExhibitConsole(100)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    answer = browser.post("/things/bulk/move", {"all": "yes", "all_count": "100", "step": "preview", "place": "Edge"})
    seen: list[str] = []
    for start, end in ((1, 40), (41, 80), (81, 100)):
        text = answer.get_data(as_text=True)
        assert "100 rows are meant." in text
        assert f"Rows {start} to {end} of 100" in text
        seen += rows_of_preview(text)
        answer = press(browser, answer, step="preview", place="Edge", **{"from": str(end)})
    assert sorted(seen) == sorted(one["name"] for one in console.server.items)
    assert "Rows 1 to 40" in press(browser, answer, step="preview", place="Edge", **{"from": "x"}).get_data(
        as_text=True
    )


@pytest.mark.row("S3.2")
def test_a_change_of_many_rows_is_a_task_that_says_what_became_of_each() -> None:
    """Begun at the preview and watched; each row is judged again at its turn, in the state that it has then."""
    console, works, browser = watched(250)
    preview = browser.post("/things/bulk/move", {"all": "yes", "all_count": "250", "step": "preview", "place": "Edge"})
    assert "changed by a task" in preview.get_data(as_text=True)
    begun = press(browser, preview, step="act", place="Edge")
    assert (begun.status_code, begun.headers["Location"]) == (303, "/bulk/0")
    waiting = browser.get("/bulk/0").get_data(as_text=True)
    assert "It waits to be begun." in waiting
    assert "no scheduler runs" in waiting
    console.server.items[20]["state"] = "short"
    works.run(console)

    text = browser.get("/bulk/0").get_data(as_text=True)
    short = sum(one["state"] == "short" for one in console.server.items)
    assert f"{250 - short - 1} rows changed, {short + 1} not changed." in text
    assert "is in use by 2 devices" in text
    assert "It is reserved." in text
    moved = {one["place"] for one in console.server.items if one["state"] != "short" and one["name"] != "=1+1"}
    assert (moved, console.server.items[20]["place"]) == ({"Edge"}, "Edge")
    assert [one["result"]["rows"]["refused"][0][0] for one in works.asked] == ["<script>alert(1)</script>"]
    assert "<script>alert" not in text
    other = Browser(browser.app)
    other.sign_in("rudi")
    assert other.get("/bulk/0").status_code == 404


@pytest.mark.row("S3.2")
def test_a_task_that_is_stopped_says_what_was_done_before() -> None:
    """Between two parts it stops; what was changed stays and is listed, the rest is as it was."""
    console, works, browser = watched(250)
    works.stop_after = 1
    preview = browser.post("/things/bulk/move", {"all": "yes", "all_count": "250", "step": "preview", "place": "Edge"})
    press(browser, preview, step="act", place="Edge")
    works.run(console)
    text = browser.get("/bulk/0").get_data(as_text=True)

    assert "It was stopped; what was changed before stays." in text
    assert 0 < works.asked[0]["result"]["changed"] < 100
    assert {one["place"] for one in console.server.items[100:]} == {"Campus", "Core", "Edge"}


@pytest.mark.row("S3.2")
def test_a_part_that_a_database_asks_for_again_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL may give a transaction up for another one: what its first attempt did was never done."""
    console, works, browser = watched(250)
    preview = browser.post("/things/bulk/move", {"all": "yes", "all_count": "250", "step": "preview", "place": "Edge"})
    press(browser, preview, step="act", place="Edge")
    once = Memory.run

    def twice(self: Memory, actor: Any, work: Any) -> Any:
        once(self, actor, work)
        return once(self, actor, work)

    monkeypatch.setattr(Memory, "run", twice)
    works.run(console)
    result = works.asked[0]["result"]

    assert result["changed"] + result["refused"] == 250


@pytest.mark.row("S3.2")
def test_a_task_changes_nothing_where_others_match_by_now() -> None:
    """Between the act and the turn of the task a row came: it fails as a whole, and says why."""
    console, works, browser = watched(120)
    preview = browser.post("/things/bulk/move", {"all": "yes", "all_count": "120", "step": "preview", "place": "Edge"})
    press(browser, preview, step="act", place="Edge")
    console.server.items.append({**console.server.items[0], "id": "f" * 32})
    works.run(console)

    assert 'data-verdict="selection_changed"' in browser.get("/bulk/0").get_data(as_text=True)
    assert {one["place"] for one in console.server.items} == {"Campus", "Core", "Edge"}


def watched(count: int) -> tuple[ExhibitConsole, MemoryWorks, Browser]:
    """A console with tasks, and a browser in which anna is signed in."""
    works = MemoryWorks()
    console = ExhibitConsole(count, works=works)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    return console, works, browser


def rows_of_preview(text: str) -> list[str]:
    """The names that a preview lists."""
    rows = text.split('data-table="things-preview"')[1].split("</table>", maxsplit=1)[0]
    return [unescape(one) for one in re.findall(r'<th scope="row"><bdi>(.*?)</bdi>', rows)]


@pytest.mark.row("S3.2")
def test_all_that_match_are_counted_by_the_preview_where_the_list_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list that ends its count says no number; the preview of all that match says how many those are."""
    monkeypatch.setattr(table_pages, "COUNTED_TO", 100)
    browser = Browser(app_of(ExhibitConsole(101)))
    browser.sign_in("anna")
    text = browser.get("/things").get_data(as_text=True)
    assert "all that match: the preview counts them" in text
    assert 'name="all_count"' not in text
    preview = browser.post("/things/bulk/move", {"all": "yes", "step": "preview", "place": "Edge"})
    assert "of 101 rows can be changed" in preview.get_data(as_text=True)
