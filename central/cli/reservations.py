"""`central reservation`."""

from __future__ import annotations

from pathlib import Path

import click

from central.actions import reservations
from central.cli.base import group, reading, writing
from central.domain.reservations.rules import WantedLicence
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.errors import AppError, Remedy
from serverkit.files import write_atomic


@group.group("reservation", help="Reservations: licences for devices without a network.")
def reservation() -> None:
    """Hold the commands of reservations."""


def _wanted(texts: tuple[str, ...]) -> list[WantedLicence]:
    found = []
    for text in texts:
        name, sign, count = text.rpartition("=")
        if not sign or not count.isascii() or not count.isdecimal() or len(count) > 10:
            raise click.UsageError(f"--licence is TAG=QUANTITY, a whole number of at most 10 digits; not {text[:80]!r}")
        found.append(WantedLicence(name, int(count)))
    return found


@reservation.command(
    "create", help="Reserve licences for the device of a request code and write its authorization code."
)
@click.argument("domain")
@click.option("--virtual-account", "name", required=True, metavar="VA")
@click.option("--request-code", required=True, metavar="CODE")
@click.option("--licence", "licences", required=True, multiple=True, metavar="TAG=QUANTITY")
@click.option("--product", "product_tag", help="Product tag of the device.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def create(
    context: click.Context,
    domain: str,
    name: str,
    request_code: str,
    licences: tuple[str, ...],
    product_tag: str | None,
    output: Path,
) -> None:
    """Reserve."""
    with writing(context) as (server, unit):
        made = reservations.create_reservation(
            unit, server.keyring, domain, name, request_code, _wanted(licences), product_tag
        )
    _write(output, made.code, f"central reservation code {domain} {made.view['id']} --output FILE")
    emit(context, {"path": str(output), **made.view})


@reservation.command("update", help="Change the reserved quantities and write a new authorization code.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--licence", "licences", required=True, multiple=True, metavar="TAG=QUANTITY", help="The new quantity.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def update(context: click.Context, domain: str, reservation_id: str, licences: tuple[str, ...], output: Path) -> None:
    """Update a reservation."""
    with writing(context) as (server, unit):
        made = reservations.update_reservation(unit, server.keyring, domain, reservation_id, _wanted(licences))
    _write(output, made.code, f"central reservation code {domain} {made.view['id']} --output FILE")
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


def _write(output: Path, code: str, again: str) -> None:
    """Write a code that is booked already; a refusal says how to have it written again."""
    try:
        write_atomic(output, code.encode(), mode=0o644)
    except AppError as error:
        error.remedy = Remedy(f"{error.remedy} The change is booked; write its code with `{again}`.", error.remedy.page)
        raise
