"""Health of a server: `/healthz` says that it runs, `/readyz` what it can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from serverkit.db.timekeeper import Timekeeper
from serverkit.db.unit import Database
from serverkit.errors import AppError, DatabaseBusyError, DiskFullError, Refusal
from serverkit.startup import usable_home
from serverkit.storage import free_bytes
from serverkit.wsgi import Response, json_response


@dataclass(frozen=True, slots=True)
class Check:
    """Result of one named check; `because` names a check that failed by the same cause, so that this one saw nothing."""

    ok: bool
    detail: str
    because: str = ""


CheckCall: TypeAlias = Callable[[], Check]


FIRST = "nothing to look at: {name} comes first"
LEAST_FREE_BYTES = 4 * 1024 * 1024


def disk_check(folder: Path) -> Check:
    """Whether there is room for what will be acknowledged."""
    free = free_bytes(folder)
    return Check(free >= LEAST_FREE_BYTES, "has room" if free >= LEAST_FREE_BYTES else f"only {free} bytes are free")


def database_check(database: Database) -> Check:
    """Whether the database answers and takes what is written; one that is busy does both, later.

    AppError where the file of an embedded one is gone, or is not whole.
    """
    try:
        database.keep_time()  # first: it looks at the file too
        if not database.is_alive():
            return Check(ok=False, detail="does not answer")
    except DatabaseBusyError:
        return Check(ok=True, detail="answers, busy")
    return Check(ok=True, detail="answers and writes")


def home_check(home: Path, more: Sequence[Path] = ()) -> Check:
    """Whether every file of the home is its owner's and can be read; `more` are folders of its state elsewhere."""
    try:
        return Check(ok=True, detail=usable_home(home, more))
    except AppError as error:
        return Check(ok=False, detail=f"{error.code}: {error.message}")


def clock_check(keeper: Timekeeper) -> Check:
    """The state of the clock; a wrong clock is shown and never takes a server out of service."""
    reading = keeper.read()
    return Check(ok=True, detail=reading.standing.value + (", not confirmed" if reading.mark.provisional else ""))


def answer_health(path: str, checks: Mapping[str, CheckCall]) -> Response | None:
    """The answer for the two health addresses; None for any other path."""
    if path == "/healthz":
        return Response(200, b"ok\n", "text/plain; charset=utf-8")
    if path != "/readyz":
        return None
    found = run_checks(checks)
    ready = all(check.ok for check in found.values())
    body = {
        "ready": ready,
        "checks": [{"name": name, "ok": check.ok, "detail": check.detail} for name, check in found.items()],
    }
    return json_response(body, 200 if ready else 503)


def run_checks(checks: Mapping[str, CheckCall]) -> dict[str, Check]:
    """The result of each check; one that fails in any way stops no other, and a cause is named once."""
    found = {name: _run(call) for name, call in checks.items()}
    disk, database = found.get("disk"), found.get("database")
    if database is None or database.ok:
        return found
    if disk is not None and not disk.ok and database.detail.startswith(f"{DiskFullError.code}:"):
        return found | {"database": Check(ok=False, detail=FIRST.format(name="disk"), because="disk")}
    cause = database.detail.partition(":")[0]
    same = {name for name, one in found.items() if name != "database" and one.detail.partition(":")[0] == cause}
    return found | {name: Check(ok=False, detail=FIRST.format(name="database"), because="database") for name in same}


def _run(call: CheckCall) -> Check:
    try:
        return call()
    except Refusal as error:
        return Check(ok=False, detail=f"{error.code}: {error.message}")
    except Exception as error:  # noqa: BLE001 - a check that fails in any way says that the server is not ready
        return Check(ok=False, detail=str(getattr(error, "code", "") or type(error).__name__))
