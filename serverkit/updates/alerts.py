"""What the last update demands of the alerts: it was not installed, and the version of before runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from serverkit.alerts.engine import AlertKind, Severity, Wanted
from serverkit.alerts.texts import said
from serverkit.clock import parse_time
from serverkit.updates.install import INSTALLED, STUCK, WENT_BACK

NOT_INSTALLED = "update_not_installed"
KINDS = frozenset({NOT_INSTALLED})
"""Refreshed by the job that reads the helper's report: no device message looks at it."""
OUTCOMES = (INSTALLED, WENT_BACK, STUCK)
_TEXTS = ("outcome", "from", "to", "at")


def update_kinds(scope: str) -> tuple[AlertKind, ...]:
    """The kinds of a server, for its catalogue."""
    what = "an update was not installed, the version of before runs"
    return (AlertKind(NOT_INSTALLED, Severity.MAJOR, scope, ("dismiss",), what, "an update that is installed"),)


def readable(report: Mapping[str, Any] | None) -> bool:
    """Whether a report of the helper says what became of an update, from which version to which, and when."""
    return (
        report is not None
        and all(isinstance(report.get(name), str) for name in _TEXTS)
        and report["outcome"] in OUTCOMES
    )


def wanted_alerts(source: str, report: Mapping[str, Any] | None) -> Iterator[Wanted]:
    """What the report of the last update demands; another failed update brings back what was dismissed."""
    if report is None or not readable(report) or report["outcome"] == INSTALLED:
        return
    names = {"version": report["to"], "running": report["from"], "reason": str(report.get("reason") or "")[:300]}
    text = (
        said("The update to version {version} was not installed; version {running} runs. {reason}", **names)
        if report["outcome"] == WENT_BACK
        else said(
            "The update to version {version} was not installed, and version {running} did not come back. {reason} "
            "Read `journalctl -u perigee-update`.",
            **names,
        )
    )
    step = int(parse_time(report["at"]).timestamp() // 60)
    yield Wanted(NOT_INSTALLED, "update", text, source, subject={"version": report["to"]}, step=step)
