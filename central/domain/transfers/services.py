"""Moving licences between virtual accounts: never more than is free, all lines or nothing; and back for a set time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.errors import UnknownVirtualAccountError
from central.domain.accounts.models import VirtualAccount
from central.domain.base import next_number
from central.domain.catalogue.queries import entitlement
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import Entry, NewEvent, record_many, record_transactions
from central.domain.ledger.models import Bucket
from central.domain.ledger.postings import Move, Place, post_many
from central.domain.ledger.rules import ANY_LOT, LotChoice
from central.domain.licence_tags.services import drop_lost_tags, tags_lost
from central.domain.policies.queries import policies
from central.domain.transfers.errors import NothingToReverseError, ReversalOverError, TransferRefusedError
from central.domain.transfers.models import Transfer, TransferMove
from central.domain.transfers.queries import inventory_of, moves_of
from central.domain.transfers.rules import Inventory, Judged, Plan, Requested, plan
from serverkit.db.unit import Unit
from serverkit.errors import AppError

NUMBERS = "transfer"


def plan_transfer(unit: Unit, account_id: str, requests: Sequence[Requested | AppError]) -> tuple[Inventory, Plan]:
    """What a transfer would do; both virtual accounts of each line need the permission."""
    places = {
        place
        for requested in requests
        if isinstance(requested, Requested)
        for place in (requested.source, requested.target)
    }
    query = select(VirtualAccount).where(VirtualAccount.account_id == account_id, VirtualAccount.id.in_(sorted(places)))
    there = {row.id: row for row in unit.session.scalars(query)}
    permitted = [_permitted(unit, account_id, requested, there) for requested in requests]
    inventory = inventory_of(
        unit, account_id, (requested for requested in permitted if isinstance(requested, Requested))
    )
    return inventory, plan(inventory, permitted)


def _permitted(
    unit: Unit, account_id: str, requested: Requested | AppError, there: Collection[str]
) -> Requested | AppError:
    if isinstance(requested, AppError):
        return requested
    try:
        for place in (requested.source, requested.target):
            require(unit, Permission.LICENCE_TRANSFER, account_id, place)
            if place not in there:  # what is to come back may be from one that was deleted since
                raise UnknownVirtualAccountError
    except AppError as error:
        return error
    return requested


def enforce(lines: Sequence[Judged]) -> None:
    """Raise what stands against the lines: the reason of a single line, or the list of all."""
    refused = [(number, one.refusal) for number, one in enumerate(lines, 1) if one.refusal is not None]
    if refused and len(lines) == 1:
        raise refused[0][1]
    if refused:
        raise TransferRefusedError(refused)


def perform(
    unit: Unit, account_id: str, inventory: Inventory, planned: Plan, *, reverses: Transfer | None = None
) -> Transfer:
    """Move what was planned; refused lines are left out, so the caller has enforced the plan or means this."""
    lines = [line for line in planned.lines if line.picks]
    for place, moved in _leaving(lines).items():
        drop_lost_tags(unit, account_id, place, moved)
    _post(unit, account_id, lines, "transferred" if reverses is None else "transferred_back")
    days = int(policies(unit)["transfer_reversal_days"])
    row = Transfer(
        account_id=account_id,
        number=next_number(unit, account_id, NUMBERS),
        at=unit.now,
        actor=unit.actor.label,
        reverses=reverses.number if reverses is not None else None,
        reversible_until=unit.now + timedelta(days=days) if reverses is None and days else None,
    )
    unit.session.add(row)
    unit.session.flush()  # its moves name it
    unit.session.add_all(_moves(row, lines))
    _tell(unit, account_id, inventory, lines, row)
    unit.session.flush()
    return row


def lost_tags(unit: Unit, account_id: str, planned: Plan) -> dict[str, dict[str, list[str]]]:
    """The tags that do not go along, by virtual account and by licence or lot (row C3.7)."""
    found = {place: tags_lost(unit, account_id, place, moved) for place, moved in _leaving(planned.lines).items()}
    return {place: lost for place, lost in found.items() if lost}


def _leaving(lines: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """How many units of which lots leave each virtual account."""
    found: dict[str, dict[str, int]] = {}
    for line in lines:
        for view, count in line.picks:
            moved = found.setdefault(line.requested.source, {})
            moved[view.id] = moved.get(view.id, 0) + count
    return found


def _post(unit: Unit, account_id: str, lines: Iterable[Judged], reason: str) -> None:
    moves = [
        Move(view.id, count, Place(Bucket.FREE, line.requested.source), Place(Bucket.FREE, line.requested.target))
        for line in lines
        for view, count in line.picks
    ]
    post_many(unit, account_id, moves, reason)


def _moves(row: Transfer, lines: Sequence[Judged]) -> Iterable[TransferMove]:
    picks = [(line.requested, view, count) for line in lines for view, count in line.picks]
    for position, (requested, view, count) in enumerate(picks):
        yield TransferMove(
            account_id=row.account_id,
            number=row.number,
            position=position,
            tag=requested.tag,
            lot_id=view.id,
            from_virtual_account=requested.source,
            to_virtual_account=requested.target,
            quantity=count,
            returned=0,
        )


def _tell(unit: Unit, account_id: str, inventory: Inventory, lines: Iterable[Judged], row: Transfer) -> None:
    back = row.reverses is not None
    kind = EventKind.TRANSFER_REVERSED if back else EventKind.LICENCES_TRANSFERRED
    events, entries = [], []
    for line in lines:
        requested, names = line.requested, inventory.names
        verb = "transferred back" if back else "transferred"
        message = f"{line.quantity} of {names[requested.tag]} {verb} from {names[requested.source]} to {names[requested.target]}"
        subject = {
            "tag": requested.tag,
            "quantity": line.quantity,
            "from": names[requested.source],
            "to": names[requested.target],
            "transfer": row.number,
        }
        ends = {view.end for view, _ in line.picks}
        expiry = ends.pop() if len(ends) == 1 else None
        for place, count, action in (
            (requested.source, -line.quantity, "transferred_out"),
            (requested.target, line.quantity, "transferred_in"),
        ):
            events.append(NewEvent(kind, message, subject, virtual_account_id=place))
            entries.append(
                Entry(
                    "transfer", requested.tag, count, place, "transfer", action, expiry, notes=f"transfer {row.number}"
                )
            )
    record_many(unit, account_id, events)
    record_transactions(unit, account_id, entries)


def transfer_licences(
    unit: Unit,
    source: VirtualAccount,
    target: VirtualAccount,
    tag: str,
    quantity: int,
    *,
    longest_first: bool = True,
    choice: LotChoice = ANY_LOT,
) -> int:
    """Move free units of one licence; returns how many lots they came from. What is in use, reserved or locked stays."""
    entitlement(unit, tag)
    requested = Requested(source.id, target.id, tag, quantity, choice=choice, longest_first=longest_first)
    inventory, planned = plan_transfer(unit, source.account_id, [requested])
    enforce(planned.lines)
    perform(unit, source.account_id, inventory, planned)
    return len(planned.lines[0].picks)


def plan_reversal(unit: Unit, row: Transfer) -> tuple[Inventory, Plan]:
    """What of a transfer would come back now: of each lot what is still free; ReversalOverError after its time."""
    if row.reversible_until is None or unit.now >= row.reversible_until:
        raise ReversalOverError("transfer {number} can be reversed no more", number=row.number)
    return plan_transfer(unit, row.account_id, [requested for requested, _move in _back(unit, row)])


def _back(unit: Unit, row: Transfer) -> list[tuple[Requested, TransferMove]]:
    moves = moves_of(unit, row.account_id, [row.number]).get(row.number, [])
    return [
        (
            Requested(
                move.to_virtual_account,
                move.from_virtual_account,
                move.tag,
                move.quantity - move.returned,
                lot_id=move.lot_id,
                up_to=True,
            ),
            move,
        )
        for move in moves
        if move.quantity > move.returned
    ]


def reverse_transfer(unit: Unit, row: Transfer) -> tuple[Inventory, Plan, Transfer]:
    """Transfer back what is still free of a transfer; NothingToReverseError where that is nothing."""
    inventory, planned = plan_reversal(unit, row)
    if not any(line.picks for line in planned.lines):
        raise NothingToReverseError("nothing of transfer {number} is free to come back", number=row.number)
    for line, (_wish, move) in zip(planned.lines, _back(unit, row), strict=True):
        move.returned += line.quantity
    return inventory, planned, perform(unit, row.account_id, inventory, planned, reverses=row)
