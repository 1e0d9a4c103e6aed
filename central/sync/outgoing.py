"""Files for satellites leave in one order: commit, then the anchor, then the file (row S2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from central.anchor import Anchor
from central.sync.recovery import reached
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A signed file for a satellite, and what commands show of it. Edges write it after the unit of work has ended."""

    data: bytes
    view: dict[str, Any]


def raise_anchor(unit: Unit, anchor: Anchor) -> None:
    """Write the anchor once the unit is committed, so that no file leaves that a restored central would not miss."""
    unit.session.flush()  # the progress is read from the database
    now = reached(unit)
    unit.after_commit.append(lambda: anchor.write(now))
