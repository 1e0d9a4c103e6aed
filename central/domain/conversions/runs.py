"""Conversion by the settings of an account: what a list assigns, and all at once; a run that fails is kept (row C9.4)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.conversions.contract_answers import ask_later, looks_up, waits_for_answer
from central.domain.conversions.errors import ContractNotCheckedError, ConversionFailedError, UnknownFamilyError
from central.domain.conversions.models import ClassicSku, ClassicSource, ConversionSetting
from central.domain.conversions.queries import holders, setting_of
from central.domain.conversions.rules import SourceKind, Status, best_choice
from central.domain.conversions.services import convert, origin
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit, is_retryable
from serverkit.db.upsert import batches
from serverkit.errors import AppError
from serverkit.locks import for_change
from serverkit.log import get_logger

AT_ONCE = 200
"""How many PAKs and devices one unit of work of the job converts."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a run takes up: PAKs or devices, the units that become smart licences, and how many SKUs cannot be converted.

    `unchecked` SKUs are not among either: their service contract is looked up first.
    """

    sources: list[ClassicSource]
    quantity: int
    failing: int
    unchecked: int = 0


def families(unit: Unit) -> list[str]:
    """The licence families of the eligible SKUs, which settings choose among."""
    return sorted({family for family in unit.session.scalars(select(ClassicSku.family).distinct()) if family})


def change_setting(
    unit: Unit,
    account_id: str,
    kind: SourceKind,
    *,
    enabled: bool,
    places: Mapping[str, str],
    products: Sequence[str],
) -> ConversionSetting:
    """Say what is converted by itself; no virtual account (`places`, names by id) and no product family means all of them."""
    require(unit, Permission.CONVERSION_MANAGE, account_id)
    known = families(unit)
    for family in products:
        if family not in known:
            raise UnknownFamilyError("no eligible SKU is of the family {family!r}", family=family[:80])
    row = setting_of(unit, account_id, kind)
    row.enabled = enabled
    row.virtual_accounts = sorted(places)
    row.products = sorted({*products})
    what = "PAKs" if kind is SourceKind.PAK else "devices"
    message = f"automatic conversion of {what} is {'on' if enabled else 'off'}"
    subject = {"kind": kind, "enabled": enabled, "virtual_accounts": sorted(places.values()), "products": row.products}
    record(unit, account_id, EventKind.CONVERSION_SETTINGS_CHANGED, message, subject=subject)
    return row


def look_run(unit: Unit, account_id: str, kind: SourceKind) -> Taken:
    """What a run by the settings would take up of all that waits; nothing is changed."""
    require(unit, Permission.CONVERSION_MANAGE, account_id)
    return _wanted(unit, account_id, kind, None)


def begin_run(unit: Unit, account_id: str, kind: SourceKind) -> Taken:
    """Take up all that can be converted by the settings: its conversion is in progress then."""
    require(unit, Permission.CONVERSION_MANAGE, account_id)
    return _begin(unit, _wanted(unit, account_id, kind, None))


def take_assigned(unit: Unit, account_id: str, kind: SourceKind, ids: Collection[str]) -> Taken:
    """The same of what a list just assigned, where the settings say so."""
    if not setting_of(unit, account_id, kind).enabled:
        return Taken([], 0, 0)
    return _begin(unit, _wanted(unit, account_id, kind, ids))


def _begin(unit: Unit, taken: Taken) -> Taken:
    for row in taken.sources:
        row.status, row.problem = Status.IN_PROGRESS, ""
    if looks_up(unit):
        for piece in batches(taken.sources):
            for row, holder in zip(piece, holders(unit, piece[0].account_id, piece), strict=True):
                ask_later(unit, row, holder, at_once=True)
    return taken


def _wanted(unit: Unit, account_id: str, kind: SourceKind, ids: Collection[str] | None) -> Taken:
    setting = setting_of(unit, account_id, kind)
    query = select(ClassicSource).where(
        ClassicSource.account_id == account_id, ClassicSource.kind == kind, ClassicSource.remaining > 0
    )
    if setting.virtual_accounts:
        query = query.where(ClassicSource.virtual_account_id.in_(setting.virtual_accounts))
    query = for_change(query.order_by(ClassicSource.id)) if unit.writing else query.order_by(ClassicSource.id)
    found, quantity, failing, unchecked = list[ClassicSource](), 0, 0, 0
    for piece in batches(unit.session.scalars(query)):
        rows = piece if ids is None else [row for row in piece if row.id in ids]
        for row, holder in zip(rows, holders(unit, account_id, rows), strict=True):
            chosen, failed = best_choice(holder, setting.products, unit.licence_now)
            if chosen or failed:
                found.append(row)
                later = sum(1 for one in failed if isinstance(one, ContractNotCheckedError))
                quantity, unchecked = quantity + sum(chosen.values()), unchecked + later
                failing += len(failed) - later
    return Taken(found, quantity, failing, unchecked)


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run made of one PAK or device; `code` says why not everything of it was converted."""

    number: str
    quantity: int
    code: str = ""


def finish_runs(unit: Unit, account_id: str | None = None) -> list[Finished]:
    """Convert what is in progress, of an account or of all, each into its own virtual account and by itself."""
    query = select(ClassicSource).where(ClassicSource.status == Status.IN_PROGRESS, ~waits_for_answer())
    query = query if account_id is None else query.where(ClassicSource.account_id == account_id)
    rows = list(
        unit.session.scalars(for_change(query.order_by(ClassicSource.account_id, ClassicSource.id).limit(AT_ONCE)))
    )
    return [_finish(unit, row) for row in rows]


def _finish(unit: Unit, row: ClassicSource) -> Finished:
    """One that cannot be converted is undone by itself; the others of the run go on."""
    number, quantity = row.number, 0
    try:
        with unit.savepoint():
            quantity, failed = _convert(unit, row)
            unit.session.flush()
    except AppError as error:
        quantity, failed = 0, error
    except DBAPIError as error:
        if is_retryable(error):
            raise
        get_logger().error("conversion_failed", source=row.id, cause=str(error.orig))
        quantity, failed = 0, ConversionFailedError()
    row.status, row.problem = (Status.FAILED, failed.code) if failed is not None else (Status.AVAILABLE, "")
    if isinstance(failed, ContractNotCheckedError):
        ask_later(unit, row, holders(unit, row.account_id, [row])[0])  # once that is known, it is converted after all
    if failed is not None:
        setting_of(unit, row.account_id, SourceKind(row.kind)).failures += 1
        record(
            unit,
            row.account_id,
            EventKind.CONVERSION_FAILED,
            f"{origin(row)} failed: {failed.message}",
            subject={"source": row.id, "number": row.number, "code": failed.code},
            virtual_account_id=row.virtual_account_id,
        )
    unit.session.flush()
    return Finished(number, quantity, failed.code if failed is not None else "")


def _convert(unit: Unit, row: ClassicSource) -> tuple[int, AppError | None]:
    """How many units were converted, and the first reason why others were not."""
    setting = setting_of(unit, row.account_id, SourceKind(row.kind))
    holder = holders(unit, row.account_id, [row])[0]
    chosen, failed = best_choice(holder, setting.products, unit.licence_now)
    if chosen:
        place = unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id))
        convert(unit, row, place, chosen)
    return sum(chosen.values()), failed[0] if failed else None
