"""`central catalogue | order | ledger`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import adding, licences, orders
from central.actions import catalogue as catalogue_actions
from central.cli.base import FILE, group, reading, units_by_licence, writing
from serverkit.cli.base import emit, emit_list, table
from serverkit.errors import RefusedError, Remedy


class LedgerDiffersError(RefusedError):
    """The refusal `ledger_differs`."""

    code = "ledger_differs"
    message = "The ledger does not add up: rows were changed by another program."
    remedy = Remedy(
        "Restore a backup from before the change, and find out who changed the named rows.",
        page="orders-and-catalogue.md",
    )


@group.group("catalogue", help="Entitlements and products.")
def catalogue() -> None:
    """Hold the commands of the catalogue."""


@catalogue.command("import", help="Import a catalogue file (CSV), all or nothing.")
@click.argument("file", type=FILE)
@click.option("--preview", is_flag=True, help="Only show what would change.")
@click.option("--change-restriction", is_flag=True, help="Let licences in use become restricted or ordinary.")
@click.pass_context
def catalogue_import(context: click.Context, file: Path, preview: bool, change_restriction: bool) -> None:
    """Import the catalogue."""
    with writing(context) as (_, unit):
        found = catalogue_actions.import_catalogue(unit, file, preview=preview, change_restriction=change_restriction)
    emit(context, {"path": str(file), **found})


@catalogue.command("list", help="List the catalogue.")
@click.pass_context
def catalogue_list(context: click.Context) -> None:
    """List the catalogue."""
    with reading(context) as (_, unit):
        items = catalogue_actions.list_catalogue(unit)
    emit_list(context, items, ("kind", "tag", "name", "restricted", "family"))


@catalogue.command("include", help="Set the licences that come with each device of a product; without --licence, none.")
@click.argument("product")
@click.option(
    "--licence", "licences", multiple=True, metavar="TAG=QUANTITY", help="Units of a licence, by tag or name."
)
@click.pass_context
def catalogue_include(context: click.Context, product: str, licences: tuple[str, ...]) -> None:
    """Set the licences that each device of a product adds."""
    with writing(context) as (_, unit):
        found = adding.include_licences(unit, product, units_by_licence(licences))
    emit(context, found)


@group.group("order", help="Orders of a customer.")
def order() -> None:
    """Hold the commands of orders."""


@order.command("import", help="Import an order file (CSV), all or nothing.")
@click.argument("domain")
@click.argument("file", type=FILE)
@click.option("--preview", is_flag=True, help="Only show what would be added.")
@click.pass_context
def order_import(context: click.Context, domain: str, file: Path, preview: bool) -> None:
    """Import orders."""
    with writing(context) as (_, unit):
        imported = orders.import_orders(unit, domain, file, preview=preview)
    shown = table(imported.items, ("tag", "quantity", "type", "source", "start", "until"))
    text = "\n".join([shown, *(warning.text for warning in imported.warnings)])
    emit(context, {"items": imported.items, **imported.summary}, text)


@order.command("cancel", help="Take out what came with an order that was cancelled upstream; nothing brings it back.")
@click.argument("domain")
@click.argument("number", metavar="ORDER")
@click.option("--line", metavar="LINE", help="Only this line of the order.")
@click.option("--note", default="", metavar="TEXT", help="Why; kept in the transactions.")
@click.option("--preview", is_flag=True, help="Only show what would go, and what stands against it.")
@click.pass_context
def order_cancel(context: click.Context, domain: str, number: str, line: str | None, note: str, preview: bool) -> None:
    """Cancel an order."""
    if preview:
        with reading(context) as (_, unit):
            found = orders.preview_cancellation(unit, domain, number, line)
    else:
        with writing(context) as (_, unit):
            found = orders.cancel_order(unit, domain, number, note, line)
    emit(context, found, table(found["items"], ("virtual_account", "name", "tag", "quantity", "missing")))


@group.group("ledger", help="Explain and verify quantities.")
def ledger() -> None:
    """Hold the commands of the ledger."""


@ledger.command("explain", help="Show every posting and claim behind the quantities of a licence.")
@click.argument("domain")
@click.argument("tag")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def ledger_explain(context: click.Context, domain: str, tag: str, name: str) -> None:
    """Explain the quantities of a licence."""
    with reading(context) as (_, unit):
        found = licences.explain_licence(unit, domain, name, tag)
    lines = [
        f"{name}: {found['name']}: {found['purchased']} purchased, {found['in_use']} in use, balance {found['balance']}"
    ]
    if found["owed"]:
        lines.append(
            f"{found['owed']} owed: granted before central was restored, and not among what it knows to be bought"
        )
    lines.append(table(found["postings"], ("number", "at", "reason", "quantity", "from", "to", "actor")))
    lines.append(table(found["claims"], ("instance", "count", "since")))
    emit(context, found, "\n".join(lines))


@ledger.command("verify", help="Recompute every holding from the postings and report differences.")
@click.pass_context
def ledger_verify(context: click.Context) -> None:
    """Verify the ledger."""
    with reading(context) as (_, unit):
        findings = licences.verify_ledger(unit)["findings"]
    if findings:
        shown = "; ".join(f"{one['table']} {one['row']}: {one['message']}" for one in findings[:20])
        raise LedgerDiffersError("{count} rows differ: {shown}", count=len(findings), shown=shown)
    emit(context, {"ok": True, "findings": []}, "the ledger adds up")
