"""Saved reports of the caller: save, schedule, run as tasks, fetch the files (row C12.1)."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from central.actions import report_runs as runs
from central.actions import saved_reports as actions
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.domain.reports.rules import LONGEST_FILTER, Every, Schedule, Wish
from central.runtime import Central
from serverkit.http.operations import (
    FILE,
    FLAG,
    OPTIONAL,
    OPTIONAL_TIME,
    OPTIONAL_WHOLE,
    TEXT,
    TIME,
    WHOLE,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    paged,
    paged_log,
)
from serverkit.http.schemas import Nothing


class SavedReportBody(Strict):
    """A report to be saved: without `virtual_accounts` about all that the caller may see."""

    model_config = example({"name": "Devices of the lab", "report": "instances", "format": "xlsx", "va_tags": "lab"})

    name: str = Field(max_length=255)
    report: Literal["licences", "subscriptions", "instances"]
    format: Literal["csv", "xlsx"] = "csv"
    description: str = Field(default="", max_length=1024)
    virtual_accounts: list[str] | None = Field(default=None, max_length=1000)
    va_tags: str = Field(default="", max_length=LONGEST_FILTER)
    tags: str = Field(default="", max_length=LONGEST_FILTER)
    untagged: bool = False
    products: str = Field(default="", max_length=LONGEST_FILTER)

    @property
    def wish(self) -> Wish:
        """What is to be saved."""
        filters = {"va_tags": self.va_tags, "tags": self.tags, "products": self.products}
        places = tuple(self.virtual_accounts) if self.virtual_accounts is not None else None
        return Wish(
            self.name,
            self.report,
            self.format,
            self.description,
            places,
            {**filters, "untagged": "yes" if self.untagged else ""},
        )


class ReportSchedule(Strict):
    """When a report runs by itself; `never` ends it. The day is one of the week (1 Monday to 7) or of the month."""

    model_config = example({"every": "weekly", "day": 1, "at": "06:00", "zone": "Europe/Vienna"})

    every: Literal["never", "daily", "weekly", "monthly"]
    day: int = Field(default=1, ge=1, le=31)
    at: str = Field(default="06:00", max_length=5)
    zone: str = Field(default="", max_length=64)


def list_saved_reports(call: Call) -> dict[str, Any]:
    """The saved reports of the caller."""
    return paged(actions.list_saved_reports(call.unit, call.path["account"]), call.query)


def save_report(call: Call) -> dict[str, Any]:
    """Save a report."""
    return actions.save_report(call.unit, call.path["account"], call.body.wish)


def show_saved_report(call: Call) -> dict[str, Any]:
    """One saved report."""
    return actions.show_saved_report(call.unit, call.path["account"], call.path["report"])


def change_saved_report(call: Call) -> dict[str, Any]:
    """Change a saved report."""
    return actions.save_report(call.unit, call.path["account"], call.body.wish, call.path["report"])


def schedule_report(call: Call) -> dict[str, Any]:
    """Set the schedule of a saved report."""
    body: ReportSchedule = call.body
    schedule = Schedule(Every(body.every), body.day, body.at, body.zone)
    return actions.schedule_report(call.unit, call.path["account"], call.path["report"], schedule)


def remove_saved_report(call: Call) -> dict[str, Any]:
    """Remove a saved report."""
    return actions.remove_report(call.unit, call.path["account"], call.path["report"])


def run_saved_report(call: Call) -> dict[str, Any]:
    """Run a saved report as a task."""
    return runs.ask_run(call.unit, call.path["account"], call.path["report"])


def list_report_runs(call: Call) -> dict[str, Any]:
    """The runs of a saved report."""
    return paged_log(runs.list_runs(call.unit, call.path["account"], call.path["report"]), call.query)


def fetch_report_file(call: Call) -> Any:
    """The file of a run."""
    path = call.path
    _, _, parts = runs.open_file(call.server, call.actor, path["account"], path["report"], path["run"])
    return parts


Op = Operation[Central]
ALL = f"{ACCOUNT_PATH}/saved-reports"
ONE = f"{ALL}/{{report}}"
NAMES: dict[str, Any] = {"type": ["array", "null"], "items": {"type": "string"}}
SAVED = object_of(
    id=TEXT, name=TEXT, description=TEXT, report=TEXT, format=TEXT, virtual_accounts=NAMES, va_tags=TEXT, tags=TEXT,
    products=TEXT, untagged=FLAG, every=TEXT, day=WHOLE, at=TEXT, zone=TEXT, own_zone=TEXT, next_run=OPTIONAL_TIME,
    last_run=OPTIONAL_TIME, domain=TEXT,
)  # fmt: skip
RUN = object_of(
    id=TEXT, asked_at=TIME, state=TEXT, scheduled=FLAG, format=TEXT, rows=WHOLE, size=OPTIONAL_WHOLE, error=OPTIONAL,
    kept=FLAG,
)  # fmt: skip
OWN, ROW = Permission.NOTICE_MANAGE, "C12.1"
OPERATIONS = (
    Op(
        "list_saved_reports", "GET", ALL, "List your saved reports.", list_saved_reports, list_of(SAVED), Page,
        permission=OWN, row=ROW,
    ),
    Op(
        "save_report", "POST", ALL, "Save a report.", save_report, SAVED, body=SavedReportBody, changes=True,
        permission=OWN, row=ROW,
    ),
    Op("show_saved_report", "GET", ONE, "Show a saved report.", show_saved_report, SAVED, permission=OWN, row=ROW),
    Op(
        "change_saved_report", "PUT", ONE, "Change a saved report.", change_saved_report, SAVED, body=SavedReportBody,
        changes=True, current=show_saved_report, permission=OWN, row=ROW,
    ),
    Op(
        "remove_saved_report", "DELETE", ONE, "Remove a saved report with its runs and files.", remove_saved_report, SAVED,
        changes=True, permission=OWN, row=ROW,
    ),
    Op(
        "schedule_report", "PUT", f"{ONE}/schedule", "Run a saved report regularly, with a mail, or no more.",
        schedule_report, SAVED, body=ReportSchedule, changes=True, permission=OWN, row=ROW,
    ),
    Op(
        "run_saved_report", "POST", f"{ONE}/runs", "Run a saved report as a task.", run_saved_report, RUN, body=Nothing,
        changes=True, permission=OWN, row=ROW,
    ),
    Op(
        "list_report_runs", "GET", f"{ONE}/runs", "List the runs of a saved report, newest first.", list_report_runs,
        list_of(RUN), Page, permission=OWN, row=ROW,
    ),
    Op(
        "fetch_report_file", "GET", f"{ONE}/runs/{{run}}/file", "Fetch the file of a run.", fetch_report_file, {},
        answers=FILE, alone=True, permission=OWN, row=ROW,
    ),
)  # fmt: skip
