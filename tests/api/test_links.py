"""From one operation to the next along the links of the description: what was made is found, what is gone is not."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.config import SchemathesisConfig

from central.app import make_app as central_app
from central.runtime import open_central
from satellite.app import make_app as satellite_app
from satellite.runtime import open_satellite
from tests.api.callers import BASE, CHECKS, Api, central_token, satellite_token, wsgi_of
from tests.world import ACCOUNT, World


def of_central(world: World) -> Api:
    """A vendor administrator's program, at a central with something of everything."""
    world.central("user", "add", "root", "--role", "vendor_administrator")
    device = world.device("SN1", "central", world.token("central", pool="Spare"))
    device.use("ADVANTAGE", 30)
    words = ("--virtual-account", "Spare", "--request-code", "CE-ZX:1-A6rZG7jGd-75", "--licence", "ESSENTIALS=1")
    rows = world.file("o.csv", "virtual_account,tag,quantity\nSpare,ESSENTIALS,5\n")
    world.central("order", "import", ACCOUNT, rows)
    world.central("reservation", "create", ACCOUNT, *words, "--output", world.file("code"))
    return Api(central_app(open_central(world.folder / "central")), central_token(world, "write"))


def of_satellite(world: World) -> Api:
    """An administrator's program, at a satellite with something of everything."""
    world.device("SN2").use("ADVANTAGE", 30)
    return Api(satellite_app(open_satellite(world.folder / "satellite")), satellite_token(world))


def linked(api: Api) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Every GET with its description and the links from it, by address."""
    _, described = api.ask("GET", "/openapi.json")
    return [
        (path, one["get"], one["get"]["responses"]["200"]["links"])
        for path, one in described["paths"].items()
        if "links" in one.get("get", {}).get("responses", {}).get("200", {})
    ]


@pytest.mark.row("C12.4", "S3.4")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_a_link_from_a_list_leads_to_what_the_list_shows(site: World, server: str) -> None:
    """For each list and each look that it links to: the first thing of the list is found there, under the same id."""
    api = of_central(site) if server == "central" else of_satellite(site)
    _, described = api.ask("GET", "/openapi.json")
    places = {
        one["operationId"]: path
        for path, all_of in described["paths"].items()
        for method, one in all_of.items()
        if method == "get" and not any(each["required"] and each["in"] == "query" for each in one["parameters"])
    }
    followed = 0
    for path, _, links in linked(api):
        address = path.removeprefix(BASE).replace("{account}", ACCOUNT)
        if "{" in address:
            continue
        _, answer = api.ask("GET", address)
        if not answer["items"]:
            continue
        for name, link in links.items():
            expression = next(text for text in link["parameters"].values() if text.startswith("$response.body#/"))
            value: Any = answer
            for step in expression.removeprefix("$response.body#/").split("/"):
                value = value[int(step)] if step.isdigit() else value[step]
            target = places.get(link["operationId"])
            if target is None:
                continue
            part = next(key for key, text in link["parameters"].items() if text == expression)
            there = target.removeprefix(BASE).replace(f"{{{part}}}", str(value)).replace("{account}", ACCOUNT)
            if "{" in there:
                continue
            assert api.ask("GET", there)[0] == 200, (name, there)
            followed += 1

    assert followed >= (8 if server == "central" else 1)


@pytest.mark.row("C2.2", "C2.3", "C1.2")
def test_what_was_made_is_found_and_what_was_removed_is_not(site: World) -> None:
    """A virtual account and a token: shown, changed, removed, then 404 each time."""
    api = of_central(site)
    root = f"/smart-accounts/{ACCOUNT}"
    _, pool = api.ask("POST", f"{root}/virtual-accounts", {"name": "Made"})
    _, token = api.ask("POST", f"{root}/tokens", {"virtual_account": "Made", "days": 3})
    seen = [
        api.ask("GET", f"{root}/virtual-accounts/{pool['name']}")[0],
        api.ask("PATCH", f"{root}/virtual-accounts/{pool['name']}", {"description": "x"})[0],
        api.ask("POST", f"{root}/tokens/{token['id']}/revoke", {})[0],
        api.ask("DELETE", f"{root}/tokens/{token['id']}")[0],
        api.ask("DELETE", f"{root}/virtual-accounts/{pool['name']}")[0],
    ]
    gone = [
        api.ask("GET", f"{root}/virtual-accounts/{pool['name']}")[0],
        api.ask("DELETE", f"{root}/virtual-accounts/{pool['name']}")[0],
        api.ask("POST", f"{root}/tokens/{token['id']}/revoke", {})[0],
        api.ask("DELETE", f"{root}/tokens/{token['id']}")[0],
    ]

    assert seen == [200] * 5
    assert gone == [404] * 4


# What is drawn must not depend on what was read or learned meanwhile: the same chain comes again when it is looked into.
STEADY: dict[str, Any] = {
    "generation": {"mode": "positive"},
    "analysis": {"constants": {"enabled": False}},
    "phases": {"stateful": {"link-calibration": False}},
}


@pytest.mark.row("C12.4", "S3.4")
@pytest.mark.parametrize("server", ["central", "satellite"])
def test_generated_chains_of_calls_find_no_fault(site: World, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is called after whatever, each answer is one that the description names; the ledger adds up in the end."""
    monkeypatch.setenv(f"{server.upper()}_SERVER__FAILURES_A_MINUTE", "100000")
    api = of_central(site) if server == "central" else of_satellite(site)
    config = SchemathesisConfig.from_dict(STEADY)
    schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", wsgi_of(api.app), config=config)
    # The machine would take its own token away, and ask servers of time and webhooks that are none.
    chains = schema.exclude(operation_id=["revoke_api_token", "measure_time", "test_webhook"]).as_state_machine()
    seen: Counter[tuple[str, int]] = Counter()

    class Chain(chains):  # type: ignore[valid-type,misc]
        def get_call_kwargs(self, _case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": {"Authorization": f"Bearer {api.token}"}}

        def validate_response(self, response: Any, case: schemathesis.Case, *_: Any, **__: Any) -> None:
            seen[case.operation.definition.raw["operationId"], response.status_code] += 1
            case.validate_response(response, checks=CHECKS[:5])

    bounded = settings(
        max_examples=25, stateful_step_count=10, deadline=None, database=None, derandomize=True,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    for _ in range(8):
        # The servers remember what earlier chains did, so the same draws can lead elsewhere; the library then stops drawing.
        with suppress(FlakyStrategyDefinition):
            run_state_machine_as_test(Chain, settings=bounded)
        if sum(seen.values()) > 100:
            break

    assert sum(seen.values()) > 100
    assert len({name for name, status in seen if status == 200}) > 5
    assert site.central("ledger", "verify")["ok"]
