"""Saving, scheduling and removing reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import delete, select

from central.domain.access.models import User
from central.domain.accounts.models import SmartAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.uploads import forget_upload
from central.domain.preferences.errors import AddressMissingError
from central.domain.reports.errors import SavedReportExistsError, TooManySavedReportsError
from central.domain.reports.models import ReportRun, SavedReport
from central.domain.reports.queries import named_saved, runs_of, saved_of
from central.domain.reports.rules import (
    KEPT_RUNS,
    MOST_DESCRIPTION,
    MOST_FILES,
    MOST_SAVED,
    Every,
    Schedule,
    Wish,
    checked_filters,
    checked_schedule,
    next_run,
)
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import check_name, check_text, kept_key


def save_report(
    unit: Unit,
    account: SmartAccount,
    person: User,
    row: SavedReport | None,
    wish: Wish,
    places: Sequence[str] | None,
) -> SavedReport:
    """Save a report, or change one; ReportChoiceError, SavedReportExistsError, TooManySavedReportsError, InvalidNameError."""
    check_name("name", wish.name)
    check_text("description", wish.description, MOST_DESCRIPTION)
    filters = checked_filters(wish.report, wish.format, wish.filters)
    other = named_saved(unit, account.id, person.id, wish.name)
    if other is not None and (row is None or other.id != row.id):
        raise SavedReportExistsError("there is a saved report {name!r} already", name=wish.name[:64])
    kind = EventKind.REPORT_CHANGED if row is not None else EventKind.REPORT_SAVED
    if row is None:
        if len(saved_of(unit, account.id, person.id)) >= MOST_SAVED:
            raise TooManySavedReportsError("{most} reports are saved", most=MOST_SAVED)
        row = SavedReport(id=new_id(), account_id=account.id, user_id=person.id, created_at=unit.now)
        row.every, row.day, row.at, row.zone, row.next_due = Every.NEVER, 1, "06:00", "", None
        unit.session.add(row)
    row.name, row.name_key, row.description = wish.name, kept_key(wish.name), wish.description
    row.report, row.format, row.filters = wish.report, wish.format, filters
    row.places = sorted(places) if places is not None else None
    done = "changed" if kind is EventKind.REPORT_CHANGED else "saved"
    _note(unit, row, kind, f"report {row.name} of {person.name} {done}")
    unit.session.flush()
    return row


def schedule_report(unit: Unit, row: SavedReport, person: User, schedule: Schedule, zone_of_central: str) -> None:
    """Have a report run by itself and its owner told by mail, or no more; ReportChoiceError, AddressMissingError."""
    own = checked_schedule(replace(schedule, zone=schedule.zone or zone_of_central))
    if own.every is not Every.NEVER and not person.email:
        raise AddressMissingError
    row.every, row.day, row.at, row.zone = schedule.every, schedule.day, schedule.at, schedule.zone
    row.next_due = next_run(own, unit.now)
    said = f"scheduled {own.every}" if own.every is not Every.NEVER else "scheduled no more"
    _note(unit, row, EventKind.REPORT_SCHEDULED, f"report {row.name} of {person.name} {said}")


def end_schedule(unit: Unit, row: SavedReport, name: str) -> None:
    """End the schedule of a report whose owner may not see the account any more."""
    row.every, row.next_due = Every.NEVER, None
    _note(unit, row, EventKind.REPORT_SCHEDULED, f"report {row.name} of {name} scheduled no more")


def remove_report(unit: Unit, row: SavedReport, person: User) -> None:
    """Remove a saved report with its schedule, runs and files."""
    for run, _ in runs_of(unit, row.id):
        forget_upload(unit, run.id)
    unit.session.execute(delete(ReportRun).where(ReportRun.report_id == row.id))
    _note(unit, row, EventKind.REPORT_REMOVED, f"report {row.name} of {person.name} removed")
    unit.session.delete(row)


def begin_run(unit: Unit, row: SavedReport, task_id: str, *, scheduled: bool) -> ReportRun:
    """Note that a report runs; runs that are too old are forgotten with their files."""
    for run, task in runs_of(unit, row.id):
        if task is None or run.asked_at < unit.now - KEPT_RUNS:
            forget_upload(unit, run.id)
            unit.session.delete(run)
    run = ReportRun(id=task_id, report_id=row.id, asked_at=unit.now, scheduled=scheduled, format=row.format)
    run.seen, run.rows, run.size = [], 0, None
    unit.session.add(run)
    return run


def finish_run(unit: Unit, run: ReportRun, seen: Sequence[str], rows: int, size: int) -> None:
    """Note the file of a run; of older ones only the newest files stay."""
    run.seen, run.rows, run.size = sorted(seen), rows, size
    unit.session.flush()
    query = select(ReportRun).where(ReportRun.report_id == run.report_id, ReportRun.size.is_not(None))
    for old in list(unit.session.scalars(query.order_by(ReportRun.asked_at.desc(), ReportRun.id.desc())))[MOST_FILES:]:
        forget_upload(unit, old.id)
        old.size = None


def _note(unit: Unit, row: SavedReport, kind: EventKind, message: str) -> None:
    record(unit, row.account_id, kind, message, subject={"saved_report": row.id, "user": row.user_id})
