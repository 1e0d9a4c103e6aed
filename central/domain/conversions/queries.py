"""Finding PAKs and devices with classic licences, what is left in them, and the contracts that cover it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.models import VirtualAccount
from central.domain.conversions.contract_answers import answers_of, looks_up, unchecked_cause
from central.domain.conversions.errors import UnknownClassicSourceError
from central.domain.conversions.models import (
    ClassicLicence,
    ClassicSku,
    ClassicSource,
    ContractAnswer,
    ConversionSetting,
    ServiceContract,
)
from central.domain.conversions.rules import Held, Holder, SourceKind
from exchange.identity import ascii_lower
from exchange.vocabulary import LicenceType
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.locks import for_change

Found = Mapping[str, list[ClassicLicence]]
Covering = Callable[[ClassicSource, str], tuple[str | None, str | None]]


def sources_of(unit: Unit, account_id: str, kind: SourceKind) -> Query:
    """A query of the PAKs or devices in which something is left, of the virtual accounts that the actor may see."""
    query = select(ClassicSource).where(
        ClassicSource.account_id == account_id, ClassicSource.kind == kind, ClassicSource.remaining > 0
    )
    allowed = visible_virtual_accounts(unit, account_id)
    return query if allowed is None else query.where(ClassicSource.virtual_account_id.in_(sorted(allowed)))


def searched(query: Query, account_id: str, text: str) -> Query:
    """Those with a text in their number, family, order number, virtual account or one of their SKUs."""
    wanted = text.casefold()

    def holds(column: Any) -> ColumnElement[bool]:
        found: ColumnElement[bool] = func.lower(column).contains(wanted, autoescape=True)
        return found

    pools = select(VirtualAccount.id).where(VirtualAccount.account_id == account_id, holds(VirtualAccount.name))
    skus = select(ClassicLicence.source_id).where(ClassicLicence.account_id == account_id, holds(ClassicLicence.sku))
    texts = (ClassicSource.number, ClassicSource.order_number, ClassicSource.family)
    places = ClassicSource.virtual_account_id.in_(pools), ClassicSource.id.in_(skus)
    return query.where(or_(*(holds(one) for one in texts), *places))


def find_source(unit: Unit, account_id: str, kind: SourceKind | None, text: str) -> ClassicSource:
    """A PAK or device, or either, by its id or number, whatever the case of its letters; UnknownClassicSourceError.

    In a writing unit its row is locked before anything of it is read.
    """
    key = ascii_lower(text.strip())
    query = select(ClassicSource).where(ClassicSource.account_id == account_id)
    query = query if kind is None else query.where(ClassicSource.kind == kind)
    named = query.where(or_(ClassicSource.id == text, func.lower(ClassicSource.number) == key))
    row = unit.session.scalars(for_change(named) if unit.writing else named).first()
    allowed = visible_virtual_accounts(unit, account_id)
    if row is None or (allowed is not None and row.virtual_account_id not in allowed):
        raise UnknownClassicSourceError("there is no {number!r}", number=text[:80])
    return row


def licences_of(unit: Unit, account_id: str, ids: Collection[str]) -> Found:
    """The classic licences of PAKs or devices, by SKU."""
    found: dict[str, list[ClassicLicence]] = defaultdict(list)
    for piece in batches(ids):
        query = select(ClassicLicence).where(
            ClassicLicence.account_id == account_id, ClassicLicence.source_id.in_(piece)
        )
        for row in unit.session.scalars(query.order_by(ClassicLicence.source_id, ClassicLicence.sku)):
            found[row.source_id].append(row)
    return found


def skus_by_name(unit: Unit, names: Collection[str]) -> dict[str, ClassicSku]:
    """Eligible SKUs by name."""
    query = select(ClassicSku)
    return {
        row.sku: row
        for piece in batches(sorted(names))
        for row in unit.session.scalars(query.where(ClassicSku.sku.in_(piece)))
    }


def holders(unit: Unit, account_id: str, rows: Sequence[ClassicSource]) -> list[Holder]:
    """PAKs or devices as the rule sees them, with what is left, what it becomes, and the contract that covers it."""
    found = licences_of(unit, account_id, [row.id for row in rows])
    names = {one.sku for licences in found.values() for one in licences}
    skus, covered = skus_by_name(unit, names), _covering(unit, account_id, rows, names)
    return [
        Holder(
            SourceKind(row.kind),
            row.number,
            row.partial,
            tuple(
                _held(one, skus.get(one.sku), *covered(row, one.sku))
                for one in found.get(row.id, ())
                if one.quantity > one.converted
            ),
        )
        for row in rows
    ]


def _covering(unit: Unit, account_id: str, rows: Sequence[ClassicSource], names: Collection[str]) -> Covering:
    """By PAK or device and SKU: the contract that covers it, and why nobody knows, from the source that is in use."""
    if not looks_up(unit):
        contracts = _contracts(unit, account_id, names)
        return lambda row, sku: (contracts.get((sku, row.key)) or contracts.get((sku, "")), None)
    now, answers = unit.now, answers_of(unit, account_id, [row.id for row in rows])

    def said(row: ClassicSource, sku: str) -> tuple[str | None, str | None]:
        one = answers.get((row.id, sku))
        if (cause := unchecked_cause(one, now)) is not None:
            return None, cause
        return _in_force(one, now), None

    return said


def _in_force(one: ContractAnswer | None, now: datetime) -> str | None:
    if one is None or (one.start is not None and one.start > now) or (one.end is not None and one.end <= now):
        return None
    return one.number


def _held(row: ClassicLicence, sku: ClassicSku | None, contract: str | None, unchecked: str | None) -> Held:
    left, licence_type = row.quantity - row.converted, LicenceType(row.licence_type)
    if sku is None:
        return Held(row.sku, left, row.family, "", licence_type, row.start, row.end)
    family, needed = row.family or sku.family, sku.contract_needed
    known = (contract, sku.divisible, unchecked) if needed else (None, sku.divisible, None)
    return Held(row.sku, left, family, sku.tag, licence_type, row.start, row.end, needed, *known)


def _contracts(unit: Unit, account_id: str, skus: Collection[str]) -> dict[tuple[str, str], str]:
    """The contracts that are in force, by SKU and by the key of what they are limited to."""
    now: datetime = unit.now
    found: dict[tuple[str, str], str] = {}
    for piece in batches(sorted(skus)):
        query = select(ServiceContract).where(
            ServiceContract.account_id == account_id,
            ServiceContract.sku.in_(piece),
            or_(ServiceContract.start.is_(None), ServiceContract.start <= now),
            or_(ServiceContract.end.is_(None), ServiceContract.end > now),
        )
        for row in unit.session.scalars(query.order_by(ServiceContract.number)):
            found.setdefault((row.sku, row.source_key), row.number)
    return found


def setting_of(unit: Unit, account_id: str, kind: SourceKind) -> ConversionSetting:
    """What is converted by itself, and when the list came last; nothing is, where no one set anything."""
    row = unit.session.get(ConversionSetting, (account_id, kind))
    if row is None:
        nothing = {"enabled": False, "virtual_accounts": [], "products": [], "listed_at": None, "failures": 0}
        row = ConversionSetting(account_id=account_id, kind=kind, **nothing)
        if unit.writing:
            unit.session.add(row)
    return row


def is_left_in(unit: Unit, account_id: str, virtual_account_id: str) -> bool:
    """Whether anything is left in the PAKs and devices of a virtual account."""
    query = select(ClassicSource.id).where(
        ClassicSource.account_id == account_id,
        ClassicSource.virtual_account_id == virtual_account_id,
        ClassicSource.remaining > 0,
    )
    return unit.session.scalar(query.limit(1)) is not None
