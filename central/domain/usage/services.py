"""Books usage reports, and shows reporting-only licences where they are used (rows S4.6, C3.3, C3.6)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from central.domain.accounts.managed_accounts import refuse_managed
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.models import Instance
from central.domain.instances.queries import by_serial, placed_name
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.rules import LotSource, LotSpec
from central.domain.ledger.services import enter_lots
from central.domain.usage.models import UsageMonth, UsageReporter
from exchange.compliance import LotPhase, lot_phase
from exchange.device.backend import DeviceRefusal
from exchange.device.rules import CounterVerdict, judge_counter
from exchange.identity import Udi
from exchange.usage import OLDEST, Measurement, MonthlyUse, UsageReport, UsageResult, book_usage
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit
from serverkit.db.upsert import upsert
from serverkit.licence_texts import usage_text


class Measured(Protocol):
    """The device whose use is booked."""

    @property
    def account_id(self) -> str:
        """The account."""

    @property
    def id(self) -> str:
        """The id under which its use is booked."""

    @property
    def virtual_account_id(self) -> str:
        """Where it is."""

    @property
    def udi(self) -> dict[str, Any]:
        """Its UDI as JSON."""


@dataclass(frozen=True, slots=True)
class Unregistered:
    """A device that is known by its reports only; its id follows from its UDI."""

    account_id: str
    id: str
    virtual_account_id: str
    udi: dict[str, Any]


def book_report(unit: Unit, instance: Instance, report: UsageReport, digest: str) -> UsageResult:
    """Book a report of a directly connected device by its number, once; central has it at once."""
    named = titles(unit, {one.tag for one in report.measurements})
    unknown = tuple(sorted({one.tag for one in report.measurements} - {*named}))
    query = select(UsageReporter.number, UsageReporter.digest)
    mine = {"account_id": instance.account_id, "key_hash": report.key_hash}
    row = unit.session.execute(query.filter_by(**mine)).one_or_none()
    if row is not None:
        verdict = judge_counter(row.number, row.digest, report.number, digest)
        if verdict is CounterVerdict.REPEAT:
            return UsageResult(row.number, row.number, unknown)
        if verdict is CounterVerdict.TOO_LOW:
            raise DeviceRefusal("usage_number_low", result={"highest_number": row.number})
    upsert(unit.session, UsageReporter, [{**mine, "number": report.number, "digest": digest, "forget_at": None}])
    _book(unit, instance, report.measurements, named)
    text = usage_text([(one.tag, one.count) for one in report.measurements if one.tag in named], named)
    record(
        unit,
        instance.account_id,
        EventKind.INSTANCE_REPORTED_USE,
        f"{placed_name(unit, instance)} reported use: {text} (report {report.number})",
        subject={"instance": instance.id, "report": report.number},
        virtual_account_id=instance.virtual_account_id,
        instance_id=instance.id,
    )
    show_reporting_only(unit, instance.account_id, {(instance.virtual_account_id, tag) for tag in named})
    return UsageResult(report.number, report.number, unknown)


def book_foreign(
    unit: Unit, place: VirtualAccount, udi: Udi, key: str, measurements: Sequence[Measurement]
) -> set[str] | None:
    """Book what another maker's device reports; the tags that are known. None: a report of this key is booked already.

    Nothing proves who made such a report. A device that is not registered is known by its UDI.
    A satellite alone says what was used in its virtual accounts.
    """
    refuse_managed(unit, place)
    parts = (udi.pid, udi.serial, key)
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    mine = {"account_id": place.account_id, "key_hash": digest}
    if unit.session.scalar(select(UsageReporter.number).filter_by(**mine)) is not None:
        return None
    try:
        with unit.savepoint():
            unit.session.add(UsageReporter(**mine, number=1, digest=digest, forget_at=unit.now + OLDEST))
    except IntegrityError:
        return None  # the same report came at the same moment
    rows = by_serial(unit, place.account_id, [place.id], udi.pid, udi.serial)
    named = titles(unit, {one.tag for one in measurements})
    if len(rows) == 1:
        device: Measured = rows[0]
        label = placed_name(unit, rows[0])
    else:
        device = Unregistered(place.account_id, _id_of(place.account_id, udi), place.id, udi.to_dict())
        label = f"{udi.label} in {place.name}"
    _book(unit, device, measurements, named)
    text = usage_text([(one.tag, one.count) for one in measurements if one.tag in named], named)
    record(
        unit,
        place.account_id,
        EventKind.INSTANCE_REPORTED_USE,
        f"{label} reported use: {text} (report {key[:64]})",
        subject={"instance": device.id, "report": key[:64]},
        virtual_account_id=place.id,
        instance_id=device.id if len(rows) == 1 else None,
    )
    show_reporting_only(unit, place.account_id, {(place.id, tag) for tag in named})
    return {*named}


def forget_reports(unit: Unit) -> None:
    """Delete what reports of other makers' devices are known by, when all that they measured is too old to be booked."""
    unit.session.execute(delete(UsageReporter).where(UsageReporter.forget_at <= unit.now))


def _id_of(account_id: str, udi: Udi) -> str:
    return hashlib.sha256(f"{account_id}|{udi.plain_key}".encode()).hexdigest()[:32]


def _book(unit: Unit, instance: Measured, measurements: Sequence[Measurement], named: Mapping[str, str]) -> None:
    measured = [one for one in measurements if one.tag in named]
    known, ends = _booked_use(unit, instance, {one.tag for one in measured})
    rows = [
        {
            "account_id": instance.account_id,
            "instance_id": instance.id,
            "virtual_account_id": instance.virtual_account_id,
            "tag": tag,
            "month": month,
            "udi": instance.udi,
            "count": use.count,
            "unit_seconds": use.unit_seconds,
            "until": use.until,
        }
        for (tag, month), use in sorted(book_usage(measured, known, ends, unit.now).items())
    ]
    upsert(unit.session, UsageMonth, rows)


def _booked_use(
    unit: Unit, instance: Measured, tags: Collection[str]
) -> tuple[dict[tuple[str, str], MonthlyUse], dict[str, datetime]]:
    """What is booked of licences for a device where it is now, and until when each was measured, wherever it was."""
    columns = (UsageMonth.virtual_account_id, UsageMonth.tag, UsageMonth.month)
    query = select(*columns, UsageMonth.count, UsageMonth.unit_seconds, UsageMonth.until).where(
        UsageMonth.account_id == instance.account_id,
        UsageMonth.instance_id == instance.id,
        UsageMonth.tag.in_(sorted(tags)),
    )
    known: dict[tuple[str, str], MonthlyUse] = {}
    ends: dict[str, datetime] = {}
    for va, tag, month, count, unit_seconds, until in unit.session.execute(query):
        ends[tag] = max(until, ends.get(tag, until))
        if va == instance.virtual_account_id:
            known[tag, month] = MonthlyUse(count, unit_seconds, until)
    return known, ends


def show_reporting_only(unit: Unit, account_id: str, pools: Collection[tuple[str, str]]) -> None:
    """Enter reporting-only licences of the account where devices reported use of them and none are (row C3.3).

    They cost nothing and have no limit; the new lot has the term of the account's own. `pools` are virtual account and tag.
    """
    tags = sorted({tag for _, tag in pools})
    query = select(Lot).where(
        Lot.account_id == account_id, Lot.licence_type == LicenceType.REPORTING_ONLY, Lot.tag.in_(tags)
    )
    lots = [
        row
        for row in unit.session.scalars(query.order_by(Lot.created_at, Lot.id))
        if lot_phase(row.start, row.end, unit.licence_now) is LotPhase.ACTIVE
    ]
    if not lots:
        return
    held = select(Holding.virtual_account_id, Lot.tag).join(
        Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id)
    )
    held = held.where(
        Holding.account_id == account_id,
        Holding.lot_id.in_([row.id for row in lots]),
        Holding.bucket == Bucket.FREE,
        Holding.quantity > 0,
    )
    there = {(va, tag) for va, tag in unit.session.execute(held)}
    models = {row.tag: row for row in reversed(lots)}
    wanted = [
        (
            va,
            LotSpec(
                "",
                tag,
                1,
                licence_type=LicenceType.REPORTING_ONLY,
                start=models[tag].start,
                end=models[tag].end,
                source=LotSource.DEVICE_REQUEST,
            ),
        )
        for va, tag in sorted(pools)
        if tag in models and (va, tag) not in there
    ]
    if wanted:
        enter_lots(unit, account_id, wanted, titles(unit, {spec.tag for _, spec in wanted}))
