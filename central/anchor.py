"""Central's anchor: how far it ever came, kept outside the database and outside backups.

Written after the commit and before an answer is released. A database behind its anchor, or one without it, was restored:
central then opens a new epoch for every satellite and learns from their full requests what it has forgotten. Each node of
a central, which is a home of its own on the common database, has its own anchor, and with it the id of the node.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from serverkit.errors import AppError, Remedy
from serverkit.faults import crash_point
from serverkit.files import write_atomic
from serverkit.ids import new_id
from serverkit.locks import Lock, waiting
from serverkit.owner import make_folder

FILE = "anchor.json"


class AnchorDamagedError(AppError):
    """The refusal `anchor_damaged`."""

    code = "anchor_damaged"
    message = "The anchor's file cannot be read."
    remedy = Remedy(
        "Remove the file: central then takes itself for restored and opens a new epoch for every satellite.",
        page="backup-and-restore.md#the-anchor",
    )
    status = 500


class AnchorUnreadableError(AppError):
    """The refusal `anchor_unreadable`."""

    code = "anchor_unreadable"
    message = "The anchor's file is there and cannot be read: it may belong to another user."
    remedy = Remedy(
        "Give the folder `anchor`, with all it holds, back to the owner of the home; remove nothing.",
        page="backup-and-restore.md#the-anchor",
    )
    status = 503


@dataclass(frozen=True, slots=True)
class Reached:
    """Answers given to satellites, and the floor of epochs that the restores so far have raised; `node` is whose it is."""

    answers: int = 0
    epoch_floor: int = 0
    restored: bool = False
    node: str = ""


class Anchor:
    """The anchor in its folder."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        """`folder` lies outside backups, and belongs to the owner of `home` wherever it is."""
        self._folder = folder
        self._home = home

    def read(self) -> Reached | None:
        """How far central came; None where there is no anchor."""
        try:
            data = json.loads((self._folder / FILE).read_bytes())
            restored, node = bool(data["restored"]), str(data.get("node", ""))
            return Reached(int(data["answers"]), int(data["epoch_floor"]), restored, node)
        except FileNotFoundError:
            return None
        except OSError as error:
            # Nothing is known then: neither that this machine was restored, nor that it was not.
            raise AnchorUnreadableError("the anchor cannot be read: {reason}", reason=error.strerror) from error
        except (ValueError, KeyError, TypeError) as error:
            raise AnchorDamagedError from error

    def write(self, reached: Reached) -> None:
        """Raise the anchor; it never falls."""
        if self.read() != self._above(reached):
            with self._alone():
                self._save(self._above(reached))  # another process may have raised it meanwhile
        crash_point("after_anchor")

    def _above(self, reached: Reached) -> Reached:
        known = self.read() or Reached()
        answers, floor = max(known.answers, reached.answers), max(known.epoch_floor, reached.epoch_floor)
        return Reached(answers, floor, known.restored, known.node)

    def node(self, *, anew: bool = False) -> str:
        """The id of this home among the nodes of its central; made where the anchor has none, or `anew`."""
        known = self.read()
        if known is not None and known.node and not anew:
            return known.node
        with self._alone():
            seen = known.node if known is not None else ""
            known = self.read() or Reached()
            if not known.node or (anew and known.node == seen):
                known = replace(known, node=new_id())
                self._save(known)
        return known.node

    def mark_restored(self) -> None:
        """Note that a backup was restored."""
        with self._alone():
            self._save(replace(self.read() or Reached(), restored=True))

    def clear(self, reached: Reached) -> None:
        """The restore has been dealt with."""
        with self._alone():
            self._save(replace(self._above(reached), restored=False))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        make_folder(self._folder, like=self._home)
        with waiting(Lock.ANCHOR, self._folder):
            yield

    def _save(self, reached: Reached) -> None:
        write_atomic(self._folder / FILE, json.dumps(asdict(reached), sort_keys=True).encode() + b"\n")
