"""A rollback anchor: how far a server ever came, in a file outside its database and outside backups (row S2.6).

It is written after the commit and before what was committed is released. A database that is behind its anchor was
restored from an older copy. What the numbers are, and what a restore means, each server says for itself.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from serverkit.errors import AppError, Remedy
from serverkit.files import write_atomic
from serverkit.locks import Lock, waiting
from serverkit.owner import make_folder

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FILE = "anchor.json"
R = TypeVar("R", bound="DataclassInstance")


class AnchorUnreadableError(AppError):
    """The refusal `anchor_unreadable`."""

    code = "anchor_unreadable"
    message = "The anchor file exists but cannot be read; it may belong to another user."
    remedy = Remedy(
        "Change the owner of the folder `anchor` and its contents to the owner of the home; remove nothing.",
        page="backup-and-restore.md#the-anchor",
    )
    status = 503


class AnchorFile(ABC, Generic[R]):
    """An anchor in its folder; `R` is what it holds."""

    damaged: ClassVar[type[AppError]]
    """What is raised for a file that holds no anchor."""

    def __init__(self, folder: Path, home: Path | None = None) -> None:
        """`folder` is outside backups, and belongs to the owner of `home` wherever it is."""
        self._folder = folder
        self._home = home

    @staticmethod
    @abstractmethod
    def parse(data: Mapping[str, Any]) -> R:
        """What the file holds; ValueError, KeyError or TypeError where it holds no anchor."""

    def read(self) -> R | None:
        """How far the server came; None where there is no anchor."""
        try:
            return self.parse(json.loads((self._folder / FILE).read_bytes()))
        except FileNotFoundError:
            return None
        except OSError as error:
            # Nothing is known then: neither that this machine was restored, nor that it was not.
            raise AnchorUnreadableError("the anchor cannot be read: {reason}", reason=error.strerror) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self.damaged from error

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the anchor while it is read, compared and written."""
        make_folder(self._folder, like=self._home)
        with waiting(Lock.ANCHOR, self._folder):
            yield

    def save(self, reached: R) -> None:
        """Replace the file."""
        write_atomic(self._folder / FILE, json.dumps(asdict(reached), sort_keys=True).encode() + b"\n")
