"""Detached devices: the term begins, ends early, or runs out (row C7.8, the satellite's side)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select, text

from exchange.compliance import until as day_of
from exchange.device.detaching import GIVEN_BACK, with_given_back
from exchange.vocabulary import DeviceOp
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.instances.models import DETACHED, Instance
from satellite.core.instances.queries import placed_name
from satellite.core.instances.services import say
from satellite.core.licences.models import Claim
from satellite.core.licences.queries import titles
from satellite.core.licences.services import claims_of, replace_claims
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.licence_texts import freed_text


def is_detached(until: datetime | None, now: datetime) -> bool:
    """Whether the term of a detached device runs: what it uses stays in use, whatever else is asked."""
    return until is not None and now < until


def used_away(unit: Unit, virtual_account_id: str, tags: Iterable[str]) -> dict[str, list[tuple[datetime, int]]]:
    """What detached devices of a virtual account use of these licences, each until the end of its term."""
    query = select(Claim.tag, Instance.detached_until, Claim.count).join(Instance, Instance.id == Claim.instance_id)
    query = query.where(
        Claim.virtual_account_id == virtual_account_id,
        Claim.tag.in_(sorted(tags)),
        Instance.removed.is_(False),
        text(DETACHED),
    )
    found: dict[str, list[tuple[datetime, int]]] = {}
    for tag, until, count in unit.session.execute(query):
        if until is not None:
            found.setdefault(tag, []).append((until, count))
    return found


def begin_term(unit: Unit, row: Instance, until: datetime) -> str:
    """A device is detached from now on; returns the id of its term, which ends it."""
    row.detached_until, row.detached_term, row.change_no = until, new_id(), next_change(unit)
    say(
        unit,
        EventKind.INSTANCE_DETACHED,
        row,
        f"{placed_name(unit, row)} was detached until {day_of(until).removeprefix('until ')}",
    )
    return row.detached_term


def end_early(unit: Unit, row: Instance) -> None:
    """A device is connected again: its term is given back, and no one else can give it back."""
    row.given_back_terms = with_given_back(row.given_back_terms, row.detached_term)
    _clear(unit, row)
    say(unit, EventKind.INSTANCE_REATTACHED, row, f"{placed_name(unit, row)} was reattached")


def note_return(unit: Unit, row: Instance) -> None:
    """A device is in contact after its term: it is connected like any other, and its units are those that it now reports."""
    if row.detached_until is not None:
        _clear(unit, row)


def note_failure(unit: Unit, row: Instance, op: DeviceOp, code: str, why: str) -> bool:
    """Record that a device could not be detached or reattached, and why; True if it means that two machines have its key."""
    if op is DeviceOp.DETACH:
        message = f"{placed_name(unit, row)} could not be detached: {why}"
        say(unit, EventKind.INSTANCE_DETACH_FAILED, row, message)
        return False
    say(unit, EventKind.INSTANCE_REATTACH_FAILED, row, f"{placed_name(unit, row)} could not be reattached: {why}")
    if code == GIVEN_BACK:
        row.marks, row.change_no = sorted({*row.marks, "clone"}), next_change(unit)
    return code == GIVEN_BACK


def end_detached_terms(unit: Unit) -> int:
    """Free the ordinary licences of detached devices whose term has run out: they have no right by it any more."""
    query = select(Instance).where(
        text(DETACHED), Instance.detached_until <= unit.licence_now, Instance.removed.is_(False)
    )
    rows = list(unit.session.scalars(query.order_by(Instance.id)))
    for row in rows:
        freed = claims_of(unit, row.id)
        replace_claims(unit, row.id, row.virtual_account_id, {})
        _clear(unit, row)
        message = f"{placed_name(unit, row)} was not reattached before its term ended"
        say(unit, EventKind.INSTANCE_TERM_ENDED, row, f"{message}{freed_text(freed, titles(unit, freed))}")
    return len(rows)


def _clear(unit: Unit, row: Instance) -> None:
    row.detached_until, row.detached_term, row.change_no = None, None, next_change(unit)
