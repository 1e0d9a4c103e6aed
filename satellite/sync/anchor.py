"""The anchor: how far this machine ever came, kept outside the database and outside backups (row S2.6).

Written after the commit and before a file is released. A database behind its anchor was put back; one ahead of it means
only that the power failed in between, and raises the anchor silently. Once a machine was found to be put back it stays
so until it enters a new epoch, even if its numbers reach the old ones again.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from serverkit.backup.locked import locked
from serverkit.errors import AppError
from serverkit.faults import crash_point
from serverkit.files import write_atomic
from serverkit.owner import make_folder

FILE = "anchor.json"
LOCK = "anchor.lock"


class AnchorDamagedError(AppError):
    """The anchor's file cannot be read."""

    code = "anchor_damaged"
    remedy = "Have central resynchronize this satellite; the import of its authorization writes a new anchor."
    status = 500


class AnchorUnreadableError(AppError):
    """The anchor's file is there and cannot be read: it may belong to another user."""

    code = "anchor_unreadable"
    remedy = "Give the folder `anchor`, with all it holds, back to the owner of the home; remove nothing."
    status = 503


@dataclass(frozen=True, slots=True)
class Reached:
    """How far this machine ever came; `restored` stays until a new epoch is entered."""

    epoch: int = 0
    seq: int = 0
    rseq: int = 0
    change: int = 0
    restored: bool = False


class Anchor:
    """The anchor in its folder."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        """`folder` lies outside backups, and belongs to the owner of `home` wherever it is."""
        self._folder = folder
        self._home = home

    def read(self) -> Reached | None:
        """How far this machine came; None where there is no anchor."""
        try:
            data = json.loads((self._folder / FILE).read_bytes())
            epoch, seq, rseq, change = (int(data[name]) for name in ("epoch", "seq", "rseq", "change"))
            return Reached(epoch, seq, rseq, change, bool(data["restored"]))
        except FileNotFoundError:
            return None
        except OSError as error:
            # Nothing is known then: neither that this machine was restored, nor that it was not.
            raise AnchorUnreadableError(f"the anchor cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError) as error:
            raise AnchorDamagedError from error

    def reset(self, epoch: int, change: int = 0) -> None:
        """Begin anew: for a satellite that was just set up, or that enters a new epoch."""
        with self._alone():
            self._save(Reached(epoch, 0, 0, change))

    def leave(self, epoch: int) -> None:
        """Before an epoch is left: an anchor that tells nothing tells from now on that the machine was put back in it.

        So the next epoch is known to be another one, even if the power fails before its own anchor stands.
        """
        with self._alone():
            try:
                known = self.read()
            except AnchorDamagedError:
                known = None
            if known is None:
                self._save(Reached(epoch, restored=True))

    def write(self, epoch: int, seq: int, rseq: int, change: int = 0) -> None:
        """Raise the anchor; one that is missing stays missing, since nothing then says how far this machine came."""
        reached = Reached(epoch, seq, rseq, change)
        if self._above(reached) is not None:
            with self._alone():
                raised = self._above(reached)  # another process may have raised it meanwhile
                if raised is not None:
                    self._save(raised)
        crash_point("after_anchor")

    def _above(self, reached: Reached) -> Reached | None:
        """The anchor as `reached` raises it; None where nothing is to be written."""
        known = self.read()
        if known is None or reached.epoch < known.epoch:
            return None
        if reached.epoch > known.epoch:
            return reached  # what was reached in the old epoch, and that it was put back, says nothing of the new one
        seq, rseq, change = (max(getattr(reached, name), getattr(known, name)) for name in ("seq", "rseq", "change"))
        raised = replace(known, seq=seq, rseq=rseq, change=change)
        return raised if raised != known else None

    def mark_restored(self, epoch: int) -> None:
        """Keep in mind that this machine was put back, even if it comes as far again."""
        if self._is_marked(self.read() or Reached(), epoch):
            return
        with self._alone():
            known = self.read() or Reached()
            if not self._is_marked(known, epoch):
                self._save(replace(known, epoch=max(epoch, known.epoch), restored=True))

    @staticmethod
    def _is_marked(known: Reached, epoch: int) -> bool:
        return known.restored and known.epoch >= epoch

    def is_ahead(self, epoch: int, seq: int, rseq: int, change: int) -> bool:
        """Whether this machine came further than the database knows; without an anchor nobody can say that it did not."""
        known = self.read()
        if known is None:
            return epoch > 0
        if known.epoch != epoch:
            return known.epoch > epoch
        return known.restored or known.seq > seq or known.rseq > rseq or known.change > change

    @contextmanager
    def _alone(self) -> Iterator[None]:
        make_folder(self._folder, like=self._home)
        with locked(self._folder / LOCK):
            yield

    def _save(self, reached: Reached) -> None:
        write_atomic(self._folder / FILE, json.dumps(asdict(reached), sort_keys=True).encode() + b"\n")
