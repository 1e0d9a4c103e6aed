"""Use cases of runs of saved reports: as tasks with a file, asked for by people and schedules (row C12.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from central.actions.preferences import own_person
from central.actions.reports import BATCH, COMPUTED, FIELDS, plain, run_report
from central.actions.saved_reports import find
from central.actions.time import zone_of
from central.actions.visible_accounts import visible_names
from central.domain.access.errors import NotPermittedError
from central.domain.access.models import User
from central.domain.accounts.errors import UnknownAccountError
from central.domain.accounts.models import SmartAccount
from central.domain.notices.services import notify
from central.domain.operations.models import Task
from central.domain.operations.uploads import drop_upload, is_kept, keep_made, upload_parts
from central.domain.reports import services
from central.domain.reports.errors import (
    ReportFileGoneError,
    ReportNotYoursError,
    ReportPlaceGoneError,
    UnknownSavedReportError,
)
from central.domain.reports.models import ReportRun, SavedReport
from central.domain.reports.queries import due_reports, find_run, runs_now, runs_of, schedule_of
from central.domain.reports.rules import failed_mail, next_run, ready_mail
from central.runtime import Central
from serverkit.actor import Actor, ActorKind
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.db.windows import Part, Window
from serverkit.errors import AppError
from serverkit.log import get_logger
from serverkit.tasks import service
from serverkit.tasks.errors import TaskRunningError
from serverkit.tasks.service import Progress, TaskKind

REPORT = "report"
STAGES = ("run", "finish")
MOST_WAITING = 20
"""How many runs of one person may wait."""
TOLD_ROWS = 5000
"""After so many rows a run tells how far it is, and stops where that was asked for."""
JOB = Actor(ActorKind.JOB, "reports", "job reports")
Rows = Iterable[Sequence[Any]]
Packers = Mapping[str, Callable[[Sequence[str], Rows], Iterator[bytes]]]
"""By format what makes a file of heads and rows, a part at a time."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run reads: the report of an account, about these virtual accounts by id and name."""

    domain: str
    report: str
    format: str
    filters: Mapping[str, str]
    places: Mapping[str, str]


def ask_run(unit: Unit, domain: str, report_id: str, user: str | None = None) -> dict[str, Any]:
    """Have a saved report run as a task; TaskRunningError while it runs already."""
    account, _, row = find(unit, domain, report_id, user)
    return _run_dict(_ask(unit, account, row, scheduled=False), None)


def _ask(unit: Unit, account: SmartAccount, row: SavedReport, *, scheduled: bool) -> ReportRun:
    if runs_now(unit, row.id):
        raise TaskRunningError
    _plan(unit, account, row)  # who may not see what was chosen is refused before there is a task
    wanted = {"domain": account.domain, "report": row.id, "title": row.name, "scheduled": scheduled}
    task = service.ask(unit, Task, REPORT, wanted, most=MOST_WAITING, own=True)
    return services.begin_run(unit, row, task.id, scheduled=scheduled)


def list_runs(unit: Unit, domain: str, report_id: str, user: str | None = None) -> list[dict[str, Any]]:
    """The runs of a saved report, the newest first, each with the state of its task and whether its file is kept."""
    _, _, row = find(unit, domain, report_id, user)
    return [
        {**_run_dict(run, task), "kept": run.size is not None and is_kept(unit, run.id)}
        for run, task in runs_of(unit, row.id)
    ]


def _run_dict(run: ReportRun, task: Task | None) -> dict[str, Any]:
    return {
        "id": run.id,
        "asked_at": iso(run.asked_at),
        "state": task.state if task is not None else "done" if run.size is not None else "waiting",
        "scheduled": run.scheduled,
        "format": run.format,
        "rows": run.rows,
        "size": run.size,
        "error": (task.error or {}).get("message") if task is not None else None,
        "kept": False,
    }


def read_saved(unit: Unit, domain: str, report_id: str, part: Part) -> Window:
    """A part of a saved report as it is now, with the filters that are saved; ReportPlaceGoneError."""
    account, _, row = find(unit, domain, report_id)
    plan = _plan(unit, account, row)
    return run_report(unit, domain, plan.report, replace(part, filters=plan.filters), [*plan.places.values()])


def open_file(
    server: Central, actor: Actor, domain: str, report_id: str, run_id: str, user: str | None = None
) -> tuple[str, str, Iterator[bytes]]:
    """The file of a run: name, format and parts; it opens units of its own.

    UnknownReportRunError, ReportFileGoneError, ReportNotYoursError where it has rows that the caller may no longer see.
    """
    with server.database.read(actor) as unit:
        account, _, row = find(unit, domain, report_id, user)
        run = find_run(unit, row.id, run_id)
        if run.size is None or not is_kept(unit, run.id):
            raise ReportFileGoneError
        if not set(run.seen or ()) <= set(visible_names(unit, account.id)):
            raise ReportNotYoursError
        name, form, file = f"{row.report}-{run.asked_at:%Y-%m-%d}.{run.format}", run.format, run.id
    return name, form, upload_parts(server.database, actor, file)


def report_kind(server: Central, packers: Packers) -> TaskKind:
    """The kind of task that runs a saved report; `packers` are what the edge makes files with."""

    def work(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        domain, report_id = str(wanted["domain"]), str(wanted["report"])
        try:
            return _work(server, actor, domain, report_id, progress, packers)
        except AppError as error:
            drop_upload(server.database, actor, progress.id)
            if wanted["scheduled"] and not isinstance(error, NotPermittedError | UnknownAccountError):
                reason = error.message
                server.database.run(actor, lambda unit: _tell_failed(server, unit, domain, report_id, reason))
            raise

    return TaskKind(REPORT, STAGES, work)


def _work(
    server: Central, actor: Actor, domain: str, report_id: str, progress: Progress, packers: Packers
) -> dict[str, Any]:
    progress.stage("run")
    with server.database.read(actor) as unit:
        account, _, row = find(unit, domain, report_id)
        plan = _plan(unit, account, row)
    count = [0]
    chunks = packers[plan.format](FIELDS[plan.report], _rows(server, actor, plan, progress, count))
    size = keep_made(server.database, actor, progress.id, chunks)
    progress.stage("finish")
    server.database.run(actor, lambda unit: _finish(server, unit, domain, report_id, progress.id, plan, count[0], size))
    return {"saved_report": report_id, "rows": count[0], "bytes": size}


def _plan(unit: Unit, account: SmartAccount, row: SavedReport) -> Plan:
    visible = visible_names(unit, account.id)
    if row.places is not None and not set(row.places) <= set(visible):
        raise ReportPlaceGoneError
    places = visible if row.places is None else {one: visible[one] for one in row.places}
    return Plan(account.domain, row.report, row.format, dict(row.filters), places)


def _rows(server: Central, actor: Actor, plan: Plan, progress: Progress, count: list[int]) -> Iterator[list[Any]]:
    """The rows of a report, a part in each unit: what is computed as a whole is computed for one virtual account at a time."""
    names = sorted(plan.places.values())
    computed = plan.report in COMPUTED
    for chosen in [[one] for one in names] if computed else [names]:
        part: Part | None = Part(most=None if computed else BATCH, filters=plan.filters)
        while part is not None:
            with server.database.read(actor) as unit:
                window = run_report(unit, plan.domain, plan.report, part, chosen)
            for item in window.items:
                yield [plain(item[name]) for name in FIELDS[plan.report]]
                count[0] += 1
                if count[0] % TOLD_ROWS == 0:
                    progress.advance(count[0], {"rows": count[0]})
            part = replace(part, after=window.next) if window.next is not None else None


def _finish(
    server: Central, unit: Unit, domain: str, report_id: str, run_id: str, plan: Plan, rows: int, size: int
) -> None:
    account, person, row = find(unit, domain, report_id)
    run = find_run(unit, row.id, run_id)
    services.finish_run(unit, run, [*plan.places], rows, size)
    if run.scheduled and server.settings.mail.host is not None:
        link = server.settings.link(f"/a/{domain}/reports/saved/{report_id}")
        notify(unit, person.email, ready_mail(account.name, row.name, rows, link))


def _tell_failed(server: Central, unit: Unit, domain: str, report_id: str, reason: str) -> None:
    if server.settings.mail.host is None:
        return
    try:
        account, person, row = find(unit, domain, report_id)
    except (NotPermittedError, UnknownAccountError, UnknownSavedReportError):
        return  # nothing of the account is theirs to know any more
    link = server.settings.link(f"/a/{domain}/reports/saved/{report_id}")
    notify(unit, person.email, failed_mail(account.name, row.name, reason, link))


def ask_due_runs(server: Central) -> str:
    """Ask for the runs that are due, each by itself in the name of its owner; the result of the job."""
    with server.database.read(JOB) as unit:
        due = due_reports(unit)
    asked = 0
    for report_id in due:
        try:
            asked += server.database.run(JOB, lambda unit, of=report_id: _ask_due(server, unit, of))  # type: ignore[misc]  # of one report
        except AppError as error:
            get_logger().warning("report_not_asked", report=report_id, code=error.code)
    return f"{asked} of {len(due)} asked for"


def _ask_due(server: Central, unit: Unit, report_id: str) -> int:
    row = unit.session.get(SavedReport, report_id)
    if row is None or row.next_due is None or row.next_due > unit.now:
        return 0
    account, user = unit.session.get_one(SmartAccount, row.account_id), unit.session.get_one(User, row.user_id)
    zone = zone_of(unit)
    unit.actor = Actor(ActorKind.USER, user.id, user.name)
    try:
        own_person(unit, account.domain, None)
        row.next_due = next_run(schedule_of(row, zone), unit.now)
        with unit.savepoint():
            _ask(unit, account, row, scheduled=True)
    except (NotPermittedError, UnknownAccountError):
        unit.actor = JOB
        services.end_schedule(unit, row, user.name)
        return 0
    except ReportPlaceGoneError as error:
        _tell_failed(server, unit, account.domain, row.id, error.message)
        return 0
    except TaskRunningError:
        return 0  # the run before is not over: this one is left out
    finally:
        unit.actor = JOB
    return 1
