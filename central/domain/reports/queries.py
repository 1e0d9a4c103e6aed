"""Reading saved reports and their runs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from central.domain.operations.models import Task
from central.domain.reports.errors import UnknownReportRunError, UnknownSavedReportError
from central.domain.reports.models import ReportRun, SavedReport
from central.domain.reports.rules import Every, Schedule
from serverkit.db.unit import Unit
from serverkit.names import kept_key
from serverkit.tasks.service import OPEN


def saved_of(unit: Unit, account_id: str, user_id: str) -> list[SavedReport]:
    """The saved reports of a user in an account, by name."""
    query = select(SavedReport).where(SavedReport.account_id == account_id, SavedReport.user_id == user_id)
    return list(unit.session.scalars(query.order_by(SavedReport.name_key)))


def find_saved(unit: Unit, account_id: str, user_id: str, report_id: str) -> SavedReport:
    """A saved report of a user by its id; UnknownSavedReportError."""
    row = unit.session.get(SavedReport, report_id[:32])
    if row is None or (row.account_id, row.user_id) != (account_id, user_id):
        raise UnknownSavedReportError
    return row


def named_saved(unit: Unit, account_id: str, user_id: str, name: str) -> SavedReport | None:
    """The saved report of a name, whatever the case of the letters."""
    query = select(SavedReport).where(
        SavedReport.account_id == account_id, SavedReport.user_id == user_id, SavedReport.name_key == kept_key(name)
    )
    return unit.session.scalars(query).one_or_none()


def last_runs(unit: Unit, report_ids: Sequence[str]) -> dict[str, datetime]:
    """When each of these reports was last asked for."""
    query = select(ReportRun.report_id, func.max(ReportRun.asked_at)).where(ReportRun.report_id.in_(report_ids))
    return {row[0]: row[1] for row in unit.session.execute(query.group_by(ReportRun.report_id))}


def runs_of(unit: Unit, report_id: str) -> Sequence[tuple[ReportRun, Task | None]]:
    """The runs of a report with their tasks, the newest first."""
    query = select(ReportRun, Task).outerjoin(Task, Task.id == ReportRun.id).where(ReportRun.report_id == report_id)
    rows = unit.session.execute(query.order_by(ReportRun.asked_at.desc(), ReportRun.id.desc()))
    return [(row[0], row[1]) for row in rows]


def find_run(unit: Unit, report_id: str, run_id: str) -> ReportRun:
    """A run of a report; UnknownReportRunError."""
    row = unit.session.get(ReportRun, run_id[:32])
    if row is None or row.report_id != report_id:
        raise UnknownReportRunError
    return row


def runs_now(unit: Unit, report_id: str) -> bool:
    """Whether a run of a report waits or is under way."""
    query = select(Task.id).join(ReportRun, ReportRun.id == Task.id)
    return unit.session.scalar(query.where(ReportRun.report_id == report_id, Task.state.in_(OPEN)).limit(1)) is not None


def due_reports(unit: Unit) -> list[str]:
    """The ids of the reports whose schedule is due, the oldest first."""
    query = select(SavedReport.id).where(SavedReport.next_due <= unit.now)
    return list(unit.session.scalars(query.order_by(SavedReport.next_due, SavedReport.id)))


def schedule_of(row: SavedReport, zone_of_central: str) -> Schedule:
    """The schedule of a report, in its zone or that of central."""
    return Schedule(Every(row.every), row.day, row.at, row.zone or zone_of_central)
