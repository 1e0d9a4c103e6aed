"""Books usage reports of devices (row S4.6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select

from exchange.device.backend import DeviceRefusal
from exchange.device.rules import CounterVerdict, judge_counter
from exchange.usage import MonthlyUse, UsageReport, UsageResult, book_usage
from satellite.core.base import next_change, next_numbers
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import placed_name
from satellite.core.instances.services import say
from satellite.core.usage.models import UsageMonth, UsageReporter
from serverkit.db.unit import Unit
from serverkit.db.upsert import upsert
from serverkit.licence_texts import usage_text


def book_report(
    unit: Unit, instance: Instance, report: UsageReport, digest: str, named: Mapping[str, str], acknowledged_upto: int
) -> UsageResult:
    """Book a report by its number, once; `named` are the names of the licences that are known here, by tag.

    `acknowledged_upto` is the change up to which central has acknowledged what left this site.
    """
    unknown = tuple(sorted({one.tag for one in report.measurements} - {*named}))
    query = select(UsageReporter.number, UsageReporter.digest, UsageReporter.acknowledged, UsageReporter.change_no)
    row = unit.session.execute(query.where(UsageReporter.key_hash == report.key_hash)).one_or_none()
    acknowledged = 0
    if row is not None:
        acknowledged = row.number if row.change_no <= acknowledged_upto else row.acknowledged
        verdict = judge_counter(row.number, row.digest, report.number, digest)
        if verdict is CounterVerdict.REPEAT:
            return UsageResult(row.number, acknowledged, unknown)
        if verdict is CounterVerdict.TOO_LOW:
            raise DeviceRefusal("usage_number_low", result={"highest_number": row.number})
    _book(unit, instance, report, named)
    text = usage_text([(one.tag, one.count) for one in report.measurements if one.tag in named], named)
    message = f"{placed_name(unit, instance)} reported use: {text} (report {report.number})"
    say(unit, EventKind.INSTANCE_REPORTED_USE, instance, message)
    last = {"key_hash": report.key_hash, "number": report.number, "digest": digest}
    upsert(unit.session, UsageReporter, [{**last, "acknowledged": acknowledged, "change_no": next_change(unit)}])
    return UsageResult(report.number, acknowledged, unknown)


def _book(unit: Unit, instance: Instance, report: UsageReport, named: Mapping[str, str]) -> None:
    measured = [one for one in report.measurements if one.tag in named]
    known, ends = booked_use(unit, instance, {one.tag for one in measured})
    booked = book_usage(measured, known, ends, unit.now)
    number = next_numbers(unit, "change", len(booked)) if booked else 0
    rows = [
        {
            "instance_id": instance.id,
            "virtual_account_id": instance.virtual_account_id,
            "tag": tag,
            "month": month,
            "count": use.count,
            "unit_seconds": use.unit_seconds,
            "until": use.until,
            "change_no": number + step,
        }
        for step, ((tag, month), use) in enumerate(sorted(booked.items()))
    ]
    upsert(unit.session, UsageMonth, rows)


def booked_use(
    unit: Unit, instance: Instance, tags: Collection[str]
) -> tuple[dict[tuple[str, str], MonthlyUse], dict[str, datetime]]:
    """What is booked of licences for a device where it is now, and until when each was measured, wherever it was."""
    columns = (UsageMonth.virtual_account_id, UsageMonth.tag, UsageMonth.month)
    query = select(*columns, UsageMonth.count, UsageMonth.unit_seconds, UsageMonth.until)
    query = query.where(UsageMonth.instance_id == instance.id, UsageMonth.tag.in_(sorted(tags)))
    known: dict[tuple[str, str], MonthlyUse] = {}
    ends: dict[str, datetime] = {}
    for va, tag, month, count, unit_seconds, until in unit.session.execute(query):
        ends[tag] = max(until, ends.get(tag, until))
        if va == instance.virtual_account_id:
            known[tag, month] = MonthlyUse(count, unit_seconds, until)
    return known, ends
