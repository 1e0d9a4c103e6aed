"""Importing the catalogue: new and changed rows by tag, all or nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.base import VENDOR, next_change
from central.domain.catalogue.models import Entitlement, Product
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from exchange.limits import PRODUCTS, PRODUCTS_BYTES, TAG_CHARS
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert
from serverkit.licence_texts import quantity
from serverkit.names import InvalidNameError, check_text
from serverkit.table_file import FaultyRowsError, RowError, RowFault, RowWarning, judge_table

REQUIRED = ("kind", "tag", "name")
OPTIONAL = ("description", "restricted", "family", "products")
_TAG = re.compile(r"[A-Za-z0-9._,+/ ()&-]{1,255}")
_TEXTS = {"name": 255, "description": 1024, "family": 255}
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
        raise RowError("invalid_tag", f"{tag[:60]!r} is not a tag")
    if not {"", ".", ".."}.isdisjoint(tag.split("/")):  # part of addresses, where these are taken away on the way
        raise RowError("invalid_tag", f"{tag[:60]!r} is not a tag: a part between slashes is empty, `.` or `..`")
    restricted = _YES_NO.get(cells.get("restricted", "").lower())
    if restricted is None:
        raise RowError("invalid_flag", "restricted is yes or no")
    try:
        texts = [check_text(what, cells.get(what, ""), most) for what, most in _TEXTS.items()]
    except InvalidNameError as error:
        raise RowError("invalid_name", error.message) from error
    products = _products(cells.get("products", ""))
    return CatalogueRow(kind, tag, texts[0] or tag, texts[1], restricted, texts[2], products)


def _products(text: str) -> tuple[str, ...]:
    """The products of a cell; RowError for more than a row of a response holds, which no satellite could import."""
    found = tuple(entry for entry in re.split(r"[;|\s]+", text) if entry)
    if len(found) > PRODUCTS:
        raise RowError("too_many_products", f"{len(found)} products are named; at most {PRODUCTS} are possible")
    if (size := len(text.encode())) > PRODUCTS_BYTES or any(len(entry) > TAG_CHARS for entry in found):
        least = f"{PRODUCTS_BYTES} bytes in all, {TAG_CHARS} characters each"
        raise RowError("too_many_products", f"the products have {size} bytes; at most {least} are possible")
    try:
        return tuple(check_text("products", entry, TAG_CHARS) for entry in found)
    except InvalidNameError as error:
        raise RowError("invalid_name", error.message) from error


@dataclass(frozen=True, slots=True)
class CatalogueChange:
    """The effect of a file: what each row is (`new`, `changed`, `same`), and which tags become restricted or ordinary."""

    rows: tuple[CatalogueRow, ...]
    lines: tuple[int, ...]
    verdicts: tuple[str, ...]
    restricted: tuple[str, ...]
    unrestricted: tuple[str, ...]
    warnings: tuple[RowWarning, ...] = ()
    faults: tuple[RowFault, ...] = ()

    @property
    def added(self) -> int:
        """How many rows are new."""
        return self.verdicts.count("new")

    @property
    def changed(self) -> int:
        """How many rows differ from what is there."""
        return self.verdicts.count("changed")

    @property
    def counts(self) -> dict[str, int]:
        """How many entitlements and products the file holds."""
        entitlements = sum(row.kind == "entitlement" for row in self.rows)
        return {"entitlements": entitlements, "products": len(self.rows) - entitlements}


def read_catalogue(unit: Unit, source: Path | bytes) -> CatalogueChange:
    """Read a file without faulty rows, and compare it with what is there; nothing is changed."""
    change = judge_catalogue(unit, source)
    if change.faults:
        raise FaultyRowsError(list(change.faults))
    return change


def judge_catalogue(unit: Unit, source: Path | bytes) -> CatalogueChange:
    """Read a file and judge each of its rows; nothing is changed."""
    require(unit, Permission.CATALOGUE_MANAGE)
    table = judge_table(source, REQUIRED, OPTIONAL, _UniqueRows())
    rows = tuple(row for _, row in table.rows)
    known = _known(unit, rows)
    now = {row.tag: row.restricted for row in rows if row.kind == "entitlement"}
    before = {tag: entry[1] for (kind, tag), entry in known.items() if kind == "entitlement"}
    both = sorted(now.keys() & before.keys())
    return CatalogueChange(
        rows,
        tuple(line for line, _ in table.rows),
        tuple(_verdict(row, known.get((row.kind, row.tag))) for row in rows),
        restricted=tuple(tag for tag in both if now[tag] and not before[tag]),
        unrestricted=tuple(tag for tag in both if before[tag] and not now[tag]),
        warnings=tuple(table.warnings),
        faults=tuple(table.faults),
    )


def _verdict(row: CatalogueRow, known: tuple[object, ...] | None) -> str:
    if known is None:
        return "new"
    return "same" if known == _rows_of_devices(row) else "changed"


def _rows_of_devices(row: CatalogueRow) -> tuple[object, ...]:
    if row.kind == "product":
        return (row.name, row.description, row.family)
    return (row.name, row.restricted, row.description, row.family, list(row.products))


def _known(unit: Unit, rows: Sequence[CatalogueRow]) -> dict[tuple[str, str], tuple[object, ...]]:
    known: dict[tuple[str, str], tuple[object, ...]] = {}
    for piece in batches(rows):
        tags = [row.tag for row in piece]
        for one in unit.session.scalars(select(Entitlement).where(Entitlement.tag.in_(tags))):
            known["entitlement", one.tag] = (one.name, one.restricted, one.description, one.family, list(one.products))
        for other in unit.session.scalars(select(Product).where(Product.tag.in_(tags))):
            known["product", other.tag] = (other.name, other.description, other.family)
    return known


def apply_catalogue(unit: Unit, change: CatalogueChange) -> None:
    """Store the rows of a file; a tag that becomes restricted or ordinary is an event of its own (row C8.1)."""
    require(unit, Permission.CATALOGUE_MANAGE)
    number = next_change(unit, VENDOR)
    entitlements = [
        {
            "tag": row.tag,
            "name": row.name,
            "description": row.description,
            "restricted": row.restricted,
            "family": row.family,
            "products": list(row.products),
            "change_no": number,
        }
        for row in change.rows
        if row.kind == "entitlement"
    ]
    products: list[dict[str, object]] = [
        {"tag": row.tag, "name": row.name, "description": row.description, "family": row.family}
        for row in change.rows
        if row.kind == "product"
    ]
    for piece in batches(entitlements):
        upsert(unit.session, Entitlement, piece)
    for piece in batches(products):
        upsert(unit.session, Product, piece)
    counts = change.counts
    message = "catalogue imported: " + ", ".join(
        (quantity(counts["entitlements"], "entitlement"), quantity(counts["products"], "product"))
    )
    record(unit, None, EventKind.CATALOGUE_IMPORTED, message, subject=counts)
    for word, tags in (("restricted", change.restricted), ("not restricted any more", change.unrestricted)):
        for tag in tags:
            subject = {"tag": tag, "restricted": word == "restricted"}
            record(unit, None, EventKind.RESTRICTION_CHANGED, f"the licence {tag} is {word}", subject=subject)


def name_by_tag(unit: Unit, tag: str) -> None:
    """Enter a restricted licence by its tag alone, which a signed grant names and a restored catalogue lacks."""
    number = next_change(unit, VENDOR)
    values = {"name": tag, "description": "", "restricted": True, "family": "", "products": []}
    unit.session.add(Entitlement(tag=tag, change_no=number, **values))
    unit.session.flush()  # lots and grants name it
    message = (
        f"the catalogue has {tag} by its tag alone: a grant names it that central forgot; import the catalogue again"
    )
    record(unit, None, EventKind.CATALOGUE_IMPORTED, message, subject={"entitlements": 1, "products": 0, "tag": tag})


class _UniqueRows:
    """A reader of rows that refuses a tag that occurs twice."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def __call__(self, cells: dict[str, str]) -> CatalogueRow:
        row = read_row(cells)
        if (row.kind, row.tag) in self._seen:
            raise RowError("duplicate_tag", f"{row.tag} occurs twice in the file")
        self._seen.add((row.kind, row.tag))
        return row
