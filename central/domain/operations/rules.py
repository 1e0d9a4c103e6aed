"""Nodes of one central: which home is known to the common database, and what its anchor says of that database (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

BEAT = timedelta(minutes=2)
"""How often a node that serves writes down that it is there."""
ALIVE = 5 * BEAT
"""How long a node counts as running after it was last seen."""


class Origin(StrEnum):
    """What the anchor of a home says of its database."""

    GOES_ON = "goes_on"
    NEW = "new"
    RESTORED = "restored"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node runs: name of its host, path of its home there."""

    host: str
    home: str


def origin_of(*, anchored: int | None, marked: bool, answers: int, shared: bool, noted: bool) -> Origin:
    """What the anchor of a home says of the database (row S2.6).

    `anchored` answers the anchor knows of, None where there is no anchor; `answers` the database; `marked` says that a
    restore noted itself in the anchor. A database is `shared` when it is behind a server, where several homes work
    on it; `noted` says that it knows this home. A home without an anchor is a new node of a shared database, unless it
    was a node before: then its anchor was lost.
    """
    if anchored is None:
        if not answers:
            return Origin.GOES_ON
        return Origin.NEW if shared and not noted else Origin.RESTORED
    return Origin.RESTORED if marked or anchored > answers else Origin.GOES_ON


def is_copy(noted: Place, here: Place, last_seen: datetime, now: datetime) -> bool:
    """Whether a home that shows the id of a node is a copy of its home, made with the anchor: that node runs elsewhere.

    One that was not seen lately has moved, or its host has another name.
    """
    return noted != here and now - last_seen < ALIVE


def is_running(last_seen: datetime, now: datetime) -> bool:
    """Whether a node counts as running."""
    return now - last_seen < ALIVE
