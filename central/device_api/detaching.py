"""Answers to directly connected devices that leave their network for a time, and that return (row C7.8)."""

from __future__ import annotations

from central.device_api.device_pools import DevicePools
from central.device_api.devices import authorize_device
from central.domain.instances.detached import begin_term, end_early, used_away
from central.domain.instances.models import Instance
from central.domain.ledger.allotting import allotment_lines
from central.domain.policies.queries import policy_number
from central.domain.reservations.queries import reservation_of
from central.keyring import KeyRing
from exchange.canonical import JsonObject
from exchange.compliance import LotView, Use
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
from serverkit.db.unit import Unit


def detach_device(
    unit: Unit, keyring: KeyRing, device_pools: DevicePools, row: Instance, known: KnownDevice, body: DetachBody
) -> JsonObject:
    """Authorize a device for the whole of a term; refused where anything that it uses is not covered."""
    most = policy_number(unit, "detach_days")
    reserved = reservation_of(unit, row.account_id, row.id) is not None
    refused = why_not_detached(Asked(body.days, most, known.is_active, reserved, "clone" in row.marks))
    if refused is not None:
        raise DeviceRefusal(refused, result={"most": most} if refused == "term_too_long" else None)
    counts = dict(body.use.entitlements)
    lots: dict[str, list[LotView]] = {tag: [] for tag in counts}
    for line in allotment_lines(unit, row.account_id, [row.virtual_account_id], sorted(counts)):
        view = LotView("", line.licence_type, line.quantity, line.start, line.end, line.billing)
        lots[line.tag].append(view)
    away = used_away(unit, row.account_id, row.virtual_account_id, counts)
    ends = [covered_until(lots[tag], Use(direct=count), unit.now, away.get(tag, ())) for tag, count in counts.items()]
    until = end_of_term(unit.now, body.days, [row.certificate_expires, *ends])
    result = authorize_device(unit, keyring, device_pools, row, known, body.use, until=until)
    authorization = AuthorizeResult.from_dict(result)
    if until <= unit.now or not is_covered(authorization.entitlements):
        raise DeviceRefusal("out_of_compliance")
    return DetachResult(begin_term(unit, row, until), until, authorization).to_dict()


def reattach_device(
    unit: Unit, keyring: KeyRing, device_pools: DevicePools, row: Instance, known: KnownDevice, body: ReattachBody
) -> JsonObject:
    """End the term that the device names, once, and authorize it as usual."""
    refused = why_not_reattached(body.term, row.detached_term if known.detached else None, row.given_back_terms)
    if refused is not None:
        raise DeviceRefusal(refused)
    end_early(unit, row)
    return {"authorization": authorize_device(unit, keyring, device_pools, row, known, body.use)}
