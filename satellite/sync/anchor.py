"""The anchor: how far this machine ever came, kept outside the database and outside backups (row S2.6).

Written after the commit and before a file is released. A database behind its anchor was put back; one ahead of it means
only that the power failed in between, and raises the anchor silently.
"""

from __future__ import annotations

import json
from pathlib import Path

from chassis.errors import AppError
from chassis.files import write_atomic

FILE = "anchor.json"


class AnchorDamagedError(AppError):
    """The anchor's file cannot be read."""

    code = "anchor_damaged"
    remedy = "Have central resynchronize this satellite; the import of its authorization writes a new anchor."
    status = 500


class Anchor:
    """The anchor in its folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` lies outside backups."""
        self._folder = folder

    def read(self) -> tuple[int, int, int]:
        """Epoch, request number and response number that this machine reached."""
        try:
            data = json.loads((self._folder / FILE).read_bytes())
            return int(data["epoch"]), int(data["seq"]), int(data["rseq"])
        except FileNotFoundError:
            return 0, 0, 0
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise AnchorDamagedError from error

    def write(self, epoch: int, seq: int, rseq: int, *, reset: bool = False) -> None:
        """Raise the anchor; only a new authorization may reset it."""
        known = (0, 0, 0) if reset else self.read()
        if epoch == known[0]:
            seq, rseq = max(seq, known[1]), max(rseq, known[2])
        elif epoch < known[0]:
            return
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(self._folder / FILE, json.dumps({"epoch": epoch, "seq": seq, "rseq": rseq}).encode() + b"\n")

    def is_ahead(self, epoch: int, seq: int, rseq: int) -> bool:
        """Whether the anchor has seen more than the database knows."""
        known = self.read()
        if known[0] != epoch:
            return known[0] > epoch
        return known[1] > seq or known[2] > rseq
