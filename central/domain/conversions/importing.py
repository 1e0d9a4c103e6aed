"""Lists of PAKs and devices, eligible SKUs and contracts, all or nothing; a list that comes again changes what it says anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import default_virtual_account, virtual_account
from central.domain.catalogue.queries import entitlements, tag_meant
from central.domain.conversions.models import ClassicLicence, ClassicSku, ClassicSource, ServiceContract
from central.domain.conversions.queries import setting_of, skus_by_name
from central.domain.conversions.reading import (
    CONTRACT_OPTIONAL,
    CONTRACT_REQUIRED,
    READERS,
    SKU_OPTIONAL,
    SKU_REQUIRED,
    LicenceRow,
    SameSource,
    SkuRow,
    SourceRow,
    read_contract,
    read_sku,
)
from central.domain.conversions.rules import SourceKind, Status
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, insert_rows, upsert
from serverkit.errors import AppError
from serverkit.ids import new_id
from serverkit.licence_texts import quantity
from serverkit.locks import for_change
from serverkit.table_file import SHOWN, FaultyRowsError, RowError, RowFault, RowWarning, judge_table

Known = Mapping[str, ClassicSource]


@dataclass(frozen=True, slots=True)
class ClassicFile:
    """The lines of a list, each judged; `targets` are ids of virtual accounts by the names in the file."""

    kind: SourceKind
    rows: Sequence[tuple[int, LicenceRow]]
    warnings: Sequence[RowWarning]
    faults: Sequence[RowFault]
    targets: Mapping[str, str]
    known: Known


def judge_sources(unit: Unit, account_id: str, kind: SourceKind, source: Path | bytes) -> ClassicFile:
    """Read a list of PAKs or devices and judge each line as the import does; nothing is changed."""
    require(unit, Permission.ORDER_MANAGE, account_id)
    required, optional, read = READERS[kind]
    table = judge_table(source, required, optional, read)
    known = _known(unit, kind, {row.source.key for _, row in table.rows})
    done = _converted(unit, account_id, known.values())
    eligible = skus_by_name(unit, {row.sku for _, row in table.rows})
    targets: dict[str, str] = {}
    faults, rows, warnings = list(table.faults), list[tuple[int, LicenceRow]](), list(table.warnings)
    same = SameSource()
    for line, row in table.rows:
        try:
            same.check(row)
            there = known.get(row.source.key)
            if there is not None and there.account_id != account_id:
                raise RowError("of_another_account", f"{row.source.number} belongs to another account")
            name = row.source.virtual_account
            if name not in targets:
                targets[name] = _target(unit, account_id, name)
            converted = done.get((there.id, row.sku), 0) if there is not None else 0
            if row.quantity < converted:
                raise RowError("below_converted", f"{converted} of {row.sku} in {row.source.number} were converted")
        except (RowError, AppError) as error:
            faults.append(RowFault(line, error.code, error.message))
            continue
        rows.append((line, row))
        if row.sku not in eligible:
            warnings.append(RowWarning(line, "not_eligible", f"{row.sku} becomes no smart licence"))
        elif row.end is not None and row.end <= unit.licence_now:
            warnings.append(RowWarning(line, "term_is_over", f"the term of {row.sku} is over"))
    return ClassicFile(kind, rows, warnings, sorted(faults, key=lambda one: one.line), targets, known)


def _target(unit: Unit, account_id: str, name: str) -> str:
    return (virtual_account(unit, account_id, name) if name else default_virtual_account(unit, account_id)).id


def _known(unit: Unit, kind: SourceKind, keys: set[str]) -> dict[str, ClassicSource]:
    """PAKs or devices by key, of whatever account; locked in a writing unit."""
    found: dict[str, ClassicSource] = {}
    for piece in batches(sorted(keys)):
        query = select(ClassicSource).where(ClassicSource.kind == kind, ClassicSource.key.in_(piece))
        query = query.order_by(ClassicSource.account_id, ClassicSource.id)
        found.update((row.key, row) for row in unit.session.scalars(for_change(query) if unit.writing else query))
    return found


def _converted(unit: Unit, account_id: str, rows: Any) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    for piece in batches([row.id for row in rows if row.account_id == account_id]):
        query = select(ClassicLicence.source_id, ClassicLicence.sku, ClassicLicence.converted)
        query = query.where(ClassicLicence.account_id == account_id, ClassicLicence.source_id.in_(piece))
        found.update(((source, sku), count) for source, sku, count in unit.session.execute(query))
    return found


def import_sources(
    unit: Unit, account_id: str, kind: SourceKind, source: Path | bytes
) -> tuple[ClassicFile, list[str]]:
    """Take over a list, all or nothing; also the ids of the PAKs or devices that were assigned to a virtual account by it."""
    file = judge_sources(unit, account_id, kind, source)
    if file.faults:
        raise FaultyRowsError(list(file.faults))
    by_source: dict[SourceRow, list[LicenceRow]] = {}
    for _, row in file.rows:
        by_source.setdefault(row.source, []).append(row)
    assigned: list[str] = []
    licences: list[dict[str, Any]] = []
    there = _licences(unit, account_id, file.known)
    by_holder: dict[str, dict[str, ClassicLicence]] = {}
    for (source_id, sku), there_row in there.items():
        by_holder.setdefault(source_id, {})[sku] = there_row
    for one, rows in by_source.items():
        target = file.targets[one.virtual_account]
        holder, moved = _enter(unit, account_id, file, one, target)
        kept = by_holder.get(holder.id, {})
        changed = _changed(kept, rows)
        licences += [_licence(account_id, holder.id, row, kept.get(row.sku)) for row in changed]
        sums = {sku: row.quantity - row.converted for sku, row in kept.items()}
        sums |= {row.sku: row.quantity - (kept[row.sku].converted if row.sku in kept else 0) for row in rows}
        holder.remaining = sum(sums.values())
        if changed or moved:
            holder.revision, holder.changed_at = holder.revision + 1, unit.now
            holder.status, holder.problem = Status.AVAILABLE, ""
            assigned.append(holder.id)
    unit.session.flush()
    for piece in batches(licences):
        upsert(unit.session, ClassicLicence, piece)
    for kept_row in there.values():
        unit.session.expire(kept_row)
    setting_of(unit, account_id, kind).listed_at = unit.now
    count = len(by_source)
    message = f"a list of {quantity(count, 'PAK')} was imported"
    if kind is SourceKind.DEVICE:
        message = f"a list of classic licences of {quantity(count, 'device')} was imported"
    record(unit, account_id, EventKind.CLASSIC_LISTED, message, subject={"kind": kind, "count": len(by_source)})
    return file, assigned


def _licences(unit: Unit, account_id: str, known: Known) -> dict[tuple[str, str], ClassicLicence]:
    found: dict[tuple[str, str], ClassicLicence] = {}
    for piece in batches([row.id for row in known.values() if row.account_id == account_id]):
        query = select(ClassicLicence).where(
            ClassicLicence.account_id == account_id, ClassicLicence.source_id.in_(piece)
        )
        found.update(((row.source_id, row.sku), row) for row in unit.session.scalars(query))
    return found


def _enter(unit: Unit, account_id: str, file: ClassicFile, one: SourceRow, target: str) -> tuple[ClassicSource, bool]:
    """The row of a PAK or device, and whether it is new, or says something else now."""
    values: dict[str, Any] = {
        "number": one.number,
        "virtual_account_id": target,
        "partial": one.partial,
        "order_number": one.order_number,
        "ordered_at": one.ordered_at,
        "family": one.family,
        "facts": dict(one.facts),
    }
    row = file.known.get(one.key)
    if row is None:
        row = ClassicSource(
            account_id=account_id, id=new_id(), kind=file.kind, key=one.key, status=Status.AVAILABLE, problem="",
            remaining=0, converted=0, revision=1, assigned_at=unit.now, changed_at=unit.now, **values,
        )  # fmt: skip
        unit.session.add(row)
        return row, True
    if all(getattr(row, name) == value for name, value in values.items()):
        return row, False
    if row.virtual_account_id != target:
        row.assigned_at = unit.now
    for name, value in values.items():
        setattr(row, name, value)
    return row, True


def _changed(kept: Mapping[str, ClassicLicence], rows: Sequence[LicenceRow]) -> list[LicenceRow]:
    def said(row: Any) -> tuple[object, ...]:
        return (row.quantity, row.family, str(row.licence_type), row.start, row.end)

    return [row for row in rows if row.sku not in kept or said(kept[row.sku]) != said(row)]


def _licence(account_id: str, source_id: str, row: LicenceRow, kept: ClassicLicence | None) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "source_id": source_id,
        "sku": row.sku,
        "family": row.family,
        "quantity": row.quantity,
        "converted": kept.converted if kept is not None else 0,
        "licence_type": row.licence_type,
        "start": row.start,
        "end": row.end,
    }


def import_skus(unit: Unit, source: Path | bytes) -> list[SkuRow]:
    """Say what classic licences become; SKUs that are there are replaced, others stay."""
    require(unit, Permission.CATALOGUE_MANAGE)
    table = judge_table(source, SKU_REQUIRED, SKU_OPTIONAL, read_sku)
    known = {row.tag for row in entitlements(unit, {row.tag for _, row in table.rows})}
    faults, rows = list(table.faults), dict[str, SkuRow]()
    for line, row in table.rows:
        if row.tag not in known:
            meant = tag_meant(unit, row.tag) if len(faults) < SHOWN else ""  # no more are shown
            faults.append(RowFault(line, "unknown_entitlement", f"the catalogue has no {row.tag[:80]!r}{meant}"))
        elif row.sku in rows:
            faults.append(RowFault(line, "duplicate_sku", f"{row.sku} occurs twice in the file"))
        else:
            rows[row.sku] = row
    if faults:
        raise FaultyRowsError(sorted(faults, key=lambda one: one.line))
    names = ("sku", "tag", "family", "contract_needed", "divisible")
    for piece in batches(rows.values()):
        upsert(unit.session, ClassicSku, [{name: getattr(row, name) for name in names} for row in piece])
    message = f"{quantity(len(rows), 'SKU')} of classic licences {'was' if len(rows) == 1 else 'were'} imported"
    record(unit, None, EventKind.CLASSIC_SKUS_IMPORTED, message, subject={"count": len(rows)})
    return list(rows.values())


def import_contracts(unit: Unit, account_id: str, source: Path | bytes) -> int:
    """Replace the service contracts of an account by those of a file; returns how many lines there are."""
    require(unit, Permission.ORDER_MANAGE, account_id)
    table = judge_table(source, CONTRACT_REQUIRED, CONTRACT_OPTIONAL, read_contract)
    faults, rows = list(table.faults), dict[tuple[str, str, str], dict[str, Any]]()
    for line, row in table.rows:
        key = (row.sku, row.source_key, row.number)
        if key in rows:
            faults.append(RowFault(line, "duplicate_sku", f"{row.number} covers {row.sku} twice"))
        values = {"sku": row.sku, "source_key": row.source_key, "number": row.number}
        rows[key] = {"account_id": account_id, **values, "start": row.start, "end": row.end}
    if faults:
        raise FaultyRowsError(sorted(faults, key=lambda one: one.line))
    unit.session.execute(delete(ServiceContract).where(ServiceContract.account_id == account_id))
    for piece in batches(rows.values()):
        insert_rows(unit.session, ServiceContract, piece)
    message = f"{quantity(len(rows), 'line')} of service contracts {'was' if len(rows) == 1 else 'were'} imported"
    record(unit, account_id, EventKind.CONTRACTS_IMPORTED, message, subject={"count": len(rows)})
    return len(rows)
