"""Tables: order, pages, filters, what an address says, and what a file holds."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from serverkit.web import table_pages
from serverkit.web.table_pages import csv_chunks, no_formula
from serverkit.web.tables import Rows, Wanted, from_list
from serverkit.web.workbooks import workbook_chunks
from tests.console import Browser, app_of, press
from tests.exhibit import THINGS, ExhibitConsole, things

ITEMS = things(120)
SHEET_XML = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
SORTS = [sign + one.name for one in THINGS.columns if one.sort for sign in ("", "-")]


def wanted(**asked: str) -> Wanted:
    """What an address asks for."""
    return THINGS.wanted(MultiDict(asked))


def walked(start: Wanted, items: list[dict[str, object]]) -> list[Rows]:
    """Every page from the first to the last."""
    pages = [from_list(THINGS, items, start)]
    while pages[-1].next is not None:
        state = dict(parse_qsl(THINGS.state(start, after=pages[-1].next)[1:]))
        pages.append(from_list(THINGS, items, wanted(**state)))
    return pages


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("sort", SORTS)
def test_every_order_shows_each_row_once_forth_and_back(sort: str) -> None:
    """Ties are ended by the key: no row is twice on the way or never, and Previous leads back by the same pages."""
    start = wanted(sort=sort)
    pages = walked(start, ITEMS)
    keys = [str(item["id"]) for page in pages for item in page.items]

    assert sorted(keys) == sorted(str(item["id"]) for item in ITEMS)
    back = pages[-1]
    for page in reversed(pages[:-1]):
        state = dict(parse_qsl(THINGS.state(start, before=back.before)[1:]))
        back = from_list(THINGS, ITEMS, wanted(**state))
        assert [one["id"] for one in back.items][: len(page.items)] == [one["id"] for one in page.items]
    assert back.before is None


@pytest.mark.row("S3.2")
def test_an_address_that_asks_for_what_there_is_not_shows_the_usual_with_a_note() -> None:
    """An order, a number of rows and columns that a table does not have lock no one out of it."""
    found = wanted(sort="-colour", rows="7", cols="colour,", after="gone", state="x" * 999)

    assert (found.sort, found.most) == (THINGS.default_sort, 50)
    assert len(found.notes) == 1
    assert found.columns == tuple(one.name for one in THINGS.columns if one.shown)
    assert len(found.filters["state"]) == 200
    assert from_list(THINGS, ITEMS, wanted(after="gone")).items == from_list(THINGS, ITEMS, wanted()).items


@pytest.mark.row("S3.2")
@given(
    asked=st.fixed_dictionaries(
        {},
        optional={
            "q": st.text(max_size=20),
            "place": st.sampled_from(["Campus", "Mars"]),
            "sort": st.sampled_from(SORTS),
            "rows": st.sampled_from(["100", "250"]),
            "cols": st.sampled_from(["name,id", "balance"]),
            "after": st.sampled_from([str(one["id"]) for one in ITEMS[:5]]),
        },
    )
)
def test_the_address_of_a_table_holds_all_that_it_shows(asked: dict[str, str]) -> None:
    """An address that the table makes of what it shows asks for the same again: a view can be sent to a colleague."""
    first = wanted(**asked)
    again = wanted(**dict(parse_qsl(THINGS.state(first)[1:])))

    assert again == first


@pytest.mark.row("S3.2")
def test_a_file_holds_what_the_page_shows_and_no_formula() -> None:
    """All rows that match, in their order, with the columns that are shown; -3 is a number, =1+1 a text."""
    browser = Browser(app_of(ExhibitConsole(120)))
    browser.sign_in("anna")
    answer = browser.get("/things?sort=-balance&cols=name,balance,state&as=csv")
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True))))

    assert rows[0] == ["Name", "Balance", "State"]
    assert len(rows) == 121
    assert [int(row[1]) for row in rows[1:]] == sorted((int(row[1]) for row in rows[1:]), reverse=True)
    assert {"'=1+1", "'-3 as a text"} <= {row[0] for row in rows}
    assert no_formula(-3) == -3
    short = browser.get("/things?state=short&as=csv").get_data(as_text=True)
    assert len(short.splitlines()) == 1 + sum(one["state"] == "short" for one in ITEMS)
    many = b"".join(csv_chunks(["a"], [[number] for number in range(1201)])).splitlines()
    assert (many[0], many[-1], len(many)) == (b"a", b"1200", 1202)


@pytest.mark.row("S3.2")
def test_a_workbook_holds_numbers_as_numbers_and_texts_as_texts() -> None:
    """Nothing in it is calculated, and no text becomes a link."""
    rows = [["=HYPERLINK(1)", -60], ["a < b & c\x0b _x0041_", None]]
    book = zipfile.ZipFile(io.BytesIO(b"".join(workbook_chunks(["Name", "Balance"], rows))))
    sheet = book.read("xl/worksheets/sheet1.xml").decode()
    cells = [node.text for node in ET.fromstring(sheet).iter(f"{SHEET_XML}t")]  # noqa: S314 - our own file

    assert book.testzip() is None
    assert cells == ["=HYPERLINK(1)", "a < b & c_x000B_ _x005F_x0041_"]
    assert b"Balance" in book.read("xl/sharedStrings.xml")
    assert "<f>" not in sheet
    assert re.search(r'<c r="B2"[^>]*><v>-60</v>', sheet)
    assert "<hyperlink" not in sheet


@pytest.mark.row("S3.2")
def test_a_workbook_is_sent_while_it_is_made() -> None:
    """Its first part comes before its last rows are read, and it takes no more memory for more rows."""
    read: list[int] = []

    def rows(count: int) -> Iterator[list[Any]]:
        for number in range(count):
            read.append(number)
            yield [f"{number:>8} of a name that is long", number]

    def peak(count: int) -> int:
        tracemalloc.start()
        for _ in workbook_chunks(["Name", "Number"], rows(count)):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    chunks = workbook_chunks(["Name", "Number"], rows(20_000))
    assert next(chunks)[:2] == b"PK"
    assert len(read) < 1000
    chunks.close()
    read.clear()
    assert peak(20_000) < peak(2000) + 2**20


@pytest.mark.row("S3.2")
def test_a_workbook_of_more_rows_than_a_sheet_takes_is_refused_and_the_csv_file_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No row is left out silently: the refusal says how many there are, and which file takes them."""
    monkeypatch.setattr(table_pages, "MOST_ROWS", 5)
    browser = Browser(app_of(ExhibitConsole(6)))
    browser.sign_in("anna")
    refused = browser.get("/things?as=xlsx")

    assert refused.status_code == 409
    assert "6 rows match" in refused.get_data(as_text=True)
    assert "CSV" in refused.get_data(as_text=True)
    assert len(browser.get("/things?as=csv").get_data(as_text=True).splitlines()) == 7


@pytest.mark.row("S3.2")
def test_an_empty_table_says_what_it_is_and_a_filtered_one_how_to_clear_it() -> None:
    """Before there are rows: one action, for who may take it. Nothing matches: the filters can be cleared."""
    app = app_of(ExhibitConsole(0))
    anna, rudi = Browser(app), Browser(app)
    anna.sign_in("anna")
    rudi.sign_in("rudi")

    assert 'href="/things/new"' in anna.get("/things").get_data(as_text=True).split('data-table-empty="things"')[1]
    assert 'href="/things/new"' not in rudi.get("/things").get_data(as_text=True).split('data-table-empty="things"')[1]
    assert "Nothing matches" in anna.get("/things?q=x").get_data(as_text=True)


@pytest.mark.row("S3.2")
def test_what_the_state_of_a_row_forbids_says_why_as_text_that_needs_no_pointer() -> None:
    """The act is in its place, opens with a key or a touch, and says for which row it is not possible, and why."""
    browser = Browser(app_of(ExhibitConsole(12)))
    browser.sign_in("anna")
    text = browser.get("/things").get_data(as_text=True)
    found = re.findall(r'<details class="act-off"><summary [^>]*>(.*?)</summary><p>(.*?)</p></details>', text)

    assert len(found) == sum(one["state"] == "short" for one in things(12)) > 0
    assert {why for _, why in found} == {"It is reserved."}
    assert all("Remove" in re.sub("<[^>]+>", "", label) and "not possible for" in label for label, _ in found)


@pytest.mark.row("S3.2")
def test_names_of_people_are_shown_as_text_everywhere() -> None:
    """Tags, quotes and letters of another direction are text in rows, in labels and in confirmations."""
    console = ExhibitConsole(6)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    text = browser.get("/things").get_data(as_text=True)

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert 'aria-label="Select &lt;script&gt;alert(1)&lt;/script&gt;"' in text
    assert "<bdi>\u0645\u0648\u0642\u0639" in text


@pytest.mark.row("S3.2")
def test_a_selection_that_matches_other_rows_by_now_is_refused() -> None:
    """All that match means all that were shown: another number, and nothing is changed."""
    console = ExhibitConsole(20)
    browser = Browser(app_of(console))
    browser.sign_in("anna")
    console.server.items.pop()
    fields = {"all": "yes", "all_count": "20", "step": "act", "place": "Edge"}
    answer = browser.post("/things/bulk/move", fields)

    assert answer.status_code == 409
    assert 'data-verdict="selection_changed"' in answer.get_data(as_text=True)
    assert {one["place"] for one in console.server.items} == {"Campus", "Core", "Edge"}
    preview = browser.post("/things/bulk/move", {**fields, "all_count": "19"})
    done = press(browser, preview, step="act", place="Edge")
    assert done.status_code == 200
    assert "is in use by 2 devices" in done.get_data(as_text=True)
    moved = [one["place"] for one in console.server.items if one["state"] != "short" and one["name"] != "=1+1"]
    assert set(moved) == {"Edge"}
