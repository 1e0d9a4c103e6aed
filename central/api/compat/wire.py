"""Addresses, bodies and envelopes as existing clients send and expect them.

Clients differ: they double slashes and prefixes, send `null` bodies with GET, page in the body or in the query, and
leave out the content type. All of that is taken; what they read is answered exactly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from central.domain.accounts.models import SmartAccount
from central.runtime import Central
from chassis.db.unit import Unit
from chassis.errors import AppError, InvalidInputError
from chassis.web.request import Request
from chassis.web.wsgi import Response

MOST_BYTES = 8 * 1024 * 1024
DEFAULT_LIMIT = 50
_CLOUD = re.compile(r"^(?:/services/api)+/smart-accounts-and-licensing/(?P<tail>.*)$")
_APPLIANCE = re.compile(r"^(?:/backend)?/api/(?P<tail>v[12]/(?:accounts|upstream_satellites)(?:/.*)?)$")


class Form(Enum):
    """Which of the two forms an address has."""

    CLOUD = "cloud"
    APPLIANCE = "appliance"


def locate(path: str) -> tuple[Form, str] | None:
    """The form of an address and its part behind the base; None where it belongs to no form."""
    plain = re.sub(r"/{2,}", "/", path)
    found = _CLOUD.match(plain)
    if found:
        return Form.CLOUD, found["tail"].rstrip("/")
    found = _APPLIANCE.match(plain)
    return (Form.APPLIANCE, found["tail"].rstrip("/")) if found else None


class BodyError(InvalidInputError):
    """The body is not what this call takes."""

    code = "invalid_body"
    remedy = "Send a JSON object with the fields that the call names."


def read_body(request: Request) -> dict[str, Any]:
    """The body as an object; `null` and nothing at all count as an empty one. Paging may stand in the query."""
    paging = {name: request.query[name] for name in ("limit", "offset") if name in request.query}
    text = request.body.strip()
    if not text:
        return dict(paging)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BodyError("the body is not JSON") from error
    if value is None:
        return dict(paging)
    if not isinstance(value, dict):
        raise BodyError("the body is not an object")
    return {**paging, **value}


def text_of(body: Mapping[str, Any], *names: str, needed: bool = True) -> str:
    """A text under the first of these names that is there."""
    for name in names:
        value = body.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if value is not None and not isinstance(value, str):
            raise BodyError(f"{name} is not a text")
    if needed:
        raise BodyError(f"Missing required input parameters: {names[0]}")
    return ""


def number_of(value: object, name: str) -> int:
    """A whole number, also where it comes as a text."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BodyError(f"{name} is not a whole number")
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,12}", value.strip()):
        raise BodyError(f"{name} is not a whole number")
    return int(value)


def list_of(body: Mapping[str, Any], *names: str) -> list[Any]:
    """A list under the first of these names that holds one; empty where none does."""
    for name in names:
        value = body.get(name)
        if isinstance(value, list) and value:
            return value
        if value is not None and not isinstance(value, list):
            raise BodyError(f"{name} is not a list")
    return []


def objects_of(body: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """A list of objects that may not be empty."""
    found = list_of(body, *names)
    if not found:
        raise BodyError(f"Missing required input parameters: {names[0]}")
    if not all(isinstance(entry, dict) for entry in found):
        raise BodyError(f"{names[0]} holds something else than objects")
    return found


def page(items: Sequence[Any], body: Mapping[str, Any]) -> list[Any]:
    """The part of a list that was asked for: `offset` counts records, -1 as `limit` means all."""
    limit, offset = body.get("limit"), body.get("offset")
    most = DEFAULT_LIMIT if limit is None else number_of(limit, "limit")
    first = 0 if offset is None else number_of(offset, "offset")
    if most < -1 or first < 0:
        raise BodyError("limit and offset are not negative")
    return list(items[first:] if most == -1 else items[first : first + most])


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated call."""

    made: Central
    unit: Unit
    form: Form
    request: Request
    body: dict[str, Any]
    path: Mapping[str, str]
    account: SmartAccount | None

    @property
    def smart_account(self) -> SmartAccount:
        """The account that the address names."""
        if self.account is None:
            raise BodyError("the address names no account")
        return self.account


Handler = Callable[[Call], dict[str, Any]]


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(value, ensure_ascii=False).encode(), "application/json")


def empty(status: int) -> Response:
    """401, 403, 404 and 500 have no body."""
    return Response(status, b"")


def refusal(error: AppError) -> Response:
    """A refusal as these clients read it: the status text and a sentence; the code is ours besides."""
    body = {"status": "ERROR", "statusMessage": f"{error.message} {error.remedy}".strip(), "messageCode": error.code}
    return answer(body, 422 if isinstance(error, InvalidInputError) and not isinstance(error, BodyError) else 400)


def success(message: str, **fields: object) -> dict[str, Any]:
    """The envelope of a success."""
    return {"status": "SUCCESS", "statusMessage": message, **fields}


def millis(at: datetime) -> str:
    """A time with milliseconds, as tokens show theirs."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def seconds(at: datetime | None) -> str | None:
    """A time in seconds, or null."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else None


def overall(items: Sequence[Mapping[str, Any]]) -> str:
    """The status over a list of items: SUCCESS, WARNING where some failed, ERROR where all did."""
    failed = sum(item["status"] != "SUCCESS" for item in items)
    return "SUCCESS" if not failed else "ERROR" if failed == len(items) else "WARNING"
