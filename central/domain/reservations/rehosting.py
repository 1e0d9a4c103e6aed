"""Rehosting: what a failed device reserves is reserved for its replacement too, within the quota of the virtual account (row C6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.instances.models import Instance
from central.domain.instances.queries import placed_name
from central.domain.ledger.copying import copy_units, missing_for, settle_owed
from central.domain.reservations.errors import (
    AlreadyRehostedError,
    FormerKeyError,
    NothingReservedError,
    NotRehostedError,
    OwedUnitsError,
    ReservationEndedError,
    TooManyRehostsError,
)
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE, device_label, outstanding, reserving
from central.domain.reservations.rules import most_releases, terms_text
from central.domain.reservations.services import (
    add_instance,
    check_code,
    make_reservation,
    permitted_name,
    say,
)
from central.keyring import KeyRing
from exchange.codes.authorization import ReservedLine
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.locks import again_for_change, row_for_change
from serverkit.names import check_text


@dataclass(frozen=True, slots=True)
class SystemCheck:
    """What stands before a rehost: the units that are copied, what falls short of each licence, and the quota.

    `pending` failed devices of the virtual account are not returned yet, of `most` that may be at a time.
    """

    lines: tuple[ReservedLine, ...]
    missing: dict[str, int]
    pending: int
    most: int


def check_system(unit: Unit, row: Reservation) -> SystemCheck:
    """Look whether what is reserved can be reserved once more; the quota counts only where licences fall short."""
    virtual_account = unit.session.get_one(VirtualAccount, (row.account_id, row.virtual_account_id))
    lines = tuple(
        line for line in map(ReservedLine.from_dict, row.lines) if line.end is None or line.end > unit.licence_now
    )
    released = len(outstanding(unit, row.account_id, row.virtual_account_id))
    pending = released + pending_removals(unit, row.account_id, row.virtual_account_id)
    most = most_releases(reserving(unit, row.account_id, row.virtual_account_id) + released)
    return SystemCheck(lines, missing_for(unit, virtual_account, lines), pending, most)


def pending_removals(unit: Unit, account_id: str, virtual_account_id: str) -> int:
    """How many failed devices of a virtual account were rehosted and not returned, their alerts reset or not."""
    query = select(func.count()).where(
        Reservation.account_id == account_id,
        Reservation.virtual_account_id == virtual_account_id,
        Reservation.state == ACTIVE,
        Reservation.rehosted_to.is_not(None),
    )
    return int(unit.session.scalar(query) or 0)


def rehost(
    unit: Unit, keyring: KeyRing, account: SmartAccount, failed: Reservation, request_code: str, notes: str = ""
) -> tuple[Reservation, Instance]:
    """Reserve for the device of a request code what a failed one reserves; that one stays until it is returned.

    ReservationEndedError, FormerKeyError, AlreadyRehostedError, TooManyRehostsError where licences would fall short and too
    many failed devices are not returned; what `reserve` refuses of a request code.
    """
    # Two rehosts in one virtual account must not pass each other.
    place = (failed.account_id, failed.virtual_account_id)
    virtual_account = row_for_change(unit.session, VirtualAccount, place, writing=unit.writing)
    again_for_change(unit.session, failed, writing=unit.writing)
    if virtual_account is None:
        raise RuntimeError("a reservation is in no virtual account")
    require(unit, Permission.RESERVATION_MANAGE, failed.account_id, failed.virtual_account_id)
    check_text("notes", notes)
    _refuse_unfit(failed)
    code = check_code(unit, account, virtual_account, request_code)
    check = check_system(unit, failed)
    if not check.lines:
        raise NothingReservedError("every term that this device reserves has ended")
    for tag in {line.tag for line in check.lines}:
        permitted_name(unit, account, tag)
    _refuse_past_quota(unit, check)
    old = unit.session.get_one(Instance, (failed.account_id, failed.instance_id))
    instance = add_instance(unit, account, virtual_account, code, old.product_tag)
    copied = copy_units(unit, virtual_account, check.lines, instance.id)
    row = make_reservation(unit, keyring, account, virtual_account, instance, code, check.lines)
    row.rehost_of, row.owed, failed.rehosted_to, failed.reset_at = failed.id, copied.owed, row.id, None
    _keep_notes(notes, old, instance)
    unit.session.flush()
    units = terms_text((line.name, line.quantity, line.end) for line in check.lines)
    named = titles(unit, check.missing)
    short = ", ".join(
        f"{count} of {named.get(tag, tag)} more than there are" for tag, count in sorted(check.missing.items())
    )
    message = f"reservation of {device_label(failed)} rehosted to {placed_name(unit, instance)}: {units}"
    message += f"; {short}, until the failed device is returned" if short else ""
    subject = {"reservation": row.id, "failed": failed.id, "owed": copied.owed, "notes": notes}
    say(unit, EventKind.RESERVATION_REHOSTED, instance, message, subject)
    return row, instance


def _refuse_unfit(failed: Reservation) -> None:
    if failed.state != ACTIVE:
        raise ReservationEndedError
    if failed.seen_as is not None:
        raise FormerKeyError
    if failed.rehosted_to is not None:
        raise AlreadyRehostedError("{device} was rehosted already", device=device_label(failed))


def _refuse_past_quota(unit: Unit, check: SystemCheck) -> None:
    if not check.missing or check.pending < check.most:
        return
    named = titles(unit, check.missing)
    short = ", ".join(f"{count} of {named.get(tag, tag)}" for tag, count in sorted(check.missing.items()))
    raise TooManyRehostsError(
        "{short} are missing for the replacement, and {pending} failed devices of at most {most} are not returned yet",
        short=short,
        pending=check.pending,
        most=check.most,
    )


def _keep_notes(notes: str, *rows: Instance) -> None:
    for row in rows if notes.strip() else ():
        row.notes = f"{row.notes}\n{notes}" if row.notes else notes


def reset_alert(unit: Unit, row: Reservation) -> Reservation:
    """Take the mark *Pending Removal* off a failed device; it still counts for the quota until it is returned."""
    require(unit, Permission.RESERVATION_MANAGE, row.account_id, row.virtual_account_id)
    if row.state != ACTIVE or row.rehosted_to is None or row.reset_at is not None:
        raise NotRehostedError
    row.reset_at = unit.now
    instance = unit.session.get_one(Instance, (row.account_id, row.instance_id))
    message = f"the alert about the failed device {device_label(row)} was reset"
    say(unit, EventKind.RESERVATION_ALERT_RESET, instance, message, {"reservation": row.id})
    return row


def held_in_place(unit: Unit, account_id: str, instances: Sequence[str]) -> dict[str, AppError]:
    """Why some instances stay in their virtual account, by id: its quota counts the failed, and what is owed is settled there.

    A device that registered in another virtual account than the one that reserves for it takes nothing along: it may move.
    """
    query = (
        select(Reservation)
        .join(Instance, (Instance.account_id == Reservation.account_id) & (Instance.id == Reservation.instance_id))
        .where(
            Reservation.account_id == account_id,
            Reservation.instance_id.in_(instances),
            Reservation.state == ACTIVE,
            Reservation.virtual_account_id == Instance.virtual_account_id,
            or_(Reservation.rehosted_to.is_not(None), Reservation.owed > 0),
        )
    )
    return {
        row.instance_id: OwedUnitsError()
        if row.owed
        else AlreadyRehostedError("{device} was rehosted already", device=device_label(row))
        for row in unit.session.scalars(query)
    }


def settle_rehosts(unit: Unit, row: Reservation) -> None:
    """A reservation has ended: its replacement holds real units where it can; a failed one is no longer replaced by it.

    What it was replaced by itself replaces the failed one then: that counts for the quota until it is returned.
    """
    replacement = unit.session.get(Reservation, (row.account_id, row.rehosted_to)) if row.rehosted_to else None
    if replacement is not None and replacement.state != ACTIVE:
        replacement = None
    if replacement is not None and replacement.owed:
        place = (replacement.account_id, replacement.virtual_account_id)
        virtual_account = unit.session.get_one(VirtualAccount, place)
        replacement.owed -= settle_owed(unit, virtual_account, replacement.instance_id)
    if row.rehost_of is not None:
        failed = unit.session.get(Reservation, (row.account_id, row.rehost_of))
        if failed is not None and failed.rehosted_to == row.id:
            if replacement is not None:
                failed.rehosted_to, replacement.rehost_of = replacement.id, failed.id
            else:
                failed.rehosted_to = failed.reset_at = None
    row.owed = 0
