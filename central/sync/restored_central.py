"""Recovery of a restored central: new epochs for every satellite, and no decisions before their full requests (row S2.6).

Epochs opened after the backup was made are unknown here, and the number of an epoch must never repeat. So each restore
raises a floor under the numbers of epochs; the anchor, which no restore touches, keeps it too.
"""

from __future__ import annotations

from sqlalchemy import func, select

from central.anchor import Reached
from central.domain.accounts.queries import of_satellite
from central.domain.base import VENDOR, Counter, next_number, next_numbers
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.operations.nodes import is_noted
from central.domain.operations.rules import Origin, Place, origin_of
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.domain.satellites.queries import EPOCH_FLOOR, REMOVED
from central.domain.satellites.services import PENDING, open_epoch
from serverkit.db.unit import Unit
from serverkit.locks import for_change

ANSWERS = "answers"
FLOOR_STEP = 1000


def note_answer(unit: Unit, account_id: str) -> None:
    """Count an answer that is about to be given to a satellite of an account."""
    next_number(unit, account_id, ANSWERS)


def reached(unit: Unit) -> Reached:
    """Central's progress according to the database."""
    floor = unit.session.get(Counter, (VENDOR, EPOCH_FLOOR))
    return Reached(_answers(unit), floor.value if floor is not None else 0)


def _answers(unit: Unit) -> int:
    """The answers of all accounts, each counted by itself, with what restores have added for the vendor."""
    return int(unit.session.scalar(select(func.sum(Counter.value)).where(Counter.name == ANSWERS)) or 0)


def origin(unit: Unit, known: Reached | None, here: Place) -> Origin:
    """What the anchor of the home `here` says of the database."""
    if known is None:
        answers = int(unit.session.scalar(select(func.count()).select_from(AnsweredRequest)) or 0)
    else:
        answers = reached(unit).answers
    return origin_of(
        anchored=None if known is None else known.answers,
        marked=known is not None and known.restored,
        answers=answers,
        shared=unit.session.get_bind().dialect.name != "sqlite",
        noted=is_noted(unit, here),
    )


def enter_recovery(unit: Unit, known: Reached | None, presented: dict[str, int] | None = None) -> int:
    """Open a new epoch for every satellite; `presented` are newer epochs that files have shown. Returns how many."""
    had = known or Reached()
    now = reached(unit)
    _add(unit, ANSWERS, max(0, had.answers + 1 - now.answers))
    _add(unit, EPOCH_FLOOR, max(had.epoch_floor, now.epoch_floor) + FLOOR_STEP - now.epoch_floor)
    unit.session.flush()  # the floor is read below
    rows = list(unit.session.scalars(for_change(select(Satellite).where(Satellite.state != REMOVED))))
    for row in rows:
        forked = row.forked
        open_epoch(unit, row, (presented or {}).get(row.id, 0))
        row.forked = forked
        if row.registered_at is None:
            row.epoch_id = ""  # never authorized: its first epoch begins when it is
            continue
        row.state, row.downloaded_at = PENDING, None
        mark_recovering(unit, row, recovering=True)
        message = f"central was restored from an older copy: epoch {row.epoch} opened for satellite {row.name}"
        subject = {"epoch": row.epoch}
        record(unit, row.account_id, EventKind.CENTRAL_RESTORED, message, subject=subject, satellite_id=row.id)
    unit.touched.update(row.account_id for row in rows)
    return len(rows)


def mark_recovering(unit: Unit, satellite: Satellite, *, recovering: bool) -> None:
    """Say of a satellite and its virtual accounts whether its full request is awaited."""
    satellite.recovering = recovering
    for row in of_satellite(unit, satellite.account_id, satellite.id):
        row.recovering = recovering


def _add(unit: Unit, name: str, more: int) -> None:
    if more:
        next_numbers(unit, VENDOR, name, more)
