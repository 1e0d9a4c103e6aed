"""`python -m tests.bench.table`: what `build/bench.json` says, as tables: the short one in the README, all in `figures.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.__main__ import REPORT

README, ALL = Path("README.md"), Path("docs") / "developer" / "figures.md"
BEGIN, END = "<!-- figures -->\n", "<!-- end of figures -->\n"
_HTTP = "satellite, sqlite, no TLS"


@dataclass(frozen=True, slots=True)
class Short:
    """A line of the short table: what it is called there, and where its figure stands."""

    what: str
    part: str
    figure: str
    aim: str = ""


SHORT = (
    Short("renewals a second, 16 connections", "devices", f"renewals, {_HTTP}, 16 connections", "2,000"),
    Short("— the slowest in a hundred, ms", "devices", f"renewals, {_HTTP}, 16 connections: p99", "30"),
    Short("renewals a second, 64 connections", "devices", f"renewals, {_HTTP}, 64 connections"),
    Short("renewals a second, 16 connections, TLS", "devices", "renewals, satellite, sqlite, TLS, 16 connections"),
    Short(
        "renewals a second, 64 connections, PostgreSQL",
        "devices",
        "renewals, satellite, postgresql, no TLS, 64 connections",
    ),
    Short("registrations a second, 64 connections", "devices", f"registrations, {_HTTP}, 64 connections", "1,000"),
    Short("10,000 devices register at once: lost", "storm", "storm of 10000 registrations: lost", "0"),
    Short("— worst `/healthz`, ms", "storm", "storm of 10000 registrations: worst /healthz", "100"),
    Short("100,000 devices, full: made, s", "sync-100k", "full: make", "5"),
    Short("— size, MB", "sync-100k", "full: request", "10"),
    Short("— applied and answered, s", "sync-100k", "full: apply and respond", "12"),
    Short("— peak memory of that, MB", "sync-100k", "full: apply and respond, peak memory", "200"),
    Short("— longest wait of a device at central during the run, ms", "sync-100k", "full: apply and respond, longest wait of a device"),
    Short("— 100 of them changed: made, s", "sync-100k", "difference of 100 changes: make", "0.5"),
    Short("— 100 of them changed: applied and answered, s", "sync-100k", "difference of 100 changes: apply and respond", "0.5"),
    Short("— the satellite is removed, s", "sync-100k", "removal of the satellite"),
    Short("1,000,000 lots: alerts of the account, s", "alerts", "alerts of the account, nothing changed"),
    Short("a device's offline answer, µs", "small", "may_use, offline"),
    Short("start of a satellite until ready, s", "small", "start of satellite until ready"),
    Short("idle memory of a satellite, MiB", "small", "idle memory of satellite"),
)  # fmt: skip


def _number(value: float) -> str:
    if value >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _machine(report: Mapping[str, Any]) -> str:
    at, of = str(report["at"])[:10], report["machine"]
    return (
        f"Measured on {at}: {of['processor']}, {of['cores']} cores, {of['memory_gib']:g} GiB, a shared virtual machine; "
        f"Python {of['python']}, SQLite {of['sqlite']}."
    )


def short_table(report: Mapping[str, Any]) -> Iterator[str]:
    """Lines of the short table; a figure that was not measured is left out."""
    found = {(part, each["name"]): each for part, figures in report["parts"].items() for each in figures}
    yield "| What | Median | Aim |\n"
    yield "|---|---|---|\n"
    for line in SHORT:
        figure = found.get((line.part, line.figure))
        if figure is not None:
            yield f"| {line.what} | {_number(figure['median'])} | {line.aim} |\n"


def full_table(report: Mapping[str, Any]) -> Iterator[str]:
    """Lines of all figures, part by part."""
    for part, figures in report["parts"].items():
        yield f"\n## {part}\n\n| Figure | Median | Unit | Runs | Data |\n|---|---|---|---|---|\n"
        for each in figures:
            runs = " ".join(_number(run) for run in sorted(each["runs"]))
            yield f"| {each['name']} | {_number(each['median'])} | {each['unit']} | {runs} | {each['data']} |\n"


def main() -> int:
    """Write both."""
    report = json.loads(REPORT.read_bytes())
    readme = README.read_text("utf-8")
    before, _, rest = readme.partition(BEGIN)
    after = rest.partition(END)[2]
    table = "".join(short_table(report))
    README.write_text(f"{before}{BEGIN}{_machine(report)}\n\n{table}{END}{after}", "utf-8")
    head = "# Figures\n\nWritten by `python -m tests.bench.table`; [bench.md](bench.md) says what they mean.\n\n"
    ALL.write_text(head + _machine(report) + "\n" + "".join(full_table(report)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
