"""Central's anchor: how far it ever came, kept outside the database and outside backups.

Written after the commit and before an answer is released. A database behind its anchor, or one without it, was restored:
central then opens a new epoch for every satellite and learns from their full requests what it has forgotten. Each node of
a central, which is a home of its own on the common database, has its own anchor, and with it the id of the node.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from serverkit.anchor import AnchorFile
from serverkit.errors import AppError, Remedy
from serverkit.faults import crash_point
from serverkit.ids import new_id


class AnchorDamagedError(AppError):
    """The refusal `anchor_damaged`."""

    code = "anchor_damaged"
    message = "The anchor file is damaged."
    remedy = Remedy(
        "Remove the file: central then counts as restored and opens a new epoch for every satellite.",
        page="backup-and-restore.md#the-anchor",
    )
    status = 500


@dataclass(frozen=True, slots=True)
class Reached:
    """Answers given to satellites, and the floor of epochs that the restores so far have raised; `node` is whose it is."""

    answers: int = 0
    epoch_floor: int = 0
    restored: bool = False
    node: str = ""


class Anchor(AnchorFile[Reached]):
    """The anchor in its folder."""

    damaged = AnchorDamagedError

    @staticmethod
    def parse(data: Mapping[str, Any]) -> Reached:
        """The numbers of the file."""
        restored, node = bool(data["restored"]), str(data.get("node", ""))
        return Reached(int(data["answers"]), int(data["epoch_floor"]), restored, node)

    def write(self, reached: Reached) -> None:
        """Raise the anchor; it never falls."""
        if self.read() != self._above(reached):
            with self.alone():
                self.save(self._above(reached))  # another process may have raised it meanwhile
        crash_point("after_anchor")

    def _above(self, reached: Reached) -> Reached:
        known = self.read() or Reached()
        answers, floor = max(known.answers, reached.answers), max(known.epoch_floor, reached.epoch_floor)
        return Reached(answers, floor, known.restored, known.node)

    def node(self, *, fresh: bool = False) -> str:
        """The id of this home among the nodes of its central; made when the anchor has none or `fresh` is set."""
        known = self.read()
        if known is not None and known.node and not fresh:
            return known.node
        with self.alone():
            seen = known.node if known is not None else ""
            known = self.read() or Reached()
            if not known.node or (fresh and known.node == seen):
                known = replace(known, node=new_id())
                self.save(known)
        return known.node

    def mark_restored(self) -> None:
        """Note that a backup was restored."""
        with self.alone():
            self.save(replace(self.read() or Reached(), restored=True))

    def clear(self, reached: Reached) -> None:
        """The restore has been dealt with."""
        with self.alone():
            self.save(replace(self._above(reached), restored=False))
