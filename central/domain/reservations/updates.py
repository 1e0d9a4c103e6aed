"""Updates of a reservation: raise, lower, confirm, cancel.

What is raised is held at once. What is lowered stays with the device, in transition, until the confirmation code proves
that the device no longer uses it (rows C3.2, C6.3, C6.4).
"""

from __future__ import annotations

from collections.abc import Sequence

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.catalogue.queries import entitlements
from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.models import Instance
from central.domain.instances.queries import placed_name
from central.domain.ledger.models import Lot
from central.domain.ledger.reserving import (
    Gone,
    drop_ended,
    give_up_some,
    held_lots,
    hold_for,
    settle_transition,
    transition_lots,
    undo_update,
)
from central.domain.ledger.taking import end_text, is_boundless, names_end
from central.domain.reservations.errors import (
    ConfirmationMismatchError,
    FormerKeyError,
    NothingPendingError,
    NothingReservedError,
    OwedUnitsError,
    ReservationEndedError,
    TooManyUpdatesError,
    UpdatePendingError,
)
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE
from central.domain.reservations.rules import WantedLicence, check_changes, is_confirmed_by
from central.domain.reservations.services import (
    authorization_of,
    lines_of,
    named_terms,
    permitted_name,
    refuse_switched_off,
    say,
)
from central.keyring import KeyRing
from exchange.codes.secrets import MOST_UPDATES
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.locks import again_for_change, row_for_change


def update(
    unit: Unit, keyring: KeyRing, account: SmartAccount, row: Reservation, wanted_licences: Sequence[WantedLicence]
) -> Reservation:
    """Bring the licences that are named to new quantities; the others stay. A new authorization code waits then.

    FormerKeyError where the device has registered with another key; UpdatePendingError while the update before waits for its confirmation; NotEnoughFreeError; NothingReservedError for an
    update that changes nothing or leaves nothing.
    """
    instance, virtual_account = _things(unit, row)
    refuse_switched_off(account)
    check_changes(wanted_licences)
    if row.seen_as is not None:
        raise FormerKeyError
    if row.pending is not None:
        raise UpdatePendingError
    if row.owed:
        raise OwedUnitsError
    if row.number >= MOST_UPDATES:
        raise TooManyUpdatesError
    held = held_lots(unit, row.account_id, row.instance_id)
    before = {lot.id: count for lot, count in held}
    raised, lowered, gone = _change(unit, account, row, virtual_account, instance, wanted_licences)
    after = held_lots(unit, account.id, instance.id)
    if not after or not (raised or lowered):
        raise NothingReservedError("the update changes nothing, or leaves nothing reserved")
    names = {found.tag: found.name for found in entitlements(unit, {lot.tag for lot, _ in after})}
    lines = lines_of(after, names)
    row.number += 1
    row.waiting = True
    row.pending = {
        "number": row.number,
        "lines": [line.to_dict() for line in lines],
        "code": authorization_of(unit, keyring, account, row, virtual_account, lines),
        "raised": {lot.id: count - before.get(lot.id, 0) for lot, count in after if count > before.get(lot.id, 0)},
        "gone": gone,
    }
    up, down = _moved(held, after), _moved(after, held)
    _tell_changes(unit, instance, row, (raised, lowered), (up, down))
    return row


def _things(unit: Unit, row: Reservation) -> tuple[Instance, VirtualAccount]:
    instance = row_for_change(unit.session, Instance, (row.account_id, row.instance_id), writing=unit.writing)
    if row.state != ACTIVE or instance is None:
        raise ReservationEndedError
    # Two updates of one reservation must not pass each other.
    again_for_change(unit.session, row, writing=unit.writing)
    # The device may have registered in another virtual account; what is reserved is not of there.
    require(unit, Permission.RESERVATION_MANAGE, row.account_id, row.virtual_account_id)
    virtual_account = unit.session.get(VirtualAccount, (row.account_id, row.virtual_account_id))
    if virtual_account is None:
        raise RuntimeError("a reservation is in no virtual account")
    return instance, virtual_account


def _moved(before: Sequence[tuple[Lot, int]], after: Sequence[tuple[Lot, int]]) -> list[tuple[Lot, int]]:
    """What is held of each lot in the second list beyond the first."""
    known = {lot.id: count for lot, count in before}
    return [(lot, count - known.get(lot.id, 0)) for lot, count in after if count > known.get(lot.id, 0)]


def _change(
    unit: Unit,
    account: SmartAccount,
    row: Reservation,
    virtual_account: VirtualAccount,
    instance: Instance,
    wanted_licences: Sequence[WantedLicence],
) -> tuple[dict[str, int], dict[str, int], Gone]:
    raised: dict[str, int] = {}
    lowered: dict[str, int] = {}
    gone: Gone = []
    for wanted in wanted_licences:
        # A unit whose term has ended is no longer there: an update to the same quantity chooses a valid term (row C6.9).
        ended = drop_ended(unit, account.id, instance.id, wanted.tag)
        gone += ended
        held = [(lot, count) for lot, count in held_lots(unit, row.account_id, instance.id) if lot.tag == wanted.tag]
        up, down = 0, sum(count for _, _, count in ended)
        for end, by in _differences(wanted, held):
            if by > 0:
                permitted_name(unit, account, wanted.tag)
                terms = ((end, by),) if end is not None else ()
                longest = wanted.longest_first
                hold_for(unit, virtual_account, wanted.tag, by, instance.id, longest_first=longest, terms=terms)
                up += by
            elif by < 0:
                gone += give_up_some(unit, account.id, instance.id, wanted.tag, -by, end)
                down -= by
        if up:
            raised[wanted.tag] = up
        if down:
            lowered[wanted.tag] = down
    return raised, lowered, gone


def _differences(wanted: WantedLicence, held: Sequence[tuple[Lot, int]]) -> list[tuple[str | None, int]]:
    """By how much a licence is raised or lowered, of each end where a person chose that; what is lowered comes first."""
    if not wanted.terms:
        return [(None, wanted.quantity - sum(count for _, count in held))]
    if any(is_boundless(lot) for lot, _ in held):
        raise NothingReservedError("reporting-only units of a licence are reserved by its quantity, not by terms")
    present: dict[str, int] = {}
    for lot, count in held:
        named = next((text for text, _ in wanted.terms if names_end(text, lot.end)), end_text(lot.end))
        present[named] = present.get(named, 0) + count
    chosen = dict(wanted.terms)
    changes: list[tuple[str | None, int]] = [
        (end, chosen.get(end, 0) - present.get(end, 0)) for end in {**present, **chosen}
    ]
    return sorted(changes, key=lambda one: one[1])


def _tell_changes(
    unit: Unit,
    instance: Instance,
    row: Reservation,
    changes: tuple[dict[str, int], dict[str, int]],
    moved: tuple[list[tuple[Lot, int]], list[tuple[Lot, int]]],
) -> None:
    """One event for each licence that is raised, and for each that is lowered, with the quantity of each end (row C6.10)."""
    kinds = (EventKind.RESERVATION_RAISED, "raised"), (EventKind.RESERVATION_LOWERED, "lowered")
    for (kind, word), by_tag, lots in zip(kinds, changes, moved, strict=True):
        for tag, by in by_tag.items():
            of_tag = [(lot, count) for lot, count in lots if lot.tag == tag]
            message = f"the reservation for {placed_name(unit, instance)} was {word} by {named_terms(unit, of_tag)}"
            ends = [{"quantity": count, "end": optional_iso(lot.end)} for lot, count in of_tag]
            subject = {"reservation": row.id, "tag": tag, "by": by, "ends": ends, "number": row.number}
            say(unit, kind, instance, message, subject)


def confirm(unit: Unit, row: Reservation, code: str) -> Reservation:
    """Accept the device's confirmation of the newest authorization; released units are free then (row C6.4)."""
    instance, _ = _things(unit, row)
    if row.pending is None and row.installed:
        raise NothingPendingError
    # While an update waits, only its own code proves that the older authorization is forgotten.
    number = row.number if row.pending is not None else row.in_force
    if not is_confirmed_by(row.request_code, code, number):
        raise ConfirmationMismatchError
    freed, given_up = 0, ""
    if row.pending is not None:
        row.lines, row.authorization_code = row.pending["lines"], row.pending["code"]
        row.in_force, row.pending = row.number, None
        given_up = named_terms(unit, transition_lots(unit, row.account_id, instance.id))
        freed = settle_transition(unit, row.account_id, instance.id)
    row.installed, row.waiting = True, False
    how = "checked" if row.own_code else "of another maker's device, its form checked"
    held = named_terms(unit, held_lots(unit, row.account_id, instance.id))
    message = f"{placed_name(unit, instance)} confirmed authorization {number} ({how}): {held}"
    message += f"; {given_up} free again" if given_up else ""
    say(unit, EventKind.RESERVATION_CONFIRMED, instance, message, {"reservation": row.id, "freed": freed})
    return row


def cancel(unit: Unit, row: Reservation) -> Reservation:
    """Cancel an update that was never installed; only for the vendor, since the device cannot be asked (row C6.3)."""
    instance, virtual_account = _things(unit, row)
    require(unit, Permission.RESERVATION_CANCEL, row.account_id)
    if row.pending is None:
        raise NothingPendingError
    gone = [(lot, bucket, count) for lot, bucket, count in row.pending.get("gone", ())]
    undo_update(unit, virtual_account.id, row.account_id, instance.id, row.pending["raised"], gone)
    number, row.pending, row.waiting = row.pending["number"], None, not row.installed
    held = named_terms(unit, held_lots(unit, row.account_id, instance.id))
    message = (
        f"the update {number} of the reservation for {placed_name(unit, instance)} was cancelled, which stays {held}"
    )
    say(unit, EventKind.RESERVATION_CANCELLED, instance, message, {"reservation": row.id, "number": number})
    return row
