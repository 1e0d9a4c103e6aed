"""Every address of both consoles: who may open it, what guards a change, what a page consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs

import pytest

from serverkit.http.operations import Access, alternatives
from tests.console import Browser
from tests.served import CONSOLES, TABLES, Outline, Served, served
from tests.world import World

_LINK = re.compile(r'<a\s[^>]*?\bhref="(/[^"#]*)')
"""Where a link leads, without its fragment."""


@pytest.fixture(params=CONSOLES)
def console(site: World, request: pytest.FixtureRequest) -> Iterator[Served]:
    """Each console, with a browser for each role."""
    with served(site, request.param) as found:
        yield found


def kind_of(console: Served, link: str) -> object:
    """What a link is alike with: the address and its place, and the names of its parameters; itself where no page is."""
    path, _, query = link.partition("?")
    url = next((one for one in console.urls if not one.changes and one.leads_to(path)), None)
    if url is None:
        return link
    places = [part for part in path.split("/") if part.isdigit() or part in console.place.values()]
    return url.path, *places, *sorted(parse_qs(query))


@pytest.mark.long
@pytest.mark.row("S3.1", "S3.4", "C1.5", "C1.6")
def test_every_address_asks_the_matrix_and_no_page_links_to_what_is_not_there_or_is_forbidden(console: Served) -> None:
    """Each role at each address: 403 exactly where the matrix forbids it, before anything is looked up; and each link of each page leads to a page that the role may open.

    Of the links that differ only in the row or the column that they name, the first is followed. One that a role of the same
    scope has followed is not followed again: the matrix, which holds for its address, permits it.
    """
    followed: dict[tuple[str, object], int] = {}
    kinds: dict[str, object] = {}
    for role, browser in console.browsers.items():
        known: dict[str, int] = {}
        links: dict[object, tuple[str, str]] = {}
        for url in console.urls:
            if url.changes:
                continue
            path = console.filled(url)
            found = browser.get(path)
            known[path] = found.status_code
            assert (found.status_code == 403) == (not console.may(role, url)), (role, path)
            assert found.status_code < 500, (role, path)
            if not console.whole(url) or found.status_code != 200 or "Content-Disposition" in found.headers:
                continue
            for to in dict.fromkeys(_LINK.findall(found.get_data(as_text=True))):
                if to not in kinds:
                    kinds[to] = kind_of(console, unescape(to))
                links.setdefault(kinds[to], (unescape(to), path))
        seen = dict(links.values())
        for kind, (to, _) in links.items():
            url = next((one for one in console.urls if not one.changes and one.leads_to(to.partition("?")[0])), None)
            before = followed.get((console.scope(role), kind))
            if before is None or url is None:
                before = followed[console.scope(role), kind] = known.get(to) or browser.get(to).status_code
            known.setdefault(to, before if url is None or console.may(role, url) else 403)

        assert len(seen) > 10, role
        assert {(path, to): known[to] for to, path in seen.items() if known[to] >= 400} == {}, role
    for role, browser in console.browsers.items():
        token = browser.token()
        for url in console.urls:
            if not url.changes or url.path == "/sign-out":
                continue
            path = console.filled(url)
            found = browser.post(path, token=token)
            assert (found.status_code == 403) == (not console.may(role, url)), (role, path)
            assert found.status_code < 500, (role, path)


@pytest.mark.row("S3.4", "C1.5")
def test_every_change_needs_the_token_of_the_session_and_someone_who_is_signed_in(console: Served) -> None:
    """A missing token, another person's token, a stranger: nothing is changed and nothing is shown."""
    admin, stranger = console.administrator, Browser(console.app)
    foreign, own = list(console.browsers.values())[1].token(), stranger.token()
    first = next(iter(console.browsers))
    for url in console.urls:
        if url.changes:
            for token in ("", foreign):
                found = admin.post(console.filled(url), token=token)
                assert found.status_code == 403, (url.path, found.status_code)
                said = 'data-verdict="form_expired"' in found.get_data(as_text=True)
                assert said or not console.may(first, url), url.path
            if url.permission is not Access.CREDENTIALS:
                assert stranger.post(console.filled(url), token=own).status_code == 401, url.path
        elif url.permission is not Access.CREDENTIALS:
            assert stranger.get(console.filled(url)).headers.get("Location", "").startswith("/sign-in"), url.path


@pytest.mark.row("S3.1", "C1.6")
def test_every_page_has_one_heading_labels_and_nothing_inline(console: Served) -> None:
    """One h1 that begins the title, a language, a name; each field has a label; no style and no script in the page."""
    browser = console.administrator
    stranger = Browser(browser.app)
    for url in console.urls:
        if url.changes:
            continue
        for who in (browser, stranger):
            found = who.get(console.filled(url))
            text = found.get_data(as_text=True)
            if found.status_code == 303 or "Content-Disposition" in found.headers:
                continue
            page = Outline(text)
            labelled = {one["for"] for one in page.all("label")}
            fields = [one for tag in ("input", "select", "textarea") for one in page.all(tag)]
            bare = [
                one
                for one in fields
                if one.get("type") != "hidden" and one.get("id") not in labelled and not one.get("aria-label")
            ]

            assert len(page.all("h1")) == 1, url.path
            assert page.title.startswith(page.h1), (url.path, page.title)
            assert page.all("html")[0]["lang"]
            assert page.all("main")[0]["data-page"]
            assert all(one.get("data-table") for one in page.all("table") if "helptext" not in text), url.path
            assert bare == [], url.path
            assert not page.all("style")
            assert all("src" in one for one in page.all("script"))
            assert not any(
                "style" in attrs or any(name.startswith("on") for name in attrs) for _tag, attrs in page.tags
            )


@pytest.mark.row("S3.4", "C1.5")
@pytest.mark.parametrize("name", CONSOLES)
def test_the_matrix_of_pages_is_the_matrix_of_commands(name: str) -> None:
    """Each address names a permission of the one matrix, or a kind of access."""
    urls, _matrix, permissions = TABLES[name]
    wrong = [
        url.path for url in urls for one in alternatives(url.permission) if not isinstance(one, (permissions, Access))
    ]

    assert wrong == []
