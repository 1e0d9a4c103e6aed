"""Use cases of nodes: the homes that work on one database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from central.actions.views import NodeView
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.operations.models import Node
from central.domain.operations.rules import is_running
from serverkit.db.paging import ALL, Listing, Query, Slice, Sorting, page_of
from serverkit.db.unit import Unit

SORTING = Sorting((Node.id,), {"first_seen": (Node.first_seen,)})
FIRST = Slice(sort="first_seen")


def list_nodes(unit: Unit, here: str, part: Slice = ALL) -> Listing:
    """List every node that was seen; `here` is the id of the one that is asked."""
    require(unit, Permission.VENDOR_MANAGE)
    query: Query = select(Node)
    rows, following = page_of(unit, query, SORTING, part)
    return Listing([_shown(unit, row[0], here) for row in rows], following)


def _shown(unit: Unit, row: Node, here: str) -> dict[str, Any]:
    return NodeView(
        id=row.id,
        host=row.host,
        home=row.home,
        version=row.version,
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        running=is_running(row.last_seen, unit.now),
        here=row.id == here,
    ).shown()
