"""Detached devices that are connected to central itself: the term begins, ends early, or runs out (row C7.8)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.models import DETACHED, Instance
from central.domain.instances.queries import instance_name, placed_name
from central.domain.instances.services import say
from central.domain.ledger.claims import claims_by_instance, claims_of, release_claims
from central.domain.ledger.models import Claim
from exchange.compliance import until as day_of
from exchange.device.detaching import GIVEN_BACK, with_given_back
from exchange.vocabulary import DeviceOp
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.licence_texts import freed_text, units_text

MOST_NAMED = 100
"""So many detached devices are named, each in an event of its own, where a satellite is removed with them."""


@dataclass(frozen=True, slots=True)
class Away:
    """A device whose term runs, and what it uses until then, by tag."""

    id: str
    name: str
    place: str
    virtual_account_id: str
    until: datetime
    uses: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """The device as programs are told."""
        return {
            "id": self.id,
            "name": self.name,
            "virtual_account": self.place,
            "detached_until": iso(self.until),
            "uses": self.uses,
        }


def away_behind(unit: Unit, account_id: str, satellite_id: str) -> list[Away]:
    """The detached devices of a satellite, as it last reported them; `MOST_NAMED` at most, the longest terms first."""
    query = (
        select(Instance, VirtualAccount.name)
        .join(
            VirtualAccount,
            (VirtualAccount.account_id == Instance.account_id) & (VirtualAccount.id == Instance.virtual_account_id),
        )
        .where(Instance.account_id == account_id, Instance.satellite_id == satellite_id)
        .where(text(DETACHED), Instance.detached_until > unit.licence_now)
        .order_by(Instance.detached_until.desc(), Instance.id)
        .limit(MOST_NAMED)
    )
    rows = unit.session.execute(query).all()
    used = claims_by_instance(unit, account_id, [row.id for row, _ in rows])
    return [
        Away(row.id, instance_name(row), place, row.virtual_account_id, row.detached_until, used.get(row.id, {}))
        for row, place in rows
        if row.detached_until is not None
    ]


def note_left_away(unit: Unit, account_id: str, satellite_id: str, satellite_name: str, found: Sequence[Away]) -> None:
    """Record each device that goes on using licences, free at central now, after its satellite was removed."""
    named = titles(unit, {tag for one in found for tag in one.uses})
    for one in found:
        units = units_text(one.uses, named) or "no licences"
        end = day_of(one.until).removeprefix("until ")
        record(
            unit,
            account_id,
            EventKind.INSTANCE_REMOVED_VIA_SATELLITE,
            f"product instance {one.name} removed from {one.place} with satellite {satellite_name};"
            f" it is detached and uses {units} until {end}",
            subject={"instance": one.id, "detached_until": iso(one.until), "uses": one.uses},
            virtual_account_id=one.virtual_account_id,
            satellite_id=satellite_id,
        )


def is_detached(row: Instance, now: datetime) -> bool:
    """Whether the term of a detached device runs: what it uses stays in use, whatever else is asked."""
    return row.detached_until is not None and now < row.detached_until


def used_away(
    unit: Unit, account_id: str, virtual_account_id: str, tags: Iterable[str]
) -> dict[str, list[tuple[datetime, int]]]:
    """What detached devices of a virtual account use of these licences, each until the end of its term."""
    query = (
        select(Claim.tag, Instance.detached_until, Claim.count)
        .join(Instance, (Instance.account_id == Claim.account_id) & (Instance.id == Claim.instance_id))
        .where(Claim.account_id == account_id, Claim.virtual_account_id == virtual_account_id)
        .where(Claim.tag.in_(sorted(tags)), text(DETACHED))
    )
    found: dict[str, list[tuple[datetime, int]]] = {}
    for tag, until, count in unit.session.execute(query):
        if until is not None:
            found.setdefault(tag, []).append((until, count))
    return found


def begin_term(unit: Unit, row: Instance, until: datetime) -> str:
    """A device is detached from now on; returns the id of its term, which ends it."""
    row.detached_until, row.detached_term = until, new_id()
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
    _clear(row)
    say(unit, EventKind.INSTANCE_REATTACHED, row, f"{placed_name(unit, row)} was reattached")


def note_return(row: Instance) -> None:
    """A device is in contact after its term: it is connected like any other, and its units are those that it now reports."""
    if row.detached_until is not None:
        _clear(row)


def release_term(unit: Unit, row: Instance, reason: str) -> None:
    """The vendor ends the term of a device that cannot be reattached; if it runs, it goes on using its licences until then."""
    until = row.detached_until
    _clear(row)
    end = day_of(until).removeprefix("until ") if until is not None else ""
    say(
        unit,
        EventKind.INSTANCE_REATTACHED,
        row,
        f"{placed_name(unit, row)}, detached until {end}, was released by the vendor: {reason}",
    )


def note_failure(unit: Unit, row: Instance, op: DeviceOp, code: str, why: str) -> bool:
    """Record that a device could not be detached or reattached, and why; True if it means that two machines have its key."""
    if op is DeviceOp.DETACH:
        message = f"{placed_name(unit, row)} could not be detached: {why}"
        say(unit, EventKind.INSTANCE_DETACH_FAILED, row, message)
        return False
    say(unit, EventKind.INSTANCE_REATTACH_FAILED, row, f"{placed_name(unit, row)} could not be reattached: {why}")
    if code == GIVEN_BACK:
        row.marks = sorted({*row.marks, "clone"})
    return code == GIVEN_BACK


def end_detached_terms(unit: Unit) -> int:
    """Free the ordinary licences of detached devices whose term has run out: they have no right by it any more."""
    query = select(Instance).where(
        text(DETACHED), Instance.detached_until <= unit.licence_now, Instance.satellite_id.is_(None)
    )
    rows = list(unit.session.scalars(query.order_by(Instance.account_id, Instance.id)))
    for row in rows:
        freed = claims_of(unit, row.account_id, row.id)
        release_claims(unit, row.account_id, [row.id])
        _clear(row)
        named = titles(unit, freed)
        say(
            unit,
            EventKind.INSTANCE_TERM_ENDED,
            row,
            f"{placed_name(unit, row)} was not reattached before its term ended{freed_text(freed, named)}",
        )
    return len(rows)


def _clear(row: Instance) -> None:
    row.detached_until = row.detached_term = None
