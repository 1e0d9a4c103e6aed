"""The export-authorization queue for people and programs (row S3.3)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, column, func, select, table, type_coerce

from exchange.identity import Udi
from satellite.core.accounts.models import VirtualAccount
from satellite.core.export_queue.models import ACTIVE, DELIVERED, SENT, WAITING, HeldGrant, QueueEntry
from serverkit.clock import iso, optional_iso
from serverkit.db.base import JsonText
from serverkit.db.unit import Unit

# Instances and licences are features above this one; of theirs only the names are read here.
_INSTANCES = table("instances", *(column(name) for name in ("id", "hostname", "udi")))
_ENTITLEMENTS = table("entitlements", *(column(name) for name in ("tag", "name")))


def queue(unit: Unit, virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The queue, newest first."""
    query = select(QueueEntry).order_by(QueueEntry.requested_at.desc(), QueueEntry.id)
    if virtual_account_id is not None:
        query = query.where(QueueEntry.virtual_account_id == virtual_account_id)
    return [entry_dict(row) for row in unit.session.scalars(query)]


def entry_dict(row: QueueEntry) -> dict[str, Any]:
    """A request for people and programs."""
    return {
        "id": row.id,
        "instance": row.instance_id,
        "tag": row.tag,
        "count": row.count,
        "state": row.state,
        "reason": row.reason,
        "message": row.message,
        "requested_at": iso(row.requested_at),
        "sent_at": optional_iso(row.sent_at),
        "decided_at": optional_iso(row.decided_at),
        "delivered_at": optional_iso(row.delivered_at),
    }


SINCE = case(
    (QueueEntry.state == SENT, func.coalesce(QueueEntry.sent_at, QueueEntry.requested_at)),
    (QueueEntry.state == DELIVERED, func.coalesce(QueueEntry.delivered_at, QueueEntry.requested_at)),
    (QueueEntry.state == WAITING, QueueEntry.requested_at),
    else_=func.coalesce(QueueEntry.decided_at, QueueEntry.requested_at),
)
"""Since when a request is in its state, as far as that is noted."""


def _since(row: QueueEntry) -> datetime:
    noted = {SENT: row.sent_at, DELIVERED: row.delivered_at, WAITING: row.requested_at}
    return noted.get(row.state, row.decided_at) or row.requested_at


def queue_dicts(unit: Unit, rows: Sequence[QueueEntry]) -> list[dict[str, Any]]:
    """Requests with the names of their devices and licences, in a fixed number of queries."""
    at, of = _INSTANCES.c, _ENTITLEMENTS.c
    devices = select(at.id, at.hostname, type_coerce(at.udi, JsonText())).where(
        at.id.in_({row.instance_id for row in rows})
    )
    titles = select(of.tag, of.name).where(of.tag.in_({row.tag for row in rows}))
    named = {found[0]: found[1] or Udi.from_dict(found[2]).label for found in unit.session.execute(devices)}
    licences = dict(unit.session.execute(titles).all())
    places = dict(unit.session.execute(select(VirtualAccount.id, VirtualAccount.name)).all())
    return [
        {
            **entry_dict(row),
            "device": named.get(row.instance_id, "a device that is not here any more"),
            "licence": licences.get(row.tag, row.tag),
            "virtual_account": places.get(row.virtual_account_id),
            "virtual_account_id": row.virtual_account_id,
            "known": row.instance_id in named,
            "since": iso(_since(row)),
            "grant": row.grant_id,
        }
        for row in rows
    ]


def held_units(unit: Unit, ids: Sequence[str] | None = None) -> dict[str, list[tuple[str, int]]]:
    """Restricted units that instances, or those of some ids, hold: tag and count by instance."""
    query = (
        select(HeldGrant.instance_id, HeldGrant.tag, func.sum(HeldGrant.quantity))
        .where(HeldGrant.release.is_(None), HeldGrant.not_after > unit.licence_now)
        .group_by(HeldGrant.instance_id, HeldGrant.tag)
    )
    if ids is not None:
        query = query.where(HeldGrant.instance_id.in_(ids))
    found: dict[str, list[tuple[str, int]]] = {}
    for instance_id, tag, count in unit.session.execute(query):
        found.setdefault(instance_id, []).append((tag, int(count)))
    return found


def units_in_the_way(unit: Unit, ids: Collection[str]) -> dict[str, list[tuple[str, int]]]:
    """Restricted units of grants that neither came back nor were released, for which instances cannot be removed."""
    query = (
        select(HeldGrant.instance_id, HeldGrant.tag, func.sum(HeldGrant.quantity))
        .where(HeldGrant.instance_id.in_(ids), HeldGrant.state == ACTIVE, HeldGrant.not_after > unit.licence_now)
        .group_by(HeldGrant.instance_id, HeldGrant.tag)
        .order_by(HeldGrant.tag)
    )
    found: dict[str, list[tuple[str, int]]] = {}
    for instance_id, tag, count in unit.session.execute(query):
        found.setdefault(instance_id, []).append((tag, int(count)))
    return found


def units_of(unit: Unit, quantity: int, tag: str) -> str:
    """A quantity of a licence by its name."""
    name = unit.session.scalar(select(_ENTITLEMENTS.c.name).where(_ENTITLEMENTS.c.tag == tag))
    return f"{quantity} of {name or tag}"


def device_of(unit: Unit, instance_id: str, virtual_account_id: str) -> str:
    """A device by its name and virtual account."""
    at = _INSTANCES.c
    query = select(at.hostname, type_coerce(at.udi, JsonText())).where(at.id == instance_id)
    found = unit.session.execute(query).one_or_none()
    name = (found[0] or Udi.from_dict(found[1]).label) if found else "a device that is not here any more"
    present = unit.session.get(VirtualAccount, virtual_account_id)
    return f"{name} in {present.name}" if present is not None else name


def grant_ends(unit: Unit, instance_id: str) -> dict[str, str]:
    """When what an instance holds ends, by tag; the first end where there are several."""
    query = (
        select(HeldGrant.tag, func.min(HeldGrant.not_after))
        .where(
            HeldGrant.instance_id == instance_id, HeldGrant.release.is_(None), HeldGrant.not_after > unit.licence_now
        )
        .group_by(HeldGrant.tag)
    )
    return {tag: iso(end) for tag, end in unit.session.execute(query)}
