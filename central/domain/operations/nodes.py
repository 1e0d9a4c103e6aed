"""Nodes of one central: recorded at their start, seen while they serve, listed for operators."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.models import Node
from central.domain.operations.rules import BEAT, Place, is_copy
from serverkit.db.unit import Unit


def is_noted(unit: Unit, here: Place) -> bool:
    """Whether a node was seen at this place before."""
    return (
        unit.session.scalar(select(Node.id).where(Node.host == here.host, Node.home == here.home).limit(1)) is not None
    )


def wants_note(unit: Unit, node: str, here: Place, version: str) -> bool:
    """Whether this node has to be recorded."""
    row = unit.session.get(Node, node)
    if row is None or (row.host, row.home, row.version) != (here.host, here.home, version):
        return True
    return unit.now - row.last_seen >= BEAT


def copied(unit: Unit, node: str, here: Place) -> bool:
    """Whether the id is that of a node which runs at another place."""
    row = unit.session.get(Node, node)
    return row is not None and is_copy(Place(row.host, row.home), here, row.last_seen, unit.now)


def note_node(unit: Unit, node: str, here: Place, version: str) -> None:
    """Record a node; a second one that joins is an event."""
    row = unit.session.get(Node, node)
    if row is None:
        joins = unit.session.scalar(select(Node.id).limit(1)) is not None
        row = Node(id=node, first_seen=unit.now, host=here.host, home=here.home, version=version, last_seen=unit.now)
        unit.session.add(row)
        if joins:
            message = f"{here.home} on {here.host} works on this database now, as another node of this central"
            subject = {"node": node, "host": here.host, "home": here.home}
            record(unit, None, EventKind.NODE_JOINED, message, subject=subject)
    row.host, row.home, row.version = here.host, here.home, version
    row.last_seen = max(row.last_seen, unit.now)
