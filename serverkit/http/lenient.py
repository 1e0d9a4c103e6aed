"""Interfaces for existing clients: lenient about what they send, exact in what they get.

Clients differ: they double slashes, send `null` bodies with GET, page in the body or in the query, and leave out the
content type. All of that is taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Generic, TypeVar
from urllib.parse import unquote

from werkzeug.wrappers import Response

from serverkit.db.unit import Database, Unit
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError, InvalidInputError, Remedy
from serverkit.http.answers import log_failure
from serverkit.http.app import Url, View
from serverkit.http.errors import NotSignedInError, ReadOnlyTokenError
from serverkit.http.layer import Caller
from serverkit.http.lenient_route import Route
from serverkit.http.operations import alternatives
from serverkit.http.request import Request, current_request
from serverkit.http.texts import RepeatedMemberError, can_be_kept, members_once
from serverkit.storage import disk_of

DEFAULT_LIMIT = 50
EMPTY_BODIES = frozenset({401, 403, 404, 405, 429, 500, 503})
C = TypeVar("C")


class BodyError(InvalidInputError):
    """The refusal `invalid_body`."""

    code = "invalid_body"
    message = "The body does not have the format of this call."
    remedy = Remedy("Send a JSON object with the fields that the call names.", page="compatibility.md#calls")


def read_body(request: Request) -> dict[str, Any]:
    """The body as an object; nothing and `null` are an empty one, like a body of GET. Paging may be in the query."""
    paging = {name: request.query[name] for name in ("limit", "offset") if name in request.query}
    text = request.body.strip()
    if not text or request.method in {"GET", "HEAD"}:
        return dict(paging)
    try:
        value = json.loads(text.decode("utf-8-sig"), object_pairs_hook=members_once)
    except RepeatedMemberError as error:
        raise BodyError("the body names {name!r} twice", name=error.name) from error
    except (ValueError, RecursionError) as error:
        raise BodyError("the body is not JSON") from error
    if not can_be_kept(value):
        raise BodyError("the body holds a character, a number or a depth that cannot be kept")
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
            raise BodyError("{name} is not a text", name=name)
    if needed:
        raise BodyError("Missing required input parameters: {name}", name=names[0])
    return ""


def number_of(value: object, name: str) -> int:
    """A whole number, also where it comes as a text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise BodyError("{name} is not a whole number", name=name)
    if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,12}", value.strip()):
        raise BodyError("{name} is not a whole number", name=name)
    return int(value)


def not_more(entries: Sequence[Any], name: str, most: int) -> None:
    """Refuse a list of a body whose work has no bound otherwise."""
    if len(entries) > most:
        raise BodyError("{name} has more than {most} entries", name=name, most=most)


def is_blank(value: object) -> bool:
    """Whether a client left a value out: null and an empty text are as good as nothing."""
    return value is None or value == ""


def words_of(body: Mapping[str, Any], name: str) -> list[str]:
    """A list of words, also where one stands alone."""
    value = body.get(name)
    return [value] if isinstance(value, str) and value else [str(word) for word in list_of(body, name)] if value else []


def list_of(body: Mapping[str, Any], *names: str) -> list[Any]:
    """A list under the first of these names that holds one; empty where none does."""
    for name in names:
        value = body.get(name)
        if isinstance(value, list) and value:
            return value
        if value is not None and not isinstance(value, list):
            raise BodyError("{name} is not a list", name=name)
    return []


def entries_of(body: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """A list of objects; an empty object, or null, only fills a place and is left out."""
    found = [entry for entry in list_of(body, *names) if entry not in ({}, None)]
    if not all(isinstance(entry, dict) for entry in found):
        raise BodyError("{name} holds something else than objects", name=names[0])
    return found


def objects_of(body: Mapping[str, Any], *names: str) -> list[dict[str, Any]]:
    """A list of objects that may not be empty."""
    found = entries_of(body, *names)
    if not found:
        raise BodyError("Missing required input parameters: {name}", name=names[0])
    return found


def page(items: Sequence[Any], body: Mapping[str, Any]) -> list[Any]:
    """The part of a list that was asked for: `offset` counts records, -1 as `limit` means all."""
    limit, offset = body.get("limit"), body.get("offset")
    most = DEFAULT_LIMIT if is_blank(limit) else number_of(limit, "limit")
    first = 0 if is_blank(offset) else number_of(offset, "offset")
    if most < -1 or first < 0:
        raise BodyError("limit and offset are not negative")
    return list(items[first:] if most == -1 else items[first : first + most])


class Failure(dict[str, Any]):
    """The answer of a look-up that fails, in the form of its call; its status is 400."""


class Accepted(dict[str, Any]):
    """The answer to a submission whose result is fetched later; its status is 202."""


def answer(value: object, status: int = 200) -> Response:
    """A JSON answer."""
    status = 400 if isinstance(value, Failure) else 202 if isinstance(value, Accepted) else status
    return Response(json.dumps(value, ensure_ascii=False).encode(), status, content_type="application/json")


def empty(status: int, *headers: tuple[str, str]) -> Response:
    """An answer without a body."""
    return Response(b"", status, list(headers), content_type="application/json")


def sentences(message: str, remedy: str) -> str:
    """Message and remedy in one text."""
    ends = "" if message.endswith((".", "!", "?", ":", ";")) or not message or not remedy else "."
    return f"{message}{ends} {remedy}".strip()


_OPTION = re.compile(r"(?<![\w-])--[a-z]")


def advice(error: AppError) -> str:
    """What to do, for a program: a remedy that speaks of options of a command says nothing to who sends JSON."""
    return "" if _OPTION.search(error.remedy) else error.remedy


def said(error: AppError) -> str:
    """Message and remedy for the list of outcomes."""
    return sentences(error.message, advice(error))


def refusal(error: AppError) -> Response:
    """A refusal as these clients read it: the status text and a sentence; the code is ours besides."""
    if error.status in EMPTY_BODIES and error.status != 404:
        return empty(error.status)
    body = {"status": "ERROR", "statusMessage": said(error), "messageCode": error.code}
    return answer(body, 422 if isinstance(error, InvalidInputError) and not isinstance(error, BodyError) else 400)


def without_kind(tail: str) -> str:
    """What follows the base of an address, without the kind of account that is behind an account, once or twice."""
    return re.sub(r"^(v\d/accounts/[^/]+)(?:/(?i:customer|holding))+(?=/)", r"\1", tail.rstrip("/"))


@dataclass
class LenientApi(Generic[C]):
    """An interface that existing clients dictate.

    `locate` gives the plain form of an address, which begins with one of the `bases`, or None for an address of another
    interface. `open_call` makes what the handlers get; `permit` asks the matrix for one of the permissions, given whether the call changes anything. `unlimited` says of an address whether its lists are whole where a client names no limit.
    """

    routes: Sequence[Route[C]]
    bases: Sequence[str]
    locate: Callable[[str], str | None]
    open_call: Callable[[Unit, Request, dict[str, Any], Mapping[str, str]], C]
    caller: Callable[[str, str], Caller]
    permit: Callable[[C, Sequence[StrEnum], bool], None]
    database: Database
    limiter: FailureLimiter
    unlimited: Callable[[str], bool] = field(default=lambda _path: False)

    @property
    def urls(self) -> list[tuple[Url, View]]:
        """The routes, below each base."""
        return [(url, self._view(route)) for route in self.routes for url in route.urls(self.bases)]

    def route(self, path: str) -> str | None:
        """The plain form of an address."""
        return self.locate(re.sub(r"/{2,}", "/", path))

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Nothing at this address, or nothing for this method: that is said to callers with a token only."""
        self._caller(current_request())
        return empty(405, ("Allow", ", ".join(methods))) if methods else empty(404)

    def refuse(self, error: Exception) -> Response:
        """A refusal as these clients read it; a wrong token is counted, and slowed."""
        error = disk_of(error) or error
        if not isinstance(error, AppError):
            log_failure("request_failed", error)
            return empty(500)
        if error.status != 401:
            return refusal(error)
        address = current_request().address
        wait = self.limiter.wait_seconds(address)
        self.limiter.count(address)
        return empty(429, ("Retry-After", str(wait))) if wait else empty(401, ("WWW-Authenticate", "Bearer"))

    def _view(self, route: Route[C]) -> View:
        return lambda **parts: self._answer(route, current_request(), parts)

    def _caller(self, request: Request) -> Caller:
        if request.bearer is None:
            raise NotSignedInError
        caller = self.caller(request.bearer, request.address)
        request.allow(request.most_bytes, caller.actor.id)
        return caller

    def _answer(self, route: Route[C], request: Request, parts: Mapping[str, str]) -> Response:
        caller = self._caller(request)
        if route.changes and not caller.may_write:
            raise ReadOnlyTokenError
        body = read_body(request)
        if is_blank(body.get("limit")) and self.unlimited(request.path):
            body["limit"] = -1
        named = route.parts(parts, request.headers)
        path = {name: unquote(text).replace("\0", "") for name, text in named.items()}

        def work(unit: Unit) -> dict[str, Any]:
            call = self.open_call(unit, request, body, path)
            self.permit(call, alternatives(route.permission), route.changes)
            return route.handle(call)

        if route.changes:
            return answer(self.database.run(caller.actor, work))
        with self.database.read(caller.actor) as unit:
            return answer(work(unit))


def success(message: str, **fields: object) -> dict[str, Any]:
    """The envelope of a success."""
    return {"status": "SUCCESS", "statusMessage": message, **fields}


def millis(at: datetime) -> str:
    """A time with milliseconds, as tokens show theirs."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"


def seconds(at: datetime | None) -> str | None:
    """A time in seconds, or null."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}" if at is not None else None


def last_second(end: datetime | None) -> str | None:
    """The end of a term as these clients read it: its last second, so that the day is the last one that counts."""
    return seconds(end - timedelta(seconds=1)) if end is not None else None


def overall(items: Sequence[Mapping[str, Any]]) -> str:
    """The status over a list of items: SUCCESS, WARNING where some failed, ERROR where all did."""
    failed = sum(item["status"] != "SUCCESS" for item in items)
    return "SUCCESS" if not failed else "ERROR" if failed == len(items) else "WARNING"
