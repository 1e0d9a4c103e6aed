"""Programs that call the interfaces: one that knows REST, and what generated calls are checked for."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import hypothesis.errors
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from serverkit.devices.asgi_front import Application
from tests.world import App, World, call

BASE = "/api/v1"
THOROUGH = os.environ.get("PERIGEE_PROFILE") == "thorough"
CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.ignored_auth,
]


@dataclass
class Api:
    """A caller with a token."""

    app: App
    token: str

    def ask(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request; returns status and parsed answer."""
        status, _, answer = self.whole(method, path, body, raw=raw, **headers)
        return status, answer

    def whole(
        self, method: str, path: str, body: object = None, *, raw: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Send a request; returns status, headers and parsed answer."""
        data = raw if raw is not None else (b"" if body is None else json.dumps(body).encode())
        sent = {"Authorization": f"Bearer {self.token}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        status, found, answer = call(self.app, method, BASE + path, data, sent)
        return status, found, json.loads(answer) if answer and "json" in found["content-type"] else answer

    def code(self, method: str, path: str, body: object = None, **more: Any) -> tuple[int, str]:
        """Status and code of a refusal."""
        status, answer = self.ask(method, path, body, **more)
        return status, answer["code"]

    def items(self, path: str) -> list[dict[str, Any]]:
        """All items of a list, page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            query = f"{'&' if '?' in path else '?'}limit=2" + (f"&after={after}" if after else "")
            status, page = self.ask("GET", path + query)
            assert status == 200, page
            found += page["items"]
            after = page["next"]
            if after is None:
                return found


def central_token(world: World, *scopes: str, user: str = "root") -> str:
    """A token of a user of central."""
    words = [word for scope in scopes for word in ("--scope", scope)]
    return str(world.central("api-token", "create", "--user", user, "--days", "3", *words)["token"])


def satellite_token(world: World, role: str = "administrator") -> str:
    """A token of the satellite."""
    made = world.satellite("api-token", "create", "--name", f"of {role}", "--role", role, "--days", "3")
    return str(made["token"])


def wsgi_of(app: App) -> Any:
    """What the front of a server hands REST to."""
    return app.rest if isinstance(app, Application) else app


# It asks servers of time whose names would be generated: it is tried with servers of its own.
NOT_GENERATED = {"measure_time"}


def generated_calls(api: Api, examples: int) -> int:
    """Call the operations with generated parameters and bodies, good and bad; returns how many operations there are."""
    config = SchemathesisConfig.from_dict({})
    schema = schemathesis.openapi.from_wsgi(f"{BASE}/openapi.json", wsgi_of(api.app), config=config)
    schema.validate()
    checked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] in NOT_GENERATED:
            continue

        def one(case: schemathesis.Case) -> None:
            case.call_and_validate(headers={"Authorization": f"Bearer {api.token}"}, checks=CHECKS)

        bounded = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        for mode in schemathesis.GenerationMode:
            try:
                bounded(seed(20261124)(given(case=operation.as_strategy(generation_mode=mode))(one)))()
            except hypothesis.errors.Unsatisfiable:
                assert mode is schemathesis.GenerationMode.NEGATIVE  # nothing of it can be wrong
        checked += 1
    return checked
