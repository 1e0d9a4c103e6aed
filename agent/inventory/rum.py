"""Usage reports: whose they are, which licence they count, and the last value that was counted."""

from __future__ import annotations

import json
from typing import Any

from agent.inventory.codes import Basis, Note
from agent.inventory.entries import tag_of
from agent.inventory.identities import make_identity
from agent.inventory.model import Draft, Identity, Licence, Member
from agent.inventory.words import is_tag, number, present

MOST_REPORTS = 20_000


def read_report(report: Any, draft: Draft) -> None:
    """Read one report, signed or bare; what is not a report is passed over."""
    report = _payload(report)
    if not isinstance(report, dict) or len(draft.licences) > MOST_REPORTS:
        return
    asset, meta = _dict(report.get("asset_identification")), _dict(report.get("meta"))
    instance = _dict(asset.get("instance"))
    udi = identity_of(instance.get("sudi"), draft)
    if udi is not None and udi not in draft.udis[-4:]:
        draft.udis += [] if any(udi.key == known.key for known in draft.udis[:1000]) else [udi]
    name = _dict(asset.get("asset")).get("name")
    if isinstance(name, str) and is_tag(name):
        draft.product_tag = name
    draft.software_version = _text(meta.get("software_version")) or draft.software_version
    _read_set(meta.get("ha_udi"), draft)
    tag = _text(meta.get("entitlement_tag"))
    if tag is not None:
        _read_count(tag, report.get("measurements"), draft)


def _payload(report: Any) -> Any:
    payload = report.get("payload") if isinstance(report, dict) else None
    if not isinstance(payload, str):
        return payload if isinstance(payload, dict) else report
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    return present(value[:400]) if isinstance(value, str) else None


def identity_of(sudi: Any, draft: Draft) -> Identity | None:
    """The UDI of a report; None where it is not a whole one."""
    found = _dict(sudi)
    pid, serial = _text(found.get("udi_pid")), _text(found.get("udi_serial_number"))
    uuid = _text(found.get("uuid")) or _text(found.get("product_uuid"))
    if not pid or not serial:
        if found:
            draft.note(Note.MALFORMED_IDENTITY)
        return None
    return make_identity(draft, pid, serial, uuid, _text(found.get("udi_vid")))


def _read_set(entries: Any, draft: Draft) -> None:
    known = {(member.role, member.udi.key) for member in draft.members}
    members = []
    for entry in entries if isinstance(entries, list) else ():
        udi, role = identity_of(_dict(entry).get("sudi"), draft), _text(_dict(entry).get("role"))
        if udi is not None and role is not None:
            members.append(Member(role.lower(), udi))
    draft.members += [member for member in members if (member.role, member.udi.key) not in known]


def _read_count(tag: str, measurements: Any, draft: Draft) -> None:
    """One entry for each licence: the count of its last measurement, by the time at which it ended."""
    taken = tag_of(tag, draft)
    last: tuple[float, int] | None = None
    for measurement in measurements if isinstance(measurements, list) else ():
        entry = _dict(measurement)
        end, value = entry.get("end_time"), _dict(entry.get("value"))
        count = number(str(value.get("value"))) if value.get("type") == "COUNT" else None
        if count is not None and isinstance(end, int | float) and (last is None or end >= last[0]):
            last = (end, count)
    count = last[1] if last else None
    for index, licence in enumerate(draft.licences[:1000]):
        if licence.shown == tag:
            # Reports of a file follow each other in time; one without a measurement says nothing new.
            draft.licences[index] = _entry(tag, taken, licence.count if count is None else count)
            return
    if count is None:
        draft.note(Note.LICENCE_WITHOUT_COUNT)
    draft.licences.append(_entry(tag, taken, count))


def _entry(shown: str, tag: str | None, count: int | None) -> Licence:
    return Licence(tag=tag, name=None, count=count, shown=shown, basis=Basis.REPORT)
