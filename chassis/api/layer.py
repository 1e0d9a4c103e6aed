"""Answering calls: who asks, what may be asked, one unit of work, one commit; failures become problems."""

from __future__ import annotations

import hashlib
import json
import re
import traceback
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from chassis.actor import Actor
from chassis.api.openapi import KEY_HEADER, describe
from chassis.api.operations import Asked, Operation
from chassis.db.unit import Database, DatabaseFailure, Unit
from chassis.errors import AppError, ForbiddenError, InvalidInputError, RefusedError
from chassis.ids import new_id
from chassis.log import get_logger
from chassis.web.request import Request
from chassis.web.wsgi import Response, problem

C = TypeVar("C")
_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


class NotSignedInError(AppError):
    """No valid access token was shown."""

    code = "invalid_credentials"
    remedy = "Send a valid access token in the Authorization header."
    status = 401


class ReadOnlyTokenError(ForbiddenError):
    """The token may only read."""

    code = "read_only_token"
    remedy = "Use a token with the scope `write`."


class ParameterError(InvalidInputError):
    """A parameter or a member of the body is not what the operation takes."""

    code = "invalid_parameter"
    remedy = "Correct what the message names; the description of the interface says what is taken."


class BodyNotJsonError(AppError):
    """The body is not a JSON object."""

    code = "malformed"
    remedy = "Send a JSON object in UTF-8."


class KeyReusedError(RefusedError):
    """The idempotency key was used for another call."""

    code = "idempotency_key_reused"
    remedy = "Take a new key for each new change."


class InvalidKeyError(InvalidInputError):
    """An idempotency key is 1 to 64 letters, digits, dots, underscores and hyphens."""

    code = "invalid_idempotency_key"
    remedy = "Use a random identifier, such as a UUID."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who shows a token."""

    actor: Actor
    may_write: bool


class Memory(Protocol):
    """Keeps answers to changes for a day, in the unit of work that made them."""

    def recall(self, unit: Unit, key: str) -> tuple[str, int, str] | None:
        """Digest of the call, status and body of its answer."""

    def keep(self, unit: Unit, key: str, digest: str, status: int, body: str) -> None:
        """Keep an answer."""


@dataclass
class Api(Generic[C]):
    """An interface: its operations, and what it needs from its server."""

    title: str
    version: str
    prefix: str
    operations: Sequence[Operation[C]]
    server: C
    database: Database
    caller: Callable[[str], Caller]
    memory: Memory
    roots: tuple[type[Exception], ...] = (AppError,)

    def __post_init__(self) -> None:
        """Prepare the routes and the description."""
        self._routes = [(operation, operation.pattern) for operation in self.operations]
        described = describe(self.title, self.version, self.operations)
        self._description = json.dumps(described, ensure_ascii=False, sort_keys=True).encode()

    def __call__(self, request: Request) -> Response | None:
        """Answer a request; None where the address is not below the prefix."""
        if not request.path.startswith(self.prefix):
            return None
        try:
            return self._answer(request)
        except self.roots as error:
            return _refusal(error)
        except DatabaseFailure as error:
            return _failed(error)

    def _answer(self, request: Request) -> Response:
        if request.path == f"{self.prefix}openapi.json" and request.method == "GET":
            return Response(200, self._description)
        hits = [(one, hit) for one, pattern in self._routes if (hit := pattern.fullmatch(request.path))]
        operation, hit = next(((o, h) for o, h in hits if o.method == request.method), (None, None))
        if operation is None or hit is None:
            return _nowhere(sorted({one.method for one, _ in hits}))
        caller = self._caller(operation, request)
        path = {name: unquote(text) for name, text in hit.groupdict().items()}
        query = _read(operation.query, dict(request.query), "query")
        body = _body(operation, request)
        if not operation.changes:
            with self._reading(caller) as unit:
                return _good(operation, operation.handle(Asked(self.server, unit, path, query, body)))

        def change(unit: Unit) -> Response:
            return self._once(unit, operation, request, Asked(self.server, unit, path, query, body))

        return self.database.run(caller.actor, change)

    def _reading(self, caller: Caller) -> AbstractContextManager[Unit]:
        return self.database.read(caller.actor)

    def _caller(self, operation: Operation[C], request: Request) -> Caller:
        if request.bearer is None:
            raise NotSignedInError
        caller = self.caller(request.bearer)
        if operation.changes and not caller.may_write:
            raise ReadOnlyTokenError
        return caller

    def _once(self, unit: Unit, operation: Operation[C], request: Request, asked: Asked[C]) -> Response:
        key = request.headers.get(KEY_HEADER.lower())
        if key is None:
            return _good(operation, operation.handle(asked))
        if not _KEY.fullmatch(key):
            raise InvalidKeyError
        content = (request.method, request.path, json.dumps(dict(request.query), sort_keys=True))
        digest = hashlib.sha256("\0".join(content).encode() + b"\0" + request.body).hexdigest()
        known = self.memory.recall(unit, key)
        if known is not None:
            if known[0] != digest:
                raise KeyReusedError
            return Response(known[1], known[2].encode(), operation.answers)
        answer = _good(operation, operation.handle(asked))
        if operation.answers == "application/json":
            self.memory.keep(unit, key, digest, answer.status, answer.body.decode())
        return answer


def _read(model: type[BaseModel], values: Any, where: str) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or where
        raise ParameterError(f"{place}: {first['msg']}") from error


def _body(operation: Operation[Any], request: Request) -> Any:
    if operation.body is None:
        return request.body
    try:
        value = json.loads(request.body or b"{}", parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise BodyNotJsonError from error
    if not isinstance(value, dict):
        raise BodyNotJsonError
    return _read(operation.body, value, "body")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _good(operation: Operation[Any], value: Any) -> Response:
    if operation.answers != "application/json":
        return Response(200, value, operation.answers)
    return Response(200, json.dumps(value, ensure_ascii=False, sort_keys=True).encode())


def _nowhere(methods: list[str]) -> Response:
    if not methods:
        return problem(404, "not_found", "There is nothing at this address.", "Read the description of the interface.")
    allowed = ", ".join(methods)
    found = problem(405, "method_not_allowed", f"This address takes {allowed}.", "Use one of these methods.")
    found.headers.append(("Allow", allowed))
    return found


def _refusal(error: Exception) -> Response:
    status = int(getattr(error, "status", 400))
    found = problem(
        status,
        str(getattr(error, "code", "error")),
        str(getattr(error, "message", "") or error),
        str(getattr(error, "remedy", "")),
    )
    if status == 401:
        found.headers.append(("WWW-Authenticate", "Bearer"))
    if status == 503:
        found.headers.append(("Retry-After", "5"))
    return found


def _failed(error: Exception) -> Response:
    reference = new_id()[:12]
    get_logger().error("request_failed", reference=reference, cause=type(error).__name__, trace=traceback.format_exc())
    message, remedy = f"The server failed (reference {reference}).", "Try again; tell the administrator the reference."
    return problem(500, "internal_error", message, remedy)
