"""`central convert skus | contracts | paks | devices`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from central.actions import contract_checks, conversion_files, conversion_runs, conversions
from central.actions.device_conversions import list_device_conversions
from central.cli.base import DIGITS, FILE, group, opened, reading, writing
from central.domain.conversions.rules import SourceKind
from serverkit.actor import OPERATOR
from serverkit.cli.base import INTEGER, Command, emit, emit_list, table
from serverkit.db.windows import Part
from serverkit.licence_texts import quantity


@group.group("convert", help="Classic licences, in PAKs and on devices, that become smart licences.")
def convert() -> None:
    """Hold the commands of conversions."""


@convert.group("skus", help="The SKUs that are eligible, and what each becomes.")
def skus() -> None:
    """Hold the commands of eligible SKUs."""


@skus.command("import", help="Import eligible SKUs (CSV), all or nothing.")
@click.argument("file", type=FILE)
@click.pass_context
def skus_import(context: click.Context, file: Path) -> None:
    """Import SKUs."""
    with writing(context) as (_, unit):
        found = conversion_files.import_skus(unit, file)
    emit(context, found)


@skus.command("list", help="List the eligible SKUs.")
@click.pass_context
def skus_list(context: click.Context) -> None:
    """List SKUs."""
    with reading(context) as (_, unit):
        items = conversion_files.list_skus(unit)
    emit_list(context, items, ("sku", "tag", "family", "contract_needed", "divisible"))


@convert.group("contracts", help="The service contracts that entitle an account to convert.")
def contracts() -> None:
    """Hold the commands of contracts."""


@contracts.command("import", help="Replace the service contracts of an account (CSV), all or nothing.")
@click.argument("domain")
@click.argument("file", type=FILE)
@click.pass_context
def contracts_import(context: click.Context, domain: str, file: Path) -> None:
    """Import contracts."""
    with writing(context) as (_, unit):
        found = conversion_files.import_contracts(unit, domain, file)
    emit(context, found)


@contracts.command("list", help="List the service contracts of an account.")
@click.argument("domain")
@click.pass_context
def contracts_list(context: click.Context, domain: str) -> None:
    """List contracts."""
    with reading(context) as (_, unit):
        items = conversion_files.list_contracts(unit, domain)
    emit_list(context, items, ("contract", "sku", "of", "start", "end"))


@contracts.command("check", help="Look up now which service contracts cover a PAK or device.")
@click.argument("domain")
@click.argument("number")
@click.pass_context
def contracts_check(context: click.Context, domain: str, number: str) -> None:
    """Look contracts up."""
    found = contract_checks.check_contracts(opened(context), OPERATOR, domain, None, number)
    emit(context, found, table(found["licences"], ("sku", "quantity", "name", "check", "contract", "reason")))


def units_by_sku(texts: Sequence[str]) -> dict[str, int] | None:
    """Quantities by SKU of options `SKU=QUANTITY`; None where there is none. click.UsageError."""
    found: dict[str, int] = {}
    for text in texts:
        sku, _, count = text.rpartition("=")
        if not sku or not (count.isascii() and count.isdecimal() and len(count) <= DIGITS):
            raise click.UsageError(f"--sku is SKU=QUANTITY, a whole number of at most 10 digits; not {text[:80]!r}")
        if sku in found:
            raise click.UsageError(f"--sku names {sku[:80]!r} twice")
        found[sku] = int(count)
    return found or None


def _skus(item: dict[str, Any]) -> str:
    return ", ".join(f"{one['sku']} ({one['quantity']})" for one in item["skus"])


@convert.group("paks", help="PAKs with classic licences.")
def paks() -> None:
    """Hold the commands of PAKs."""


@convert.group("devices", help="Devices with classic licences.")
def devices() -> None:
    """Hold the commands of devices."""


@convert.command("requests", help="List the requests of devices to convert what they hold, newest first.")
@click.argument("domain")
@click.option("--state", default="", metavar="WORD", help="Such as partly_converted.")
@click.pass_context
def requests(context: click.Context, domain: str, state: str) -> None:
    """List requests of devices."""
    with reading(context) as (_, unit):
        window = list_device_conversions(unit, domain, Part(most=None, filters={"state": state}))
    columns = ("decided_at", "device", "virtual_account", "state", "converted", "quantity", "id")
    emit_list(context, list(window.items), columns)


KINDS = {"paks": SourceKind.PAK, "devices": SourceKind.DEVICE}


def _kind(context: click.Context) -> SourceKind:
    """What a command is about: the group in which it stands."""
    parent = context.parent
    return KINDS[parent.info_name or ""] if parent is not None else SourceKind.PAK


@click.command("import", cls=Command, help="Import a list (CSV), all or nothing; it may come again at any time.")
@click.argument("domain")
@click.argument("file", type=FILE)
@click.option("--preview", is_flag=True, help="Only show what would be taken over.")
@click.pass_context
def import_list(context: click.Context, domain: str, file: Path, preview: bool) -> None:
    """Import a list."""
    with writing(context) as (_, unit):
        found = conversion_files.import_classic(unit, domain, _kind(context), file, preview=preview)
    emit(context, found)


@click.command("list", cls=Command, help="List those in which something is left to convert.")
@click.argument("domain")
@click.option("--search", default="", metavar="TEXT", help="In number, family, SKU, virtual account or order.")
@click.pass_context
def list_all(context: click.Context, domain: str, search: str) -> None:
    """List them."""
    kind = _kind(context)
    with reading(context) as (_, unit):
        window = conversions.list_classic(unit, domain, kind, Part(most=None, filters={"q": search}))
        listed = conversions.show_list(unit, domain, kind)["listed_at"]
    shown = [{**one, "skus": _skus(one)} for one in window.items]
    columns = ("number", "skus", "order_number", "virtual_account", "status", "eligible")
    text = f"{table(shown, columns)}\nlast list: {listed or 'none yet'}"
    emit(context, {"items": list(window.items), "listed_at": listed}, text)


@click.command("show", cls=Command, help="Show one with its licences: what each becomes, or why it does not.")
@click.argument("domain")
@click.argument("number")
@click.pass_context
def show_one(context: click.Context, domain: str, number: str) -> None:
    """Show one."""
    with reading(context) as (_, unit):
        found = conversions.show_classic(unit, domain, _kind(context), number)
    columns = ("sku", "quantity", "type", "until", "name", "check", "contract", "code")
    text = f"{found['number']} in {found['virtual_account']}\n{table(found['licences'], columns)}"
    emit(context, found, text)


@click.command(
    "run", cls=Command, help="Convert one, all that is eligible or chosen SKUs; without a number, all by the settings."
)
@click.argument("domain")
@click.argument("number", required=False)
@click.option("--sku", "chosen", multiple=True, metavar="SKU=QUANTITY", help="Units of a SKU; all if left out.")
@click.option(
    "--virtual-account", "target", metavar="VA", help="Where they go; where the classic ones are if left out."
)
@click.option("--revision", type=INTEGER, help="That of a preview: refuse if it changed since.")
@click.option("--preview", is_flag=True, help="Only show what would be converted.")
@click.pass_context
def run(
    context: click.Context,
    domain: str,
    number: str | None,
    chosen: tuple[str, ...],
    target: str | None,
    revision: int | None,
    preview: bool,
) -> None:
    """Convert one, or all."""
    kind, wanted = _kind(context), units_by_sku(chosen)
    if number is None:
        if wanted or target or revision:
            raise click.UsageError("--sku, --virtual-account and --revision belong to one PAK or device")
        _run_all(context, domain, preview=preview)
        return
    database = (server := opened(context)).database
    contract_checks.check_contracts(server, OPERATOR, domain, kind, number, needed=False)
    if preview:
        with database.read(OPERATOR) as unit:
            found = conversions.preview_conversion(unit, domain, kind, number, wanted, target)
    else:
        with database.write(OPERATOR) as unit:
            found = conversions.convert_licences(unit, domain, kind, number, wanted, target, revision)
    shown = table(found["lines"], ("sku", "quantity", "left", "name", "check", "contract", "code"))
    emit(context, found, f"{shown}\n{quantity(found['quantity'], 'unit')} into {found['virtual_account']}")


def _run_all(context: click.Context, domain: str, *, preview: bool) -> None:
    if preview:
        with reading(context) as (_, unit):
            found = conversion_runs.preview_run(unit, domain, _kind(context))
    else:
        server = opened(context)
        with server.database.write(OPERATOR) as unit:
            conversion_runs.begin_run(unit, domain, _kind(context))
        contract_checks.look_up_due(server, OPERATOR, domain)
        with server.database.write(OPERATOR) as unit:
            found = conversion_runs.run_now(unit, domain, _kind(context))
    emit(context, found)


@click.command("settings", cls=Command, help="Show or change what is converted by itself when a list assigns it.")
@click.argument("domain")
@click.option("--on/--off", "enabled", default=None, help="Convert by itself, or not.")
@click.option("--virtual-account", "names", multiple=True, metavar="VA", help="Only of these virtual accounts.")
@click.option("--all-virtual-accounts", "every_pool", is_flag=True, help="Of all virtual accounts.")
@click.option("--product", "products", multiple=True, metavar="FAMILY", help="Only of these licence families.")
@click.option("--all-products", "every_product", is_flag=True, help="Of all licence families.")
@click.pass_context
def settings(
    context: click.Context,
    domain: str,
    enabled: bool | None,
    names: tuple[str, ...],
    every_pool: bool,
    products: tuple[str, ...],
    every_product: bool,
) -> None:
    """Show or change settings."""
    if (names and every_pool) or (products and every_product):
        raise click.UsageError("all of them, or those that are named, not both")
    kind = _kind(context)
    pools = list(names) if names or every_pool else None
    chosen = list(products) if products or every_product else None
    if enabled is None and pools is None and chosen is None:
        with reading(context) as (_, unit):
            found = conversion_runs.show_settings(unit, domain, kind)
    else:
        with writing(context) as (_, unit):
            found = conversion_runs.change_settings(
                unit, domain, kind, enabled=enabled, virtual_account_names=pools, products=chosen
            )
    emit(context, found)


for _group in (paks, devices):
    for _command in (import_list, list_all, show_one, run, settings):
        _group.add_command(_command)
