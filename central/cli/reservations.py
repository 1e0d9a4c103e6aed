"""`central reservation`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import adding, reservations, shipments
from central.cli.base import group, reading, units_by_licence, writing
from central.cli.code_files import name_files, prepare_folder, read_codes, write_code
from central.cli.wanted_licences import ADD, LICENCE, NEW, read_wanted
from central.domain.reservations.rules import WantedLicence
from serverkit.cli.base import OUTPUT, emit, emit_list, table
from serverkit.files import write_atomic


@group.group("reservation", help="Reservations: licences for devices without a network.")
def reservation() -> None:
    """Hold the commands of reservations."""


FOLDER = click.Path(path_type=Path, file_okay=False)


@reservation.command(
    "create", help="Reserve licences for the device of a request code and write its authorization code."
)
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--request-code", metavar="CODE")
@click.option("--codes", type=FOLDER, help="A folder of files with request codes, one a line: reserves for each.")
@click.option("--licence", "licences", required=True, multiple=True, metavar="TAG=QUANTITY[@END]", help=LICENCE)
@click.option("--add", "added", multiple=True, metavar="TAG=QUANTITY", help=ADD)
@click.option("--product", "product_tag", help="Product tag of the device.")
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file of the authorization code; with --codes a folder.",
)
@click.pass_context
def create(
    context: click.Context,
    domain: str,
    name: str,
    request_code: str | None,
    codes: Path | None,
    licences: tuple[str, ...],
    added: tuple[str, ...],
    product_tag: str | None,
    output: Path,
) -> None:
    """Reserve."""
    adding = units_by_licence(added, "--add")
    if (request_code is None) == (codes is None):
        raise click.UsageError("one of --request-code and --codes is needed")
    if codes is not None and adding:
        raise click.UsageError("--add is for one device, with --request-code")
    if codes is not None:
        _create_many(context, domain, name, codes, read_wanted(licences), output)
        return
    if output.is_dir():
        raise click.UsageError(f"--output {output} is a folder; a file is needed")
    OUTPUT.convert(output, None, context)
    with writing(context) as (server, unit):
        made = reservations.create_reservation(
            unit, server.keyring, domain, name, request_code or "", read_wanted(licences), product_tag, adding
        )
    write_code(output, made.code, f"central reservation code {domain} {made.view['id']} --output FILE")
    emit(context, {"path": str(output), **made.view})


def _create_many(
    context: click.Context, domain: str, name: str, codes: Path, wanted: list[WantedLicence], output: Path
) -> None:
    """Reserve for each request code of a folder; a row for each, and exit 1 where one was refused."""
    found = read_codes(codes)
    prepare_folder(output)
    with writing(context) as (server, unit):
        rows = reservations.create_reservations(
            unit, server.keyring, domain, name, [code for _file, code in found], wanted
        )
    items = []
    names = iter(name_files(row["reservation"] for row in rows if row["reservation"]))
    for (file, _code), row in zip(found, rows, strict=True):
        text, made = row.pop("authorization_code"), row["reservation"]
        path = output / next(names) if made else None
        if path is not None:
            write_code(path, text, f"central reservation code {domain} {made['id']} --output FILE")
        items.append({"file": file, **row, "path": str(path) if path else None})
    refused = sum(one["error"] is not None for one in items)
    lines = [
        f"{one['file']}: {one['path']}"
        if one["path"]
        else f"{one['file']}: {one['error']['code']}: {one['error']['message']}"
        for one in items
    ]
    emit(
        context,
        {"items": items, "reserved": len(items) - refused, "refused": refused},
        "\n".join([*lines, f"{len(items) - refused} reserved, {refused} refused"]),
    )
    context.exit(1 if refused else 0)


@reservation.command("update", help="Change the reserved quantities and write a new authorization code.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--licence", "licences", required=True, multiple=True, metavar="TAG=QUANTITY[@END]", help=NEW)
@click.option("--add", "added", multiple=True, metavar="TAG=QUANTITY", help=ADD)
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def update(
    context: click.Context,
    domain: str,
    reservation_id: str,
    licences: tuple[str, ...],
    added: tuple[str, ...],
    output: Path,
) -> None:
    """Update a reservation."""
    wanted, adding = read_wanted(licences), units_by_licence(added, "--add")
    with writing(context) as (server, unit):
        made = reservations.update_reservation(unit, server.keyring, domain, reservation_id, wanted, adding)
    write_code(output, made.code, f"central reservation code {domain} {made.view['id']} --output FILE")
    emit(context, {"path": str(output), **made.view})


@reservation.command("confirm", help="Enter the confirmation code of the device and free the licences that it gave up.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--code", required=True, metavar="CODE")
@click.pass_context
def confirm(context: click.Context, domain: str, reservation_id: str, code: str) -> None:
    """Confirm."""
    with writing(context) as (_, unit):
        found = reservations.confirm_reservation(unit, domain, reservation_id, code)
    emit(context, found)


@reservation.command("cancel", help="Cancel an update that was never installed on the device.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.pass_context
def cancel(context: click.Context, domain: str, reservation_id: str) -> None:
    """Cancel an update."""
    with writing(context) as (_, unit):
        found = reservations.cancel_update(unit, domain, reservation_id)
    emit(context, found)


@reservation.command("return", help="Enter the return code of the device and free its reserved licences.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--code", required=True, metavar="CODE")
@click.pass_context
def enter_return(context: click.Context, domain: str, reservation_id: str, code: str) -> None:
    """Enter a return code."""
    with writing(context) as (_, unit):
        found = reservations.return_reservation(unit, domain, reservation_id, code)
    emit(context, found)


@reservation.command("rehost", help="Reserve what a failed device reserves for its replacement too.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--request-code", required=True, metavar="CODE", help="The request code of the replacement.")
@click.option("--notes", default="", metavar="TEXT", help="Kept with both product instances.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def rehost(
    context: click.Context, domain: str, reservation_id: str, request_code: str, notes: str, output: Path
) -> None:
    """Rehost."""
    with writing(context) as (server, unit):
        made = reservations.rehost_reservation(unit, server.keyring, domain, reservation_id, request_code, notes)
    write_code(output, made.code, f"central reservation code {domain} {made.view['id']} --output FILE")
    emit(context, {"path": str(output), **made.view})


@reservation.command("factory-import", help="Reserve for devices that are shipped with reserved licences (CSV).")
@click.argument("domain")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--preview", is_flag=True, help="Only show what would be reserved.")
@click.option("--output", type=FOLDER, help="A folder for the authorization codes.")
@click.pass_context
def factory_import(context: click.Context, domain: str, file: Path, preview: bool, output: Path | None) -> None:
    """Import shipped devices."""
    if output is not None and not preview:
        prepare_folder(output)
    with writing(context) as (server, unit):
        made = shipments.import_shipped(unit, server.keyring, domain, file, preview=preview)
    if output is not None and not preview:
        for one, name in zip(made.items, name_files(made.items), strict=True):
            write_code(
                output / name, made.codes[one["id"]], f"central reservation code {domain} {one['id']} --output FILE"
            )
    shown = [
        {**one, "licences": ", ".join(f"{line['quantity']} {line['tag']}" for line in one["licences"])}
        for one in made.items
    ]
    text = "\n".join(
        [table(shown, ("product", "serial", "virtual_account", "licences")), *(one.text for one in made.warnings)]
    )
    emit(context, {"items": made.items, "preview": preview, **made.summary}, text)


@reservation.command("reset-alert", help="Take the mark of a failed device that was rehosted off.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.pass_context
def reset_alert(context: click.Context, domain: str, reservation_id: str) -> None:
    """Reset the alert."""
    with writing(context) as (_, unit):
        found = reservations.reset_rehost_alert(unit, domain, reservation_id)
    emit(context, found)


@reservation.command("release", help="Release the reserved licences of a lost device without its return code.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--reason", default="", metavar="TEXT", help="The reason, which is kept in the log.")
@click.pass_context
def release(context: click.Context, domain: str, reservation_id: str, reason: str) -> None:
    """Release a reservation."""
    with writing(context) as (_, unit):
        found = reservations.release_reservation(unit, domain, reservation_id, reason)
    emit(context, found)


@reservation.command("offers", help="List what can be reserved in a virtual account, and how much of each term.")
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.pass_context
def offers(context: click.Context, domain: str, name: str) -> None:
    """List offers."""
    with reading(context) as (_, unit):
        items = reservations.list_offers(unit, domain, name)
    emit_list(context, items, ("tag", "name", "available", "unlimited", "permitted"))


@reservation.command("additions", help="List what the device of a request code can add to the inventory first.")
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--request-code", required=True, metavar="CODE")
@click.option("--product", "product_tag", help="Product tag of the device.")
@click.pass_context
def additions(context: click.Context, domain: str, name: str, request_code: str, product_tag: str | None) -> None:
    """List what can be added."""
    with reading(context) as (_, unit):
        items = adding.list_code_additions(unit, domain, name, request_code, product_tag)
    emit_list(context, items, ("name", "tag", "available", "included", "added", "elsewhere"))


@reservation.command("list", help="List the reservations of an account.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA")
@click.pass_context
def list_them(context: click.Context, domain: str, name: str | None) -> None:
    """List reservations."""
    with reading(context) as (_, unit):
        items = reservations.list_reservations(unit, domain, name)
    emit_list(
        context,
        items,
        ("id", "virtual_account", "request_code", "state", "held_by_former_key", "created_at", "instance"),
    )


@reservation.command("code", help="Write the newest authorization code of a reservation.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def code_again(context: click.Context, domain: str, reservation_id: str, output: Path) -> None:
    """Write the code."""
    with reading(context) as (_, unit):
        found = reservations.show_authorization_code(unit, domain, reservation_id)
    write_atomic(output, found.code.encode(), mode=0o644)
    emit(context, {"path": str(output), "id": found.view["id"], "state": found.view["state"]})
