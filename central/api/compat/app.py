"""The routes of both forms, who may call them, and how failures are answered."""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from central.api.compat import accounts, devices, licences, tokens
from central.api.compat.oauth import give_token, is_token_path
from central.api.compat.wire import Call, Form, answer, empty, locate, read_body, refusal
from central.domain.accounts.queries import named
from central.domain.credentials.errors import BadCredentialsError
from central.domain.credentials.rules import TokenScope, covers
from central.domain.credentials.services import Bearer, bearer_of
from central.runtime import Central
from chassis.actor import SYSTEM
from chassis.db.unit import DatabaseFailure, Unit
from chassis.errors import AppError, ForbiddenError
from chassis.ids import new_id
from chassis.log import get_logger
from chassis.web.request import Request
from chassis.web.wsgi import Response


@dataclass(frozen=True, slots=True)
class Route:
    """One address; `changes` decides between a reading and a writing unit, and which scope is needed."""

    method: str
    pattern: re.Pattern[str]
    handle: Callable[[Call], dict[str, Any]]
    changes: bool = False


_KIND = r"(?:/(?i:customer|holding))?"
_SA = rf"accounts/(?P<account>[^/]+){_KIND}"
_VA = rf"{_SA}/virtual-accounts/(?P<va>[^/]+)"


def _route(method: str, tail: str, handle: Callable[[Call], dict[str, Any]], *, changes: bool = False) -> Route:
    return Route(method, re.compile(tail), handle, changes)


ROUTES = (
    _route("GET", r"v2/accounts", accounts.my_accounts),
    _route("GET", r"v1/accounts/search", accounts.search_accounts),
    _route("GET", r"v2/accounts/search", accounts.search_with_ids),
    _route("POST", r"v1/upstream_satellites/accounts", accounts.local_accounts),
    _route("GET", rf"v1/{_SA}/virtual-accounts", accounts.list_virtual_accounts),
    _route("POST", rf"v1/{_SA}/virtual-accounts", accounts.create_virtual_account, changes=True),
    _route("POST", rf"v1/{_VA}/delete", accounts.delete_virtual_account, changes=True),
    _route("GET", rf"v1/{_VA}/tokens", tokens.list_tokens),
    _route("POST", rf"v1/{_VA}/tokens", tokens.create_token, changes=True),
    _route("POST", rf"v1/{_VA}/tokens/revoke", tokens.revoke_tokens, changes=True),
    _route("POST", rf"v1/{_SA}/licenses", licences.usage),
    _route("POST", rf"v1/{_SA}/license-subscriptions", licences.subscriptions),
    _route("POST", rf"v[12]/{_VA}/licenses/transfer", licences.transfer, changes=True),
    _route("POST", rf"v[12]/{_VA}/reserve-licenses", licences.reserve),
    _route("POST", rf"v1/{_SA}/devices", devices.device_usage),
    _route("GET", rf"v1/{_VA}/devices", devices.list_devices),
    _route("POST", rf"v1/{_VA}/devices/transfer", devices.transfer_devices, changes=True),
    _route("POST", rf"v1/{_VA}/devices/remove", devices.remove_device, changes=True),
    _route("POST", rf"v2/{_VA}/devices/remove", devices.remove_devices, changes=True),
)


class CompatApi:
    """Answers what belongs to this API; None for any other address."""

    def __init__(self, made: Central) -> None:
        """Serve one central."""
        self._made = made

    def __call__(self, request: Request) -> Response | None:
        """Answer a request."""
        if is_token_path(request.path):
            return give_token(self._made, request)
        found = locate(request.path)
        if found is None:
            return None
        try:
            return self._answer(request, *found)
        except (BadCredentialsError, ForbiddenError) as error:
            return empty(error.status)
        except AppError as error:
            return refusal(error)
        except (DatabaseFailure, RecursionError) as error:
            reference = new_id()[:12]
            get_logger().error(
                "request_failed", reference=reference, cause=type(error).__name__, trace=traceback.format_exc()
            )
            return empty(500)

    def _answer(self, request: Request, form: Form, tail: str) -> Response:
        bearer = self._bearer(request)
        matches = [(route, hit) for route in ROUTES if (hit := route.pattern.fullmatch(tail))]
        route, hit = next(((r, h) for r, h in matches if r.method == request.method), (None, None))
        if route is None or hit is None:
            return empty(405 if matches else 404)
        if route.changes and not covers(bearer.scope, TokenScope.WRITE):
            raise ForbiddenError("the token may only read")
        body = read_body(request)
        path = {name: unquote(text) for name, text in hit.groupdict().items() if text is not None}

        def work(unit: Unit) -> dict[str, Any]:
            account = named(unit, path["account"]) if "account" in path else None
            return route.handle(Call(self._made, unit, form, request, body, path, account))

        if route.changes:
            return answer(self._made.database.run(bearer.actor, work))
        with self._made.database.read(bearer.actor) as unit:
            return answer(work(unit))

    def _bearer(self, request: Request) -> Bearer:
        if request.bearer is None:
            raise BadCredentialsError("no access token was shown")
        with self._made.database.read(SYSTEM) as unit:
            return bearer_of(unit, request.bearer)
