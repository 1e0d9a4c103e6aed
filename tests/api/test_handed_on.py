"""What is made with an access token can do no more than the token: scopes, roles, passwords and addresses."""

from __future__ import annotations

import pytest

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import Api, central_token
from tests.world import ACCOUNT, App, World


@pytest.fixture
def administrator(vendor: World) -> World:
    """A vendor with an administrator of that name."""
    vendor.central("user", "add", "root", "--role", "vendor_administrator")
    return vendor


def caller(world: World, *scopes: str, user: str = "root") -> Api:
    """A program of a user's at central."""
    return Api(central_app(open_central(world.folder / "central")), central_token(world, *scopes, user=user))


@pytest.mark.row("C1.5", "C1.7")
def test_a_token_of_few_scopes_makes_nothing_that_may_do_more(administrator: World) -> None:
    """No token of a wider scope, no client, no role and no password of a user beyond the scopes; what is within is made."""
    vendor, scope = administrator, "vendor:user:manage"
    vendor.central("user", "add", "ben", "--role", "account_user", "--account", ACCOUNT)
    only = caller(vendor, scope)
    token = {"user": "root", "days": 3}
    strong, weak = {"name": "eve", "role": "vendor_administrator"}, {"password": "correct horse battery staple"}
    wide = ("write", "vendor:trust:manage")
    refused = [only.code("POST", "/api-tokens", {**token, "scopes": [scope, one]}) for one in wide]
    refused += [only.code("POST", "/api-clients", {"user": "root"}), only.code("POST", "/users", strong)]
    refused += [only.code("PUT", f"/users/{name}/password", weak) for name in ("root", "ben")]
    within = only.ask("POST", "/api-tokens", {**token, "scopes": [scope, "read"]})

    assert refused == [(403, "beyond_access_token")] * 6
    assert within[0] == 200
    assert "eve" not in {one["name"] for one in vendor.central("user", "list")["items"]}


@pytest.mark.row("C1.5", "C1.7")
def test_a_token_of_an_account_hands_on_no_role_beyond_its_scopes(administrator: World) -> None:
    """An administrator's token that may manage users only makes no one an administrator, and shows no one's first password."""
    vendor = administrator
    vendor.central("user", "add", "ada", "--role", "account_administrator", "--account", ACCOUNT)
    vendor.central("user", "add", "cleo", "--role", "account_user", "--account", ACCOUNT)
    only = caller(vendor, "account:user:manage", user="ada")
    given = {"name": "eve", "role": "account_administrator", "account": ACCOUNT}
    refused = [
        only.code("POST", "/users", {**given, "role": role}) for role in ("account_administrator", "account_user")
    ]
    refused.append(only.code("POST", f"/smart-accounts/{ACCOUNT}/first-passwords", {"name": "cleo"}))

    assert refused == [(403, "beyond_access_token")] * 3


@pytest.mark.row("C1.5", "S3.4")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_token_that_is_bound_to_addresses_makes_none_that_is_not(site: World, server: str) -> None:
    """Everywhere and a wider network are refused; a part of its own network is taken."""
    bound = ("--days", "3", "--address", "127.0.0.0/16")
    if server == "central":
        site.central("user", "add", "root", "--role", "vendor_administrator")
        text = site.central("api-token", "create", "--user", "root", "--scope", "write", *bound)["token"]
        app: App = central_app(open_central(site.folder / "central"))
        new: dict[str, object] = {"user": "root", "days": 3}
    else:
        text = site.satellite("api-token", "create", "--name", "bound", "--role", "administrator", *bound)["token"]
        app = satellite_app(open_satellite(site.folder / "satellite"))
        new = {"name": "wider", "role": "read-only", "days": 3}
    bounded = Api(app, text)
    tried = ([], ["127.0.0.0/8"], ["::/0"], ["127.0.0.1", "192.0.2.1"])
    refused = [bounded.code("POST", "/api-tokens", {**new, "addresses": networks}) for networks in tried]
    made = bounded.ask("POST", "/api-tokens", {**new, "addresses": ["127.0.0.1"]})

    assert refused == [(403, "beyond_access_token")] * 4
    assert made[0] == 200
    person = {"name": "eve", "role": "operator", "password": "correct horse battery staple"}
    others = {"central": ("/api-clients", {"user": "root"}), "satellite": ("/users", person)}
    assert bounded.code("POST", *others[server]) == (403, "beyond_access_token")
