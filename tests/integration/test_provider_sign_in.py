"""Signing in to central by a provider: who comes in, with which roles, and everything that is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwk

from central.domain.access.rules import ROLE_SCOPES, Scope
from central.settings import ROLE_PARTS
from tests.console import HOST, Browser, press
from tests.portal import A, Portal, central_portal, main_of, verdict_of
from tests.provider import CLIENT, SECRET, Provider, running
from tests.world import ACCOUNT, World

SESSION, PERMIT = "__Host-perigee-central", "__Host-perigee-central-permit"


def cookie(browser: Browser, name: str = SESSION) -> str:
    """What a browser keeps."""
    found = browser.client.get_cookie(name, domain=urlsplit(HOST).netloc)
    return found.value if found is not None else ""


@dataclass
class Door:
    """The console with a provider beside it."""

    portal: Portal
    provider: Provider
    trust: str

    def go(self, browser: Browser, path: str = "/sign-in/provider") -> str:
        """Go to the provider and sign in there: the address to come back to."""
        there = browser.get(path).headers["Location"]
        back = urlsplit(self.provider.sign_in(there, self.trust))
        assert f"{back.scheme}://{back.netloc}" == HOST
        return f"{back.path}?{back.query}"

    def enter(self, browser: Browser | None = None) -> tuple[Browser, Any]:
        """Sign in by the provider; what the browser is answered."""
        browser = browser or Browser(self.portal.app.rest)
        return browser, browser.get(self.go(browser))


@contextmanager
def door(vendor: World, monkeypatch: pytest.MonkeyPatch, address: str = HOST) -> Iterator[Door]:
    """A central that is told of a provider."""
    with central_portal(vendor) as plain:
        now = plain.server.clock.now
        provider = Provider(f"{address}/sign-in/provider/return", now)
        with running(provider, vendor.folder) as trust:
            for name, value in (
                ("ISSUER", provider.issuer),
                ("CLIENT_ID", CLIENT),
                ("CLIENT_SECRET_FILE", str(vendor.file("client-secret", SECRET))),
                ("CA_FILE", trust),
                ("ALLOWED_NETWORKS", "127.0.0.0/8"),
                ("LABEL", "Works ID"),
                ("ROLES", f"clerks=account_user@{ACCOUNT},chiefs=account_administrator@{ACCOUNT},x=vendor_support"),
            ):
                monkeypatch.setenv(f"CENTRAL_OPENID__{name}", value)
            monkeypatch.setenv("CENTRAL_PORTAL__ADDRESS", address)
            with central_portal_again(plain) as portal:
                yield Door(portal, provider, trust)


@contextmanager
def central_portal_again(plain: Portal) -> Iterator[Portal]:
    """The same central, started with other settings."""
    from central.app import make_app
    from central.runtime import open_central

    server = open_central(plain.world.folder / "central")
    yield Portal(plain.world, server, make_app(server))
    server.database.dispose()


@pytest.mark.row("C1.5", "C1.7")
def test_who_the_provider_vouches_for_has_the_roles_of_the_groups(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Made at the first sign-in, matched by issuer and subject; roles follow the groups; a local account works beside it."""
    with door(vendor, monkeypatch) as there:
        page = Browser(there.portal.app.rest).get("/sign-in")
        assert "Sign in with Works ID" in main_of(page)
        asked = parse_qs(urlsplit(Browser(there.portal.app.rest).get("/sign-in/provider").headers["Location"]).query)
        assert (asked["code_challenge_method"], asked["response_type"]) == (["S256"], ["code"])
        browser, back = there.enter()
        assert (back.status_code, back.headers["Location"]) == (303, "/")
        assert browser.get(f"{A}/users/new").status_code == 403

        def roles() -> list[tuple[str, str]]:
            found = vendor.central("user", "list", "--account", ACCOUNT)["items"]
            return [(one["name"], one["role"]) for one in found]

        assert roles() == [("ada", "account_user")]
        vendor.central("user", "add", "ada", "--role", "virtual_account_user", "--account", ACCOUNT,
                       "--virtual-account", "Site")  # fmt: skip
        there.provider.claims = {"sub": "u-1", "preferred_username": "renamed", "groups": ["chiefs"]}
        session = cookie(browser)
        there.enter(browser)
        assert cookie(browser) != session
        assert sorted(roles()) == [("ada", "account_administrator"), ("ada", "virtual_account_user")]

        # Another subject of the same name, and one without a group, do not come in as anyone.
        there.provider.claims = {"sub": "u-2", "preferred_username": "Ada", "groups": ["clerks"]}
        assert verdict_of(there.enter()[1]) == "identity_name_taken"
        there.provider.claims = {"sub": "u-3", "preferred_username": "eve", "groups": ["others"]}
        assert verdict_of(there.enter()[1]) == "no_role_mapped"
        assert {one["name"] for one in vendor.central("user", "list")["items"]} == {"anna", "ada"}
        assert there.portal.admin.get("/me").status_code == 200

        # A password is no way round a lost second factor; who is disabled is out at once.
        there.provider.claims = {"sub": "u-1", "groups": ["clerks"]}
        browser, _ = there.enter()
        vendor.central("user", "identity", "disable", "ada")
        assert browser.get("/me").headers["Location"].startswith("/sign-in")
        assert verdict_of(there.enter()[1]) == "identity_disabled"
        assert vendor.central("user", "identity", "list")["items"][0]["disabled"] is True

        # The page of the user does the same: enable again, remove, and link by hand.
        admin = there.portal.admin
        people = {one["name"]: one["id"] for one in vendor.central("user", "list")["items"]}
        path = f"/users/{people['ada']}/identities"
        assert press(admin, admin.get(link_of(admin, path, "enable"))).headers["Location"] == path
        assert there.enter()[1].status_code == 303
        assert press(admin, admin.get(link_of(admin, path, "remove"))).status_code == 303
        there.provider.claims = {"sub": "u-1", "preferred_username": "ada", "groups": ["clerks"]}
        assert verdict_of(there.enter()[1]) == "identity_name_taken"
        assert press(admin, admin.get(f"{path}/new"), subject="u-1").status_code == 303
        assert there.enter()[1].status_code == 303
        assert press(admin, admin.get(f"/users/{people['anna']}/identities/new"), subject="u-1").status_code == 409


@pytest.mark.repository_rule
def test_every_role_can_be_given_to_a_group() -> None:
    """The settings, which know no roles, name each with the place that it belongs to."""
    parts = {Scope.VENDOR: 0, Scope.ACCOUNT: 1, Scope.VIRTUAL_ACCOUNT: 2}
    assert {role.value: parts[scope] for role, scope in ROLE_SCOPES.items()} == ROLE_PARTS


def link_of(browser: Browser, path: str, verb: str) -> str:
    """The address of a verb of the only identity on a user's page."""
    [found] = re.findall(rf'href="({path}/\w+/{verb})"', browser.get(path).get_data(as_text=True))
    return str(found)


def _claims(**changed: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda claims: {**claims, **changed}


@pytest.mark.row("C1.5")
def test_nothing_but_a_fresh_answer_of_this_provider_lets_anyone_in(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each fault is refused with a word that says nothing of the token; no user is made, and no session begins."""
    with door(vendor, monkeypatch) as there:
        provider, browser = there.provider, Browser(there.portal.app.rest)

        def refused(expected: str, path: str | None = None) -> None:
            browser.get("/sign-in")
            found = browser.get(path or there.go(browser))
            assert verdict_of(found) == expected, main_of(found)
            assert browser.get("/me").status_code == 303

        now = there.portal.server.clock.now()
        early = int((now - timedelta(minutes=10)).timestamp())
        for bend in (
            _claims(nonce="another"), _claims(aud="another"), _claims(aud=[CLIENT, "another"]),
            _claims(iss="https://another.example"), _claims(exp=early), _claims(iat=early + 1200), _claims(azp="another"),
            _claims(sub=""), _claims(at_hash="AAAA"), _claims(nbf=early + 1200),
        ):  # fmt: skip
            provider.bend = bend
            refused("provider_answer_refused")
        provider.bend = _claims()
        provider.header = {"alg": "none"}
        refused("provider_answer_refused")
        provider.header = {}
        provider.signs = jwk.generate_key("EC", "P-256", {"kid": "k-1"})
        refused("provider_answer_refused")
        provider.signs, provider.header = None, {"alg": "HS256"}
        refused("provider_answer_refused")
        provider.header = {}

        back = there.go(browser)
        refused("sign_in_state_refused", back.replace("state=", "state=x"))
        refused("sign_in_state_refused", "/sign-in/provider/return?code=c&state=s")
        refused("provider_refused", there.go(browser).replace("code=", "error=access_denied&code="))
        said = browser.get(there.go(browser).replace("code=", "error=%3Cb%3Eowned&error_description=owned&code="))
        assert "owned" not in said.get_data(as_text=True)
        stranger = Browser(there.portal.app.rest)
        stranger.get("/sign-in")
        assert verdict_of(stranger.get(there.go(browser))) == "sign_in_state_refused"
        assert {one["name"] for one in vendor.central("user", "list")["items"]} == {"anna"}

        # Used once: the same address, with all that the browser kept, is refused the second time.
        back = there.go(browser)
        kept = cookie(browser, PERMIT)
        assert (browser.get(back).status_code, cookie(browser, PERMIT)) == (303, "")
        browser.client.set_cookie(PERMIT, kept, domain=urlsplit(HOST).netloc, secure=True)
        browser.client.delete_cookie(SESSION, domain=urlsplit(HOST).netloc)
        assert verdict_of(browser.get(back)) == "sign_in_state_refused"


@pytest.mark.row("C1.5")
def test_keys_change_the_provider_fails_and_a_session_is_confirmed_there(
    vendor: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New keys are fetched once; while the provider is down the local account works; confirming needs a new sign-in there."""
    with door(vendor, monkeypatch) as there:
        provider = there.provider
        assert there.enter()[1].status_code == 303
        provider.rotate()
        browser, back = there.enter()
        assert (back.status_code, provider.fetched.count("/keys")) == (303, 2)
        secret = cookie(browser)
        asked = "/sign-in/provider?again=yes&next=/me"
        provider.bend = lambda claims: {**claims, "auth_time": claims["auth_time"] - 3600}
        assert verdict_of(browser.get(there.go(browser, asked))) == "provider_answer_refused"
        provider.bend = _claims(sub="u-2")
        assert verdict_of(browser.get(there.go(browser, asked))) == "sign_in_state_refused"
        provider.bend = _claims()
        confirmed = browser.get(there.go(browser, asked))
        assert (confirmed.headers["Location"], cookie(browser) != secret) == ("/me", True)
        assert browser.get("/sign-in/provider/sign-out").headers["Location"].startswith(f"{provider.issuer}/out?")

        provider.down = True
        vendor.central("clock", "advance", "2h")  # what was published is fetched again
        found = Browser(there.portal.app.rest).get("/sign-in/provider")
        assert (found.status_code, verdict_of(found)) == (502, "provider_unreachable")
        assert there.portal.admin.get("/me").status_code == 200
        assert vendor.central("user", "identity", "test", code=1)["error"]["code"] == "provider_unreachable"
        provider.down, provider.published = False, {"issuer": "https://another.example"}
        assert vendor.central("user", "identity", "test", code=1)["error"]["code"] == "provider_unreachable"
        provider.published = {}
        assert vendor.central("user", "identity", "test")["keys"] == 1
        monkeypatch.delenv("CENTRAL_PORTAL__ADDRESS")
        assert vendor.central("user", "list", code=1)["error"]["code"] == "invalid_setting"
