"""Access tokens: client credentials and password grants, with the parameters in form, query or JSON."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

from central.api.compat.wire import answer
from central.domain.credentials.errors import BadCredentialsError
from central.domain.credentials.rules import CLIENT_TOKEN_LIFE
from central.domain.credentials.services import check_client, check_password, issue_client_token
from central.runtime import Central
from chassis.actor import SYSTEM
from chassis.web.request import Request
from chassis.web.wsgi import Response

PATHS = frozenset(
    {"/oauth/token", "/backend/oauth/token", "/as/token.oauth2", "/oauth2/default/v1/token", "/api/oauth/token"}
)


def is_token_path(path: str) -> bool:
    """Whether an address gives tokens."""
    return re.sub(r"/{2,}", "/", path).rstrip("/") in PATHS


def give_token(made: Central, request: Request) -> Response:
    """Answer a request for a token."""
    if request.method != "POST":
        return answer({"error": "invalid_request", "error_description": "POST is needed"}, 405)
    values = _values(request)
    grant = values.get("grant_type", "")
    if grant not in {"client_credentials", "password"}:
        return answer({"error": "unsupported_grant_type" if grant else "invalid_request"}, 400)
    with made.database.write(SYSTEM) as unit:
        try:
            client = check_client(unit, values.get("client_id", ""), values.get("client_secret", ""))
        except BadCredentialsError:
            return answer({"error": "invalid_client"}, 401)
        user_id = None
        if grant == "password":
            try:
                user_id = check_password(unit, values.get("username", ""), values.get("password", "")).id
            except BadCredentialsError:
                return answer({"error": "invalid_grant", "error_description": "user name or password"}, 400)
        _, text = issue_client_token(unit, client, user_id)
    life = int(CLIENT_TOKEN_LIFE.total_seconds())
    return answer({"access_token": text, "token_type": "Bearer", "expires_in": life - 1})


def _values(request: Request) -> dict[str, str]:
    """Parameters of the query, then of the body: JSON where it is an object, else a form."""
    values = dict(request.query)
    text = request.body.decode("utf-8", "replace").strip()
    if text.startswith("{"):
        try:
            data: Any = json.loads(text)
        except (ValueError, RecursionError):
            data = {}
        if isinstance(data, dict):
            values |= {str(name): value for name, value in data.items() if isinstance(value, str)}
    elif text:
        values |= dict(parse_qsl(text, keep_blank_values=True))
    return values
