"""The anchor: the highest numbers that this machine ever reached, kept outside the database and backups (row S2.6).

It is written after the commit and before a file is released. A database behind its anchor was restored from an older
copy. A database ahead of it means that the power failed in between, and raises the anchor. A machine that was found to
be restored stays marked until it enters a new epoch, even if its numbers reach the old ones again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from serverkit.anchor import AnchorFile
from serverkit.errors import AppError, Remedy
from serverkit.faults import crash_point


class AnchorDamagedError(AppError):
    """The refusal `anchor_damaged`."""

    code = "anchor_damaged"
    message = "The anchor file is damaged."
    remedy = Remedy(
        "Have central resynchronize this satellite; the import of its authorization writes a new anchor.",
        page="backup-and-restore.md#the-anchor",
    )
    status = 500


@dataclass(frozen=True, slots=True)
class Reached:
    """The highest numbers of this machine; `restored` stays set until a new epoch is entered."""

    epoch: int = 0
    seq: int = 0
    rseq: int = 0
    change: int = 0
    restored: bool = False


class Anchor(AnchorFile[Reached]):
    """The anchor in its folder."""

    damaged = AnchorDamagedError

    @staticmethod
    def parse(data: Mapping[str, Any]) -> Reached:
        """The numbers of the file."""
        epoch, seq, rseq, change = (int(data[name]) for name in ("epoch", "seq", "rseq", "change"))
        return Reached(epoch, seq, rseq, change, bool(data["restored"]))

    def reset(self, epoch: int, change: int = 0) -> None:
        """Start a new anchor: for a new satellite, or for one that enters a new epoch."""
        with self.alone():
            self.save(Reached(epoch, 0, 0, change))

    def leave(self, epoch: int) -> None:
        """Before an epoch is left, mark a missing or damaged anchor as restored in that epoch.

        The next epoch is then recognized as a new one, even if the power fails before its own anchor is written.
        """
        with self.alone():
            try:
                known = self.read()
            except AnchorDamagedError:
                known = None
            if known is None:
                self.save(Reached(epoch, restored=True))

    def write(self, epoch: int, seq: int, rseq: int, change: int = 0) -> None:
        """Raise the anchor; a missing one stays missing, because nothing says how far this machine came."""
        reached = Reached(epoch, seq, rseq, change)
        if self._above(reached) is not None:
            with self.alone():
                raised = self._above(reached)  # another process may have raised it meanwhile
                if raised is not None:
                    self.save(raised)
        crash_point("after_anchor")

    def _above(self, reached: Reached) -> Reached | None:
        """The anchor as `reached` raises it; None where nothing is to be written."""
        known = self.read()
        if known is None or reached.epoch < known.epoch:
            return None
        if reached.epoch > known.epoch:
            return reached  # numbers and restores of the old epoch say nothing about the new one
        seq, rseq, change = (max(getattr(reached, name), getattr(known, name)) for name in ("seq", "rseq", "change"))
        raised = replace(known, seq=seq, rseq=rseq, change=change)
        return raised if raised != known else None

    def mark_restored(self, epoch: int) -> None:
        """Mark this machine as restored, even if its numbers reach the old ones again."""
        if self._is_marked(self.read() or Reached(), epoch):
            return
        with self.alone():
            known = self.read() or Reached()
            if not self._is_marked(known, epoch):
                self.save(replace(known, epoch=max(epoch, known.epoch), restored=True))

    @staticmethod
    def _is_marked(known: Reached, epoch: int) -> bool:
        return known.restored and known.epoch >= epoch

    def is_ahead(self, epoch: int, seq: int, rseq: int, change: int) -> bool:
        """Whether this machine came further than the database knows; a missing anchor counts as yes."""
        known = self.read()
        if known is None:
            return epoch > 0
        if known.epoch != epoch:
            return known.epoch > epoch
        return known.restored or known.seq > seq or known.rseq > rseq or known.change > change
