"""Files for satellites leave in one order: commit, then the anchor, then the file (row S2.6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from central.anchor import Anchor
from central.sync.restored_central import reached
from serverkit.actor import SYSTEM
from serverkit.db.unit import Database, Unit


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A signed file for a satellite, and what commands show of it. Edges write it after the unit of work has ended."""

    data: bytes
    view: dict[str, Any]


def raise_anchor(unit: Unit, database: Database, anchor: Anchor) -> None:
    """Write the anchor once the unit is committed, so that no file leaves that a restored central would not miss.

    The progress is read after the commit: accounts that are answered at the same time do not see each other before.
    """

    def write() -> None:
        with database.read(SYSTEM) as after:
            anchor.write(reached(after))

    unit.after_commit.append(write)
