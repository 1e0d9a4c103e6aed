"""Use cases of the files of conversions: eligible SKUs, service contracts, PAKs and devices (rows C9.1, C9.3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.queries import by_domain
from central.domain.conversions import importing, runs
from central.domain.conversions.contract_answers import looks_up
from central.domain.conversions.errors import ContractsLookedUpError
from central.domain.conversions.models import ClassicSku, ServiceContract
from central.domain.conversions.rules import SourceKind
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.table_file import FaultyRowsError, RowWarning


def import_skus(unit: Unit, source: Path | bytes) -> dict[str, Any]:
    """Say what classic licences become, all or nothing; a SKU that is there is replaced."""
    return {"skus": len(importing.import_skus(unit, source))}


def list_skus(unit: Unit) -> list[dict[str, Any]]:
    """The eligible SKUs, and what each becomes."""
    require(unit, Permission.CATALOGUE_MANAGE)
    return [
        {
            "id": row.sku,
            "sku": row.sku,
            "tag": row.tag,
            "family": row.family,
            "contract_needed": row.contract_needed,
            "divisible": row.divisible,
        }
        for row in unit.session.scalars(select(ClassicSku).order_by(ClassicSku.sku))
    ]


def import_contracts(unit: Unit, domain: str, source: Path | bytes) -> dict[str, Any]:
    """Replace the service contracts of an account, all or nothing; ContractsLookedUpError where files do not count."""
    if looks_up(unit):
        raise ContractsLookedUpError
    return {"contracts": importing.import_contracts(unit, by_domain(unit, domain).id, source)}


def list_contracts(unit: Unit, domain: str) -> list[dict[str, Any]]:
    """The service contracts of an account; `of` is the PAK or device to which one is limited."""
    account = by_domain(unit, domain)
    require(unit, Permission.ORDER_MANAGE, account.id)
    query = select(ServiceContract).where(ServiceContract.account_id == account.id)
    query = query.order_by(ServiceContract.number, ServiceContract.sku, ServiceContract.source_key)
    return [
        {
            "id": f"{row.number}|{row.sku}|{row.source_key}",
            "contract": row.number,
            "sku": row.sku,
            "of": row.source_key.replace("|", " ").strip() or None,
            "start": optional_iso(row.start),
            "end": optional_iso(row.end),
        }
        for row in unit.session.scalars(query)
    ]


def import_classic(
    unit: Unit, domain: str, kind: SourceKind, source: Path | bytes, *, preview: bool = False
) -> dict[str, Any]:
    """Take over a list of PAKs or devices, all or nothing; `preview` only shows what it would do."""
    account = by_domain(unit, domain)
    if preview:
        file = importing.judge_sources(unit, account.id, kind, source)
        if file.faults:
            raise FaultyRowsError(list(file.faults))
        return {**_summary(file), "imported": False}
    file, changed = importing.import_sources(unit, account.id, kind, source)
    unit.session.flush()
    taken = runs.take_assigned(unit, account.id, kind, frozenset(changed))
    return {**_summary(file), "changed": len(changed), "in_progress": len(taken.sources), "imported": True}


def preview_classic(unit: Unit, domain: str, kind: SourceKind, source: bytes) -> dict[str, Any]:
    """Judge every line of a list, without changing anything: `rows` with line and verdict, faults first.

    A verdict is `refused`, `warning` or `taken`; `code` and `message` say why for the first two.
    """
    file = importing.judge_sources(unit, by_domain(unit, domain).id, kind, source)
    warned = {one.line: one for one in file.warnings if one.line is not None}
    rows: list[dict[str, Any]] = [
        {"line": one.line, "verdict": "refused", "code": one.code, "message": one.message} for one in file.faults
    ]
    taken = []
    for line, row in file.rows:
        odd = warned.get(line)
        said = {"code": odd.code if odd else "", "message": odd.message if odd else ""}
        facts = {"number": row.source.number, "sku": row.sku, "quantity": row.quantity}
        place = {"virtual_account": row.source.virtual_account}
        taken.append({"line": line, "verdict": "warning" if odd else "taken", **said, **facts, **place})
    rows += sorted(taken, key=lambda one: (one["verdict"] != "warning", one["line"]))
    warnings = [one.message for one in file.warnings if one.line is None]
    return {**_summary(file), "rows": rows, "usable": not file.faults, "faults": len(file.faults), "warnings": warnings}


def _summary(file: importing.ClassicFile) -> dict[str, Any]:
    warnings: list[RowWarning] = [*file.warnings]
    sources = {row.source.key for _, row in file.rows}
    return {
        "lines": len(file.rows),
        "sources": len(sources),
        "new": len(sources - file.known.keys()),
        "warnings": [one.to_dict() for one in warnings],
    }
