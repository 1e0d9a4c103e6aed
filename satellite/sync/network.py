"""The network part of synchronization: one attempt and its cause, the schedule, the test of the way (row S2.2)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from exchange.limits import SYNC_FILE_BYTES
from satellite.core.site.causes import CAUSES, Cause, of_central
from satellite.core.site.queries import site_of
from satellite.sync.history import attempts
from satellite.sync.settings import NetworkSettings, settings_of
from serverkit.db.unit import Unit
from serverkit.http.client import Answer, call
from serverkit.http.stages import CallFailedError
from serverkit.schedule import due_at

PATH = "/sync/v1/request"
LOOK_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """The outcome of an attempt; `cause` is None where it succeeded."""

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


def send(settings: NetworkSettings, content: bytes) -> Answer | tuple[Cause, str]:
    """Send a request to central; its response, or the cause of the failure with a detail."""
    seconds = float(settings.timeout)
    try:
        answer = call(settings.target, "POST", PATH, content, seconds=seconds, most_bytes=SYNC_FILE_BYTES)
    except CallFailedError as error:
        return CAUSES[error.cause], error.detail
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status != 200 or kind != "application/octet-stream":
        return cause_of(answer)
    return answer


def cause_of(answer: Answer) -> tuple[Cause, str]:
    """The cause of an answer that is not a response."""
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


def next_attempt(unit: Unit) -> datetime | None:
    """When the next attempt is due by schedule or back-off; None where neither applies."""
    site = site_of(unit)
    if site.setup_mode != "network" or site.setup_finished_at is None or not site.network.get("url"):
        return None
    last, failures = attempts(unit)
    return due_at(settings_of(site).schedule, last, failures, site.setup_finished_at)


def reach(settings: NetworkSettings) -> tuple[Cause, str] | None:
    """Test the connection to central without sending a request; None where central answers."""
    try:
        answer = call(settings.target, "GET", "/healthz", seconds=min(LOOK_SECONDS, settings.timeout))
    except CallFailedError as error:
        return CAUSES[error.cause], error.detail
    if answer.status != 200 or answer.body.strip() != b"ok":
        return cause_of(answer) if answer.status >= 500 else (CAUSES["not_central"], f"HTTP status {answer.status}")
    return None
