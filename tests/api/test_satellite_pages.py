"""The satellite's own pages: tokens, users, oneself, settings, health."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from satellite.core.access.rules import Role
from serverkit.tls.own import ensure_pair
from serverkit.users.totp import step_of, totp_code
from tests.console import Browser, guard, press
from tests.served import PASSWORD, served
from tests.world import World


@pytest.fixture
def browsers(site: World) -> Iterator[dict[Role, Browser]]:
    """A browser for each role, signed in."""
    with served(site, "satellite") as found:
        yield {Role(role): browser for role, browser in found.browsers.items()}


def keys_of(page: str) -> dict[str, str]:
    """The key of each row of a list by its name."""
    found = re.findall(r'<tr data-row="(\w+)".*?<th scope="row".*?<bdi>([^<]+)</bdi>', page, re.DOTALL)
    return {name: key for key, name in found}


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
        assert "&lt;b&gt;Mira&lt;/b&gt;" in form.get_data(as_text=True).split("<h1")[1].split("</h1>")[0]
        assert press(admin, form, **fields).headers["Location"] == "/users"
        if verb in {"role", "reset"}:
            assert 'data-verdict="stale_form"' in press(admin, form, **fields).get_data(as_text=True)
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
    """The overview hides secrets; zone and servers are kept; a clock that no one confirmed is a warning with its page."""
    admin, reader = browsers[Role.ADMINISTRATOR], browsers[Role.READ_ONLY]
    text = admin.get("/settings").get_data(as_text=True)
    assert all(one in text for one in ("server.bind", "127.0.0.1:8444", "default", "/settings/time", "/sync/settings"))
    opened = guard(admin.get("/settings/time"))
    saved = admin.post("/settings/time", {**opened, "zone": "Europe/Berlin", "servers": "10.0.0.1\n10.0.0.2:1123"})
    assert saved.headers["Location"] == "/settings/time"
    assert "10.0.0.1, 10.0.0.2:1123" in admin.get("/settings").get_data(as_text=True)
    assert (
        admin.post(
            "/settings/time", {**guard(admin.get("/settings/time")), "zone": "Mars/Base", "servers": ""}
        ).status_code
        == 422
    )
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
    assert ("licences.site.example" in certificate, "self-signed by this server" in certificate) == (True, True)
    assert len(re.findall(r"(?:[0-9a-fA-F]{4} ){15}[0-9a-fA-F]{4}\b", certificate)) == 2  # whole, or it proves nothing
