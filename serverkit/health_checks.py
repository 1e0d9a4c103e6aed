"""Checks of a server for people: what `/readyz` looks at, and what only a person can put right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from serverkit.devices.health import FIRST, CheckCall, run_checks
from serverkit.errors import Refusal
from serverkit.tls.errors import TlsPairError
from serverkit.tls.names import not_covered
from serverkit.tls.pair import CERTIFICATE, KEY, TLS, is_there, read_pair
from serverkit.verdicts import Outcome

SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One check: its name, what became of it, a detail for people, and the day that it names as `{day}`.

    `because` names a check that says more of the same cause where it does not pass either.
    """

    name: str
    outcome: Outcome
    detail: str
    day: datetime | None = None
    because: str = ""


def tried(name: str, look: Callable[[], HealthCheck], because: str = "") -> HealthCheck:
    """What a check says; what keeps it from looking fails it, and no other."""
    try:
        return look()
    except Refusal as error:
        return HealthCheck(name, Outcome.FAIL, f"{error.code}: {error.message}", because=because)


def each_cause_once(found: Sequence[HealthCheck]) -> list[HealthCheck]:
    """The checks, without the failures of which another one that does not pass says more."""
    bad = {one.name for one in found if one.outcome in {Outcome.WARN, Outcome.FAIL}}
    return [
        HealthCheck(one.name, Outcome.SKIP, FIRST.format(name=one.because))
        if one.because in bad and one.outcome is Outcome.FAIL
        else one
        for one in found
    ]


def examine(checks: Mapping[str, CheckCall]) -> list[HealthCheck]:
    """The results of the checks of `/readyz`; a clock that is not confirmed is a warning."""
    return [
        HealthCheck(name, Outcome.SKIP if one.because else _of(name, ok=one.ok, detail=one.detail), one.detail)
        for name, one in run_checks(checks).items()
    ]


def _of(name: str, *, ok: bool, detail: str) -> Outcome:
    if not ok:
        return Outcome.FAIL
    return Outcome.WARN if name == "clock" and detail != "believed" else Outcome.PASS


def certificate_check(home: Path, names: Sequence[str], now: datetime) -> HealthCheck:
    """Whether the TLS certificate of a home can be used, is valid and names all that devices use."""
    folder = home / TLS
    if not is_there(folder / CERTIFICATE) and not is_there(folder / KEY):
        return HealthCheck("certificate", Outcome.SKIP, "")
    try:
        pair = read_pair(folder)
        pair.context()
    except TlsPairError as error:
        return HealthCheck("certificate", Outcome.FAIL, error.message)
    ends = min(one.not_valid_after_utc for one in pair.chain)
    if ends <= now:
        return HealthCheck("certificate", Outcome.FAIL, "ended on {day}", ends)
    if lacking := not_covered(pair.leaf, names):
        return HealthCheck("certificate", Outcome.WARN, ", ".join(lacking[:10]))
    soon = (ends - now).days < SOON_DAYS
    return HealthCheck("certificate", Outcome.WARN if soon else Outcome.PASS, "until {day}", ends)


def backup_check(newest: datetime | None, late: bool, planned: bool) -> HealthCheck:
    """How old the newest verified backup is, as the alerts judge it."""
    if newest is None and not planned:
        return HealthCheck("backups", Outcome.WARN, "none are planned")
    if newest is None:
        return HealthCheck("backups", Outcome.FAIL if late else Outcome.WARN, "none was verified yet")
    return HealthCheck("backups", Outcome.FAIL if late else Outcome.PASS, "newest of {day}", newest)
