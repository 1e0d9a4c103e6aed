"""Order files: what each line means, and adding the lots of all of them (row C3.4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import default_virtual_account, virtual_account
from central.domain.catalogue.queries import entitlements, tag_meant
from central.domain.ledger.models import Bucket, Lot, Posting
from central.domain.ledger.replacing import REPLACES, read_replacements
from central.domain.ledger.rules import COMMON, DETAILS, REQUIRED, LotSpec, likeness, row_reader
from central.domain.ledger.services import add_lots
from exchange.compliance import until
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.errors import AppError
from serverkit.table_file import SHOWN, FaultyRowsError, RowError, RowFault, RowWarning, judge_table


@dataclass(frozen=True, slots=True)
class OrderFile:
    """The lines of an order file: each with its line number, what is odd, what is wrong.

    `targets` are ids of virtual accounts by the names in the file, `named` the names of licences by tag.
    """

    rows: Sequence[tuple[int, LotSpec]]
    warnings: Sequence[RowWarning]
    faults: Sequence[RowFault]
    targets: Mapping[str, str]
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OrderImport:
    """The result of an order import: its lots and warnings."""

    lots: list[Lot]
    warnings: Sequence[RowWarning]


def judge_orders(unit: Unit, account_id: str, source: Path | bytes) -> OrderFile:
    """Read an order file and judge each of its lines as the import does; nothing is changed."""
    require(unit, Permission.ORDER_MANAGE, account_id)
    table = judge_table(source, REQUIRED, (*COMMON, *DETAILS), row_reader(unit.now))
    specs = [spec for _, spec in table.rows]
    targets: dict[str, str] = {}
    replaced = {option.tag for spec in specs for option in read_replacements(spec.details.get(REPLACES, ""))}
    known = {row.tag: row for row in entitlements(unit, {spec.tag for spec in specs} | replaced)}
    ordered = select(Lot.order_number, Lot.order_line).where(
        Lot.account_id == account_id, Lot.order_number.is_not(None)
    )
    orders = {(number, line) for number, line in unit.session.execute(ordered)}
    faults, rows = list(table.faults), list[tuple[int, LotSpec]]()
    for line, spec in table.rows:
        try:
            if spec.virtual_account not in targets:
                targets[spec.virtual_account] = _target(unit, account_id, spec.virtual_account)
            if spec.tag not in known:
                raise _unknown(unit, spec.tag, len(faults))
            for option in read_replacements(spec.details.get(REPLACES, "")):
                if option.tag not in known:
                    raise _unknown(unit, option.tag, len(faults))
            reference = (spec.order_number, spec.order_line)
            if spec.order_number is not None:
                if reference in orders:
                    raise RowError("duplicate_order_line", f"order {spec.order_number} line {spec.order_line} is known")
                orders.add(reference)
            rows.append((line, spec))
        except (RowError, AppError) as error:
            faults.append(RowFault(line, error.code, error.message))
    warnings = [*table.warnings, *_odd_rows(unit, account_id, rows, targets)]
    named = {tag: row.name for tag, row in known.items()}
    return OrderFile(rows, warnings, sorted(faults, key=lambda one: one.line), targets, named)


def _unknown(unit: Unit, tag: str, before: int) -> RowError:
    meant = tag_meant(unit, tag) if before < SHOWN else ""  # no more are shown
    return RowError("unknown_entitlement", f"the catalogue has no {tag[:80]!r}{meant}")


def import_orders(unit: Unit, account_id: str, source: Path | bytes) -> OrderImport:
    """Import an order file, all or nothing."""
    file = judge_orders(unit, account_id, source)
    if file.faults:
        raise FaultyRowsError(list(file.faults))
    wanted = [(file.targets[spec.virtual_account], spec) for _, spec in file.rows]
    return OrderImport(add_lots(unit, account_id, wanted, file.named), file.warnings)


def _odd_rows(
    unit: Unit, account_id: str, rows: Sequence[tuple[int, LotSpec]], targets: Mapping[str, str]
) -> list[RowWarning]:
    """Warnings about lines: an expired term, or a repeated line without an order number."""
    found: list[RowWarning] = []
    nameless = {spec.tag for _, spec in rows if spec.order_number is None}
    before = _nameless_lots(unit, account_id, nameless) if nameless else {}
    for line, spec in rows:
        if spec.end is not None and spec.end <= unit.licence_now:
            ended = until(spec.end)
            found.append(RowWarning(line, "term_is_over", f"the term is over, it lasted {ended}: it does not count"))
        if spec.order_number is None:
            key = (targets[spec.virtual_account], *likeness(spec))
            if key in before:
                where = f"as line {before[key]} of this file" if before[key] else "earlier"
                message = f"the same came {where}; without order_number nothing tells whether it is counted twice"
                found.append(RowWarning(line, "came_before", message))
            before.setdefault(key, line)
    return found


def _nameless_lots(unit: Unit, account_id: str, tags: set[str]) -> dict[tuple[Any, ...], int]:
    """Lots without order number by what their lines said, and where they were added."""
    found: dict[tuple[Any, ...], int] = {}
    added = (Posting.account_id == Lot.account_id) & (Posting.lot_id == Lot.id)
    added &= (Posting.from_bucket == Bucket.OUTSIDE) & Posting.to_bucket.in_([Bucket.FREE, Bucket.PENDING])
    for piece in batches(tags):
        query = select(Lot, Posting.to_virtual_account).join(Posting, added)
        query = query.where(Lot.account_id == account_id, Lot.tag.in_(piece), Lot.order_number.is_(None))
        for lot, virtual_account_id in unit.session.execute(query):
            found[virtual_account_id, *likeness(lot)] = 0
    return found


def _target(unit: Unit, account_id: str, name: str) -> str:
    row = virtual_account(unit, account_id, name) if name else default_virtual_account(unit, account_id)
    return row.id
