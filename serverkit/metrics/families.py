"""Metrics as plain values, and their text; the library is imported only where metrics are wanted (row B20)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, TypeAlias

from serverkit.health_checks import HealthCheck
from serverkit.jobs.runs import Job
from serverkit.tls.errors import TlsPairError
from serverkit.tls.pair import TLS, read_pair
from serverkit.verdicts import Outcome

PREFIX = "perigee_"
MOST_SERIES = 1000
"""Of one family: accounts and licences can be many, and a monitor keeps each series for years."""
MEDIA = "text/plain; version=0.0.4; charset=utf-8"
Values: TypeAlias = dict[tuple[str, ...], float]
OUTCOMES = {Outcome.PASS: 0, Outcome.SKIP: 0, Outcome.WARN: 1, Outcome.FAIL: 2}


@dataclass(frozen=True)
class Family:
    """One metric: its name without the prefix, what it says, the names of its labels, and its values by their words."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    values: Mapping[tuple[str, ...], float] = field(default_factory=dict)


def single(name: str, text: str, value: float | None) -> Iterator[Family]:
    """A metric without labels; none where there is no value."""
    if value is not None:
        yield Family(name, text, (), {(): value})


@dataclass
class Pool:
    """The figures of an account's licence, added up over rows of lists."""

    purchased: int = 0
    in_use: int = 0
    balance: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Add a row; what is billed by usage has neither a purchase nor a balance."""
        self.purchased += int(row["purchased"] or 0)
        self.in_use += int(row["in_use"] or 0)
        self.balance += int(row["balance"] or 0)


def licences(pools: Mapping[tuple[str, ...], Pool], labels: tuple[str, ...]) -> Iterator[Family]:
    """Purchased, in use and balance by account and licence: of too many pools those with the least balance."""
    kept = sorted(pools, key=lambda words: (pools[words].balance, words))[:MOST_SERIES]
    for name, text in (
        ("purchased", "Licences that were bought and have not ended."),
        ("in_use", "Licences that devices use or hold."),
        ("balance", "Purchased less in use; below zero licences are missing."),
    ):
        yield Family(f"licences_{name}", text, labels, {words: float(getattr(pools[words], name)) for words in kept})
    yield from single(
        "licence_series_left_out", "Pools that are not shown, those with the greatest balance.", len(pools) - len(kept)
    )


def checks(found: Iterable[HealthCheck]) -> Family:
    """The checks of health: 0 in order or skipped, 1 a warning, 2 a failure."""
    text = "Checks of the server: 0 in order or not made, 1 warning, 2 failure."
    return Family("check", text, ("check",), {(one.name,): OUTCOMES[one.outcome] for one in found})


def certificate(home: Path, now: datetime) -> dict[tuple[str, ...], float]:
    """Seconds until the TLS pair of a home ends; nothing where there is none that can be used."""
    try:
        ends = min(one.not_valid_after_utc for one in read_pair(home / TLS).chain)
    except (TlsPairError, OSError):
        return {}
    return {("tls",): (ends - now).total_seconds()}


def certificates(values: Mapping[tuple[str, ...], float]) -> Family:
    """Seconds until certificates and keys end."""
    return Family("certificate_seconds", "Seconds until a certificate or key ends.", ("certificate",), values)


def jobs(known: Sequence[Job], last: Mapping[str, tuple[str, datetime]], now: datetime) -> Iterator[Family]:
    """Of each job whether its last run failed, and how long ago it began; `last` has state and start by job."""
    names = [job.name for job in known if job.name in last]
    failed: Values = {(name,): float(last[name][0] == "failed") for name in names}
    since: Values = {(name,): (now - last[name][1]).total_seconds() for name in names}
    yield Family("job_failed", "Whether the last run of a scheduled job failed.", ("name",), failed)
    yield Family("job_seconds_since_run", "Seconds since a scheduled job last began.", ("name",), since)


def counted(name: str, text: str, label: str, values: Mapping[str, int]) -> Family:
    """Counts by one word."""
    return Family(name, text, (label,), {(word,): float(count) for word, count in values.items()})


def text_of(families: Iterable[Family], registry: Any = None) -> bytes:
    """The exposition of families, and of a registry of the library beside them."""
    from prometheus_client import CollectorRegistry, generate_latest
    from prometheus_client.core import GaugeMetricFamily

    class Collected:
        def collect(self) -> Iterator[Any]:
            for one in families:
                made = GaugeMetricFamily(PREFIX + one.name, one.help, labels=one.labels)
                for words, value in one.values.items():
                    made.add_metric(words, value)
                yield made

    own = CollectorRegistry(auto_describe=False)
    own.register(Collected())
    return bytes(generate_latest(own)) + (bytes(generate_latest(registry)) if registry is not None else b"")
