"""Times of requests and of groups of device messages, measured in each process and added up by the listener (row B20).

The processes of a server keep their counts in files that the listener reads; nothing is measured where no one listens.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar, cast

from serverkit.owner import make_folder

FOLDER, VARIABLE = "metrics", "PROMETHEUS_MULTIPROC_DIR"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
M = TypeVar("M")


def prepare(home: Path) -> None:
    """Have the processes that are started from here count in a folder of the home; what another run left is removed."""
    folder = home / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    os.environ[VARIABLE] = str(folder)


def is_wanted() -> bool:
    """Whether this process was told to count."""
    return VARIABLE in os.environ


class Timing:
    """Measures requests and groups in one process."""

    def __init__(self, registry: Any = None) -> None:
        """Make the metrics; `registry` is one of the library, its own where there is none."""
        from prometheus_client import CollectorRegistry, Histogram

        self.registry = registry if registry is not None else CollectorRegistry()
        self._requests = Histogram(
            "perigee_http_request_seconds", "Time of HTTP requests.", ("kind", "status"), buckets=SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._groups = Histogram(
            "perigee_settle_seconds", "Time to settle a group of device messages, commit included.", buckets=SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._sizes = Histogram(
            "perigee_settle_messages", "Device messages in a group.", buckets=(1, 2, 4, 8, 16, 32, 64),
            registry=self.registry,
        )  # fmt: skip

    def request(self, path: str, status: int, seconds: float) -> None:
        """A request was answered; its address is told only as its kind, so that series stay few."""
        self._requests.labels(kind_of(path), f"{status // 100}xx").observe(seconds)

    def settling(self, handle_all: Callable[[Sequence[M]], None]) -> Callable[[Sequence[M]], None]:
        """The same handler, measured."""

        def measured(messages: Sequence[M]) -> None:
            begun = perf_counter()
            try:
                handle_all(messages)
            finally:
                self._groups.observe(perf_counter() - begun)
                self._sizes.observe(len(messages))

        return measured


def kind_of(path: str) -> str:
    """What an address belongs to."""
    for start, kind in (("/device/", "device"), ("/api/", "api"), ("/static/", "static"), ("/healthz", "health")):
        if path.startswith(start):
            return kind
    return "health" if path == "/readyz" else "page"


def added_up() -> Any:
    """A registry with the counts of all processes of this server; None where they do not count."""
    if not is_wanted():
        return None
    from prometheus_client import CollectorRegistry
    from prometheus_client.multiprocess import MultiProcessCollector

    registry, collector = CollectorRegistry(), cast("Any", MultiProcessCollector)
    collector(registry)
    return registry
