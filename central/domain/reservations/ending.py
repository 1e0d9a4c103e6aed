"""How a reservation ends: by the device's own proof, or by the vendor's release with a reason (rows C6.5, C6.7, C6.8).

Only the device that made a request code can make its return code. A new key that shows the same PID and serial number
ends nothing: what was reserved stays in use until that proof comes, or the vendor releases it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.errors import ReasonNeededError
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import placed_name
from central.domain.instances.services import remove_instance
from central.domain.ledger.reserving import free_reserved, reserved_for
from central.domain.reservations.errors import (
    InvalidCodeError,
    ReservationEndedError,
    ReturnCodeMismatchError,
    ReturnCodeNeededError,
    TooManyReleasesError,
)
from central.domain.reservations.factory import send_home
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import (
    ACTIVE,
    GIVEN_UP,
    RELEASED,
    RETURNED,
    device_label,
    outstanding,
    reservation_of,
    reserving,
)
from central.domain.reservations.rehosting import settle_rehosts
from central.domain.reservations.rules import is_returned_by, most_releases
from central.domain.reservations.services import named_terms
from exchange.device_statements import GivenUpReservation
from serverkit.db.unit import Unit
from serverkit.locks import again_for_change, row_for_change
from serverkit.names import check_text


def take_back(unit: Unit, instance: Instance, return_code: str) -> bool:
    """Free what is reserved for an instance that goes, by its return code; False where nothing is."""
    row = reservation_of(unit, instance.account_id, instance.id)
    if row is None:
        return False
    # The device may be elsewhere by now: whose units come free decides.
    require(unit, Permission.RESERVATION_MANAGE, row.account_id, row.virtual_account_id)
    _check_code(row, return_code)
    _end(unit, row, RETURNED, f"reserved licences of {placed_name(unit, instance)} returned by code ({_how(row)})")
    return True


def enter_return(unit: Unit, row: Reservation, return_code: str) -> Reservation:
    """Take the return code of a reservation that is in force, or that the vendor released without one.

    A device that has registered since stays; one that only reserved is removed with its reservation.
    """
    again_for_change(unit.session, row, writing=unit.writing)
    require(unit, Permission.RESERVATION_MANAGE, row.account_id, row.virtual_account_id)
    if row.state not in {ACTIVE, RELEASED}:
        raise ReservationEndedError
    _check_code(row, return_code)
    _prove(unit, row, RETURNED, f"reserved licences of {device_label(row)} returned by code ({_how(row)})")
    return row


def _check_code(row: Reservation, return_code: str) -> None:
    if not return_code.strip():
        raise ReturnCodeNeededError
    if not is_returned_by(row.request_code, return_code):
        raise ReturnCodeMismatchError


def _how(row: Reservation) -> str:
    return "checked" if row.own_code else "of another maker's device, its form checked"


def give_up(unit: Unit, said: GivenUpReservation, instance: Instance | None = None) -> list[Reservation]:
    """End what a registered device gives up, in whichever account it is (row C6.8); the reservations that it proves.

    `instance` is the device as it registered: what was shipped with it goes back where it was for (row C6.6).
    """
    digest = hashlib.sha256(said.request.encode()).hexdigest()
    query = select(Reservation).where(Reservation.request_digest == digest)
    rows = [row for row in unit.session.scalars(query.order_by(Reservation.account_id)) if _is_proven(row, said)]
    for row in rows:
        if row.state == ACTIVE:
            send_home(unit, row, instance)
        message = f"{device_label(row)} registered over the network and gave its reserved licences up"
        _prove(unit, row, GIVEN_UP, message)
    return rows


def _is_proven(row: Reservation, said: GivenUpReservation) -> bool:
    try:
        # The codes of other makers' devices can be checked for their form only, which proves nothing.
        return row.own_code and is_returned_by(row.request_code, said.return_code)
    except InvalidCodeError:
        return False


def _prove(unit: Unit, row: Reservation, state: str, message: str) -> None:
    if row.state == ACTIVE:
        _end(unit, row, state, message)
    elif row.state == RELEASED:
        row.state, row.ended_at, row.pending = state, unit.now, None
        _say(unit, row, EventKind.RESERVATION_ENDED, f"{message}; they had been released", {})
    instance = unit.session.get(Instance, (row.account_id, row.instance_id))
    if instance is not None and instance.state == RESERVED:
        remove_instance(unit, instance)


def note_registered(unit: Unit, account_id: str, by_code: Instance, instance: Instance) -> None:
    """A device has registered, as an instance, for which licences are reserved: they stay in use until it gives them up."""
    row = reservation_of(unit, account_id, by_code.id)
    if row is not None:
        row.seen_as = instance.id
        tell_kept(unit, row)


def tell_kept(unit: Unit, row: Reservation) -> None:
    """Record that a reservation is held by a former key."""
    message = f"{device_label(row)} registered with another key; what is reserved for it stays in use"
    _say(unit, row, EventKind.RESERVATION_KEPT, message, {"seen_as": row.seen_as})


def release(unit: Unit, row: Reservation, reason: str) -> Reservation:
    """Release what is reserved for a device that cannot return it, with a reason that is kept.

    TooManyReleasesError where too many devices of the virtual account are without a return code already (row C6.7).
    """
    require(unit, Permission.RESERVATION_RELEASE, row.account_id)
    # Two releases in one virtual account must not pass each other.
    row_for_change(unit.session, VirtualAccount, (row.account_id, row.virtual_account_id), writing=unit.writing)
    again_for_change(unit.session, row, writing=unit.writing)
    if not reason.strip():
        raise ReasonNeededError("a release of reserved licences needs a reason, which is kept")
    check_text("reason", reason)
    if row.state != ACTIVE:
        raise ReservationEndedError
    without = len(outstanding(unit, row.account_id, row.virtual_account_id))
    most = most_releases(reserving(unit, row.account_id, row.virtual_account_id) + without)
    if without >= most:
        raise TooManyReleasesError(
            "{without} of at most {most} devices there were released without a return code", without=without, most=most
        )
    row.release_reason = reason
    _end(unit, row, RELEASED, f"reserved licences of {device_label(row)} released without a return code: {reason}")
    instance = unit.session.get(Instance, (row.account_id, row.instance_id))
    if instance is not None and instance.state == RESERVED:
        remove_instance(unit, instance)
    return row


def _end(unit: Unit, row: Reservation, state: str, message: str) -> None:
    held = reserved_for(unit, row.account_id, [row.instance_id]).get(row.instance_id, [])
    units = named_terms(unit, held) or "nothing"
    freed = free_reserved(unit, row.account_id, row.instance_id, "reservation_ended")
    row.state, row.ended_at, row.waiting = state, unit.now, False
    if state != RELEASED:
        row.pending = None  # without a return code the device may have installed it
    settle_rehosts(unit, row)
    kind = EventKind.RESERVATION_RELEASED if state == RELEASED else EventKind.RESERVATION_ENDED
    _say(
        unit,
        row,
        kind,
        f"{message}; {units}",
        {"quantity": freed, **({"reason": row.release_reason} if state == RELEASED else {})},
    )


def _say(unit: Unit, row: Reservation, kind: EventKind, message: str, more: Mapping[str, object]) -> None:
    record(
        unit,
        row.account_id,
        kind,
        message,
        subject={"reservation": row.id, **more},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.instance_id,
    )
