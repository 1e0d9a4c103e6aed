"""The alert bar of a place: what a person hides there, by severity, until something new comes (row C10.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from serverkit.web.console import AlertLine, Frame, Severity

ALERT_BAR = "alert-bar"
"""The preference: by place and severity the mark of the newest alert that was there when a person hid them."""
MOST_PLACES, SHOWN = 100, 20
HIDE, SHOW = "hide", "show"


@dataclass(frozen=True, slots=True)
class Mark:
    """When the newest alert was raised, and how many were raised then: what is not covered by a mark is new."""

    at: str = ""
    count: int = 0

    @property
    def text(self) -> str:
        """As a form carries it."""
        return f"{self.at}|{self.count}"

    @staticmethod
    def read(text: object) -> Mark | None:
        """A mark that was kept or sent; None for what is none."""
        at, sign, count = str(text)[:64].rpartition("|")
        return Mark(at, int(count)) if sign and count.isascii() and count.isdecimal() else None

    def covers(self, newest: Mark, line: AlertLine) -> bool:
        """Whether an alert was there already; `newest` is the mark of all that there are now."""
        more = newest.at == self.at and newest.count > self.count
        return line.at < self.at or (line.at == self.at and not more)


def marks_of(alerts: Iterable[tuple[Severity, str]]) -> dict[Severity, Mark]:
    """The mark of each severity, of alerts by severity and when they were raised."""
    found: dict[Severity, Mark] = {}
    for severity, at in alerts:
        mark = found.get(severity, Mark())
        if at > mark.at:
            found[severity] = Mark(at, 1)
        elif at == mark.at:
            found[severity] = Mark(at, mark.count + 1)
    return found


def hidden_in(kept: object, place: str) -> dict[Severity, Mark]:
    """What a person hid in a place."""
    of_place = kept.get(place) if isinstance(kept, dict) else None
    marks = {} if not isinstance(of_place, dict) else of_place
    return {one: mark for one in Severity if one in marks and (mark := Mark.read(marks[one])) is not None}


def changed(kept: object, place: str, verb: str, marks: Mapping[Severity, Mark]) -> dict[str, Any] | None:
    """What is kept after severities, with their marks, were hidden in a place or shown again; None where nothing is hidden."""
    before = {name: value for name, value in kept.items() if name != place} if isinstance(kept, dict) else {}
    here = {one.value: mark.text for one, mark in hidden_in(kept, place).items() if one not in marks}
    if verb == HIDE:
        here |= {one.value: mark.text for one, mark in marks.items()}
    found = {**({place: here} if here else {}), **before}
    return dict(list(found.items())[:MOST_PLACES]) or None


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar as a page shows it: what is hidden, what is shown, the marks of what there is."""

    hidden: frozenset[Severity]
    lines: tuple[AlertLine, ...]
    marks: Mapping[Severity, Mark]

    @property
    def tone(self) -> str:
        """The most urgent of what is shown."""
        return next((one.value for one in Severity if any(line.severity is one for line in self.lines)), "calm")


def bar_of(frame: Frame, kept: object) -> Bar:
    """The bar of a frame for a person: hidden alerts are left out, new ones and those that no one can hide are not.

    Those that no one can hide are there however many more urgent ones there are.
    """
    hidden = hidden_in(kept, frame.alert_place)
    marks = {one: mark for one, mark in _marks(frame).items() if mark.at or mark.count}

    def shows(line: AlertLine) -> bool:
        mark = hidden.get(line.severity)
        return line.stays or mark is None or not mark.covers(marks.get(line.severity, Mark()), line)

    shown = [line for line in frame.alerts if shows(line)]
    room = iter(range(SHOWN - sum(line.stays for line in shown)))
    lines = tuple(line for line in shown if line.stays or next(room, None) is not None)
    return Bar(frozenset(hidden), lines, marks)


def _marks(frame: Frame) -> Mapping[Severity, Mark]:
    if frame.alert_marks is not None:
        return {one: Mark(*mark) for one, mark in frame.alert_marks.items()}
    return marks_of((line.severity, line.at) for line in frame.alerts)
