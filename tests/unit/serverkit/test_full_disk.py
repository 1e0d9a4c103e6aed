"""A disk without room, wherever it is met: a refusal that says so, and nothing that blocks what comes after it."""

from __future__ import annotations

import errno
import json
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from sqlalchemy import select

from satellite.core.operations.models import JobRun
from serverkit.actor import SYSTEM
from serverkit.cli.base import run
from serverkit.db.unit import Database
from serverkit.devices.health import Check, run_checks
from serverkit.errors import AppError, DiskFullError
from serverkit.http.answers import failed
from serverkit.http.lenient import LenientApi
from serverkit.jobs.runs import Job, run_job
from serverkit.jobs.scheduler import settled
from serverkit.storage import disk_of
from tests.unit.satellite.factories import server_of


@pytest.mark.row("S4.1")
@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, "disk_full"), (errno.EDQUOT, "disk_full"), (errno.EROFS, "disk_read_only"), (errno.EACCES, None)],
)
def test_what_the_system_says_of_a_disk_is_a_refusal_at_every_edge(
    number: int, code: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that only passes through, as an upload does, is no fault of the program; a fault stays one."""
    error = OSError(number, "said by the system", "/home/upload")
    answer = failed(error)
    lenient: Any = SimpleNamespace()
    empty = LenientApi.refuse(lenient, error)

    @click.command()
    def command() -> None:
        raise error

    with pytest.raises(SystemExit):
        run(_group(command), "central", (AppError,), ["command"])
    printed = capsys.readouterr().err

    known = disk_of(error)
    assert (known.code if known else None) == code
    assert json.loads(answer.get_data())["code"] == (code or "internal_error")
    assert (answer.status_code, empty.status_code) == ((503, 503) if code else (500, 500))
    assert (code or "file_unreadable") in printed


def _group(command: click.Command) -> click.Group:
    group = click.Group()
    group.add_command(command, "command")
    return group


@pytest.mark.row("S4.1", "S3.2")
def test_the_end_of_a_run_that_found_no_room_is_written_down_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slot would otherwise be taken for one that still runs, and block the job until its lease is over."""
    server = server_of(tmp_path)
    job, calls = Job("alerts", timedelta(minutes=1), lambda _unit: "refreshed", "Alerts"), []
    real = Database.run

    def full(database: Database, actor: Any, work: Any) -> Any:
        calls.append(work)
        if len(calls) == 3:
            raise DiskFullError
        return real(database, actor, work)

    monkeypatch.setattr(Database, "run", full)
    with pytest.raises(DiskFullError):
        run_job(server.database, JobRun, job, slot="manual-1")
    again = run_job(server.database, JobRun, job, slot="manual-2")
    with server.database.read(SYSTEM) as unit:
        states = {row.slot: (row.state, row.detail) for row in unit.session.scalars(select(JobRun))}
    server.database.dispose()

    assert again.state == "done"
    assert states == {"manual-1": ("done", "refreshed"), "manual-2": ("done", "refreshed")}


@pytest.mark.row("S4.1", "S3.5")
def test_a_full_disk_fills_no_log_and_turns_one_check_red(capsys: pytest.CaptureFixture[str]) -> None:
    """What is tried each second says once why it is not done, and again after it was done."""
    answers: list[AppError | None] = [DiskFullError(), DiskFullError(), None, DiskFullError()]

    def work() -> None:
        error = answers.pop(0)
        if error is not None:
            raise error

    step = settled("tasks", work)
    for _ in range(4):
        step()

    def database() -> Check:
        raise DiskFullError

    found = run_checks({"disk": lambda: Check(ok=False, detail="only 0 bytes are free"), "database": database})
    assert capsys.readouterr().err.count("job_not_run") == 2
    assert found["database"] == Check(ok=False, detail="nothing to look at: disk comes first", because="disk")
