"""Time over REST, at both servers: looked at, settled, measured, set, as with the commands (row S1.3)."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from serverkit.time.ntp import measure
from tests.api.callers import Api, central_token, satellite_token
from tests.world import World

Run = Callable[..., dict[str, Any]]


def both(site: World) -> list[tuple[Api, Run]]:
    """An administrator's program of each server, and that server's commands."""
    site.central("user", "add", "root", "--role", "vendor_administrator")
    vendor = Api(central_app(open_central(site.folder / "central")), central_token(site, "write"))
    customer = Api(satellite_app(open_satellite(site.folder / "satellite")), satellite_token(site))
    return [(vendor, site.central), (customer, site.satellite)]


@pytest.mark.row("S1.3")
def test_a_clock_in_doubt_is_seen_and_settled_over_rest(site: World) -> None:
    """After a jump both interfaces say the same as the commands; the confirmation is an event and ends alert and doubt."""
    for api, run in both(site):
        run("clock", "jump", "30h")
        run("jobs", "run", "clock")
        doubt, same = api.ask("GET", "/time"), run("time", "show")
        settled = api.ask("POST", "/time/confirm", {}, Idempotency_Key="once")
        again = api.whole("POST", "/time/confirm", {}, Idempotency_Key="once")
        after = api.ask("GET", "/time")[1]

        assert doubt[0] == 200
        assert {k: doubt[1][k] for k in ("standing", "endings", "zone")} == {
            k: same[k] for k in ("standing", "endings", "zone")
        }
        assert doubt[1]["standing"] == "suspicious"
        assert (settled[0], settled[1]["outcome"]) == (200, "confirmed")
        assert again[1]["idempotency-replayed"] == "true"
        assert (after["standing"], after["confirmed"]) == ("believed", True)
        assert api.ask("POST", "/time/confirm", {})[1]["outcome"] == "nothing_to_confirm"
        assert sum("confirmed by a person" in row["message"] for row in run("events")["items"]) == 1


@pytest.mark.row("S1.3")
def test_a_confirmed_time_is_not_lowered_over_rest(site: World) -> None:
    """The refusal is a problem with the code of the command, and nothing changed."""
    for api, run in both(site):
        run("clock", "jump", "30h", "--reboot")
        run("jobs", "run", "clock")
        api.ask("POST", "/time/confirm", {})
        run("clock", "jump", "20h", "--back")
        status, problem = api.ask("POST", "/time/confirm", {})

        assert (status, problem["code"]) == (409, "time_not_lowered")
        assert problem["remedy"].startswith("Correct the clock")
        assert api.ask("GET", "/time")[1]["standing"] == "set_back"


@pytest.mark.row("S1.3")
def test_zone_and_time_servers_are_edited_only_by_the_last_reader(site: World) -> None:
    """A mark that is old is refused, a zone or a server that is none too; what is left out stays; an empty list clears."""
    for api, run in both(site):
        _, head, first = api.whole("GET", "/time/settings")
        set_to = api.ask(
            "PATCH", "/time/settings", {"zone": "Europe/Vienna", "servers": ["ntp.example"]}, If_Match=head["etag"]
        )
        late = api.code("PATCH", "/time/settings", {"zone": "UTC"}, If_Match=head["etag"])
        bad = [api.code("PATCH", "/time/settings", body) for body in ({"zone": "Nowhere"}, {"servers": ["a b"]})]
        kept = run("time", "settings")
        cleared = api.ask("PATCH", "/time/settings", {"servers": []})[1]

        assert first == {"zone": "UTC", "servers": []}
        assert set_to == (200, {"zone": "Europe/Vienna", "servers": ["ntp.example"]})
        assert late == (412, "changed_meanwhile")
        assert bad == [(422, "invalid_time_setting")] * 2
        assert kept == set_to[1]
        assert cleared == {"zone": "Europe/Vienna", "servers": []}


@pytest.mark.row("S1.3")
def test_measuring_over_rest_sets_nothing(site: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a server it says so; one that is silent is named; more than eight are refused."""
    monkeypatch.setattr(measure, "__defaults__", (0.0, 0.2))  # how long a silent one is waited for
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        closed = f"127.0.0.1:{silent.getsockname()[1]}"
    for api, run in both(site):
        before = run("time", "show")
        none = api.ask("POST", "/time/measurements", {})
        asked = api.ask("POST", "/time/measurements", {"servers": [closed]})
        many = api.code("POST", "/time/measurements", {"servers": [f"127.0.0.1:{n}" for n in range(1, 10)]})

        assert (none[0], none[1]["outcome"]) == (200, "no_server")
        assert run("time", "test")["advice"] == none[1]["advice"]
        assert (asked[1]["outcome"], asked[1]["servers"][0]["server"]) == ("no_answer", closed)
        assert many == (422, "invalid_parameter")
        assert run("time", "show")["standing"] == before["standing"]


@pytest.mark.row("S1.3", "S3.4", "C1.5")
def test_the_clock_is_settled_by_administrators_alone(site: World) -> None:
    """At a site everyone sees the clock; at central it is the vendor's own."""
    (vendor, _), (customer, _) = both(site)
    site.central("user", "add", "eve", "--role", "account_administrator", "--account", "customer.example")
    eve = Api(vendor.app, central_token(site, "write", user="eve"))
    operator = Api(customer.app, satellite_token(site, "operator"))

    assert operator.ask("GET", "/time")[0] == 200
    for path, body in (("/time/confirm", {}), ("/time/measurements", {})):
        assert operator.code("POST", path, body) == (403, "forbidden")
        assert eve.code("POST", path, body) == (403, "forbidden")
    assert operator.code("PATCH", "/time/settings", {"zone": "UTC"}) == (403, "forbidden")
    assert eve.code("GET", "/time") == (403, "forbidden")
