"""A central that was restored: new epochs for every satellite, and nothing decided before their full requests (row S2.6).

Epochs opened after the backup was made are unknown here, and the number of an epoch must never repeat. So each restore
raises a floor under the numbers of epochs; the anchor, which no restore touches, keeps it too.
"""

from __future__ import annotations

from sqlalchemy import func, select

from central.anchor import Reached
from central.domain.accounts.queries import of_satellite
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.base import VENDOR, Counter, next_number
from central.domain.operations.nodes import is_noted
from central.domain.operations.rules import Origin, Place, origin_of
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.domain.satellites.queries import EPOCH_FLOOR, REMOVED
from central.domain.satellites.services import PENDING, open_epoch
from serverkit.db.unit import Unit

ANSWERS = "answers"
FLOOR_STEP = 1000


def note_answer(unit: Unit) -> None:
    """Count an answer that is about to be given to a satellite."""
    next_number(unit, VENDOR, ANSWERS)


def reached(unit: Unit) -> Reached:
    """How far the database says that central came."""
    values = dict(unit.session.execute(select(Counter.name, Counter.value).where(Counter.account_id == VENDOR)).all())
    return Reached(int(values.get(ANSWERS, 0)), int(values.get(EPOCH_FLOOR, 0)))


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
    _raise(unit, ANSWERS, had.answers + 1)
    _raise(unit, EPOCH_FLOOR, max(had.epoch_floor, reached(unit).epoch_floor) + FLOOR_STEP)
    unit.session.flush()  # the floor is read below
    rows = list(unit.session.scalars(select(Satellite).where(Satellite.state != REMOVED).with_for_update()))
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


def _raise(unit: Unit, name: str, value: int) -> None:
    row = unit.session.get(Counter, (VENDOR, name))
    if row is None:
        unit.session.add(Counter(account_id=VENDOR, name=name, value=value))
    else:
        row.value = max(row.value, value)
