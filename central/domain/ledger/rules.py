"""Rules of the ledger: what a lot may be, and how its line in an order file is read (rows C3.3, C3.4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from central.domain.ledger.replacing import REPLACES, read_replacements
from exchange.compliance import DEMO_DAYS, LotView, Stock, last_moment, stock_of
from exchange.vocabulary import Billing, LicenceType
from serverkit.clock import iso
from serverkit.dates import DateFormError, read_end, read_start
from serverkit.names import InvalidNameError, check_text
from serverkit.table_cells import whole_number
from serverkit.table_file import RowError

E = TypeVar("E", bound=StrEnum)
MOST_QUANTITY = 1_000_000_000
REQUIRED = ("virtual_account", "tag", "quantity")
COMMON = ("type", "billing", "start", "end", "source", "order_number", "order_line", "sku", "subscription_id")
DETAILS = (
    "web_order_id",
    "po_number",
    "customer",
    "end_customer",
    "ship_to_country",
    "family",
    "sku_family",
    "licence_family",
    "licence_sku",
    "pak",
    "pak_number",
    "product_sku",
    "product_serial",
    "serial",
    "device_details",
    "product_family",
    "transaction_id",
    "suite",
    REPLACES,
)


class LotSource(StrEnum):
    """The source of a lot."""

    ORDER = "order"
    PAK_MIGRATION = "pak_migration"
    DEVICE_MIGRATION = "device_migration"
    DLC_MIGRATION = "dlc_migration"
    EA_MIGRATION = "ea_migration"
    MANUAL = "manual"
    DEVICE_TRANSFER = "device_transfer"
    DEVICE_REQUEST = "device_request"


@dataclass(frozen=True, slots=True)
class LotSpec:
    """The specification of a new lot."""

    virtual_account: str
    tag: str
    quantity: int
    licence_type: LicenceType = LicenceType.PERPETUAL
    billing: Billing = Billing.PREPAID
    start: datetime | None = None
    end: datetime | None = None
    source: LotSource = LotSource.ORDER
    order_number: str | None = None
    order_line: str | None = None
    sku: str | None = None
    subscription_id: str | None = None
    details: dict[str, str] = field(default_factory=dict)


def likeness(line: Any) -> tuple[object, ...]:
    """What makes two lines of orders alike, be it a LotSpec or the lot it became; a demo may begin on any day."""
    dates = (line.start, line.end) if line.licence_type != LicenceType.DEMO else (line.end - line.start, None)
    words = (str(line.licence_type), str(line.billing), str(line.source), line.sku, line.subscription_id)
    return (line.tag, line.quantity, *words, *dates, tuple(sorted(line.details.items())))


def row_reader(now: datetime) -> Callable[[dict[str, str]], LotSpec]:
    """A reader of order lines; a demo without dates starts now and lasts 60 days."""

    def read(cells: dict[str, str]) -> LotSpec:
        licence_type = _word(cells, "type", LicenceType, LicenceType.PERPETUAL)
        start, end = _time(cells, "start"), _time(cells, "end")
        if licence_type is LicenceType.DEMO and end is None:
            start = start or now.replace(microsecond=0)
            end = start + timedelta(days=DEMO_DAYS)
        _check_term(licence_type, start, end)
        texts = {name: _text(cells, name) for name in ("tag", *COMMON, *DETAILS)}
        if bool(texts["order_number"]) != bool(texts["order_line"]):
            raise RowError("incomplete_order_reference", "order_number and order_line belong together")
        billing = _word(cells, "billing", Billing, Billing.PREPAID)
        _check_upgrade(texts["tag"], texts[REPLACES], licence_type, billing)
        return LotSpec(
            virtual_account=_text(cells, "virtual_account"),
            tag=texts["tag"],
            quantity=parse_quantity(cells["quantity"]),
            licence_type=licence_type,
            billing=billing,
            start=start,
            end=end,
            source=_word(cells, "source", LotSource, LotSource.ORDER),
            order_number=texts["order_number"] or None,
            order_line=texts["order_line"] or None,
            sku=texts["sku"] or None,
            subscription_id=texts["subscription_id"] or None,
            details={name: texts[name] for name in DETAILS if texts[name]},
        )

    return read


def _check_term(licence_type: LicenceType, start: datetime | None, end: datetime | None) -> None:
    if licence_type is LicenceType.TERM and (start is None or end is None):
        raise RowError("term_needs_dates", "a term needs start and end")
    if licence_type is LicenceType.DEMO and start is None:
        raise RowError("term_needs_dates", "a demo with an end needs its start, too")
    if licence_type is LicenceType.PERPETUAL and end is not None:
        raise RowError("perpetual_has_no_end", "a perpetual licence has no end")
    if start is not None and end is not None and end <= start:
        raise RowError("term_ends_before_start", "the end is not after the start")


def _check_upgrade(tag: str, replaces: str, licence_type: LicenceType, billing: Billing) -> None:
    """An upgrade is a perpetual or term licence that is paid beforehand, and never replaces itself (row C5.1)."""
    options = read_replacements(replaces)
    if options and (billing is not Billing.PREPAID or licence_type not in {LicenceType.PERPETUAL, LicenceType.TERM}):
        raise RowError("invalid_upgrade", "an upgrade is a perpetual licence or a term, and prepaid")
    if any(option.tag == tag for option in options):
        raise RowError("invalid_upgrade", "an upgrade does not replace the same licence")


def parse_quantity(text: str) -> int:
    """Read a quantity: ASCII digits only, no sign, blank, point or grouping."""
    return whole_number(text, 1, MOST_QUANTITY)


def _text(cells: dict[str, str], name: str) -> str:
    try:
        return check_text(name, cells.get(name, ""), 255)
    except InvalidNameError as error:
        raise RowError("invalid_text", error.message) from error


def _word(cells: dict[str, str], name: str, words: type[E], default: E) -> E:
    text = cells.get(name, "").lower()
    if not text:
        return default
    try:
        return words(text)
    except ValueError as error:
        raise RowError(f"invalid_{name}", f"{text[:80]!r} is not a {name}; it is one of {', '.join(words)}") from error


def _time(cells: dict[str, str], name: str) -> datetime | None:
    text = cells.get(name, "")
    if not text:
        return None
    try:
        return read_end(text) if name == "end" else read_start(text)
    except DateFormError as error:
        raise RowError("invalid_date", f"{name}: {error}") from error


LOT_TERMS = (
    "id",
    "tag",
    "licence_type",
    "billing",
    "quantity",
    "start",
    "end",
    "source",
    "order_number",
    "order_line",
    "sku",
    "subscription_id",
    "details",
    "created_at",
)


def lot_digest(terms: tuple[object, ...]) -> str:
    """The digest of everything that a lot says; a lot never changes, so neither does this."""
    return _digest(terms)


def posting_hash(previous: str, content: tuple[object, ...]) -> str:
    """The chained hash of a posting: any row that is edited, dropped or added later breaks it."""
    return _digest((previous, *content))


def _digest(parts: tuple[object, ...]) -> str:
    return hashlib.sha256("\x1f".join(map(_plain, parts)).encode()).hexdigest()


def _plain(part: object) -> str:
    if isinstance(part, datetime):
        return iso(part)
    return json.dumps(part, sort_keys=True) if isinstance(part, dict) else str(part)


@dataclass(frozen=True, slots=True)
class HeldLot:
    """The holding of a lot in a virtual account."""

    virtual_account_id: str
    tag: str
    name: str
    licence_type: str
    billing: str
    quantity: int
    start: datetime | None
    end: datetime | None
    sku: str | None
    order_number: str | None
    order_line: str | None
    subscription_id: str | None


@dataclass(frozen=True, slots=True)
class LotChoice:
    """Which lots are meant, where not every lot of a licence is: by type, subscription, first and last day."""

    subscription_id: str | None = None
    start: str | None = None
    end: str | None = None
    types: frozenset[str] = frozenset()

    def takes(
        self, licence_type: str, subscription_id: str | None, start: datetime | None, end: datetime | None
    ) -> bool:
        """Whether a lot of these terms is meant."""
        if self.types and licence_type not in self.types:
            return False
        wanted = (self.subscription_id, self.start, self.end)
        has = (subscription_id, _day(start), _day(end and last_moment(end)))
        return all(want is None or want == have for want, have in zip(wanted, has, strict=True))


def _day(at: datetime | None) -> str | None:
    return f"{at:%Y-%m-%d}" if at else None


ANY_LOT = LotChoice()


def stock_within(lots: Sequence[LotView], first: datetime, after: datetime) -> Stock:
    """The most that a virtual account had at a time from `first` and before `after`: what may cover measured use (row C3.6)."""
    moments = {first, *(lot.start for lot in lots if lot.start is not None and first < lot.start < after)}
    found = [stock_of(lots, at) for at in moments]
    return Stock(
        max(one.prepaid for one in found),
        any(one.by_usage for one in found),
        any(one.reporting_only for one in found),
    )
