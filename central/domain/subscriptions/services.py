"""Assigning a subscription: moved, copied or taken out as a whole, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, NewEvent, record_many, record_transactions
from central.domain.ledger.errors import CentralRecoveringError
from central.domain.ledger.models import Bucket, Lot
from central.domain.ledger.postings import OUTSIDE, Move, Place, lot_note, post_many
from central.domain.ledger.queries import pools
from central.domain.ledger.services import lots_by_id
from central.domain.licence_tags.services import drop_lost_tags
from central.domain.subscriptions.errors import (
    SubscriptionChangedError,
    SubscriptionInUseError,
    SubscriptionNeedsPlaceError,
    UnknownSubscriptionError,
)
from central.domain.subscriptions.queries import present
from central.domain.subscriptions.rules import COPIED, MOVED, WITHDRAWN, Present, Standing, Step, standings, steps
from central.domain.transfers.rules import shifted
from serverkit.db.unit import Unit
from serverkit.ids import new_id

SOURCE = "subscription"


@dataclass(frozen=True, slots=True)
class Planned:
    """The steps of an assignment, and what the subscription is then in each virtual account."""

    tag: str
    subscription: str
    steps: list[Step]
    after: dict[str, Standing]
    here: dict[str, Present]
    names: dict[str, str]


def plan_assignment(
    unit: Unit, account_id: str, tag: str, subscription: str, rows: Sequence[VirtualAccount], wanted: Collection[str]
) -> Planned:
    """What an assignment does; `rows` are all virtual accounts that may be seen, `wanted` the ids of those that are to have it.

    A virtual account that may not be seen keeps it. UnknownSubscriptionError, SubscriptionNeedsPlaceError,
    SubscriptionInUseError where it would leave use uncovered.
    """
    every = present(unit, account_id, tag)
    here = {one.place: one for one in every if one.subscription == subscription}
    seen = {row.id: row for row in rows}
    if not set(here) & set(seen):
        raise UnknownSubscriptionError(
            "there is no subscription {subscription!r} of {tag}", subscription=subscription[:255], tag=tag[:255]
        )
    wanted = set(wanted) | (set(here) - set(seen))
    if not wanted:
        raise SubscriptionNeedsPlaceError
    order = {row.id: row.number for row in rows}
    found = steps(list(here), wanted, order)
    for place in {place for step in found for place in (step.source, step.target) if place}:
        if place in seen:
            require(unit, Permission.LICENCE_TRANSFER, account_id, place)
    leaving = [step.source for step in found if step.kind in {MOVED, WITHDRAWN}]
    if any(seen[place].recovering for place in leaving):
        raise CentralRecoveringError
    _check_cover(unit, account_id, tag, [here[place] for place in leaving], seen)
    after = standings(_then(every, here, found, subscription))
    mine = {place: standing for (place, of, name), standing in after.items() if of == tag and name == subscription}
    named = titles(unit, [tag]) | {row.id: row.name for row in rows}
    return Planned(tag, subscription, found, mine, here, named)


def _check_cover(
    unit: Unit, account_id: str, tag: str, leaving: Sequence[Present], seen: dict[str, VirtualAccount]
) -> None:
    figures = pools(unit, account_id, [one.place for one in leaving], [tag]) if leaving else {}
    for one in leaving:
        before = figures.get((one.place, tag))
        if before is None:
            continue
        after = before
        for view, count in one.lots:
            after = shifted(after, view, -count, unit.licence_now)
        if after.verdict.shortage > before.verdict.shortage:
            raise SubscriptionInUseError("{place} uses the licence by usage", place=seen[one.place].name)


def _then(every: Sequence[Present], here: dict[str, Present], found: Sequence[Step], name: str) -> list[Present]:
    """All subscriptions after the steps; what is new came last."""
    gone = {step.source for step in found if step.kind in {MOVED, WITHDRAWN}}
    kept = [one for one in every if not (one.subscription == name and one.place in gone)]
    last = max((one.arrived for one in every), default=0)
    new = [replace(here[step.source], place=step.target, arrived=last + 1) for step in found if step.target]
    return [*kept, *new]


def assign(
    unit: Unit,
    account_id: str,
    tag: str,
    subscription: str,
    rows: Sequence[VirtualAccount],
    wanted: Collection[str],
    had: Collection[str] | None = None,
) -> Planned:
    """Move, copy or take out; `had` are the virtual accounts that had it when it was looked at (SubscriptionChangedError)."""
    planned = plan_assignment(unit, account_id, tag, subscription, rows, wanted)
    if had is not None and set(had) != set(planned.here) & {row.id for row in rows}:
        raise SubscriptionChangedError
    moves: list[Move] = []
    for step in planned.steps:
        if step.kind in {MOVED, WITHDRAWN}:
            moved = {view.id: count for view, count in planned.here[step.source].lots}
            drop_lost_tags(unit, account_id, step.source, moved)
        moves += _moves(unit, account_id, planned, step)
    post_many(unit, account_id, moves, "assigned")
    _tell(unit, account_id, planned)
    return planned


def _moves(unit: Unit, account_id: str, planned: Planned, step: Step) -> list[Move]:
    lots = planned.here[step.source].lots
    free = Place(Bucket.FREE, step.source)
    if step.kind == MOVED:
        return [Move(view.id, count, free, Place(Bucket.FREE, step.target)) for view, count in lots]
    if step.kind == WITHDRAWN:
        return [Move(view.id, count, free, Place(Bucket.REMOVED, step.source)) for view, count in lots]
    parents = lots_by_id(unit, account_id, {view.id for view, _ in lots})
    copies = [_copy(unit, parents[view.id], count) for view, count in lots]
    unit.session.flush()  # their postings name them
    return [Move(lot.id, lot.quantity, OUTSIDE, Place(Bucket.FREE, step.target), lot_note(lot)) for lot in copies]


def _copy(unit: Unit, parent: Lot, quantity: int) -> Lot:
    """A lot of the same terms; the order line stays with the lot that was ordered."""
    values = {column.name: getattr(parent, column.name) for column in Lot.__table__.columns}
    own = {"id": new_id(), "quantity": quantity, "order_number": None, "order_line": None, "created_at": unit.now}
    details = {**parent.details, "copied_from": parent.details.get("copied_from", parent.id)}
    lot = Lot(**{**values, **own, "details": details})
    unit.session.add(lot)
    return lot


def _tell(unit: Unit, account_id: str, planned: Planned) -> None:
    name, names = planned.names.get(planned.tag, planned.tag), planned.names
    about = f"subscription {planned.subscription} of {name}"
    events, entries = [], []
    for step in planned.steps:
        source, target = names.get(step.source, ""), names.get(step.target, "")
        said = {
            MOVED: f"{about} moved from {source} to {target}",
            COPIED: f"{about} copied to {target}",
            WITHDRAWN: f"{about} taken out of {source}",
        }[step.kind]
        subject = {"tag": planned.tag, "subscription": planned.subscription, "from": source, "to": target}
        left = step.source if step.kind in {MOVED, WITHDRAWN} else ""
        lots = planned.here[step.source].lots
        for place, sign in ((left, -1), (step.target, 1)):
            if place:
                events.append(NewEvent(EventKind.SUBSCRIPTION_ASSIGNED, said, subject, virtual_account_id=place))
                entries += [
                    Entry(
                        view.licence_type,
                        planned.tag,
                        sign * count,
                        place,
                        SOURCE,
                        step.kind,
                        expiry=view.end,
                        notes=said,
                    )
                    for view, count in lots
                ]
    record_many(unit, account_id, events)
    record_transactions(unit, account_id, entries)
