"""`central catalogue | order | ledger`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions.catalogue import import_catalogue
from central.cli.base import FILE, chosen, group, names_of, reading, writing
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import entitlement, listing
from central.domain.ledger.queries import explain
from central.domain.ledger.services import import_orders
from central.domain.ledger.transfers import transfer_licences
from central.domain.ledger.verification import verify
from exchange.compliance import until
from serverkit.cli.base import INTEGER, emit, emit_list, table
from serverkit.clock import optional_iso
from serverkit.errors import RefusedError


class LedgerDiffersError(RefusedError):
    """The ledger does not add up: rows were changed outside the program."""

    code = "ledger_differs"
    remedy = "Restore the rows that are named from a backup, and find out who changed them."


@group.group("catalogue", help="Entitlements and products.")
def catalogue() -> None:
    """Hold the commands of the catalogue."""


@catalogue.command("import", help="Import a catalogue file (CSV), all or nothing.")
@click.argument("file", type=FILE)
@click.option("--preview", is_flag=True, help="Only tell what it would change.")
@click.option("--change-restriction", is_flag=True, help="Licences in use may become restricted, or ordinary.")
@click.pass_context
def catalogue_import(context: click.Context, file: Path, preview: bool, change_restriction: bool) -> None:
    """Import the catalogue."""
    with writing(context) as (_, unit):
        found = import_catalogue(unit, file, preview=preview, change_restriction=change_restriction)
    emit(context, {"path": str(file), **found})


@catalogue.command("list", help="List the catalogue.")
@click.pass_context
def catalogue_list(context: click.Context) -> None:
    """List the catalogue."""
    with reading(context) as (_, unit):
        items = listing(unit)
    emit_list(context, items, ("kind", "tag", "name", "restricted", "family"))


@group.group("order", help="Orders of a customer.")
def order() -> None:
    """Hold the commands of orders."""


@order.command("import", help="Import an order file (CSV), all or nothing.")
@click.argument("domain")
@click.argument("file", type=FILE)
@click.pass_context
def order_import(context: click.Context, domain: str, file: Path) -> None:
    """Import orders."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        taken = import_orders(unit, account.id, file)
        lots = taken.lots
        items = [
            {
                "id": lot.id,
                "tag": lot.tag,
                "quantity": lot.quantity,
                "type": lot.licence_type,
                "source": lot.source,
                "start": optional_iso(lot.start),
                "end": optional_iso(lot.end),
                "until": until(lot.end) if lot.end else None,
                "order_number": lot.order_number,
                "order_line": lot.order_line,
            }
            for lot in lots
        ]
    shown = table(items, ("tag", "quantity", "type", "source", "start", "until"))
    more = {"lots": len(items), "quantity": sum(lot.quantity for lot in lots), "warnings": taken.shown_warnings}
    emit(context, {"items": items, **more}, "\n".join([shown, *(warning.text for warning in taken.warnings)]))


@group.group("ledger", help="Why numbers are what they are.")
def ledger() -> None:
    """Hold the commands of the ledger."""


@ledger.command("explain", help="Show every posting and claim behind the figures of a licence.")
@click.argument("domain")
@click.argument("tag")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def ledger_explain(context: click.Context, domain: str, tag: str, name: str) -> None:
    """Explain a figure."""
    with reading(context) as (_, unit):
        account, va = chosen(unit, domain, name)
        row = entitlement(unit, tag)
        found = {
            "virtual_account": names_of(unit, account)[va or ""],
            "name": row.name,
            **explain(unit, account.id, va or "", tag),
        }
    lines = [
        f"{name}: {found['name']}: {found['purchased']} purchased, {found['in_use']} in use, balance {found['balance']}"
    ]
    lines.append(table(found["postings"], ("number", "at", "reason", "quantity", "from", "to", "actor")))
    lines.append(table(found["claims"], ("instance", "count", "since")))
    emit(context, found, "\n".join(lines))


@ledger.command("verify", help="Compute every holding again from the postings; name what differs.")
@click.pass_context
def ledger_verify(context: click.Context) -> None:
    """Verify the ledger."""
    with reading(context) as (_, unit):
        findings = verify(unit)
    if findings:
        shown = "; ".join(f"{one['table']} {one['row']}: {one['message']}" for one in findings[:20])
        raise LedgerDiffersError(f"{len(findings)} rows differ: {shown}")
    emit(context, {"ok": True, "findings": []}, "the ledger adds up")


@group.group("licence", help="Licences of an account.")
def licence() -> None:
    """Hold the commands of licences."""


@licence.command("transfer", help="Move free licences to another virtual account.")
@click.argument("domain")
@click.argument("tag")
@click.option("--from", "source", required=True, metavar="VA")
@click.option("--to", "target", required=True, metavar="VA")
@click.option("--quantity", required=True, type=INTEGER)
@click.pass_context
def licence_transfer(context: click.Context, domain: str, tag: str, source: str, target: str, quantity: int) -> None:
    """Transfer licences."""
    with writing(context) as (_, unit):
        account = by_domain(unit, domain)
        rows = [virtual_account(unit, account.id, name) for name in (source, target)]
        lots = transfer_licences(unit, rows[0], rows[1], tag, quantity)
    emit(context, {"tag": tag, "quantity": quantity, "from": source, "to": target, "lots": lots})
