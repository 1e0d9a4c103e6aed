"""Access tokens by OAuth grants, with the parameters in form, query or JSON, as existing clients send them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from werkzeug.wrappers import Response

from serverkit.auth.addresses import network_of
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError, Remedy
from serverkit.http.answers import log_failure
from serverkit.http.app import Url, View
from serverkit.http.operations import Access
from serverkit.http.request import Request, current_request
from serverkit.http.texts import RepeatedMemberError, can_be_kept, members_once

MOST_BYTES = 64 * 1024
PATHS = (
    "/oauth/token",
    "/backend/oauth/token",
    "/as/token.oauth2",
    "/oauth2/default/v1/token",
    "/api/oauth/token",
    "/backend/api/oauth/token",
)
FAMILY = "token"


class UnknownClientError(AppError):
    """The refusal `invalid_client`."""

    code = "invalid_client"
    message = "The client's id or secret is not valid."
    remedy = Remedy("Check client id and secret; ask the administrator for new ones.", page="api.md#access-tokens")
    status = 401


class BadGrantError(AppError):
    """The refusal `invalid_grant`."""

    code = "invalid_grant"
    message = "The user name, password or refresh token is not valid."
    remedy = Remedy("Check user name and password, or sign in again.", page="api.md#access-tokens")


class Grants(Protocol):
    """Gives tokens; each of these raises UnknownClientError or BadGrantError."""

    def for_client(self, client: str, secret: str) -> Mapping[str, Any]:
        """A token that acts as the client's own user."""

    def for_person(self, client: str, secret: str, name: str, password: str) -> Mapping[str, Any]:
        """A token that acts as a person, with a refresh token."""

    def for_refresh(self, client: str, secret: str, token: str) -> Mapping[str, Any]:
        """A further token for a person's program."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The addresses that give tokens; what is wrong is counted, and slowed."""

    grants: Grants
    limiter: FailureLimiter

    @property
    def urls(self) -> list[tuple[Url, View]]:
        """All of them do the same."""
        return [(url, self.give) for url in token_urls()]

    def route(self, path: str) -> str | None:
        """Clients double slashes, add one, and mix cases."""
        plain = re.sub(r"/{2,}", "/", unquote(path)).rstrip("/").lower()
        return plain if plain in PATHS else None

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Another method."""
        found = _error(405, "invalid_request", "POST is needed")
        found.headers["Allow"] = ", ".join(methods)
        return found

    def refuse(self, error: Exception) -> Response:
        """What is not a wrong credential."""
        if isinstance(error, _RequestError):
            return _error(400, error.code, error.message)
        if isinstance(error, AppError):
            return _error(error.status, error.code, error.message)
        return _error(500, "server_error", f"reference {log_failure('token_failed', error)}")

    def give(self) -> Response:
        """Answer a request for a token."""
        request = current_request()
        attempt, request.most_bytes = request.address, MOST_BYTES
        try:
            values = _values(request)
            if values.get("grant_type") == "password":
                attempt = f"{network_of(request.address)}|{values.get('username', '')[:255]}"
                wait = self.limiter.wait_seconds(attempt)
                if wait:
                    return _slow(wait)  # before the slow check of a password
            return _json(200, {"token_type": "Bearer", **_granted(self.grants, values)})
        except (UnknownClientError, BadGrantError) as error:
            wait = self.limiter.wait_seconds(attempt)
            self.limiter.count(attempt)
            if wait:
                return _slow(wait)
            return _error(error.status, error.code, "" if error.status == 401 else error.message)


def token_urls() -> list[Url]:
    """The rows of these addresses in the URL table."""
    return [Url(FAMILY, "POST", path, Access.CREDENTIALS, Tokens.give, "B13") for path in PATHS]


def _slow(wait: int) -> Response:
    slow = _error(429, "slow_down", "too many wrong credentials")
    slow.headers["Retry-After"] = str(wait)
    return slow


class _RequestError(Exception):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def _granted(grants: Grants, values: Mapping[str, str]) -> Mapping[str, Any]:
    client, secret = values.get("client_id", ""), values.get("client_secret", "")
    grant = values.get("grant_type", "")
    if grant == "client_credentials":
        return grants.for_client(client, secret)
    if grant == "password":
        return grants.for_person(client, secret, values.get("username", ""), values.get("password", ""))
    if grant == "refresh_token":
        return grants.for_refresh(client, secret, values.get("refresh_token", ""))
    if grant:
        raise _RequestError("unsupported_grant_type", "client_credentials, password and refresh_token are taken")
    raise _RequestError("invalid_request", "grant_type is missing")


def _values(request: Request) -> dict[str, str]:
    """Parameters of the query, then of the body: JSON where it is an object, else a form; and of Basic credentials."""
    values = dict(request.query)
    text = request.body.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            data: Any = json.loads(text, object_pairs_hook=members_once)
        except RepeatedMemberError as error:
            raise _RequestError("invalid_request", "a parameter is included more than once") from error
        except (ValueError, RecursionError) as error:
            raise _RequestError("invalid_request", "the body is not JSON") from error
        values |= {str(name): value for name, value in data.items() if isinstance(value, str)}
    elif text not in {"", "null"}:
        sent = parse_qsl(text, keep_blank_values=True)
        if len(dict(sent)) < len(sent):
            raise _RequestError("invalid_request", "a parameter is included more than once")
        values |= dict(sent)
    login = request.basic
    if login is not None:
        values.setdefault("client_id", login[0])
        values.setdefault("client_secret", login[1])
    if not can_be_kept(values):
        raise _RequestError("invalid_request", "a parameter holds a character that no text has")
    return values


def _error(status: int, code: str, about: str) -> Response:
    return _json(status, {"error": code, **({"error_description": about} if about else {})})


def _json(status: int, value: object) -> Response:
    return Response(json.dumps(value).encode(), status, {"Pragma": "no-cache"}, content_type="application/json")
