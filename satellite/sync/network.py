"""Synchronizing over HTTPS: the same files as by hand, one attempt after the other in the history (row S2.2)."""

from __future__ import annotations

import io
import json
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from exchange.errors import ExchangeError
from exchange.limits import SYNC_FILE_BYTES
from satellite.core.site.models import HistoryEntry
from satellite.core.site.queries import site_of
from satellite.core.site.services import note_history
from satellite.runtime import Satellite
from satellite.sync.apply_response import apply_response
from satellite.sync.causes import CAUSES, Cause, of_central, of_response
from satellite.sync.checks import local_cause
from satellite.sync.make_request import export_request, prepare_request
from satellite.sync.schedule import due_at
from satellite.sync.settings import NetworkSettings, follow_key, settings_of
from serverkit.actor import Actor
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.http.client import Answer, call
from serverkit.http.stages import CallFailedError

PATH = "/sync/v1/request"
LOOK_SECONDS = 20.0
STEP = "network"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of an attempt; `cause` is None where it worked."""

    outcome: str
    epoch: int
    sequence: int
    counts: dict[str, int]
    cause: Cause | None = None
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For people and programs."""
        found: dict[str, Any] = {
            "outcome": self.outcome,
            "epoch": self.epoch,
            "sequence": self.sequence,
            "counts": self.counts,
        }
        if self.cause is not None:
            found["cause"] = {
                "code": self.cause.code,
                "where": self.cause.stage.value,
                "message": self.cause.meaning,
                "detail": self.detail,
                "remedy": self.cause.remedy,
            }
        return found


def synchronize(server: Satellite, actor: Actor, *, full: bool = False) -> Attempt:
    """Make the request, send it, apply the response; whatever happens is written down with its cause."""
    cause = local_cause(server, actor, network=True, advice=False)
    if cause is not None:
        return _failed(server, actor, *cause)
    with server.database.read(actor) as unit:
        prepared = prepare_request(unit, server.keyring, full=full)
    with server.database.write(actor) as unit:
        restored = server.is_restored(unit)
        done = export_request(unit, server.keyring, full=full, restored=restored, prepared=prepared)
        site = site_of(unit)
        request, rseq, settings = done.request, site.applied_rseq, settings_of(site)
        content = request.content
    server.anchor.write(request.epoch, request.seq, rseq)
    try:
        seconds = float(settings.timeout)
        answer = call(settings.target, "POST", PATH, content, seconds=seconds, most_bytes=SYNC_FILE_BYTES)
    except CallFailedError as error:
        return _failed(server, actor, CAUSES[error.cause], error.detail)
    if answer.status != 200 or answer.headers.get("content-type") != "application/octet-stream":
        return _failed(server, actor, *cause_of(answer))
    try:
        result = apply_response(server, actor, lambda: nullcontext(io.BytesIO(answer.body)))
    except ExchangeError as error:
        return _failed(server, actor, of_response(error.code), error.message)
    with server.database.write(actor) as unit:
        if answer.key_fingerprint is not None:
            follow_key(unit, settings.fingerprint, answer.key_fingerprint)
        note_history(unit, STEP, "synchronized", epoch=result.epoch, number=result.sequence, counts=result.counts)
        server.refresh_alerts(unit)
    return Attempt(result.outcome, result.epoch, result.sequence, result.counts)


def cause_of(answer: Answer) -> tuple[Cause, str]:
    """The cause that an answer means which is no response."""
    try:
        problem = json.loads(answer.body)
    except (ValueError, RecursionError):
        problem = {}
    code = problem.get("code") if isinstance(problem, dict) else None
    text = problem.get("detail") if isinstance(problem, dict) else None
    if answer.status == 429:
        return CAUSES["rate_limited"], str(text or "")
    found = of_central(code if isinstance(code, str) else "", answer.status)
    return found, str(text or f"HTTP status {answer.status}")[:500]


def _failed(server: Satellite, actor: Actor, cause: Cause, detail: str) -> Attempt:
    with server.database.write(actor) as unit:
        site = site_of(unit)
        note_history(
            unit,
            STEP,
            "failed",
            epoch=site.epoch,
            number=site.last_seq,
            counts={},
            detail=f"{cause.code}: {detail}" if detail else cause.code,
        )
        server.refresh_alerts(unit)
        return Attempt("failed", site.epoch, site.last_seq, {}, cause, detail)


def attempts(unit: Unit) -> tuple[datetime | None, int]:
    """When the last attempt was, and how many failed in a row before now."""
    query = select(HistoryEntry).where(HistoryEntry.step == STEP).order_by(HistoryEntry.at.desc()).limit(100)
    last: datetime | None = None
    failures = 0
    for row in unit.session.scalars(query):
        last = last or row.at
        if row.outcome != "failed":
            break
        failures += 1
    return last, failures


def next_attempt(unit: Unit) -> datetime | None:
    """When the schedule or the back-off asks for the next attempt; None where neither does."""
    site = site_of(unit)
    if site.setup_mode != "network" or site.setup_finished_at is None or not site.network.get("url"):
        return None
    last, failures = attempts(unit)
    return due_at(settings_of(site).schedule, last, failures, site.setup_finished_at)


def run_if_due(server: Satellite, actor: Actor) -> str:
    """What the job does: an attempt if it is time."""
    with server.database.read(actor) as unit:
        due, now = next_attempt(unit), unit.now
    if due is None or due > now:
        return f"next at {optional_iso(due) or 'no time'}"
    attempt = synchronize(server, actor)
    return attempt.outcome if attempt.cause is None else f"failed: {attempt.cause.code}"


def reach(settings: NetworkSettings) -> tuple[Cause, str] | None:
    """Test the way to central without sending anything; None where central answers."""
    try:
        answer = call(settings.target, "GET", "/healthz", seconds=min(LOOK_SECONDS, settings.timeout))
    except CallFailedError as error:
        return CAUSES[error.cause], error.detail
    if answer.status != 200 or answer.body.strip() != b"ok":
        return cause_of(answer) if answer.status >= 500 else (CAUSES["not_central"], f"HTTP status {answer.status}")
    return None
