"""`central report run`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import reports as actions
from central.cli.base import group, reading
from serverkit.cli.base import INTEGER, OUTPUT, emit, emit_page
from serverkit.db.windows import Part
from serverkit.files import atomic_file
from serverkit.web.table_pages import csv_chunks
from serverkit.web.workbooks import workbook_chunks


@group.group("report", help="Reports on the virtual accounts of an account.")
def report() -> None:
    """Hold the commands of reports."""


@report.command("run", help="Run a report: licences, subscriptions or instances.")
@click.argument("report", metavar="REPORT", type=click.Choice(list(actions.FIELDS)))
@click.argument("domain")
@click.option(
    "--virtual-account", "names", multiple=True, metavar="VA", help="Only this one; several times for several."
)
@click.option("--va-tags", metavar="TAGS", help="Only virtual accounts with all of these tags, separated by commas.")
@click.option("--tags", metavar="TAGS", help="Only licences with all of these tags, separated by commas.")
@click.option("--untagged", is_flag=True, help="Only licences without tags.")
@click.option("--products", metavar="NAMES", help="Only instances of these products or families, separated by commas.")
@click.option("--format", "form", type=click.Choice(["json", "csv", "xlsx"]), default="json", show_default=True)
@click.option("--output", type=OUTPUT, metavar="FILE", help="Where the CSV file or workbook goes.")
@click.option("--limit", type=INTEGER, default=1000, show_default=True, help="Most rows of json; a file holds all.")
@click.option("--after", metavar="KEY", help="The rows of json after this key.")
@click.pass_context
def run(
    context: click.Context,
    report: str,
    domain: str,
    names: tuple[str, ...],
    va_tags: str | None,
    tags: str | None,
    untagged: bool,
    products: str | None,
    form: str,
    output: Path | None,
    limit: int,
    after: str | None,
) -> None:
    """Run a report."""
    given = {"va_tags": va_tags, "tags": tags, "untagged": "yes" if untagged else None, "products": products}
    wanted = {name: value for name, value in given.items() if value}
    if (form == "json") != (output is None):
        raise click.UsageError("--output is for --format csv and xlsx, which need it")
    with reading(context) as (_, unit):
        if output is None:
            part = Part(after=after, most=max(1, limit), filters=wanted)
            found = actions.run_report(unit, domain, report, part, names or None)
            emit_page(context, found.items, actions.FIELDS[report], found.next)
            return
        rows = actions.report_rows(unit, domain, report, wanted, names or None)
        chunks = (csv_chunks if form == "csv" else workbook_chunks)(actions.FIELDS[report], rows)
        with atomic_file(output, 0o644) as file:
            for chunk in chunks:
                file.write(chunk)
    emit(context, {"report": report, "format": form, "path": str(output)})
