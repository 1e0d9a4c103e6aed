"""`central reservation`."""

from __future__ import annotations

from pathlib import Path

import click

from central.cli.base import chosen, group, names_of, reading, writing
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import by_name
from central.domain.reservations import ending, services, updates
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import find_reservation, newest_code, reservation_dict, reservations
from central.domain.reservations.rules import WantedLicence
from serverkit.cli.base import OUTPUT, emit, emit_list
from serverkit.db.unit import Unit
from serverkit.files import write_atomic


@group.group("reservation", help="Licences held by codes, for devices without any network.")
def reservation() -> None:
    """Hold the commands of reservations."""


def _wishes(texts: tuple[str, ...]) -> list[tuple[str, int]]:
    found = []
    for text in texts:
        name, sign, count = text.rpartition("=")
        if not sign or not count.isascii() or not count.isdecimal() or len(count) > 10:
            raise click.UsageError(f"--licence is TAG=QUANTITY, a whole number of at most 10 digits; not {text[:80]!r}")
        found.append((name, int(count)))
    return found


@reservation.command("create", help="Reserve licences for the device of a request code; writes the authorization code.")
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
        account = by_domain(unit, domain)
        home = virtual_account(unit, account.id, name)
        wanted_licences = [WantedLicence(by_name(unit, tag), count) for tag, count in _wishes(licences)]
        row, _ = services.reserve(unit, server.keyring, account, home, request_code, wanted_licences, product_tag)
        code, found = row.authorization_code, reservation_dict(row, {home.id: home.name})
    write_atomic(output, code.encode(), mode=0o644)
    emit(context, {"path": str(output), **found})


@reservation.command("update", help="Raise or lower what is reserved; writes a new authorization code that waits.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--licence", "licences", required=True, multiple=True, metavar="TAG=QUANTITY", help="The new quantity.")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def update(context: click.Context, domain: str, reservation_id: str, licences: tuple[str, ...], output: Path) -> None:
    """Update a reservation."""
    with writing(context) as (server, unit):
        account, names, row = _found(unit, domain, reservation_id)
        wanted_licences = [WantedLicence(by_name(unit, tag), count) for tag, count in _wishes(licences)]
        updates.update(unit, server.keyring, account, row, wanted_licences)
        code, found = newest_code(row), reservation_dict(row, names)
    write_atomic(output, code.encode(), mode=0o644)
    emit(context, {"path": str(output), **found})


@reservation.command("confirm", help="Enter the confirmation code that the device showed; what it gave up is free.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--code", required=True, metavar="CODE")
@click.pass_context
def confirm(context: click.Context, domain: str, reservation_id: str, code: str) -> None:
    """Confirm."""
    with writing(context) as (_, unit):
        _, names, row = _found(unit, domain, reservation_id)
        found = reservation_dict(updates.confirm(unit, row, code), names)
    emit(context, found)


@reservation.command("cancel", help="Take back an update that was never installed on the device.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.pass_context
def cancel(context: click.Context, domain: str, reservation_id: str) -> None:
    """Cancel an update."""
    with writing(context) as (_, unit):
        _, names, row = _found(unit, domain, reservation_id)
        found = reservation_dict(updates.cancel(unit, row), names)
    emit(context, found)


@reservation.command("return", help="Enter the return code of a device; what is reserved for it is free.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--code", required=True, metavar="CODE")
@click.pass_context
def enter_return(context: click.Context, domain: str, reservation_id: str, code: str) -> None:
    """Enter a return code."""
    with writing(context) as (_, unit):
        _, names, row = _found(unit, domain, reservation_id)
        found = reservation_dict(ending.enter_return(unit, row, code), names)
    emit(context, found)


@reservation.command(
    "release", help="Free what is reserved for a device that cannot give it back, by the vendor's word."
)
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--reason", default="", metavar="TEXT", help="Why it is freed without a return code; kept in the log.")
@click.pass_context
def release(context: click.Context, domain: str, reservation_id: str, reason: str) -> None:
    """Release a reservation."""
    with writing(context) as (_, unit):
        _, names, row = _found(unit, domain, reservation_id)
        found = reservation_dict(ending.release(unit, row, reason), names)
    emit(context, found)


def _found(unit: Unit, domain: str, reservation_id: str) -> tuple[SmartAccount, dict[str, str], Reservation]:
    account = by_domain(unit, domain)
    names = names_of(unit, account)
    return account, names, find_reservation(unit, account.id, names, reservation_id)


@reservation.command("list", help="List the reservations of an account.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA")
@click.pass_context
def list_them(context: click.Context, domain: str, name: str | None) -> None:
    """List reservations."""
    with reading(context) as (_, unit):
        account, va = chosen(unit, domain, name)
        items = reservations(unit, account.id, names_of(unit, account), va)
    emit_list(
        context,
        items,
        ("id", "virtual_account", "request_code", "state", "held_by_former_key", "created_at", "instance"),
    )


@reservation.command("code", help="Write the newest authorization code of a reservation again.")
@click.argument("domain")
@click.argument("reservation_id", metavar="ID")
@click.option("--output", required=True, type=OUTPUT)
@click.pass_context
def code_again(context: click.Context, domain: str, reservation_id: str, output: Path) -> None:
    """Write the code."""
    with reading(context) as (_, unit):
        account = by_domain(unit, domain)
        row = find_reservation(unit, account.id, names_of(unit, account), reservation_id)
        data, found = newest_code(row).encode(), {"id": row.id, "state": row.state}
    write_atomic(output, data, mode=0o644)
    emit(context, {"path": str(output), **found})
