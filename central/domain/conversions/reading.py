"""Reading the files of conversions: eligible SKUs, PAKs, devices, service contracts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from central.domain.conversions.rules import CLASSIC_TYPES, SourceKind
from central.domain.ledger.rules import MOST_QUANTITY
from exchange.errors import MalformedError
from exchange.identity import Udi, ascii_lower
from exchange.vocabulary import LicenceType
from serverkit.dates import DateFormError, read_end, read_start
from serverkit.names import InvalidNameError, check_text
from serverkit.table_cells import whole_number
from serverkit.table_file import RowError

SKU_REQUIRED, SKU_OPTIONAL = ("sku", "tag"), ("family", "contract_needed", "divisible")
PAK_REQUIRED = ("pak", "sku", "quantity")
PAK_OPTIONAL = ("virtual_account", "family", "partial", "order_number", "order_date", "type", "start", "end")
DEVICE_REQUIRED = ("pid", "serial", "sku", "quantity")
DEVICE_OPTIONAL = ("virtual_account", "product_family", "details", "family", "type", "start", "end")
CONTRACT_REQUIRED, CONTRACT_OPTIONAL = ("contract", "sku"), ("pak", "pid", "serial", "start", "end")
_YES_NO = {"no": False, "false": False, "0": False, "yes": True, "true": True, "1": True}
MOST_PAK = 64


@dataclass(frozen=True, slots=True)
class SkuRow:
    """A SKU and what it becomes."""

    sku: str
    tag: str
    family: str
    contract_needed: bool
    divisible: bool


@dataclass(frozen=True, slots=True)
class SourceRow:
    """What each line says of its PAK or device; lines of the same one say the same."""

    number: str
    key: str
    virtual_account: str
    partial: bool = False
    order_number: str = ""
    ordered_at: datetime | None = None
    family: str = ""
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class LicenceRow:
    """Units of a SKU; `quantity` is all that there ever were, those that were converted included."""

    source: SourceRow
    sku: str
    quantity: int
    family: str
    licence_type: LicenceType
    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract that covers a SKU, in one PAK or device or in all."""

    number: str
    sku: str
    source_key: str
    start: datetime | None
    end: datetime | None


def pak_key(number: str) -> str:
    """What tells two PAKs apart: the case of ASCII letters does not."""
    return ascii_lower(number)


def read_sku(cells: dict[str, str]) -> SkuRow:
    """A line of the file of eligible SKUs; a contract is needed unless the line says no."""
    flags = _flag(cells, "contract_needed", usual=True), _flag(cells, "divisible", usual=False)
    return SkuRow(_text(cells, "sku", needed=True), _text(cells, "tag", needed=True), _text(cells, "family"), *flags)


def read_pak(cells: dict[str, str]) -> LicenceRow:
    """A line of a file of PAKs; partial fulfilment is allowed unless the line says no."""
    number = _text(cells, "pak", MOST_PAK, needed=True)
    if not re.fullmatch(r"[A-Za-z0-9._-]+", number):
        raise RowError("invalid_pak", f"{number[:40]!r} is not the number of a PAK: letters, digits, `.`, `_` and `-`")
    source = SourceRow(
        number,
        pak_key(number),
        _text(cells, "virtual_account"),
        _flag(cells, "partial", usual=True),
        _text(cells, "order_number"),
        _time(cells, "order_date"),
    )
    return _licence(source, cells)


def read_device(cells: dict[str, str]) -> LicenceRow:
    """A line of a file of devices, which are named by PID and serial number."""
    udi = _udi(cells)
    facts = {"pid": udi.pid, "serial": udi.serial, "details": _text(cells, "details")}
    source = SourceRow(
        udi.label,
        udi.plain_key,
        _text(cells, "virtual_account"),
        family=_text(cells, "product_family"),
        facts=tuple((name, value) for name, value in facts.items() if value),
    )
    return _licence(source, cells)


READERS = {
    SourceKind.PAK: (PAK_REQUIRED, PAK_OPTIONAL, read_pak),
    SourceKind.DEVICE: (DEVICE_REQUIRED, DEVICE_OPTIONAL, read_device),
}


def read_contract(cells: dict[str, str]) -> ContractRow:
    """A line of a file of service contracts; without a PAK or device it covers all of the account."""
    pak, device = cells.get("pak", ""), cells.get("pid", "") or cells.get("serial", "")
    if pak and device:
        raise RowError("ambiguous_contract", "a line names a PAK or a device, not both")
    key = pak_key(_text(cells, "pak", MOST_PAK)) if pak else _udi(cells).plain_key if device else ""
    start, end = _time(cells, "start"), _time(cells, "end")
    _in_order(start, end)
    return ContractRow(_text(cells, "contract", needed=True), _text(cells, "sku", needed=True), key, start, end)


def _licence(source: SourceRow, cells: dict[str, str]) -> LicenceRow:
    licence_type = cells.get("type", "").lower() or LicenceType.PERPETUAL
    if licence_type not in CLASSIC_TYPES:
        raise RowError("invalid_type", f"{licence_type[:40]!r} is not a type; it is one of {', '.join(CLASSIC_TYPES)}")
    start, end = _time(cells, "start"), _time(cells, "end")
    if licence_type == LicenceType.TERM and end is None:
        raise RowError("term_needs_dates", "a term needs its end")
    if licence_type == LicenceType.PERPETUAL and end is not None:
        raise RowError("perpetual_has_no_end", "a perpetual licence has no end")
    _in_order(start, end)
    sku, quantity = _text(cells, "sku", needed=True), _quantity(cells["quantity"])
    return LicenceRow(source, sku, quantity, _text(cells, "family"), LicenceType(licence_type), start, end)


def _in_order(start: datetime | None, end: datetime | None) -> None:
    if start is not None and end is not None and end <= start:
        raise RowError("term_ends_before_start", "the end is not after the start")


def _udi(cells: dict[str, str]) -> Udi:
    try:
        return Udi(cells.get("pid", ""), cells.get("serial", ""))
    except MalformedError as error:
        raise RowError("invalid_device", error.message) from error


def _quantity(text: str) -> int:
    return whole_number(text, 0, MOST_QUANTITY)


def _flag(cells: dict[str, str], name: str, *, usual: bool) -> bool:
    text = cells.get(name, "").lower()
    if not text:
        return usual
    if text not in _YES_NO:
        raise RowError("invalid_flag", f"{name} is yes or no")
    return _YES_NO[text]


def _text(cells: dict[str, str], name: str, most: int = 255, *, needed: bool = False) -> str:
    try:
        found = check_text(name, cells.get(name, ""), most)
    except InvalidNameError as error:
        raise RowError("invalid_text", error.message) from error
    if needed and not found:
        raise RowError("invalid_text", f"{name} is empty")
    return found


def _time(cells: dict[str, str], name: str) -> datetime | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return read_end(text) if name == "end" else read_start(text)
    except DateFormError as error:
        raise RowError("invalid_date", f"{name}: {error}") from error


@dataclass(slots=True)
class SameSource:
    """Finds lines of one PAK or device that contradict each other, and those that name a SKU twice."""

    known: dict[str, SourceRow] = field(default_factory=dict)
    seen: set[tuple[str, str]] = field(default_factory=set)

    def check(self, row: LicenceRow) -> None:
        """RowError for a line that does not fit the ones before it."""
        first = self.known.setdefault(row.source.key, row.source)
        if first != row.source:
            raise RowError("lines_differ", f"the lines of {row.source.number} do not say the same of it")
        if (row.source.key, row.sku) in self.seen:
            raise RowError("duplicate_sku", f"{row.source.number} has {row.sku} twice")
        self.seen.add((row.source.key, row.sku))
