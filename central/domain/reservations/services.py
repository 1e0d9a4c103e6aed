"""Reserves licences for a device by its request code (rows C6.1, C6.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.managed_accounts import refuse_managed
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.agreements.services import require_agreement
from central.domain.catalogue.queries import entitlement, titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import by_udi, instance_name, placed_name
from central.domain.ledger.models import Lot
from central.domain.ledger.reserving import hold_for
from central.domain.reservations.errors import (
    AlreadyReservedError,
    CodeTooLongError,
    CodeUsedError,
    DeviceConnectedError,
    ReservationOffError,
    RestrictedNotPermittedError,
)
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import ACTIVE, registered_as, reservation_of
from central.domain.reservations.rules import WantedLicence, check_wishes, read_request, terms_text
from central.keyring import KeyRing
from exchange.codes.authorization import Reservation as Statement
from exchange.codes.authorization import ReservedLine, seal_reservation, write_authorization_code
from exchange.codes.request import RequestCode
from exchange.errors import TooLargeError
from exchange.limits import TAG_CHARS, in_parts
from exchange.vocabulary import LicenceType
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import check_text


def reserve(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    virtual_account: VirtualAccount,
    request_code: str,
    wanted_licences: Sequence[WantedLicence],
    product_tag: str | None = None,
    stock: Callable[[Instance, RequestCode], None] | None = None,
) -> tuple[Reservation, Instance]:
    """Hold licences for the device of a request code; all that is asked for, or nothing.

    `stock` adds what the device brings to the inventory, before anything is held.
    """
    require(unit, Permission.RESERVATION_MANAGE, account.id, virtual_account.id)
    require_agreement(unit, account)
    refuse_switched_off(account)
    refuse_managed(unit, virtual_account)
    check_wishes(wanted_licences)
    code = read_request(request_code)
    _refuse_known(unit, account, virtual_account, code)
    names = {wanted.tag: permitted_name(unit, account, wanted.tag) for wanted in wanted_licences}
    instance = add_instance(unit, account, virtual_account, code, product_tag)
    if stock is not None:
        stock(instance, code)
    lines: list[ReservedLine] = []
    for wanted in wanted_licences:
        held = hold_for(
            unit,
            virtual_account,
            wanted.tag,
            wanted.quantity,
            instance.id,
            longest_first=wanted.longest_first,
            terms=wanted.terms,
        )
        lines += lines_of(held, names)
    row = make_reservation(unit, keyring, account, virtual_account, instance, code, tuple(lines))
    subject = {"reservation": row.id, "licences": {wanted.tag: wanted.quantity for wanted in wanted_licences}}
    units = terms_text((line.name, line.quantity, line.end) for line in lines)
    message = f"licences reserved for {placed_name(unit, instance)}: {units}"
    say(unit, EventKind.LICENCES_RESERVED, instance, message, subject)
    return row, instance


def make_reservation(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    virtual_account: VirtualAccount,
    instance: Instance,
    code: RequestCode,
    lines: tuple[ReservedLine, ...],
) -> Reservation:
    """Book a reservation of what is held for an instance, with its signed authorization code."""
    row = Reservation(
        account_id=account.id,
        id=new_id(),
        instance_id=instance.id,
        virtual_account_id=virtual_account.id,
        request_code=code.text,
        request_digest=digest_of(code.text),
        own_code=code.own,
        lines=[line.to_dict() for line in lines],
        number=0,
        in_force=0,
        # Another maker's device confirms updates only.
        installed=not code.own,
        waiting=code.own,
        pending=None,
        state=ACTIVE,
        created_at=unit.now,
        created_by=unit.actor.label,
        owed=0,
    )
    row.authorization_code = authorization_of(unit, keyring, account, row, virtual_account, lines)
    unit.session.add(row)
    unit.session.flush()  # the same unit may look whether the device holds one
    return row


def digest_of(request_code: str) -> str:
    """By what a request code is known again."""
    return hashlib.sha256(request_code.encode()).hexdigest()


def check_code(unit: Unit, account: SmartAccount, virtual_account: VirtualAccount, request_code: str) -> RequestCode:
    """The request code as `reserve` reads it, with all that it refuses before it looks at licences."""
    require(unit, Permission.RESERVATION_MANAGE, account.id, virtual_account.id)
    require_agreement(unit, account)
    refuse_switched_off(account)
    refuse_managed(unit, virtual_account)
    code = read_request(request_code)
    _refuse_known(unit, account, virtual_account, code)
    return code


def refuse_switched_off(account: SmartAccount) -> None:
    """Refuse where the vendor does not let licences be reserved (row C6.1)."""
    if not account.reservation_allowed:
        raise ReservationOffError


def _refuse_known(unit: Unit, account: SmartAccount, virtual_account: VirtualAccount, code: RequestCode) -> None:
    known = by_udi(unit, account.id, code.udi)
    if known is not None:
        if reservation_of(unit, account.id, known.id) is not None:
            raise AlreadyReservedError("licences are reserved for {label} already", label=code.udi.label)
        raise DeviceConnectedError("{label} is registered over the network", label=code.udi.label)
    elsewhere = registered_as(unit, account.id, code.udi, virtual_account.id)
    if elsewhere is not None:
        where = "behind a satellite" if elsewhere.satellite_id is not None else "over the network"
        raise DeviceConnectedError(
            "{label} is registered {where}, as {elsewhere}",
            label=code.udi.label,
            where=where,
            elsewhere=instance_name(elsewhere),
        )
    query = select(Reservation.id).where(
        Reservation.account_id == account.id, Reservation.request_digest == digest_of(code.text)
    )
    if unit.session.scalar(query) is not None:
        raise CodeUsedError


def permitted_name(unit: Unit, account: SmartAccount, tag: str) -> str:
    """The name of a licence; RestrictedNotPermittedError where the account may not have it."""
    found = entitlement(unit, tag)
    if found.restricted and not account.export_allowed:
        raise RestrictedNotPermittedError("{name} is restricted, and this account may not use it", name=found.name)
    return found.name


def add_instance(
    unit: Unit, account: SmartAccount, virtual_account: VirtualAccount, code: RequestCode, product_tag: str | None
) -> Instance:
    """The product instance of a request code, which has never been in contact."""
    row = Instance(
        account_id=account.id,
        id=new_id(),
        virtual_account_id=virtual_account.id,
        udi=code.udi.to_dict(),
        udi_key=code.udi.key,
        product_tag=check_text("product", product_tag, TAG_CHARS) if product_tag is not None else None,
        registered_at=unit.now,
        last_contact=unit.now,
        certificate_expires=unit.now,
        state=RESERVED,
        export_allowed=False,
        key_hash="",
        standbys=[],
        marks=[],
    )
    unit.session.add(row)
    unit.session.flush()  # the next request of the same call may name the same device
    subject = {"instance": row.id, "pid": code.pid, "serial": code.serial}
    say(
        unit,
        EventKind.INSTANCE_ADDED,
        row,
        f"product instance {instance_name(row)} added to {virtual_account.name} by a request code",
        subject,
    )
    return row


def lines_of(held: Iterable[tuple[Lot, int]], names: Mapping[str, str]) -> tuple[ReservedLine, ...]:
    """Lots as the device sees them: those of one term are one line, since a code has room for few."""
    found: dict[ReservedLine, int] = {}
    for lot, count in held:
        line = ReservedLine(lot.tag, names[lot.tag], 0, LicenceType(lot.licence_type), lot.start, lot.end)
        found[line] = found.get(line, 0) + count
    return tuple(replace(line, quantity=part) for line, count in found.items() for part in in_parts(count))


def authorization_of(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    row: Reservation,
    virtual_account: VirtualAccount,
    lines: tuple[ReservedLine, ...],
) -> str:
    """The signed text for the device, of the reservation's present number."""
    code = read_request(row.request_code)
    statement = Statement(
        vendor_id=keyring.vendor_id,
        reservation=row.id,
        account=account.domain,
        virtual_account_id=virtual_account.id,
        virtual_account_name=virtual_account.name,
        instance=row.instance_id,
        udi=code.udi,
        request=code.text,
        lines=lines,
        issued=unit.now.replace(microsecond=0),
        number=row.number,
    )
    try:
        return write_authorization_code(statement, seal_reservation(statement, keyring.grant_key))
    except TooLargeError as error:
        raise CodeTooLongError("{lines} terms of licences do not fit into one code", lines=len(lines)) from error


def named_terms(unit: Unit, held: Iterable[tuple[Lot, int]]) -> str:
    """The quantities of lots in words, each licence by its name."""
    held = list(held)
    named = titles(unit, {lot.tag for lot, _ in held})
    return terms_text((named.get(lot.tag, lot.tag), count, lot.end) for lot, count in held)


def say(unit: Unit, kind: EventKind, row: Instance, message: str, subject: Mapping[str, object]) -> None:
    """Write an event of a device that reserves."""
    record(
        unit,
        row.account_id,
        kind,
        message,
        subject=subject,
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )
