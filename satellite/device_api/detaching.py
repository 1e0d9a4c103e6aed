"""Answers to devices that leave their network for a time, and that return (row C7.8)."""

from __future__ import annotations

from sqlalchemy import func, select

from exchange.canonical import JsonObject
from exchange.compliance import Use
from exchange.device.backend import DeviceRefusal, KnownDevice
from exchange.device.detaching import (
    Asked,
    DetachBody,
    DetachResult,
    ReattachBody,
    covered_until,
    end_of_term,
    is_covered,
    why_not_detached,
    why_not_reattached,
)
from exchange.device.licence_bodies import AuthorizeResult
from satellite.core.instances.detached import begin_term, end_early, used_away
from satellite.core.instances.models import Instance
from satellite.core.licences.models import AllotmentLine
from satellite.core.site.queries import SiteRow, detach_days
from satellite.device_api.applied_lines import PoolUse
from satellite.device_api.authorizations import authorize_device
from serverkit.db.unit import Unit


def detach_device(
    unit: Unit,
    site: SiteRow,
    pool_use: PoolUse,
    row: Instance,
    known: KnownDevice,
    body: DetachBody,
    *,
    restricted: bool,
) -> JsonObject:
    """Authorize a device for the whole of a term, no longer than central's lines; refused where it uses what is short."""
    most = detach_days(site)
    refused = why_not_detached(Asked(body.days, most, known.is_active, reserved=False, clone="clone" in row.marks))
    if refused is not None:
        raise DeviceRefusal(refused, result={"most": most} if refused == "term_too_long" else None)
    counts, place = dict(body.use.entitlements), row.virtual_account_id
    lots = {tag: [line.view for line in pool_use.applied.lines.get((place, tag), ())] for tag in counts}
    away = used_away(unit, place, counts)
    ends = [covered_until(lots[tag], Use(reported=count), unit.now, away.get(tag, ())) for tag, count in counts.items()]
    lines = select(func.min(AllotmentLine.valid_until)).where(
        AllotmentLine.virtual_account_id == place, AllotmentLine.tag.in_(sorted(counts))
    )
    until = end_of_term(unit.now, body.days, [row.certificate_expires, unit.session.scalar(lines), *ends])
    result = authorize_device(unit, pool_use, row, known, body.use, restricted=restricted, until=until)
    authorization = AuthorizeResult.from_dict(result)
    if until <= unit.now or not is_covered(authorization.entitlements):
        raise DeviceRefusal("out_of_compliance")
    return DetachResult(begin_term(unit, row, until), until, authorization).to_dict()


def reattach_device(
    unit: Unit, pool_use: PoolUse, row: Instance, known: KnownDevice, body: ReattachBody, *, restricted: bool
) -> JsonObject:
    """End the term that the device names, once, and authorize it as usual."""
    refused = why_not_reattached(body.term, row.detached_term if known.detached else None, row.given_back_terms)
    if refused is not None:
        raise DeviceRefusal(refused)
    end_early(unit, row)
    return {"authorization": authorize_device(unit, pool_use, row, known, body.use, restricted=restricted)}
