"""Answering calls: who asks, what may be asked, one unit of work, one commit; failures become problems."""

from __future__ import annotations

import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response

from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit
from serverkit.devices.rate_limit import FailureLimiter
from serverkit.errors import AppError
from serverkit.http.answers import encoded, etag_of, failed, good, nowhere, refusal
from serverkit.http.app import Url, View
from serverkit.http.errors import (
    BodyNotJsonError,
    InvalidKeyError,
    KeyReusedError,
    MediaTypeError,
    NotSignedInError,
    ParameterError,
    PreconditionError,
    ReadOnlyTokenError,
    TooManyFailuresError,
)
from serverkit.http.memory import AnswerMemory, Kept
from serverkit.http.openapi import KEY_HEADER, describe
from serverkit.http.operations import JSON, Access, Asked, Operation, alternatives
from serverkit.http.request import Request, current_request
from serverkit.http.texts import RepeatedMemberError, can_be_kept, members_once

C = TypeVar("C")
FAMILY = "rest"
_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who presents a token."""

    actor: Actor
    may_write: bool


class Permit(Protocol):
    """Asks the matrix."""

    def __call__(self, unit: Unit, needed: Sequence[StrEnum], path: Mapping[str, str], *, changes: bool) -> None:
        """Refuse a caller who holds none of the permissions that are needed, or whose token does not reach so far."""


@dataclass
class Api(Generic[C]):
    """An interface: its operations, and what it needs from its server.

    `caller` turns a token and the address that it comes from into who calls; it raises a refusal with status 401.
    `permit` refuses a caller who holds none of these permissions in what the path names; services look closer.
    """

    title: str
    version: str
    prefix: str
    operations: Sequence[Operation[C]]
    server: C
    database: Database
    caller: Callable[[str, str], Caller]
    permit: Permit
    memory: AnswerMemory
    limiter: FailureLimiter
    roots: tuple[type[Exception], ...] = (AppError,)

    @property
    def urls(self) -> list[tuple[Url, View]]:
        """The operations and their description."""
        views = [
            lambda: Response(self._description, content_type=JSON),
            *(self._view(operation) for operation in self.operations),
        ]
        return list(zip(rest_urls(self.prefix, self.operations), views, strict=True))

    @cached_property
    def _description(self) -> bytes:
        return encoded(describe(self.title, self.version, self.operations))  # takes longer than the rest of a start

    def route(self, path: str) -> str | None:
        """What is below the prefix is routed as it was sent."""
        return path if path.startswith(self.prefix) else None

    def nowhere(self, methods: Sequence[str]) -> Response:
        """Nothing at this address, or nothing for this method."""
        return nowhere(methods)

    def refuse(self, error: Exception) -> Response:
        """A problem."""
        return refusal(error) if isinstance(error, self.roots) else failed(error)

    def _view(self, operation: Operation[C]) -> View:
        return lambda **parts: self._answer(operation, current_request(), parts)

    def _answer(self, operation: Operation[C], request: Request, parts: dict[str, str]) -> Response:
        caller = self._caller(operation, request)
        request.allow(operation.most_bytes if operation.media != JSON else request.most_bytes, caller.actor.id)
        path = {name: _part(text) for name, text in parts.items()}
        query = _read(operation.query, dict(request.query), "query")
        _check_media(operation, request)
        if operation.alone or operation.media != JSON:
            with self.database.read(caller.actor) as unit:  # before a large body is taken in
                self._permit(operation, unit, path)
        with _content(operation, request) as (body, digest):
            call = _Call(caller.actor, path, query, body, digest)
            if not operation.changes:
                return self._look(operation, call)
            if operation.alone:
                return self._alone(operation, request, call)
            return self.database.run(caller.actor, lambda unit: self._change(unit, operation, request, call))

    def _caller(self, operation: Operation[C], request: Request) -> Caller:
        try:
            if request.bearer is None:
                raise NotSignedInError
            caller = self.caller(request.bearer, request.address)
        except self.roots as error:
            if getattr(error, "status", 0) == 401:
                # Only who shows a wrong one is slowed: behind a proxy many callers share an address.
                wait = self.limiter.wait_seconds(request.address)
                self.limiter.count(request.address)
                if wait:
                    raise TooManyFailuresError(wait=wait) from error
            raise
        if operation.changes and not caller.may_write:
            raise ReadOnlyTokenError
        return caller

    def _permit(self, operation: Operation[C], unit: Unit, path: Mapping[str, str]) -> None:
        self.permit(unit, alternatives(operation.permission), path, changes=operation.changes)

    def _look(self, operation: Operation[C], call: _Call) -> Response:
        if operation.alone:
            return good(operation.answers, operation.handle(call.asked(self.server, None)), marked=False)
        with self.database.read(call.actor) as unit:
            self._permit(operation, unit, call.path)
            value = operation.handle(call.asked(self.server, unit))
        return good(operation.answers, value, marked=operation.answers == JSON)

    def _change(self, unit: Unit, operation: Operation[C], request: Request, call: _Call) -> Response:
        self._permit(operation, unit, call.path)
        key = _key(request)
        digest = call.digest_of(request)
        known = self.memory.recall(unit, key) if key else None
        if known is not None:
            return _repeated(known, digest)
        asked = call.asked(self.server, unit)
        if operation.current is not None:
            _check_unchanged(request, operation.current(asked))
        answer = good(operation.answers, operation.handle(asked), marked=operation.current is not None)
        if key:
            self.memory.keep(unit, key, _kept(digest, answer))
        return answer

    def _alone(self, operation: Operation[C], request: Request, call: _Call) -> Response:
        """A change that opens its units itself; its repetition is harmless, so the answer may be kept after it."""
        key, digest = _key(request), call.digest_of(request)
        if key:
            with self.database.read(call.actor) as unit:
                known = self.memory.recall(unit, key)
            if known is not None:
                return _repeated(known, digest)
        answer = good(operation.answers, operation.handle(call.asked(self.server, None)), marked=False)
        if key:
            kept = _kept(digest, answer)
            self.database.run(call.actor, lambda unit: self.memory.keep(unit, key, kept))
        return answer


@dataclass(frozen=True, slots=True)
class _Call:
    """What was sent, read and checked."""

    actor: Actor
    path: dict[str, str]
    query: Any
    body: Any
    digest: str

    def asked(self, server: Any, unit: Unit | None) -> Asked[Any]:
        return Asked(server, self.actor, unit, self.path, self.query, self.body)

    def digest_of(self, request: Request) -> str:
        content = (request.method, request.path, json.dumps(dict(request.query), sort_keys=True), self.digest)
        return hashlib.sha256("\0".join(content).encode()).hexdigest()


def rest_urls(prefix: str, operations: Sequence[Operation[Any]]) -> list[Url]:
    """The rows of an interface in the URL table: its description, then its operations."""
    return [
        Url(FAMILY, "GET", f"{prefix}openapi.json", Access.OPEN, describe, "B13"),
        *(
            Url(FAMILY, one.method, re.sub(r"{(\w+)}", r"<\1>", one.path), one.permission, one.handle, one.row)
            for one in operations
        ),
    ]


def _part(text: str) -> str:
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise ParameterError("the address is not UTF-8") from error
    if "\0" in plain:
        raise ParameterError("the address holds a character that no name has")
    return plain


def _read(model: type[BaseModel], values: Any, where: str) -> Any:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or where
        raise ParameterError("{place}: {reason}", place=place, reason=first["msg"]) from error


def _check_media(operation: Operation[Any], request: Request) -> None:
    if operation.body is None and operation.media == JSON:
        return
    kinds = {"", operation.media} if operation.media == JSON else {"", operation.media, "application/octet-stream"}
    if request.mimetype not in kinds and not (operation.media == JSON and request.mimetype.endswith("+json")):
        raise MediaTypeError(
            "{media_type!r} is not taken here, {media} is", media_type=request.mimetype[:80], media=operation.media
        )


@contextmanager
def _content(operation: Operation[Any], request: Request) -> Iterator[tuple[Any, str]]:
    """The body as the operation takes it, and its digest: an object, the path of an upload, or nothing."""
    if operation.body is not None:
        yield _object(operation.body, request.body), hashlib.sha256(request.body).hexdigest()
    elif operation.media != JSON:
        with tempfile.TemporaryDirectory(prefix="perigee-") as folder:
            path = Path(folder) / "upload"
            with path.open("w+b") as file:
                request.save(file, operation.most_bytes)
                file.seek(0)
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            yield path, digest
    else:
        yield None, ""


def _object(model: type[BaseModel], data: bytes) -> Any:
    try:
        value = json.loads(data or b"{}", parse_constant=_no_constant, object_pairs_hook=members_once)
    except RepeatedMemberError as error:
        raise BodyNotJsonError("the body names {name!r} twice", name=error.name) from error
    except (ValueError, RecursionError) as error:
        raise BodyNotJsonError from error
    if not isinstance(value, dict):
        raise BodyNotJsonError
    if not can_be_kept(value):
        raise ParameterError("the body holds a character, a number or a depth that cannot be kept")
    return _read(model, value, "body")


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _key(request: Request) -> str | None:
    key = request.headers.get(KEY_HEADER)
    if key is not None and not _KEY.fullmatch(key):
        raise InvalidKeyError
    return key


def _repeated(known: Kept, digest: str) -> Response:
    if known.digest != digest:
        raise KeyReusedError
    return Response(known.body, known.status, {"Idempotency-Replayed": "true"}, content_type=known.content_type)


def _kept(digest: str, answer: Response) -> Kept:
    return Kept(digest, answer.status_code, answer.content_type or "", answer.get_data())


def _check_unchanged(request: Request, present: object) -> None:
    wanted = [mark.strip() for mark in request.headers.get("If-Match", "").split(",") if mark.strip()]
    if wanted and "*" not in wanted and etag_of(encoded(present)) not in wanted:
        raise PreconditionError
