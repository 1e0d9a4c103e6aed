"""`central report save | list | schedule | remove | run-saved | history | download`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from central.actions import report_runs as runs
from central.actions import saved_reports as actions
from central.cli.base import reading, writing
from central.cli.reports import report
from central.domain.reports.rules import FORMATS, REPORTS, Every, Schedule, Wish
from serverkit.actor import OPERATOR
from serverkit.cli.base import INTEGER, OUTPUT, emit, emit_list
from serverkit.files import atomic_file


def _of_a_user(command: Callable[..., None]) -> Callable[..., None]:
    """The arguments that name a saved report: its account, its user and its name."""
    for name in ("name", "user", "domain"):
        command = click.argument(name)(command)
    return command


@report.command("list", help="List the saved reports of a user in an account.")
@click.argument("domain")
@click.argument("user")
@click.pass_context
def report_list(context: click.Context, domain: str, user: str) -> None:
    """List saved reports."""
    with reading(context) as (_, unit):
        items = actions.list_saved_reports(unit, domain, user)
    emit_list(context, items, ("name", "report", "format", "every", "next_run", "last_run", "id"))


@report.command("save", help="Save a report of a user, or change the one of this name.")
@_of_a_user
@click.option("--report", "kind", required=True, type=click.Choice(list(REPORTS)))
@click.option("--description", default="", metavar="TEXT")
@click.option("--format", "form", type=click.Choice(list(FORMATS)), default="csv", show_default=True)
@click.option(
    "--virtual-account", "names", multiple=True, metavar="VA", help="Only this one; several times for several."
)
@click.option("--va-tags", default="", metavar="TAGS", help="Only virtual accounts with all of these tags.")
@click.option("--tags", default="", metavar="TAGS", help="Only licences with all of these tags.")
@click.option("--untagged", is_flag=True, help="Only licences without tags.")
@click.option("--products", default="", metavar="NAMES", help="Only instances of these products or families.")
@click.pass_context
def report_save(
    context: click.Context,
    domain: str,
    user: str,
    name: str,
    kind: str,
    description: str,
    form: str,
    names: tuple[str, ...],
    va_tags: str,
    tags: str,
    untagged: bool,
    products: str,
) -> None:
    """Save a report."""
    filters = {"va_tags": va_tags, "tags": tags, "untagged": "yes" if untagged else "", "products": products}
    wish = Wish(name, kind, form, description, names or None, filters)
    with writing(context) as (_, unit):
        found = actions.save_named_report(unit, domain, wish, user)
    emit(context, found)


@report.command("schedule", help="Run a saved report regularly and tell its user by mail; `never` ends it.")
@_of_a_user
@click.argument("every", type=click.Choice([one.value for one in Every]))
@click.option("--day", type=INTEGER, default=1, show_default=True, help="Of the week (1 Monday to 7) or month.")
@click.option("--at", default="06:00", show_default=True, metavar="HH:MM")
@click.option("--zone", default="", metavar="ZONE", help="Time zone; empty for that of central.")
@click.pass_context
def report_schedule(
    context: click.Context, domain: str, user: str, name: str, every: str, day: int, at: str, zone: str
) -> None:
    """Schedule a report."""
    with writing(context) as (_, unit):
        report_id = actions.name_saved_report(unit, domain, name, user)
        found = actions.schedule_report(unit, domain, report_id, Schedule(Every(every), day, at, zone), user)
    emit(context, found)


@report.command("remove", help="Remove a saved report with its schedule, runs and files.")
@_of_a_user
@click.pass_context
def report_remove(context: click.Context, domain: str, user: str, name: str) -> None:
    """Remove a report."""
    with writing(context) as (_, unit):
        found = actions.remove_report(unit, domain, actions.name_saved_report(unit, domain, name, user), user)
    emit(context, found)


@report.command("run-saved", help="Run a saved report now, as a task.")
@_of_a_user
@click.pass_context
def report_run_saved(context: click.Context, domain: str, user: str, name: str) -> None:
    """Run a report as a task."""
    with writing(context) as (_, unit):
        found = runs.ask_run(unit, domain, actions.name_saved_report(unit, domain, name, user), user)
    emit(context, found)


@report.command("history", help="List the runs of a saved report, newest first.")
@_of_a_user
@click.pass_context
def report_history(context: click.Context, domain: str, user: str, name: str) -> None:
    """List runs."""
    with reading(context) as (_, unit):
        items = runs.list_runs(unit, domain, actions.name_saved_report(unit, domain, name, user), user)
    emit_list(context, items, ("id", "asked_at", "state", "scheduled", "format", "rows", "size", "kept"))


@report.command("download", help="Write the file of a run of a saved report.")
@_of_a_user
@click.argument("run_id", metavar="RUN")
@click.option("--output", type=OUTPUT, required=True, metavar="FILE")
@click.pass_context
def report_download(context: click.Context, domain: str, user: str, name: str, run_id: str, output: Path) -> None:
    """Fetch the file of a run."""
    with reading(context) as (server, unit):
        report_id = actions.name_saved_report(unit, domain, name, user)
    _name, form, parts = runs.open_file(server, OPERATOR, domain, report_id, run_id, user)
    with atomic_file(output, 0o600) as file:
        for part in parts:
            file.write(part)
    emit(context, {"run": run_id, "format": form, "path": str(output)})
