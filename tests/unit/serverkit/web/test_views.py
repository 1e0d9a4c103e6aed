"""Saved views: an address with a name, per user; the address stays the state of every list."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from werkzeug.datastructures import MultiDict

from serverkit.web.views import MOST_VIEWS
from tests.console import Browser, app_of, press
from tests.exhibit import THINGS, ExhibitConsole

SHOWN = "/things?place=Edge&sort=-balance&cols=name,balance&density=compact&rows=100"


@pytest.fixture
def console() -> ExhibitConsole:
    """A console with a list."""
    return ExhibitConsole(80)


@pytest.fixture
def browser(console: ExhibitConsole) -> Browser:
    """A browser in which anna is signed in."""
    made = Browser(app_of(console))
    made.sign_in("anna")
    return made


def link(text: str, words: str) -> str:
    """The address of a link in the menu of views."""
    menu = text.split('class="menu views-menu"')[1].split("</details>", maxsplit=1)[0]
    found = next(part for part in menu.split('<a href="')[1:] if words in part)
    return found.split('"')[0].replace("&amp;", "&")


def save(browser: Browser, shown: str, name: str, **more: str) -> str:
    """Save what is shown; where that leads."""
    form = browser.get(link(browser.get(shown).get_data(as_text=True), "Save this view"))
    answer = press(browser, form, name=name, **more)
    assert answer.status_code == 303, answer.get_data(as_text=True)
    return str(answer.headers["Location"])


@pytest.mark.row("S3.2")
def test_a_view_holds_filters_order_columns_and_density(browser: Browser) -> None:
    """What is saved is what is shown: the link of the view asks for the same; another user does not see it."""
    led = save(browser, f"{SHOWN}&after=gone", "Edge, worst first")
    opened = THINGS.wanted(MultiDict(parse_qsl(urlsplit(led).query)))

    assert opened == THINGS.wanted(MultiDict(parse_qsl(urlsplit(SHOWN).query)))
    assert opened.density == "compact"
    text = browser.get("/things").get_data(as_text=True)
    assert link(text, "Edge, worst first") == led
    assert 'data-density="compact"' in browser.get(led).get_data(as_text=True)
    assert 'aria-current="true"><bdi>Edge, worst first' in browser.get(led).get_data(as_text=True)
    other = Browser(browser.app)
    other.sign_in("rudi")
    assert "worst first" not in other.get("/things").get_data(as_text=True)


@pytest.mark.row("S3.2")
def test_a_list_opens_with_a_view_and_every_address_is_shown_as_it_is(browser: Browser) -> None:
    """Only the bare address leads to the view; the usual one, and taking the last filter out, stay possible."""
    led = save(browser, "/things?place=Edge", "Edge", default="yes")
    assert browser.get("/things").headers["Location"] == led == "/things?place=Edge"
    assert browser.get("/things?place=Core").status_code == 200
    text = browser.get(led).get_data(as_text=True)
    usual = link(text, "As usual")
    assert f'class="chip-away" href="{usual}"' in text
    assert "80 rows" in browser.get(usual).get_data(as_text=True)
    assert browser.get("/views/things").status_code == 200
    assert browser.post("/views/things/default", {"name": ""}).status_code == 303
    assert browser.get("/things").status_code == 200


@pytest.mark.row("S3.2")
def test_views_are_replaced_removed_and_bounded(browser: Browser, console: ExhibitConsole) -> None:
    """The same name replaces; an empty or too long one comes back filled; the last of many is refused by name."""
    form = browser.get("/views/things/new?path=/things&query=place%3DEdge")
    for name in ("", "x" * 61):
        refused = press(browser, form, name=name)
        assert (refused.status_code, 'value="place=Edge"' in refused.get_data(as_text=True)) == (422, True)
    for number in range(MOST_VIEWS):
        save(browser, "/things?place=Edge", f"View {number}")
    full = press(browser, form, name="one more")
    assert 'data-verdict="too_many_views"' in full.get_data(as_text=True)
    save(browser, "/things?place=Core", "VIEW 3")
    names = [one["name"] for one in console.chosen["anna"]["views:things"]["views"]]
    assert (len(names), "VIEW 3" in names, "View 3" in names) == (MOST_VIEWS, True, False)
    for name in names:
        answer = browser.post("/views/things/remove", {"name": name})
        assert answer.status_code == 303
    assert answer.headers["Location"] == "/things"
    assert browser.get("/views/things").status_code == 404
    assert browser.post("/views/things/remove", {"name": "gone"}).status_code == 404


@pytest.mark.row("S3.2")
def test_a_view_of_what_a_table_no_longer_has_locks_nobody_out(browser: Browser, console: ExhibitConsole) -> None:
    """Columns, orders and filters that are gone are left out of a view; one that says nothing more opens as usual."""
    views = [{"name": "Old", "query": "sort=-colour&cols=shape&flavour=sour", "default": True}]
    console.chosen["anna"] = {"views:things": {"path": "/things", "views": views}}
    assert browser.get("/things").status_code == 200
    views[0]["query"] += "&place=Edge"
    assert browser.get("/things").headers["Location"] == "/things?place=Edge"


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("path", ["https://elsewhere.example/", "//elsewhere.example", "/no-such-list", "", "/"])
def test_a_view_leads_to_a_list_of_this_console_only(browser: Browser, path: str) -> None:
    """No address can make a view that leads somewhere else."""
    assert browser.get(f"/views/things/new?path={path}").status_code == 404
    assert browser.post("/views/things/new", {"path": path, "name": "x", "query": ""}).status_code == 404


@pytest.mark.row("S3.2")
@pytest.mark.parametrize("table", ["nothing", "x" * 200, "users"])
def test_views_are_kept_of_tables_that_there_are_only(browser: Browser, console: ExhibitConsole, table: str) -> None:
    """A name that no table has, or that of a table of another page, keeps nothing: what a person can store is bounded."""
    assert browser.get(f"/views/{table}/new?path=/things").status_code == 404
    assert browser.post(f"/views/{table}/new", {"path": "/things", "name": "x", "query": ""}).status_code == 404
    assert not console.chosen
