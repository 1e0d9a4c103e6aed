"""What a measurement is: named figures with unit, size of data and every run, as text and as JSON."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

RUNS = 3
"""The least number of runs behind a figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: the median of its runs, and what it was measured on."""

    name: str
    unit: str
    runs: tuple[float, ...]
    data: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The median."""
        return median(self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The figure for `build/bench.json`."""
        return {
            "name": self.name,
            "unit": self.unit,
            "median": self.value,
            "runs": list(self.runs),
            "data": self.data,
            "detail": self.detail,
        }


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the bench; `measure` gets an empty folder and yields its figures."""

    name: str
    about: str
    measure: Callable[[Path], Iterable[Figure]]


def machine() -> dict[str, Any]:
    """The machine that the figures belong to."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
