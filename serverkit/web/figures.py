"""Pictures of numbers, made on the server: a ladder of dates, a pie, bars. A table with the same numbers is beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import cos, pi, sin

from serverkit.web.console import Severity
from serverkit.web.texts import Words

RADIUS = 50.0
TONES = 6


@dataclass(frozen=True, slots=True)
class Rung:
    """A date on the ladder; `gone`: after it something is no longer there."""

    at: datetime
    words: Words
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Ladder:
    """A line from a beginning to an end, with dates on it and today; `sentence` says the same in words."""

    title: Words
    sentence: Words
    start: datetime
    rungs: Sequence[Rung]
    today: datetime
    severity: Severity | None = None

    def place(self, at: datetime) -> float:
        """Where a moment stands, in percent."""
        whole = (self.rungs[-1].at - self.start).total_seconds() or 1.0
        return round(min(100.0, max(0.0, 100 * (at - self.start).total_seconds() / whole)), 2)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a whole."""

    words: Words
    count: int


@dataclass(frozen=True, slots=True)
class Chart:
    """Parts of a whole as a pie or as bars."""

    title: Words
    parts: Sequence[Part]
    kind: str = "pie"
    name: str = "chart"

    def tone(self, at: int) -> str:
        """The class of a part."""
        return f"tone-{at % TONES + 1}"

    @property
    def whole(self) -> int:
        """All parts together."""
        return sum(part.count for part in self.parts)

    @property
    def slices(self) -> list[tuple[Part, str]]:
        """Each part with its path in a circle of radius 50 around 0."""
        found, begin = [], 0.0
        for part in self.parts:
            if part.count:
                end = begin + part.count / self.whole
                found.append((part, _slice(begin, end)))
                begin = end
        return found

    def width(self, part: Part) -> float:
        """The length of a part's bar, in percent of the longest."""
        most = max((one.count for one in self.parts), default=0) or 1
        return round(100 * part.count / most, 2)


def _slice(begin: float, end: float) -> str:
    if end - begin > 0.9999:
        return f"M0 {-RADIUS} A{RADIUS} {RADIUS} 0 1 1 -0.01 {-RADIUS}Z"
    (x1, y1), (x2, y2) = _point(begin), _point(end)
    far = int(end - begin > 0.5)
    return f"M0 0L{x1} {y1}A{RADIUS} {RADIUS} 0 {far} 1 {x2} {y2}Z"


def _point(at: float) -> tuple[float, float]:
    angle = 2 * pi * at - pi / 2
    return round(RADIUS * cos(angle), 3), round(RADIUS * sin(angle), 3)
