"""Rules of product instances: compliance, transfer, removal, their first event, standbys (pure; rows C7.1 to C7.7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from exchange.compliance import until as day_of
from exchange.device.bodies import RegisterBody
from exchange.identity import Udi
from exchange.vocabulary import ClaimState, Compliance
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.instances.errors import DetachedInstanceError, RestrictedHeldError
from serverkit.verdicts import Verdict


def added_event(
    values: dict[str, Any], body: RegisterBody, virtual_account: str
) -> tuple[EventKind, str, dict[str, str]]:
    """Kind, sentence and subject of the event that tells of a new instance in the virtual account of this name."""
    kind = EventKind.INSTANCE_ADDED_STANDBYS if body.standbys else EventKind.INSTANCE_ADDED
    standbys = f" with standbys {', '.join(member.label for member in body.standbys)}" if body.standbys else ""
    name = body.hostname or body.udi.label
    subject = {"instance": values["id"], "pid": body.udi.pid, "serial": body.udi.serial}
    return kind, f"product instance {name} added to {virtual_account}{standbys}", subject


def compliance_of(licences: Sequence[Mapping[str, Any]]) -> Compliance | None:
    """Whether all that an instance uses is there; None for one that uses nothing (rows C7.1, S3.2)."""
    if not licences:
        return None
    short = any(one["state"] == ClaimState.OUT_OF_COMPLIANCE for one in licences)
    return Compliance.OUT_OF_COMPLIANCE if short else Compliance.IN_COMPLIANCE


def judge_transfer(name: str, here: str, there: str, units: Mapping[str, int]) -> Verdict:
    """What a transfer of an instance between virtual accounts of the satellite does; `units` are those it uses, by tag."""
    if here == there:
        return Verdict(warnings=(f"{name} is in {there} already; nothing changes",))
    with_it = f" with {_units(units)}" if units else ""
    return Verdict(effects=(f"{name} goes from {here} to {there}{with_it}",))


def judge_removal(
    name: str, units: Mapping[str, int], held: Sequence[tuple[str, int]], detached: datetime | None = None
) -> Verdict:
    """Whether an instance can be removed: not while it holds restricted units, which only it or central gives back.

    Nor while it is detached: it uses its units until the end of its term, `detached` (row C7.8).
    """
    if detached is not None:
        text, end = "{name} is detached {end}: its licences stay in use", day_of(detached)
        return Verdict((DetachedInstanceError(text, name=name, end=end),))
    if held:
        said = _units(dict(held))
        return Verdict((RestrictedHeldError("{name} holds restricted licences: {units}", name=name, units=said),))
    freed = f"{_units(units)} come free" if units else "no licences come free"
    return Verdict(effects=(f"{name} is removed and {freed}; it must register again to come back",))


def _units(units: Mapping[str, int]) -> str:
    return ", ".join(f"{count} of {tag}" for tag, count in sorted(units.items()))


def standby_rows(instance_id: str, units: Sequence[Udi]) -> list[dict[str, str]]:
    """How standbys are found by their UDI."""
    return [{"instance_id": instance_id, "udi_key": udi.key} for udi in units]
