"""The status of a device, for people and programs (row D3)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from agent.device import Device
from agent.states import Right
from agent.store import Conversion, Export
from exchange.canonical import iso


def licence_item(right: Right, count: int | None = None) -> dict[str, Any]:
    """One licence."""
    return {
        "tag": right.tag,
        "count": right.count if count is None else count,
        "state": right.state,
        "valid_until": iso(right.valid_until) if right.valid_until else None,
    }


def export_item(tag: str, export: Export | None) -> dict[str, Any]:
    """One restricted licence that was asked for."""
    if export is None:
        return {"tag": tag, "count": 0, "state": "none", "reason": None, "message": ""}
    return {
        "tag": tag,
        "count": export.count,
        "state": export.state,
        "reason": export.reason,
        "message": export.message,
        "request": export.request,
    }


def conversion_item(one: Conversion | None) -> dict[str, Any] | None:
    """The request to convert classic licences, with what became of each SKU."""
    if one is None:
        return None
    waiting = [{"sku": sku, "quantity": count} for sku, count in sorted(one.lines.items())]
    return {
        "request": one.request,
        "state": one.state,
        "requested_at": one.requested_at,
        "decided_at": one.decided_at,
        "message": one.message if one.state == "unsent" else "",
        "lines": one.result or waiting,
    }


def _licences(device: Device) -> list[dict[str, Any]]:
    now, rights, items = device.clock.licence_now(), device.rights, []
    for tag in sorted({*device.state.uses, *rights}):
        right = rights.get(tag)
        if right is None:
            state = device.authorization().value if device.state.registration != "complete" else "waiting"
            items.append({"tag": tag, "count": device.state.uses[tag], "state": state, "valid_until": None})
            continue
        item = licence_item(right)
        if right.valid_until is not None and right.valid_until <= now:
            item["state"] = "authorization_expired"
        items.append(item)
    return items


def status_of(device: Device) -> dict[str, Any]:
    """The whole state."""
    state, reading = device.state, device.clock.read()
    now = reading.now
    return {
        "registration": state.registration,
        "registration_message": state.registration_message,
        "authorization": device.authorization().value,
        "instance": state.instance,
        "udi": state.udi,
        "account": state.account,
        "virtual_account": state.virtual_account,
        "server": state.url,
        "export_allowed": state.export_allowed,
        "registered_at": state.registered_at,
        "last_contact": state.last_contact,
        "detached_until": iso(until) if (until := device.detached_until()) else None,
        "certificate_expires": state.certificate_expires,
        "next_id_renewal": state.next_id_renewal,
        "next_auth_renewal": state.next_auth_renewal,
        "evaluation_days_left": device.evaluation_left(now).days if state.registration != "complete" else None,
        "clock": {"standing": reading.standing.value, "confirmed": not reading.mark.provisional},
        "licences": _licences(device),
        "export": [export_item(tag, export) for tag, export in sorted(state.exports.items())],
        "conversion": conversion_item(state.conversion),
    }


def reported_use(device: Device) -> dict[str, Any]:
    """The last usage report, what it said, and how many measurements wait; `acknowledged`: central itself has it."""
    log = device.state.usage
    if log.report is None:
        state = "none"
    elif not log.booked:
        state = "waiting"
    else:
        state = "acknowledged" if log.acknowledged >= log.number else "booked"
    return {
        "report": log.number,
        "state": state,
        "acknowledged": log.acknowledged,
        "measurements": [asdict(one) for one in log.reported],
        "unreported": len(log.measured),
    }


def usage_of(device: Device) -> dict[str, Any]:
    """What is in use."""
    log = device.state.usage
    since = {tag: running.since for tag, running in log.running.items()}
    found = {"authorization": device.authorization().value, "licences": _licences(device)}
    return {**found, "measured_since": since, "report": log.number, "unreported": len(log.measured)}
