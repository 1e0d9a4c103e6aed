"""Saved reports: each person's own in an account, with schedule, runs as tasks and their files (row C12.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from central.actions import report_runs as runs
from central.actions import saved_reports as actions
from central.domain.access.rules import Permission
from central.domain.reports.rules import Every
from central.ui.reports import ABOUT, TABLES
from serverkit.web.answers import Answer, Moved, Sent, Shown
from serverkit.web.formats import size
from serverkit.web.forms import Form, NoFields
from serverkit.web.page import Page
from serverkit.web.table_pages import XLSX, table_context, table_page
from serverkit.web.tables import Act, Column, Empty, Figure, Item, Moment, Rows, State, Table, Wanted, from_list
from serverkit.web.task_pages import STATES
from serverkit.web.texts import Words, _
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

OWN, ROW = Permission.NOTICE_MANAGE, "C12.1"
PATH = "/a/{domain}/reports/saved"
ONE = f"{PATH}/{{id}}"
HELP = "central-portal#saved-reports"
EVERY: dict[str, Words] = {
    Every.NEVER: _("not scheduled"), Every.DAY: _("daily"), Every.WEEK: _("weekly"), Every.MONTH: _("monthly"),
}  # fmt: skip
FORMATS: dict[str, Words] = {"csv": "CSV", "xlsx": "XLSX"}
MEDIA = {"csv": "text/csv; charset=utf-8", "xlsx": XLSX}


def root_of(page: Page) -> str:
    """The address of the list."""
    return f"/a/{page.parts['domain']}/reports/saved"


def saved_rows(page: Page, wanted: Wanted) -> Rows:
    """The saved reports of the person."""
    return from_list(SAVED, actions.list_saved_reports(page.unit, page.parts["domain"]), wanted)


def _act(verb: str) -> Callable[[Item], str]:
    return lambda one: f"/a/{one['domain']}/reports/saved/{one['id']}{verb}"


SAVED = Table(
    "saved-reports",
    _("Saved reports"),
    PATH,
    (
        Column("name", _("Name"), link=_act(""), sub="description", sort=True, fixed=True, phone=True),
        Column("report", _("Report"), value=lambda one: str(ABOUT[one["report"]][0]), sort=True, phone=True),
        Column("format", _("File"), value=lambda one: str(FORMATS[one["format"]])),
        Column("every", _("Runs"), value=lambda one: str(EVERY[one["every"]]), sort=True, phone=True),
        Moment("next_run", _("Next run"), sort=True),
        Moment("last_run", _("Last run"), sort=True),
    ),
    saved_rows,
    sort="name",
    acts=(
        Act(_("Open"), _act("/view"), OWN),
        Act(_("Edit"), _act("/edit"), OWN),
        Act(_("Schedule"), _act("/schedule"), OWN),
        Act(_("Remove"), _act("/remove"), OWN, danger=True),
    ),
    empty=Empty(
        _("No saved reports yet"),
        _("A saved report keeps its filters, and can run daily, weekly or monthly. You alone see it."),
        (_("New saved report"), f"{PATH}/new"),
        OWN,
    ),
)


def run_rows(page: Page, wanted: Wanted) -> Rows:
    """The runs of the report of the address."""
    items = runs.list_runs(page.unit, page.parts["domain"], page.thing["id"])
    found = [{**one, "path": f"{root_of(page)}/{page.thing['id']}/runs/{one['id']}"} for one in items]
    return from_list(RUNS, found, wanted)


RUNS = Table(
    "report-runs",
    _("Runs"),
    ONE,
    (
        Moment("asked_at", _("Started"), sort=True, fixed=True, phone=True),
        State("state", _("State"), STATES, sub="error", phone=True),
        Column("scheduled", _("By"), value=lambda one: str(_("schedule") if one["scheduled"] else _("person"))),
        Figure("rows", _("Rows"), value=lambda one: one["rows"] if one["size"] is not None else None),
        Column("size", _("Size"), value=lambda one: size(one["size"]) if one["size"] is not None else None),
        Column(
            "file",
            _("File"),
            value=lambda one: str(_("Download")) if one["kept"] else None,
            link=lambda one: one["path"] if one["kept"] else None,
            phone=True,
        ),
    ),
    run_rows,
    sort="-asked_at",
    empty=Empty(_("No runs yet"), _("A run makes a file, which is kept for 7 days.")),
)


def list_page(page: Page) -> Answer:
    """The list."""
    crumbs = ((_("Reports"), f"/a/{page.parts['domain']}/reports"),)
    context = {"new": f"{root_of(page)}/new"}
    return table_page(
        page, SAVED, template="saved_reports.html", context=context, crumbs=crumbs, nav="reports", help=HELP
    )


def crumbs_of(page: Page) -> tuple[tuple[Words, str], ...]:
    """What leads to a saved report."""
    return ((_("Reports"), f"/a/{page.parts['domain']}/reports"), (SAVED.title, root_of(page)))


def find_report(page: Page) -> dict[str, Any]:
    """The saved report of the address; UnknownSavedReportError."""
    return actions.show_saved_report(page.unit, page.parts["domain"], page.parts["id"])


def one_page(page: Page) -> Answer:
    """One saved report: what it is about, when it runs, its runs."""
    one, path = page.thing, f"{root_of(page)}/{page.thing['id']}"
    places = one["virtual_accounts"]
    about: list[tuple[Words, Any]] = [
        (_("Description"), one["description"] or None),
        (_("Report"), ABOUT[one["report"]][0]),
        (_("Virtual accounts"), _("all that you may see") if places is None else ", ".join(places) or None),
        (_("Virtual accounts with all of these tags"), one["va_tags"] or None),
    ]
    if one["report"] == "instances":
        about.append((_("Products or product families"), one["products"] or None))
    else:
        about.append((_("Tags"), _("licences without tags") if one["untagged"] else one["tags"] or None))
    view = Form(NoFields, _("Run now")).view(page, f"{path}/run")
    context = {**table_context(page, RUNS), "one": one, "root": path, "about": about, "view": view}
    context["schedule"] = EVERY[one["every"]]
    context["file"] = FORMATS[one["format"]]
    title = _("Report: {name}", name=one["name"])
    return Shown("saved-report", title, "saved_report.html", context, crumbs=crumbs_of(page), nav="reports", help=HELP)


def run(page: Page) -> Answer:
    """Run it as a task."""
    runs.ask_run(page.unit, page.parts["domain"], page.thing["id"])
    return Moved(
        f"{root_of(page)}/{page.thing['id']}", _("The run has begun. Its file is listed here when it is done.")
    )


def view_page(page: Page) -> Answer:
    """The report as it is now, with the filters that are saved."""
    one = page.thing
    domain = page.parts["domain"]

    def rows(at: Page, wanted: Wanted) -> Rows:
        return rows_of(at, lambda unit, part: runs.read_saved(unit, domain, one["id"], part), wanted)

    table = replace(TABLES[one["report"]], path=f"{ONE}/view", filters=(), rows=rows)
    crumbs = (*crumbs_of(page), (one["name"], f"{root_of(page)}/{one['id']}"))
    return table_page(page, table, title=_("Report: {name}", name=one["name"]), crumbs=crumbs, nav="reports", help=HELP)


def download(page: Page) -> Answer:
    """The file of a run."""
    name, form, parts = runs.open_file(
        page.server, page.actor, page.parts["domain"], page.parts["id"], page.parts["run"]
    )
    return Sent(name, MEDIA[form], parts)


URLS = (
    Url("GET", PATH, list_page, OWN, ROW, table=SAVED),
    Url("GET", ONE, one_page, OWN, ROW, load=find_report, table=RUNS),
    Url("GET", f"{ONE}/view", view_page, OWN, ROW, load=find_report),
    Url("POST", f"{ONE}/run", run, OWN, ROW, load=find_report, again=one_page, twin="run_saved_report"),
    Url("GET", f"{ONE}/runs/{{run}}", download, OWN, ROW, load=find_report),
)
