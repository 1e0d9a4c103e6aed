"""What happens to every request of a page, no matter who writes the page."""

from __future__ import annotations

import re
from html import unescape

import pytest

from serverkit.web.console import Gate
from serverkit.web.urls import SIGNED_IN, Url
from tests.console import HOST, PEOPLE, Browser, TestConsole, app_of
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


@pytest.mark.row("S3.4")
def test_an_unknown_visitor_is_sent_to_sign_in_and_then_to_the_page_they_wanted(console: ExhibitConsole) -> None:
    """The address they asked for follows the sign-in; an address of another server does not."""
    browser = Browser(app_of(console))

    asked = browser.get("/things?state=short")
    assert asked.headers["Location"] == "/sign-in?next=%2Fthings%3Fstate%3Dshort"
    sent = {"name": "anna", "password": PEOPLE["anna"][0]}
    assert (
        browser.post("/sign-in", {**sent, "next": "/things?state=short"}).headers["Location"] == "/things?state=short"
    )
    for away in ("//elsewhere.example", "https://elsewhere.example", "/\\elsewhere.example"):
        assert browser.post("/sign-in", {**sent, "next": away}).headers["Location"] == "/"


@pytest.mark.row("S3.4")
def test_a_wrong_password_comes_back_with_the_name_and_without_the_password(console: ExhibitConsole) -> None:
    """The form is filled, the secret is not; the status says that no one is signed in."""
    found = Browser(app_of(console)).post("/sign-in", {"name": "anna", "password": "a wrong one"})
    text = found.get_data(as_text=True)

    assert found.status_code == 401
    assert 'value="anna"' in text
    assert "a wrong one" not in text
    assert 'data-verdict="sign_in_refused"' in text


@pytest.mark.row("S3.4")
def test_a_session_gets_a_new_secret_at_sign_in_and_at_step_up(console: ExhibitConsole) -> None:
    """No secret that was known before is one afterwards: a fixed session is worth nothing."""
    browser = Browser(app_of(console))
    browser.client.set_cookie("__Host-perigee-test", "chosen-by-somebody", domain="site.example", secure=True)
    browser.sign_in("anna")
    first = set(console.sessions)
    page = f"/things/{3:032x}/remove"

    assert "chosen-by-somebody" not in first
    assert browser.get(page).headers["Location"].startswith("/step-up?next=")
    assert browser.post("/step-up", {"password": "wrong", "next": page}).status_code == 401
    assert browser.post("/step-up", {"password": PEOPLE["anna"][0], "next": page}).headers["Location"] == page
    assert set(console.sessions).isdisjoint(first)
    assert browser.get(page).status_code == 200


@pytest.mark.row("S3.4")
@pytest.mark.parametrize(
    ("token", "headers", "code"),
    [
        ("", {}, "form_expired"),
        ("0" * 80, {}, "form_expired"),
        (None, {"Sec_Fetch_Site": "cross-site"}, "foreign_origin"),
        (None, {"Sec_Fetch_Site": "same-site"}, "foreign_origin"),
    ],
)
def test_a_change_needs_the_token_of_the_session_and_the_own_origin(
    console: ExhibitConsole, browser: Browser, token: str | None, headers: dict[str, str], code: str
) -> None:
    """A missing, an invented or a foreign form changes nothing."""
    found = browser.post("/things/new", {"name": "x"}, token=token, **headers)

    assert found.status_code == 403
    assert f'data-verdict="{code}"' in found.get_data(as_text=True)
    assert console.database.writes == 0


@pytest.mark.row("S3.4")
def test_a_token_of_one_person_is_not_one_of_another(console: ExhibitConsole, browser: Browser) -> None:
    """The token belongs to the session, not to the server."""
    other = Browser(browser.app)
    other.sign_in("rudi")

    assert browser.post("/things/new", {"name": "x"}, token=other.token()).status_code == 403
    assert browser.post("/things/new", {"name": "x"}).status_code == 303
    assert console.database.writes == 1


@pytest.mark.row("S3.4")
def test_an_origin_decides_where_no_fetch_metadata_is_sent(browser: Browser) -> None:
    """Older browsers name only the origin; a program names nothing, and needs the token all the same."""
    headers = {"Accept": "text/html"}
    fields = {"csrf_token": browser.token(), "name": "x"}

    for origin, status in (("https://elsewhere.example", 403), ("null", 403), (HOST, 303), (None, 303)):
        sent = {**headers, **({"Origin": origin} if origin else {})}
        assert browser.client.post("/things/new", data=fields, base_url=HOST, headers=sent).status_code == status, (
            origin
        )


@pytest.mark.row("S3.4")
def test_what_a_role_forbids_is_refused_before_anything_is_loaded(console: ExhibitConsole) -> None:
    """A person who may only look gets 403 for a thing that there is and for one that there is not."""
    browser = Browser(app_of(console))
    browser.sign_in("rudi")

    for path in (f"/things/{3:032x}/remove", "/things/none/remove", "/things/new"):
        assert browser.get(path).status_code == 403, path
        assert browser.post(path).status_code == 403, path
    assert 'href="/things/new"' not in browser.get("/things").get_data(as_text=True)


@pytest.mark.row("S1.1")
def test_a_gate_stands_before_permissions_and_before_signing_in() -> None:
    """Until what it demands is done, every address leads there, for strangers and for changes too."""
    console = ExhibitConsole(3, closed=Gate("/sign-in", allowed=("/help",)))
    browser = Browser(app_of(console))

    assert browser.get("/things").headers["Location"] == "/sign-in"
    assert browser.get("/sign-in").status_code == 200
    assert browser.post("/things/new", {"name": "x"}).headers["Location"] == "/sign-in"


@pytest.mark.row("S3.1")
def test_a_refused_form_comes_back_filled_with_every_reason(console: ExhibitConsole, browser: Browser) -> None:
    """Empty, too long, the wrong kind, sent twice, unknown: all are said at once, beside what was typed."""
    sent = {
        "name": "N" * 41,
        "days": "many",
        "place": "Mars",
        "note": "kept",
        "secret": "not kept",
        "restricted": "yes",
    }
    found = browser.post("/things/new", sent)
    text = found.get_data(as_text=True)

    assert found.status_code == 422
    assert text.count('class="reason"') == 3
    assert "<title>New thing - " in text
    assert "N" * 41 in text
    assert ">kept</textarea>" in text
    assert "not kept" not in text
    assert 'value="yes" checked' in text
    twice = browser.post("/things/new", {"name": ["one", "two"]})
    assert (twice.status_code, "sent more than once" in twice.get_data(as_text=True)) == (422, True)
    assert browser.post("/things/new", {"name": "one", "more": "x"}).status_code == 422
    assert console.database.writes == 0


@pytest.mark.row("S3.1")
def test_a_refusal_of_the_state_comes_back_to_its_form(browser: Browser) -> None:
    """409 shows the form again, with what happened, the code and what was typed."""
    found = browser.post("/things/new", {"name": "taken", "note": "kept"})
    text = found.get_data(as_text=True)

    assert found.status_code == 409
    assert 'data-verdict="busy_thing"' in text
    assert "taken is in use by 2 devices." in text
    assert ">kept</textarea>" in text


@pytest.mark.row("S3.4")
def test_a_session_that_ends_while_a_form_is_filled_in_is_said(console: ExhibitConsole, browser: Browser) -> None:
    """401 with the sign-in form; after it the form is there again, filled but for its secret, and nothing was changed."""
    token = browser.token()
    console.sessions.clear()
    typed = {"name": "x" * 41, "note": "kept & safe", "secret": "not kept", "restricted": "yes"}
    found = browser.post("/things/new", typed, token=token)
    text = found.get_data(as_text=True)

    assert found.status_code == 401
    assert 'data-verdict="session_over"' in text
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', text))
    fields = {name: unescape(hidden[name]) for name in ("csrf_token", "kept", "kept_for", "next")}
    wrong = browser.post("/sign-in", {**fields, "name": "anna", "password": "wrong"}, token=fields["csrf_token"])
    assert (wrong.status_code, fields["kept"] in unescape(wrong.get_data(as_text=True))) == (401, True)
    page = browser.post(
        "/sign-in", {**fields, "name": "anna", "password": PEOPLE["anna"][0]}, token=fields["csrf_token"]
    )
    way_back = {
        name: unescape(value)
        for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', page.get_data(as_text=True))
    }
    again = browser.post("/things/new", way_back, token=way_back["csrf_token"])
    text = again.get_data(as_text=True)
    assert again.status_code == 200
    assert "x" * 41 in text
    assert ">kept &amp; safe</textarea>" in text
    assert "not kept" not in text
    assert 'value="yes" checked' in text
    assert console.database.writes == 0


@pytest.mark.row("S3.1")
def test_a_fault_of_the_program_shows_a_reference_and_no_cause(browser: Browser) -> None:
    """The cause is in the log under the reference."""
    found = browser.get("/broken")
    text = found.get_data(as_text=True)

    assert found.status_code == 500
    assert "Reference" in text
    assert "a fault with a secret in it" not in text


@pytest.mark.row("S2.1")
def test_more_than_an_address_takes_is_refused_by_its_length(browser: Browser) -> None:
    """413 before the body is read; a form without a length is no form."""
    assert browser.post("/parts/upload", {"name": "x" * 1_100_000}).status_code == 413
    assert browser.post("/things/new", {"note": "x" * 70_000}).status_code == 413


@pytest.mark.row("S3.1")
def test_pages_are_never_kept_and_run_nothing_that_is_not_the_servers_own(browser: Browser) -> None:
    """The policy names only the own origin; static files may be kept forever, by their digest."""
    page = browser.get("/things")
    policy = page.headers["Content-Security-Policy"]
    text = page.get_data(as_text=True)

    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    style = text.split('rel="stylesheet" href="')[1].split('"')[0]
    kept = browser.get(style)
    assert "immutable" in kept.headers["Cache-Control"]
    assert browser.get(style.replace(style.split("/")[2], "00000000")).status_code == 404


@pytest.mark.row("S3.1")
def test_a_part_is_sent_only_to_who_asks_for_it(browser: Browser) -> None:
    """Htmx gets the rows when it asks for the rows; for anything else the whole page."""
    whole = browser.get("/things").get_data(as_text=True)
    rows = browser.get("/things", HX_Request="true", HX_Target="rows-things").get_data(as_text=True)
    other = browser.get("/things", HX_Request="true", HX_Target="elsewhere").get_data(as_text=True)

    assert "<html" in whole
    assert "<html" in other
    assert "<html" not in rows
    assert 'data-table="things"' in rows


@pytest.mark.row("S3.1")
def test_what_is_not_there_is_said_to_people_as_a_page_and_to_programs_as_a_problem(browser: Browser) -> None:
    """404 and 405, with the methods that there are."""
    assert 'data-page="error"' in browser.get("/nowhere").get_data(as_text=True)
    assert browser.get("/nowhere", Accept="application/json").get_json()["code"] == "not_found"
    wrong = browser.post("/things")
    assert (wrong.status_code, wrong.headers["Allow"]) == (405, "GET, HEAD")
    assert browser.get("/things/none%00/remove").status_code in {303, 404}


@pytest.mark.row("S3.1")
def test_a_page_cannot_be_declared_without_a_permission_or_a_row() -> None:
    """What guards an address is part of its row in the table."""
    for more in ({"permission": SIGNED_IN}, {"row": "S3.1"}):
        with pytest.raises(TypeError):
            Url("GET", "/x", lambda _page: None, **more)  # type: ignore[call-arg,arg-type,return-value]


@pytest.mark.row("S3.1")
def test_the_language_is_the_browsers_until_a_person_chooses() -> None:
    """German by Accept-Language, English for what is not there; the choice is kept."""
    browser = Browser(app_of(TestConsole()))

    assert '<h1 id="title">Anmelden</h1>' in browser.get("/sign-in", Accept_Language="de-AT,en;q=0.5").get_data(
        as_text=True
    )
    assert '<h1 id="title">Sign in</h1>' in browser.get("/sign-in", Accept_Language="xx").get_data(as_text=True)
    browser.sign_in("anna")
    browser.post("/me/look", {"language": "de", "theme": "dark"})
    text = browser.get("/me/look").get_data(as_text=True)
    assert '<html lang="de"' in text
    assert 'data-theme="dark"' in text
