"""Measuring the clock against time servers (row S1.3): it is only measured and shown, never set from here.

An answer counts only if it could be true: it echoes our own request, comes from a server that is itself synchronized
(no kiss-of-death, no alarm, a stratum of 1 to 15), says a time that can be, and came within the time-out. Of several
servers the median counts, if most of those that answered agree with it.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from statistics import median
from threading import Thread
from time import monotonic
from typing import Any

import ntplib

TIMEOUT_SECONDS = 4.0
AGREE_SECONDS = 30.0
WORST_DISPERSION_SECONDS = 16.0
# Programs like this one exist since then; NTP's own count starts again in 2036, so what wraps around shows as past.
EARLIEST, LATEST = datetime(2024, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_ALARM, _SERVER_MODES = 3, (4, 5)

MEANINGS = {
    "ok": "answered",
    "no_answer": "no answer in time",
    "unreachable": "cannot be reached",
    "garbage": "what came is not an answer of a time server",
    "kiss_of_death": "the server refuses to be asked",
    "unsynchronized": "the server itself has no time",
    "absurd_time": "the server says a time that cannot be",
}


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one server answered; the offset is what would have to be added to this clock."""

    server: str
    outcome: str
    offset: float | None = None
    round_trip: float | None = None
    stratum: int | None = None
    detail: str = ""

    def to_dict(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "server": self.server,
            "outcome": self.outcome,
            "meaning": MEANINGS[self.outcome],
            "offset_seconds": None if self.offset is None else round(self.offset, 3),
            "round_trip_seconds": None if self.round_trip is None else round(self.round_trip, 4),
            "stratum": self.stratum,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """What all servers together say: an offset, or why there is none."""

    outcome: str
    offset: float | None
    measurements: tuple[Measurement, ...]

    def to_dict(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "outcome": self.outcome,
            "offset_seconds": None if self.offset is None else round(self.offset, 3),
            "servers": [one.to_dict() for one in self.measurements],
        }


def judge_measurements(found: Sequence[Measurement]) -> Verdict:
    """The median of those that answered, if most of them agree with it."""
    good = sorted(one.offset for one in found if one.offset is not None)
    if not good:
        return Verdict("no_answer", None, tuple(found))
    middle = median(good)
    agreeing = [offset for offset in good if abs(offset - middle) <= AGREE_SECONDS]
    if 2 * len(agreeing) <= len(good):
        return Verdict("no_majority", None, tuple(found))
    return Verdict("measured", median(agreeing), tuple(found))


def judge_answer(server: str, stats: Any, shift: float, waited: float) -> Measurement:
    """Whether an answer could be true, and what it says."""
    if stats.mode not in _SERVER_MODES:
        return Measurement(server, "garbage", detail=f"mode {stats.mode}")
    if stats.stratum == 0:
        letters = int(stats.ref_id).to_bytes(4, "big").decode("ascii", "replace")
        return Measurement(server, "kiss_of_death", detail="".join(c for c in letters if c.isalnum()))
    # An answer repeats when it was asked; one that does not fit our own asking is not an answer to it.
    asked_ago = float(stats.dest_time) - float(stats.orig_time)
    if not -0.001 <= asked_ago <= waited + 0.5:
        return Measurement(server, "garbage", detail="it answers another question")
    if stats.leap == _ALARM or not 1 <= stats.stratum <= 15 or stats.root_dispersion > WORST_DISPERSION_SECONDS:
        return Measurement(server, "unsynchronized", stratum=stats.stratum)
    if not EARLIEST.timestamp() <= float(stats.tx_time) <= LATEST.timestamp():
        return Measurement(server, "absurd_time", stratum=stats.stratum, detail=_year(float(stats.tx_time)))
    round_trip = max(0.0, float(stats.delay))
    return Measurement(server, "ok", float(stats.offset) - shift, round_trip, stats.stratum)


def _year(seconds: float) -> str:
    try:
        return f"the year {datetime.fromtimestamp(seconds, UTC).year}"
    except (ValueError, OverflowError, OSError):
        return "no year at all"


def measure_one(server: str, host: str, port: int, shift: float, timeout: float) -> Measurement:
    """Ask one server."""
    started = monotonic()
    try:
        stats = ntplib.NTPClient().request(host, version=4, port=port, timeout=timeout)
    except ntplib.NTPException as error:
        silent = "response" in str(error)
        return Measurement(server, "no_answer" if silent else "garbage")
    except (OSError, UnicodeError) as error:
        gone = isinstance(error, ConnectionRefusedError)
        return Measurement(server, "no_answer" if gone else "unreachable", detail=_reason(error))
    except (ValueError, ArithmeticError, LookupError, TypeError):
        return Measurement(server, "garbage")
    return judge_answer(server, stats, shift, monotonic() - started)


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return "its name cannot be resolved"
    return getattr(error, "strerror", None) or type(error).__name__


def measure(servers: Sequence[tuple[str, str, int]], shift: float = 0.0, timeout: float = TIMEOUT_SECONDS) -> Verdict:
    """Ask several servers at once (name, host, port); never waits longer than the time-out and a little."""
    answers: SimpleQueue[Measurement] = SimpleQueue()

    def ask(server: str, host: str, port: int) -> None:
        answers.put(measure_one(server, host, port, shift, timeout))

    for one in servers:
        # A name service that does not answer must not hold the caller: such a thread is left to end by itself.
        Thread(target=ask, args=one, daemon=True).start()
    found: dict[str, Measurement] = {}
    until = monotonic() + timeout + 0.5
    while len(found) < len(servers):
        try:
            answer = answers.get(timeout=max(0.0, until - monotonic()))
        except Empty:
            break
        found[answer.server] = answer
    return judge_measurements([found.get(name) or Measurement(name, "no_answer") for name, _, _ in servers])
