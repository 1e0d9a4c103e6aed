"""`central licence transfer | transfers | reverse-transfer`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import click

from central.actions import licences, transfers
from central.actions.transfers import Line
from central.cli.base import group, reading, writing
from central.cli.licence_tags import licence_tag, licence_untag
from central.cli.lots import add, lots, remove
from central.domain.transfers.errors import InvalidTransferLineError
from serverkit.cli.base import INTEGER, emit, emit_list, table

LINE, LOT = "VA:LICENCE:QUANTITY:TARGET", "LOT:QUANTITY:TARGET"
_COLON = re.compile(r"(?<!\\):")


@group.group("licence", help="Licences of an account.")
def licence() -> None:
    """Hold the commands of licences."""


@licence.command("transfer", help="Move free licences to other virtual accounts: all lines or none.")
@click.argument("domain")
@click.argument("tag", required=False)
@click.option("--from", "source", metavar="VA", help="The virtual account that gives; of lots that several hold too.")
@click.option("--to", "target", metavar="VA")
@click.option("--quantity", type=INTEGER)
@click.option("--line", "lines", multiple=True, metavar=LINE, help=r"A line; a colon inside a name is written \:.")
@click.option("--lot", "lots", multiple=True, metavar=LOT, help="A line that names one lot.")
@click.option("--preview", is_flag=True, help="Only show what would move.")
@click.pass_context
def licence_transfer(
    context: click.Context,
    domain: str,
    tag: str | None,
    source: str | None,
    target: str | None,
    quantity: int | None,
    lines: Sequence[str],
    lots: Sequence[str],
    preview: bool,
) -> None:
    """Transfer licences."""
    many = bool(lines or lots)
    if many == (tag is not None):
        raise click.UsageError("Name one licence with --from, --to and --quantity, or lines with --line and --lot.")
    if tag is not None and (source is None or target is None or quantity is None):
        raise click.UsageError("One licence needs --from, --to and --quantity.")
    if many and (target is not None or quantity is not None or (source is not None and not lots)):
        raise click.UsageError("Lines name their own virtual accounts; --from is for --lot only.")
    wanted = [read_line(text) for text in lines] + [read_lot(text, source) for text in lots]
    if tag is not None:
        wanted = [Line(target or "", quantity or 0, source, tag)]
    if preview:
        with reading(context) as (_, unit):
            found = transfers.preview_transfer(unit, domain, wanted)
        emit(context, found, shown(found))
    elif many:
        with writing(context) as (_, unit):
            found = transfers.transfer_lines(unit, domain, wanted)
        emit(context, found, shown(found))
    else:
        with writing(context) as (_, unit):
            moved = licences.transfer_licences(unit, domain, source or "", target or "", tag or "", quantity or 0)
        emit(context, {"tag": moved["tag"], "quantity": quantity, "from": source, "to": target, "lots": moved["lots"]})


@licence.command("transfers", help="List the newest transfers, and which can still be reversed.")
@click.argument("domain")
@click.option("--virtual-account", "name", metavar="VA", help="Only from or to this virtual account.")
@click.pass_context
def licence_transfers(context: click.Context, domain: str, name: str | None) -> None:
    """List transfers."""
    with reading(context) as (_, unit):
        items = transfers.list_transfers(unit, domain, name)
    emit_list(context, items, ("transfer", "at", "actor", "quantity", "returned", "reversible_until", "reverses"))


@licence.command("reverse-transfer", help="Transfer back what is still free of a transfer.")
@click.argument("domain")
@click.argument("number", type=INTEGER)
@click.option("--preview", is_flag=True, help="Only show what would come back.")
@click.pass_context
def licence_reverse(context: click.Context, domain: str, number: int, preview: bool) -> None:
    """Reverse a transfer."""
    if preview:
        with reading(context) as (_, unit):
            found = transfers.preview_reversal(unit, domain, number)
    else:
        with writing(context) as (_, unit):
            found = transfers.reverse_transfer(unit, domain, number)
    emit(context, found, shown(found))


licence.add_command(licence_tag)
licence.add_command(licence_untag)
licence.add_command(lots)
licence.add_command(add)
licence.add_command(remove)


def read_line(text: str) -> Line:
    """`VA:LICENCE:QUANTITY:TARGET` as a line."""
    source, tag, quantity, target = _parts(text, 4, LINE)
    return Line(target, _number(quantity, text), source, tag)


def read_lot(text: str, source: str | None) -> Line:
    """`LOT:QUANTITY:TARGET` as a line."""
    lot, quantity, target = _parts(text, 3, LOT)
    return Line(target, _number(quantity, text), source, lot=lot)


def _parts(text: str, count: int, form: str) -> list[str]:
    parts = [part.replace(r"\:", ":").strip() for part in _COLON.split(text)]
    if len(parts) != count or not all(parts):
        raise InvalidTransferLineError("{text!r} is not {form}", text=text[:200], form=form)
    return parts


def _number(text: str, line: str) -> int:
    if not re.fullmatch(r"[0-9]{1,10}", text):
        raise InvalidTransferLineError("{text!r} in {line!r} is not a whole number", text=text[:40], line=line[:200])
    return int(text)


def shown(found: dict[str, Any]) -> str:
    """A plan of a transfer for people: its lines, what changes, why a line is refused."""
    lines = [{**one, "expires": _expires(one["lots"]), "free": one["free"]} for one in found["lines"]]
    names = (
        "line",
        "virtual_account",
        "target",
        "name",
        "expires",
        "purchased",
        "in_use",
        "reserved",
        "balance",
        "free",
    )
    text = [table(lines, (*names, "asked", "quantity", "code"))]
    text += [f"line {one['line']}: {one['reason']}" for one in lines if one["reason"]]
    pools = [
        {
            "virtual_account": one["virtual_account"],
            "name": one["name"],
            **{name: _change(one["before"][name], one["after"][name]) for name in ("purchased", "balance", "free")},
        }
        for one in found["accounts"]
    ]
    text.append(table(pools, ("virtual_account", "name", "purchased", "balance", "free")))
    for one in found["dropped_tags"]:
        text.append(f"tags lost: {one['virtual_account']}, {one['name']}: {', '.join(one['tags'])}")
    if "transfer" in found:
        text.append(f"transfer {found['transfer']}, reversible until {found['reversible_until'] or '-'}")
    return "\n".join(text)


def _expires(lots: Sequence[dict[str, Any]]) -> str:
    ends = {str(one["until"] or "perpetual") for one in lots}
    return "-" if not ends else ends.pop() if len(ends) == 1 else "multiple terms"


def _change(before: int | None, after: int | None) -> str:
    return "-" if before is None and after is None else f"{before} -> {after}"
