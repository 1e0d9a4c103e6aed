"""Every address of the satellite's console: who may open it, what guards a change, what a page consists of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from satellite.app import make_app
from satellite.core.access.rules import MATRIX, Permission, Role
from satellite.runtime import open_satellite
from satellite.ui.console import URLS
from serverkit.http.operations import Access, alternatives
from serverkit.tls.own import ensure_pair
from serverkit.users.totp import step_of, totp_code
from serverkit.web.urls import Url
from tests.console import Browser, press
from tests.world import World

pytestmark = pytest.mark.one_database("pages ask actions, which the tests of each action prove on both")
PASSWORD = "a long enough secret"


class Outline(HTMLParser):
    """What a page consists of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.title = self.h1 = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "title":
            self.title += data
        elif self._inside == "h1":
            self.h1 += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of a name."""
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def browsers(site: World) -> Iterator[dict[Role, Browser]]:
    """A browser for each role, signed in."""
    secret = site.folder / "password"
    secret.write_text(PASSWORD + "\n", encoding="utf-8")
    for role in Role:
        site.satellite("user", "add", role.value, "--role", role.value, "--password-file", str(secret))
    server = open_satellite(site.folder / "satellite")
    app = make_app(server).rest
    made = {role: Browser(app) for role in Role}
    for role, browser in made.items():
        assert browser.sign_in(role.value, PASSWORD).status_code == 303
    yield made
    server.database.dispose()


def may(role: Role, url: Url) -> bool:
    """What the matrix says."""
    needed = alternatives(url.permission)
    return any(isinstance(one, Access) or one in MATRIX[role] for one in needed)


def filled(url: Url) -> str:
    """The address with something in its parts."""
    return re.sub(r"{(\w+)}", lambda found: "errors" if found[1] == "page" else "0" * 32, url.path)


@pytest.mark.row("S3.1", "S3.4")
def test_every_address_asks_the_matrix(browsers: dict[Role, Browser]) -> None:
    """Each role at each address: 403 exactly where the matrix forbids it, before anything is looked up."""
    for role, browser in browsers.items():
        token = browser.token()
        for url in URLS:
            if url.path == "/sign-out":
                continue
            path = filled(url)
            found = browser.post(path, token=token) if url.changes else browser.get(path)
            assert (found.status_code == 403) == (not may(role, url)), (role, url.method, path, found.status_code)
            assert found.status_code < 500, (role, url.method, path)


def keys_of(page: str) -> dict[str, str]:
    """The key of each row of a list by its name."""
    found = re.findall(r'<tr data-row="(\w+)".*?<th scope="row".*?<bdi>([^<]+)</bdi>', page, re.DOTALL)
    return {name: key for key, name in found}


@pytest.mark.row("S3.4")
def test_every_change_needs_the_token_of_the_session_and_someone_who_is_signed_in(
    browsers: dict[Role, Browser],
) -> None:
    """A missing token, another person's token, a stranger: nothing is changed and nothing is shown."""
    admin, stranger = browsers[Role.ADMINISTRATOR], Browser(browsers[Role.ADMINISTRATOR].app)
    foreign, own = browsers[Role.OPERATOR].token(), stranger.token()
    for url in URLS:
        if url.changes:
            for token in ("", foreign):
                found = admin.post(filled(url), token=token)
                assert found.status_code == 403, (url.path, found.status_code)
                assert 'data-verdict="form_expired"' in found.get_data(as_text=True)
            if url.permission is not Access.CREDENTIALS:
                assert stranger.post(filled(url), token=own).status_code == 401, url.path
        elif url.permission is not Access.CREDENTIALS:
            assert stranger.get(filled(url)).headers.get("Location", "").startswith("/sign-in"), url.path


@pytest.mark.row("S3.1")
def test_every_page_has_one_heading_labels_and_nothing_inline(browsers: dict[Role, Browser]) -> None:
    """One h1 that begins the title, a language, a name; each field has a label; no style and no script in the page."""
    browser = browsers[Role.ADMINISTRATOR]
    stranger = Browser(browser.app)
    for url in URLS:
        if url.changes:
            continue
        for who in (browser, stranger):
            found = who.get(filled(url))
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


@pytest.mark.long
@pytest.mark.row("S3.1", "S3.4")
def test_no_page_links_to_what_is_not_there_or_is_forbidden(browsers: dict[Role, Browser]) -> None:
    """Each link of each page, for each role, leads to a page that the role may open."""
    for role, browser in browsers.items():
        known: dict[str, int] = {}
        seen: dict[str, str] = {}
        for url in URLS:
            page = browser.get(url.path)
            if url.changes or "{" in url.path or page.status_code != 200 or "Content-Disposition" in page.headers:
                continue
            for link in Outline(page.get_data(as_text=True)).all("a"):
                path = (link.get("href") or "").partition("#")[0]
                if path.startswith("/") and path not in known:
                    known[path] = browser.get(path).status_code
                    seen[path] = url.path

        assert len(known) > 10, role
        assert {(seen[path], path): code for path, code in known.items() if code >= 400} == {}, role


@pytest.mark.row("S3.2")
def test_a_token_is_made_shown_once_and_revoked_in_the_browser(browsers: dict[Role, Browser]) -> None:
    """The form, the secret, the list, the confirmation, the bulk change with its preview and its results."""
    browser = browsers[Role.OPERATOR]
    assert "No tokens yet" in browser.get("/tokens").get_data(as_text=True)
    assert browser.post("/tokens/new", {"virtual_account": "Site", "days": "0"}).status_code == 422
    for name in ("Rack 4", "<b>Rack 5</b>", "Rack 6"):
        made = browser.post("/tokens/new", {"virtual_account": "Site", "days": "30", "description": name})
        assert (made.status_code, "pst" in made.get_data(as_text=True)) == (200, True)
    page = browser.get("/tokens").get_data(as_text=True)
    keys = keys_of(page)

    assert "&lt;b&gt;Rack 5&lt;/b&gt;" in page
    assert "<b>Rack 5</b>" not in page
    one = keys["Rack 4"]
    assert "Revoke Rack 4?" in browser.get(f"/tokens/{one}/revoke").get_data(as_text=True)
    assert browser.post(f"/tokens/{one}/revoke").headers["Location"] == "/tokens"
    assert "Token revoked." in browser.get("/tokens").get_data(as_text=True)
    both = {"key": [one, keys["Rack 6"], "gone"]}
    preview = browser.post("/tokens/bulk/revoke", both).get_data(as_text=True)
    assert "1 of 2 rows can be changed" in preview
    assert "1 selected row is no longer there." in preview
    result = browser.post("/tokens/bulk/revoke", {**both, "step": "act"}).get_data(as_text=True)
    assert "1 of 2 rows were changed" in result
    again = browser.post("/tokens/bulk/revoke?state=active", {"all": "yes", "all_count": "9", "step": "act"})
    assert again.status_code == 409
    csv = browser.get("/tokens?as=csv&state=active")
    assert csv.headers["Content-Disposition"].startswith("attachment")
    assert csv.get_data(as_text=True).count("\n") == 2


@pytest.mark.row("S3.4")
def test_the_matrix_of_pages_is_the_matrix_of_commands() -> None:
    """Each address names a permission of the one matrix, or a kind of access."""
    wrong = [
        url.path for url in URLS for one in alternatives(url.permission) if not isinstance(one, Permission | Access)
    ]

    assert wrong == []


@pytest.mark.row("S3.4")
def test_users_are_managed_in_the_browser_and_an_administrator_always_remains(browsers: dict[Role, Browser]) -> None:
    """Add, wrong input, role, reset, remove; the last administrator stays, and the page prints the matrix."""
    admin = browsers[Role.ADMINISTRATOR]
    good = {"name": "<b>Mira</b>", "role": "operator", "password": PASSWORD + " too"}
    assert admin.post("/users/new", {**good, "name": ""}).status_code == 422
    weak = admin.post("/users/new", {**good, "password": "short"})
    assert (weak.status_code, "short" in weak.get_data(as_text=True).split("<main")[1].split("</form>")[0]) == (
        422,
        False,
    )
    assert admin.post("/users/new", good).headers["Location"] == "/users"
    assert admin.post("/users/new", good).status_code == 409
    page = admin.get("/users").get_data(as_text=True)
    keys = keys_of(page)
    mira, last = keys["&lt;b&gt;Mira&lt;/b&gt;"], keys["administrator"]

    assert 'data-table="matrix"' in page
    assert "<b>Mira</b>" not in page
    assert "last administrator" in admin.get(f"/users/{last}/remove").get_data(as_text=True)
    assert admin.post(f"/users/{last}/remove").status_code == 409
    kept = press(admin, admin.get(f"/users/{last}/role"), role="operator")
    assert (kept.status_code, "last administrator" in kept.get_data(as_text=True)) == (409, True)
    assert press(admin, admin.get(f"/users/{mira}/role"), role="emperor").status_code == 422
    stale = admin.post(f"/users/{mira}/role", {"role": "read-only"})
    assert (stale.status_code, 'data-verdict="stale_form"' in stale.get_data(as_text=True)) == (409, True)
    assert "Access tokens that stay valid" in admin.get(f"/users/{mira}/reset").get_data(as_text=True)
    for verb, fields in (
        ("role", {"role": "read-only"}),
        ("reset", {"password": "another long secret", "two_step_off": "yes"}),
        ("unlock", {}),
        ("remove", {}),
    ):
        form = admin.get(f"/users/{mira}/{verb}")
        assert press(admin, form, **fields).headers["Location"] == "/users"
    assert admin.get(f"/users/{mira}/role").status_code == 404


@pytest.mark.row("S3.4")
def test_a_person_manages_password_second_step_sessions_and_tokens(browsers: dict[Role, Browser]) -> None:
    """Each secret is shown once; a wrong password or code comes back to its form; other sessions end."""
    mine, other = browsers[Role.READ_ONLY], Browser(browsers[Role.READ_ONLY].app)
    assert other.sign_in("read-only", PASSWORD).status_code == 303
    fields = {"old": "wrong", "new": "an entirely new secret"}
    refused = mine.post("/me/password", fields)
    assert (refused.status_code, 'name="old"' in refused.get_data(as_text=True)) == (401, True)
    assert mine.post("/me/password", {"old": PASSWORD, "new": "short"}).status_code == 422
    assert mine.post("/me/password", {**fields, "old": PASSWORD}).headers["Location"] == "/me"
    assert other.get("/me").status_code == 303  # that session ended
    assert other.sign_in("read-only", fields["new"]).status_code == 303
    ended = re.findall(r'href="(/me/sessions/\w+/end)"', mine.get("/me").get_data(as_text=True))
    assert (len(ended), mine.post(ended[0]).headers["Location"]) == (1, "/me")
    assert other.get("/me").status_code == 303

    shown = mine.post("/me/two-step").get_data(as_text=True)
    secret = re.findall(r'id="secret-totp"[^>]* value="([A-Z2-7]+)"', shown)[0]
    wrong = mine.post("/me/two-step/confirm", {"code": "abc"})
    assert (wrong.status_code, secret in wrong.get_data(as_text=True)) == (401, False)
    code = totp_code(secret, step_of(datetime.now(UTC)))
    codes = mine.post("/me/two-step/confirm", {"code": code}).get_data(as_text=True)
    assert len(re.findall(r"<code>(.*?)</code>", codes, re.DOTALL)[0].split("\n")) == 10
    assert "10 recovery codes are left" in mine.get("/me").get_data(as_text=True)
    assert mine.post("/me/recovery-codes").get_data(as_text=True) != codes
    assert mine.post("/me/two-step-off").headers["Location"] == "/me"

    token = {"name": "Inventory", "role": "read-only", "days": "30", "addresses": "10.0.0.0/8"}
    assert mine.post("/me/tokens/new", {**token, "role": "administrator"}).status_code == 409
    made = mine.post("/me/tokens/new", token).get_data(as_text=True)
    text = re.findall(r'id="secret-token"[^>]* value="([^"]+)"', made)[0]
    page = mine.get("/me").get_data(as_text=True)
    assert ("Inventory" in page, text in page) == (True, False)
    revoke = re.findall(r'href="(/me/tokens/\w+/revoke)"', page)[0]
    assert browsers[Role.ADMINISTRATOR].post(revoke).status_code == 404
    assert mine.post(revoke).headers["Location"] == "/me"
    assert "Revoked" in mine.get("/me").get_data(as_text=True)


@pytest.mark.row("S3.4", "S1.3")
def test_settings_say_value_and_source_and_health_says_what_to_do(site: World, browsers: dict[Role, Browser]) -> None:
    """The overview hides secrets; zone and servers are kept; a clock that nobody confirmed is a warning with its page."""
    admin, reader = browsers[Role.ADMINISTRATOR], browsers[Role.READ_ONLY]
    text = admin.get("/settings").get_data(as_text=True)
    assert all(one in text for one in ("server.bind", "127.0.0.1:8444", "default", "/settings/time", "/sync/settings"))
    saved = admin.post("/settings/time", {"zone": "Europe/Berlin", "servers": "10.0.0.1\n10.0.0.2:1123"})
    assert saved.headers["Location"] == "/settings/time"
    assert "10.0.0.1, 10.0.0.2:1123" in admin.get("/settings").get_data(as_text=True)
    assert admin.post("/settings/time", {"zone": "Mars/Base", "servers": ""}).status_code == 422
    shown = reader.get("/settings/time").get_data(as_text=True)
    assert ('name="zone"' in shown, "/settings/time/confirm" in shown) == (False, False)
    health = reader.get("/health").get_data(as_text=True)
    rows = dict(re.findall(r'<th scope="row">([^<]+)</th><td[^>]*><span[^>]*>.*?(PASS|WARN|FAIL|SKIP)</span>', health))
    assert (rows["Database"], rows["Keys"], rows["TLS certificate"]) == ("PASS", "PASS", "SKIP")
    assert (rows["Clock"] == "WARN") == ('href="/settings/time">Measure' in health)
    assert admin.post("/settings/time/confirm").headers["Location"] == "/settings/time"
    assert 'href="/settings/time">Measure' not in reader.get("/health").get_data(as_text=True)
    ensure_pair(site.folder / "satellite" / "tls", datetime.now(UTC), ["licences.site.example"])
    certificate = admin.get("/settings/tls").get_data(as_text=True)
    assert ("licences.site.example" in certificate, "made by this server" in certificate) == (True, True)
