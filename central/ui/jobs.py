"""Jobs: what runs by itself and when it ran last, its runs, and running one at once (row C10.3)."""

from __future__ import annotations

from typing import Any

from central.actions import jobs as actions
from central.domain.access.rules import Permission
from central.jobs.catalogue import jobs_of
from serverkit.jobs.runs import find_job
from serverkit.web.answers import Answer, Moved, Shown
from serverkit.web.columns import StateWords
from serverkit.web.forms import Choice, Form, NoFields
from serverkit.web.job_words import BY, result_words, results_of
from serverkit.web.page import Page
from serverkit.web.table_pages import table_page
from serverkit.web.tables import Act, Column, Empty, Filter, Item, Moment, Rows, State, Table, Wanted, from_list
from serverkit.web.task_pages import STATES, took_words
from serverkit.web.texts import Words, _, ngettext
from serverkit.web.urls import Url
from serverkit.web.windowed import rows_of

MANAGE = Permission.VENDOR_MANAGE
PATH, RUNS_PATH = "/jobs", "/jobs/runs"
HELP = "central-portal#jobs"
WORDS: dict[str, Words] = {
    "outbox": _("Send the mails that wait"),
    "clock": _("Check the clock"),
    "tls": _("Renew the TLS certificate"),
    "terms": _("Take ended terms and grants out of the balance"),
    "deadlines": _("Remove overdue satellites, free licences of silent devices"),
    "alerts": _("Refresh the alerts of every account"),
    "notices": _("Write mails about accounts, and daily summaries"),
    "reports": _("Write the scheduled reports"),
    "conversions": _("Finish the conversions that are in progress"),
    "webhooks": _("Tell webhooks what is new"),
    "backup": _("Start the backup that is due"),
    "figures": _("Add up the licences that changed"),
}
NEVER = StateWords(_("Has not run"))


def words_of(name: str, description: str = "") -> Words:
    """What a job does."""
    return WORDS.get(name) or description or name.replace("_", " ").capitalize()


def every(item: Item) -> Words:
    """How often it runs."""
    minutes = item["every_seconds"] // 60
    if minutes % 1440 == 0:
        return ngettext("every day", "every {count} days", minutes // 1440)
    if minutes % 60 == 0:
        return ngettext("every hour", "every {count} hours", minutes // 60)
    return ngettext("every minute", "every {count} minutes", minutes)


def last_state(item: Item) -> StateWords:
    """What became of its last run."""
    return STATES[item["last"]["state"]] if item["last"] else NEVER


def _last(name: str) -> Any:
    return lambda one: one["last"][name] if one["last"] else None


RESULTS = results_of(
    {
        "alerts": (_("{accounts} refreshed"),),
        "conversions": (_("{converted} converted, {failed} failed"),),
        "deadlines": (_("{satellites} removed, {instances} changed, {accounts} refreshed"),),
        "figures": (_("{licences} added up"),),
        "notices": (_("{written} mails written, {failed} failed"),),
        "outbox": (_("{sent} sent, {failed} failed"),),
        "reports": (_("{asked} of {due} asked for"),),
        "terms": (_("{lots} expired, {grants} ended"),),
    }
)
"""What jobs say of their work, by job."""


def result_of(name: str, detail: Any) -> Words | None:
    """What a run did."""
    return result_words(RESULTS, name, detail)


def last_result(item: Item) -> Words | None:
    """What the last run did."""
    return result_of(item["name"], _last("detail")(item))


def job_rows(page: Page, wanted: Wanted) -> Rows:
    """The jobs."""
    return from_list(JOBS, actions.list_job_states(page.unit, jobs_of(page.server)), wanted)


def run_rows(page: Page, wanted: Wanted) -> Rows:
    """The runs that are wanted."""
    return rows_of(page, actions.list_runs, wanted)


def job_choices(page: Page) -> list[Choice]:
    """The jobs to choose from."""
    return [Choice(one.name, words_of(one.name, one.description)) for one in jobs_of(page.server)]


JOBS = Table(
    "jobs",
    _("Jobs"),
    PATH,
    (
        Column(
            "name", _("Job"), value=lambda one: str(words_of(one["name"], one["description"])), sub="name", sort=True,
            fixed=True, phone=True, link=lambda one: f"{RUNS_PATH}?kind={one['name']}",
        ),
        State("state", _("Last run"), {}, say=last_state, phone=True),
        Moment("started", _("Started"), value=_last("started"), phone=True),
        Column("result", _("Result"), value=last_result),
        Column("every", _("Runs"), value=lambda one: str(every(one)), sort=True, rank=lambda one: one["every_seconds"]),
    ),
    job_rows,
    sort="name",
    acts=(Act(_("Run now"), lambda one: f"{PATH}/{one['name']}/run", MANAGE),),
)  # fmt: skip
RUNS = Table(
    "job-runs",
    _("Runs of jobs"),
    RUNS_PATH,
    (
        Column("kind", _("Job"), value=lambda one: str(words_of(one["kind"])), fixed=True, phone=True),
        State("state", _("State"), STATES, phone=True),
        Column("detail", _("Result"), value=lambda one: result_of(one["kind"], one["detail"]), phone=True),
        Column("by", _("By"), value=lambda one: str(BY[one["by"]])),
        Moment("started", _("Started"), sort=True, phone=True),
        Column("took", _("Took"), value=took_words),
    ),
    run_rows,
    sort="-started",
    filters=(
        Filter("q", _("Result"), "text"),
        Filter("kind", _("Job"), choices=job_choices),
        Filter(
            "state",
            _("State"),
            choices=tuple(Choice(name, STATES[name].words) for name in ("running", "done", "failed")),
        ),
        Filter("by", _("By"), choices=tuple(Choice(name, words) for name, words in BY.items())),
    ),
    empty=Empty(_("No job has run yet"), _("`central serve` runs them. Runs are kept for 30 days.")),
)
TABS = (("jobs", JOBS.title, PATH), ("runs", RUNS.title, RUNS_PATH))
RUN = Form(NoFields, _("Run now"))


def _tabbed(page: Page, table: Table, tab: str) -> Answer:
    context = {"tab_items": TABS, "tab_label": _("Jobs and their runs"), "tab": tab}
    return table_page(page, table, template="tabbed.html", context=context, help=HELP, nav="jobs")


def list_page(page: Page) -> Answer:
    """The jobs."""
    return _tabbed(page, JOBS, "jobs")


def runs_page(page: Page) -> Answer:
    """Their runs."""
    return _tabbed(page, RUNS, "runs")


def run_page(page: Page) -> Answer:
    """Ask before one is run."""
    job = find_job(jobs_of(page.server), page.parts["job"])
    path = f"{PATH}/{job.name}/run"
    context = {
        "view": RUN.view(page, path, cancel=PATH),
        "effect": _("It does what it does by schedule, at once; the page waits for its end."),
        "about": ((_("Job"), words_of(job.name, job.description)),),
        "reasons": (),
        "command": f"central jobs run {job.name}",
        "back": PATH,
    }
    return Shown("job-run", _("Run now"), "change.html", context, crumbs=((JOBS.title, PATH),), nav="jobs", help=HELP)


def run(page: Page) -> Answer:
    """Run one."""
    name = page.parts["job"]
    found = actions.run_job(page.server.database, page.actor, jobs_of(page.server), name)
    words = {"done": _("The job has run: {detail}"), "failed": _("The job failed: {detail}")}
    said = words.get(found["state"], _("The job did not run: {detail}"))
    return Moved(f"{RUNS_PATH}?kind={name}", str(said).format(detail=result_of(name, found["detail"]) or "–"))


URLS = (
    Url("GET", PATH, list_page, MANAGE, "C10.3", table=JOBS),
    Url("GET", RUNS_PATH, runs_page, MANAGE, "C10.3", table=RUNS),
    Url("GET", f"{PATH}/{{job}}/run", run_page, MANAGE, "C10.3"),
    Url("POST", f"{PATH}/{{job}}/run", run, MANAGE, "C10.3", form=NoFields, twin="run_job", alone=True),
)
