"""Use cases of the event log (row S3.2)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import String, cast, or_, select

from satellite.actions.virtual_accounts import find_id, in_virtual_account
from satellite.core.accounts.queries import names
from satellite.core.event_log import queries
from satellite.core.event_log.models import Event
from satellite.core.event_log.queries import event_dict
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import named_by
from serverkit.clock import moment_or_none
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of


def list_events(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the events, newest first."""
    return queries.events(unit, find_id(unit, virtual_account_name))


SHORTEST_SERIAL = 6


EVENT_ORDERS = Orders(Event.id, {"at": (Event.number,)}, "-at")


def list_event_window(unit: Unit, part: Part = WHOLE) -> Window:
    """The event log. Filters: q (also what names a device, be it removed), kind (`token:` stands for all of tokens), virtual_account, instance, tag, actor, since, until (in ISO form)."""
    wanted = part.wanted
    query = select(Event)
    if text := wanted.get("q"):
        said = [one.contains(text, autoescape=True) for one in (Event.message, Event.actor)]
        if len(text) >= SHORTEST_SERIAL and " " not in text:
            said.append(Event.instance_id.in_(select(Instance.id).where(named_by(text))))
        query = query.where(or_(*said))
    query = in_virtual_account(query, wanted, Event.virtual_account_id)
    if kind := wanted.get("kind"):
        query = query.where(Event.kind.startswith(kind, autoescape=True) if kind.endswith(":") else Event.kind == kind)
    for column, name in ((Event.instance_id, "instance"), (Event.actor, "actor")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if tag := wanted.get("tag"):
        query = query.where(cast(Event.subject, String).contains(f'"{tag}"', autoescape=True))
    since, until = moment_or_none(wanted.get("since")), moment_or_none(wanted.get("until"))
    if since is not None:
        query = query.where(Event.at >= since)
    if until is not None:
        query = query.where(Event.at <= until)
    named = names(unit)

    def show(rows: list[Event]) -> list[dict[str, Any]]:
        return [
            {
                **event_dict(row),
                "number": row.number,
                "virtual_account": named.get(row.virtual_account_id or ""),
                "instance": row.instance_id,
            }
            for row in rows
        ]

    return window_of(unit, query, EVENT_ORDERS, part, show)
