"""Device-led conversion: a device's signed request is decided once, wherever and however often it arrives (row C9.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.base import next_change
from central.domain.conversions.contract_answers import ask_later
from central.domain.conversions.device_rules import Listed, Outcome, judge, refuse_all
from central.domain.conversions.models import ClassicSource, DeviceConversion
from central.domain.conversions.queries import holders, licences_of, skus_by_name
from central.domain.conversions.rules import SourceKind, plan
from central.domain.conversions.services import carry_out
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from exchange.canonical import JsonObject
from exchange.conversion import ClassicLine, ConversionAnswer, ConversionRequest, ConvertedLine, state_of
from exchange.vocabulary import ConversionReason, ConversionState
from serverkit.db.unit import Unit
from serverkit.locks import for_change


@dataclass(frozen=True, slots=True)
class Asking:
    """Where a device asks: its account, satellite and virtual account; `known` says that its key speaks for an instance."""

    account_id: str
    satellite_id: str | None
    virtual_account_id: str | None
    known: bool = True


def answer_of(row: DeviceConversion) -> ConversionAnswer:
    """What the device is told."""
    if row.state == ConversionState.PENDING:
        return ConversionAnswer(row.id, ConversionState.PENDING)
    lines = tuple(ConvertedLine.from_dict(line) for line in row.lines)
    return ConversionAnswer(row.id, ConversionState(row.state), lines, row.decided_at)


def convert_for_device(
    unit: Unit, asking: Asking, request: ConversionRequest, envelope: JsonObject
) -> DeviceConversion | None:
    """Decide a request that was verified; a known one keeps its decision. None where another key made that request."""
    row = unit.session.get(DeviceConversion, (asking.account_id, request.request))
    if row is not None:
        if row.key_hash != request.key_hash:
            return None
        # Who asks again may be elsewhere now, or was restored: it is told again, where it is.
        row.satellite_id, row.instance_id = asking.satellite_id, request.instance
        row.change_no = next_change(unit, asking.account_id)
        return row
    outcome, source = _judged(unit, asking, request.udi.plain_key, request.lines, request.requested_at)
    row = DeviceConversion(
        account_id=asking.account_id,
        id=request.request,
        instance_id=request.instance,
        satellite_id=asking.satellite_id,
        virtual_account_id=asking.virtual_account_id,
        unit_key=request.udi.key,
        label=request.udi.label,
        key_hash=request.key_hash,
        statement=envelope,
        state=ConversionState.PENDING,
        lines=[],
        requested_at=request.requested_at,
        decided_at=unit.now,
        change_no=next_change(unit, asking.account_id),
    )
    unit.session.add(row)
    _settle(unit, row, outcome, source)
    return row


def decide_later(unit: Unit, row: DeviceConversion, asking: Asking) -> bool:
    """Decide a request that waited for a contract check, where its device is now; whether it is decided."""
    lines = [ClassicLine(line["sku"], line["quantity"]) for line in row.lines]
    key = f"{row.unit_key.rpartition('|')[0]}|"
    outcome, source = _judged(unit, asking, key, lines, row.requested_at)
    row.virtual_account_id = asking.virtual_account_id
    return _settle(unit, row, outcome, source)


def _settle(unit: Unit, row: DeviceConversion, outcome: Outcome, source: ClassicSource | None) -> bool:
    """Carry a decision out; where a contract is not checked the whole request waits, and the job asks."""
    row.lines = [line.to_dict() for line in outcome.lines]
    if source is not None and outcome.waits:
        ask_later(unit, source, holders(unit, row.account_id, [source])[0])
        unit.session.flush()
        return False
    row.state = state_of(outcome.lines, sum(outcome.wanted.values()))
    row.decided_at, row.change_no = unit.now, next_change(unit, row.account_id)
    if source is not None:
        target = unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id))
        _carry_out(unit, source, target, outcome, row.id)
    _say(unit, row, outcome)
    unit.session.flush()
    return True


def _judged(
    unit: Unit, asking: Asking, key: str, lines: Sequence[ClassicLine], asked_at: datetime
) -> tuple[Outcome, ClassicSource | None]:
    if not asking.known:
        return refuse_all(lines, ConversionReason.UNKNOWN_DEVICE), None
    source = device_source(unit, asking.account_id, key)
    if source is None:
        return refuse_all(lines, ConversionReason.NOT_LISTED), None
    return judge_source(unit, source, lines, asked_at), source


def device_source(unit: Unit, account_id: str, key: str) -> ClassicSource | None:
    """What the vendor's list has of a device, by its key without a UUID; locked in a writing unit."""
    query = select(ClassicSource).where(
        ClassicSource.account_id == account_id,
        ClassicSource.kind == SourceKind.DEVICE,
        ClassicSource.key == key,
    )
    return unit.session.scalars(for_change(query) if unit.writing else query).one_or_none()


def judge_source(unit: Unit, source: ClassicSource, lines: Sequence[ClassicLine], asked_at: datetime) -> Outcome:
    """What totals of a device convert of what the list has left."""
    held = licences_of(unit, source.account_id, [source.id])[source.id]
    tags = {name: row.tag for name, row in skus_by_name(unit, {one.sku for one in held}).items()}
    listed = {one.sku: Listed(one.quantity, one.converted, tags.get(one.sku, "")) for one in held}
    holder = holders(unit, source.account_id, [source])[0]
    return judge(lines, asked_at, listed, holder, unit.licence_now)


def convert_totals(
    unit: Unit, source: ClassicSource, target: VirtualAccount, lines: Sequence[ClassicLine]
) -> tuple[ConvertedLine, ...] | None:
    """The same for a person or program that speaks for a device: the row is locked, and both places need its leave.

    None while a contract is not checked: the job asks, and the same call tells later what became of it.
    """
    for place in dict.fromkeys((source.virtual_account_id, target.id)):
        require(unit, Permission.LICENCE_CONVERT, source.account_id, place)
    outcome = judge_source(unit, source, lines, unit.licence_now)
    if outcome.waits:
        ask_later(unit, source, holders(unit, source.account_id, [source])[0])
        return None
    _carry_out(unit, source, target, outcome, None)
    return outcome.lines


def _carry_out(
    unit: Unit, source: ClassicSource, target: VirtualAccount, outcome: Outcome, request: str | None
) -> None:
    if outcome.wanted:
        planned = plan(holders(unit, source.account_id, [source])[0], outcome.wanted, unit.licence_now)
        carry_out(unit, source, target, planned, request)


def _say(unit: Unit, row: DeviceConversion, outcome: Outcome) -> None:
    """An event where units are left; what was converted has its own."""
    left = [line for line in outcome.lines if line.reason is not None]
    if not left:
        return
    why = ", ".join(f"{line.sku} ({line.reason.replace('_', ' ')})" for line in left if line.reason is not None)
    record(
        unit,
        row.account_id,
        EventKind.CONVERSION_FAILED,
        f"conversion ({row.label}) failed: {why}"[:1000],
        subject={"request": row.id, "number": row.label, "state": row.state},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.instance_id,
        satellite_id=row.satellite_id,
    )
