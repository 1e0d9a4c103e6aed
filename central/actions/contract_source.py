"""Asks another system over HTTPS which service contracts cover the SKUs of a PAK or device (row C9.2).

One request for each PAK or device. An answer names every SKU that was asked about: what it leaves out is not known, and never
taken for "no contract". What the system says is described in docs/admin/conversion.md.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from central.domain.conversions.contract_answers import Contract, Question
from central.domain.conversions.rules import SourceKind
from central.settings import ContractSettings
from serverkit.dates import DateFormError, read_end, read_start
from serverkit.endpoints import read_url
from serverkit.errors import AppError
from serverkit.files import read_bounded
from serverkit.http.client import Target, call
from serverkit.http.pins import certificates_in
from serverkit.http.stages import CallFailedError
from serverkit.http.texts import members_once

MOST_BYTES = 256 * 1024
MOST_AUTHORITIES, MOST_TOKEN = 200_000, 4096


class NoAnswerError(Exception):
    """The system gave no answer that can be used; the text says why. `whole` where the next question would fail alike."""

    def __init__(self, cause: str, *, whole: bool) -> None:
        """Keep both."""
        super().__init__(cause)
        self.cause = cause
        self.whole = whole


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    sku: str = Field(min_length=1, max_length=255)
    contract: str | None = Field(default=None, max_length=255)
    start: str | None = Field(default=None, max_length=40)
    end: str | None = Field(default=None, max_length=40)


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    contracts: list[_Line] = Field(max_length=10_000)


def ask(settings: ContractSettings, domain: str, asked: Question, now: datetime) -> Mapping[str, Contract]:
    """The contracts by SKU; NoAnswerError. Called outside of any unit of work."""
    where = read_url(settings.url, {"https": 443})
    body: dict[str, object] = {"account": domain, "kind": str(asked.kind), "skus": list(asked.skus)}
    body |= {"pak": asked.number} if asked.kind is SourceKind.PAK else {"pid": asked.pid, "serial": asked.serial}
    target = Target(f"https://{where.authority}", ca=_authorities(settings), allowed=settings.networks)
    headers = {"Content-Type": "application/json", "Accept": "application/json", **_login(settings)}
    try:
        answer = call(
            target,
            "POST",
            where.path or "/",
            json.dumps(body).encode(),
            seconds=settings.timeout_seconds,
            most_bytes=MOST_BYTES,
            more_headers=headers,
        )
    except CallFailedError as error:
        raise NoAnswerError(f"{error.cause.replace('_', ' ')} ({error.detail})", whole=True) from error
    if 300 <= answer.status < 400:
        raise NoAnswerError(f"the answer is {answer.status}; redirects are not followed", whole=True)
    if answer.status != 200:
        refused = answer.status in {401, 403, 404, 405, 429} or answer.status >= 500
        raise NoAnswerError(f"the answer is {answer.status}", whole=refused)
    return _read(answer.body, asked, now)


def _read(content: bytes, asked: Question, now: datetime) -> Mapping[str, Contract]:
    try:
        lines = _Answer.model_validate(json.loads(content, object_pairs_hook=members_once)).contracts
        found = {line.sku: _contract(line) for line in sorted(lines, key=lambda one: _counts(one, now))}
    except (ValidationError, DateFormError, ValueError, RecursionError) as error:
        raise NoAnswerError("the answer is not what was expected", whole=False) from error
    return {sku: found[sku] for sku in asked.skus if sku in found}


def _counts(line: _Line, now: datetime) -> tuple[bool, bool]:
    """What of several lines about a SKU counts more: a contract, best one that is in force."""
    one = _contract(line)
    in_force = (one.start is None or one.start <= now) and (one.end is None or one.end > now)
    return one.number is not None and in_force, one.number is not None


def _contract(line: _Line) -> Contract:
    number = (line.contract or "").strip()
    if not number.isprintable():
        raise ValueError("a contract has a number that can be printed")
    start = read_start(line.start) if line.start else None
    return Contract(number or None, start, read_end(line.end) if line.end else None)


def _authorities(settings: ContractSettings) -> str | None:
    if settings.ca_file is None:
        return None
    text = _content(settings.ca_file, MOST_AUTHORITIES, "the authorities")
    try:
        certificates_in(text)
    except ValueError as error:
        raise NoAnswerError("the file of the authorities holds no certificates in PEM form", whole=True) from error
    return text


def _login(settings: ContractSettings) -> dict[str, str]:
    if settings.token_file is None:
        return {}
    text = _content(settings.token_file, MOST_TOKEN, "the token").strip()
    if not text or not text.isascii() or not text.isprintable():
        raise NoAnswerError("the file of the token holds no token", whole=True)
    return {"Authorization": f"Bearer {text}"}


def _content(path: str, most: int, what: str) -> str:
    try:
        return read_bounded(Path(path), most).decode("ascii", "replace")
    except AppError as error:
        raise NoAnswerError(f"the file of {what} cannot be read", whole=True) from error
