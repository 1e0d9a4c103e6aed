"""Importing the catalogue: new and changed rows by tag, all or nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.base import next_change
from central.domain.catalogue.models import Entitlement, Product
from chassis.db.unit import Unit
from chassis.db.upsert import batches, upsert
from chassis.names import InvalidNameError, check_text
from chassis.table_file import RowError, read_table

REQUIRED = ("kind", "tag", "name")
OPTIONAL = ("description", "restricted", "family", "products")
_TAG = re.compile(r"[A-Za-z0-9._,+/ ()&-]{1,255}")
_YES_NO = {"": False, "no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}


@dataclass(frozen=True, slots=True)
class CatalogueRow:
    """One line of a catalogue file."""

    kind: str
    tag: str
    name: str
    description: str
    restricted: bool
    family: str
    products: tuple[str, ...]


def read_row(cells: dict[str, str]) -> CatalogueRow:
    """Read a line; RowError says what is wrong."""
    kind, tag = cells["kind"], cells["tag"]
    if kind not in {"entitlement", "product"}:
        raise RowError("invalid_kind", "kind is entitlement or product")
    if not _TAG.fullmatch(tag):
        raise RowError("invalid_tag", f"{tag[:60]!r} is no tag")
    restricted = _YES_NO.get(cells.get("restricted", "").lower())
    if restricted is None:
        raise RowError("invalid_flag", "restricted is yes or no")
    try:
        texts = [check_text(what, cells.get(what, "")) for what in ("name", "description", "family")]
    except InvalidNameError as error:
        raise RowError("invalid_name", error.message) from error
    products = tuple(entry for entry in re.split(r"[;|\s]+", cells.get("products", "")) if entry)
    return CatalogueRow(kind, tag, texts[0] or tag, texts[1], restricted, texts[2], products)


def import_catalogue(unit: Unit, path: Path) -> dict[str, int]:
    """Import a file; returns how many entitlements and products it held."""
    require(unit, Permission.CATALOGUE_MANAGE)
    rows = [row for _, row in read_table(path, REQUIRED, OPTIONAL, _UniqueRows())]
    change = next_change(unit)
    entitlements = [
        {
            "tag": row.tag,
            "name": row.name,
            "description": row.description,
            "restricted": row.restricted,
            "family": row.family,
            "products": list(row.products),
            "change_no": change,
        }
        for row in rows
        if row.kind == "entitlement"
    ]
    products = [
        {"tag": row.tag, "name": row.name, "description": row.description, "family": row.family, "change_no": change}
        for row in rows
        if row.kind == "product"
    ]
    for piece in batches(entitlements):
        upsert(unit.session, Entitlement, piece)
    for piece in batches(products):
        upsert(unit.session, Product, piece)
    counts = {"entitlements": len(entitlements), "products": len(products)}
    message = f"catalogue imported: {counts['entitlements']} entitlements, {counts['products']} products"
    record(unit, None, EventKind.CATALOGUE_IMPORTED, message, subject=counts)
    return counts


class _UniqueRows:
    """A reader of rows that refuses a tag which stands twice."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def __call__(self, cells: dict[str, str]) -> CatalogueRow:
        row = read_row(cells)
        if (row.kind, row.tag) in self._seen:
            raise RowError("duplicate_tag", f"{row.tag} stands twice in the file")
        self._seen.add((row.kind, row.tag))
        return row
