"""Converting classic licences: units leave a PAK or device, the same number of smart licences enters, all or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.conversions.errors import ConversionChangedError, ConversionRefusedError
from central.domain.conversions.models import ClassicSource, Conversion
from central.domain.conversions.queries import holders, licences_of
from central.domain.conversions.rules import Line, Plan, SourceKind, Status, plan
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.ledger.models import Lot
from central.domain.ledger.rules import LotSource, LotSpec
from central.domain.ledger.services import enter_lots
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit
from serverkit.licence_texts import units_text

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Converted:
    """What was converted: the plan, and the lots that entered."""

    plan: Plan
    lots: list[Lot]


def plan_conversion(unit: Unit, row: ClassicSource, target: VirtualAccount, wanted: Mapping[str, int] | None) -> Plan:
    """What a choice would do; the actor needs leave in the virtual account of the PAK or device, and in the target."""
    for place in dict.fromkeys((row.virtual_account_id, target.id)):
        require(unit, Permission.LICENCE_CONVERT, row.account_id, place)
    return plan(holders(unit, row.account_id, [row])[0], wanted, unit.licence_now)


def convert(
    unit: Unit,
    row: ClassicSource,
    target: VirtualAccount,
    wanted: Mapping[str, int] | None,
    revision: int | None = None,
) -> Converted:
    """Convert what is chosen; the row is locked. ConversionChangedError where it is not the one that was previewed."""
    planned = plan_conversion(unit, row, target, wanted)
    if revision is not None and revision != row.revision:
        raise ConversionChangedError
    if refused := planned.refused:
        if len(refused) == 1:
            raise refused[0]
        shown = "; ".join(f"{one.code}: {one.message}" for one in refused[:SHOWN])
        more = f" (and {len(refused) - SHOWN} more)" if len(refused) > SHOWN else ""
        raise ConversionRefusedError("{shown}{more}", shown=shown, more=more)
    return carry_out(unit, row, target, planned, by_device=False)


def carry_out(
    unit: Unit,
    row: ClassicSource,
    target: VirtualAccount,
    planned: Plan,
    request: str | None = None,
    *,
    by_device: bool = True,
) -> Converted:
    """Do what a plan says that nothing refuses; the row is locked. `request` is the signed one of a device, if there is one."""
    named = titles(unit, {line.held.tag for line in planned.chosen})
    note = origin(row)
    specs = [(target.id, _spec(unit, row, line, by_device=by_device)) for line in planned.chosen]
    lots = enter_lots(unit, row.account_id, specs, named, source=note)
    _take(unit, row, planned)
    _keep(unit, row, target, planned, lots, request)
    units = units_text({lot.tag: sum(one.quantity for one in lots if one.tag == lot.tag) for lot in lots}, named)
    record(
        unit,
        row.account_id,
        EventKind.LICENCES_CONVERTED,
        f"{note}: {units} added to {target.name}",
        subject={"source": row.id, "number": row.number, "quantity": planned.quantity},
        virtual_account_id=target.id,
    )
    return Converted(planned, lots)


def origin(row: ClassicSource) -> str:
    """What transactions and events call a conversion."""
    return f"conversion (PAK {row.number})" if row.kind == SourceKind.PAK else f"conversion ({row.number})"


def _spec(unit: Unit, row: ClassicSource, line: Line, *, by_device: bool) -> LotSpec:
    one, pak = line.held, row.kind == SourceKind.PAK
    source = LotSource.PAK_MIGRATION if pak else LotSource.DEVICE_MIGRATION
    if pak:
        details = {"pak": row.number, "licence_sku": one.sku, "licence_family": one.family}
    elif by_device:
        source = LotSource.DLC_MIGRATION
        details = {
            "product_sku": row.facts["pid"],
            "serial": row.facts["serial"],
            "licence_family": one.family,
            "licence_sku": one.sku,
        }
    else:
        facts = row.facts
        details = {
            "product_sku": facts["pid"],
            "serial": facts["serial"],
            "device_details": facts.get("details", ""),
            "product_family": row.family,
            "licence_sku": one.sku,
        }
    start = one.start
    if one.licence_type is LicenceType.TERM and start is None:
        start = unit.licence_now.replace(microsecond=0)
    return LotSpec(
        "",
        one.tag,
        line.quantity,
        one.licence_type,
        start=start,
        end=one.end,
        source=source,
        sku=one.sku,
        details={name: value for name, value in details.items() if value},
    )


def _take(unit: Unit, row: ClassicSource, planned: Plan) -> None:
    """What was converted is no longer left."""
    taken = {line.held.sku: line.quantity for line in planned.chosen}
    for one in licences_of(unit, row.account_id, [row.id])[row.id]:
        one.converted += taken.get(one.sku, 0)
    row.remaining -= planned.quantity
    row.converted += planned.quantity
    row.changed_at = unit.now
    row.status, row.problem = Status.AVAILABLE, ""


def _keep(
    unit: Unit, row: ClassicSource, target: VirtualAccount, planned: Plan, lots: list[Lot], request: str | None
) -> None:
    """Keep the conversion under the revision that it ends."""
    lines = [
        {"sku": line.held.sku, "quantity": line.quantity, "tag": lot.tag, "lot": lot.id, "contract": line.held.contract}
        for line, lot in zip(planned.chosen, lots, strict=True)
    ]
    unit.session.add(
        Conversion(
            account_id=row.account_id,
            source_id=row.id,
            revision=row.revision,
            at=unit.now,
            actor=unit.actor.label,
            virtual_account_id=target.id,
            quantity=planned.quantity,
            lines=lines,
            request_id=request,
        )
    )
    row.revision += 1
