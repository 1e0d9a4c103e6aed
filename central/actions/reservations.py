"""Use cases of reservations: create, update, confirm, cancel, return, release, list, show (rows C6.1 to C6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from central.actions.adding import Quantities, add_for_code, add_licences, by_tag
from central.actions.views import identified
from central.actions.visible_accounts import find_account, visible_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, by_number, default_virtual_account, virtual_account
from central.domain.catalogue.queries import by_name
from central.domain.reservations import ending, queries, rehosting, services, updates
from central.domain.reservations.errors import InvalidCodeError, UnknownReservationError
from central.domain.reservations.models import Reservation
from central.domain.reservations.offers import offers
from central.domain.reservations.queries import (
    device_of,
    find_reservation,
    newest_code,
    reservation_dict,
    reservation_of,
)
from central.domain.reservations.rules import WantedLicence, read_request
from central.keyring import KeyRing
from exchange.codes.request import name_device
from exchange.errors import ExchangeError
from exchange.identity import Udi
from serverkit.db.trial import trial
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.views import IdentifiedInstance


@dataclass(frozen=True, slots=True)
class CodeForDevice:
    """The authorization code that the device is to install, and the reservation as people and programs see it."""

    code: str
    view: dict[str, Any]


@dataclass(frozen=True, slots=True)
class NewReservation(CodeForDevice):
    """A reservation that was created, with the instance that it is for."""

    instance: IdentifiedInstance


def list_reservations(unit: Unit, domain: str, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """The reservations of an account, newest first."""
    account, chosen = find_account(unit, domain, virtual_account_name)
    return queries.reservations(unit, account.id, visible_names(unit, account.id), chosen)


def show_reservation(unit: Unit, domain: str, reservation_id: str) -> dict[str, Any]:
    """One reservation."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(row, names)


def reservation_id_of(unit: Unit, domain: str, instance_id: str) -> str:
    """The id of the active reservation of a product instance; UnknownReservationError."""
    row = reservation_of(unit, by_domain(unit, domain).id, instance_id)
    if row is None:
        raise UnknownReservationError
    return row.id


def show_authorization_code(unit: Unit, domain: str, reservation_id: str) -> CodeForDevice:
    """The authorization code that is to be installed: that of an update that waits, else the one in force."""
    _, names, row = _find(unit, domain, reservation_id)
    return CodeForDevice(newest_code(row), reservation_dict(row, names))


def list_offers(
    unit: Unit, domain: str, virtual_account_name: str | None, adding: Quantities = ()
) -> list[dict[str, Any]]:
    """What can be reserved in a virtual account, or the default one, with how much of each term (rows C6.1, C6.2).

    `adding` are units that are to be added to the inventory before, from the device.
    """
    account = by_domain(unit, domain)
    if virtual_account_name is None:
        place = default_virtual_account(unit, account.id)
    else:
        place = virtual_account(unit, account.id, virtual_account_name)
    require(unit, Permission.RESERVATION_MANAGE, account.id, place.id)
    return offers(unit, account, place, by_tag(unit, adding))


def read_code(unit: Unit, domain: str, virtual_account_name: str, request_code: str) -> dict[str, Any]:
    """The device of a request code; InvalidCodeError, and the refusals that stand against a reservation for it."""
    account = by_domain(unit, domain)
    place = virtual_account(unit, account.id, virtual_account_name)
    code = services.check_code(unit, account, place, request_code)
    return {"code": code.text, "product": code.pid, "serial": code.serial, "verified": code.own}


def device_named(request_code: str) -> dict[str, Any]:
    """The device of a request code that was read before."""
    code = read_request(request_code)
    return {"code": code.text, "product": code.pid, "serial": code.serial}


def preview_reservation(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    virtual_account_name: str,
    request_code: str,
    wanted: Sequence[WantedLicence],
    adding: Quantities = (),
) -> dict[str, Any]:
    """What `create_reservation` would reserve, lot by lot; nothing is reserved. The unit has to be one that writes."""
    named = domain, virtual_account_name, request_code, wanted
    return trial(unit, lambda: create_reservation(unit, keyring, *named, adding=adding)).view


def preview_update(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    reservation_id: str,
    wanted: Sequence[WantedLicence],
    adding: Quantities = (),
) -> dict[str, Any]:
    """What `update_reservation` would leave reserved, lot by lot; nothing is changed."""
    return trial(unit, lambda: update_reservation(unit, keyring, domain, reservation_id, wanted, adding)).view


def create_reservation(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    virtual_account_name: str,
    request_code: str,
    wanted: Sequence[WantedLicence],
    product_tag: str | None = None,
    adding: Quantities = (),
) -> NewReservation:
    """Reserve licences, which are named by tag or name, for the device of a request code: all of them or none.

    `adding` are units that the device brings: they are added to the inventory first, and can be reserved.
    """
    account = by_domain(unit, domain)
    place = virtual_account(unit, account.id, virtual_account_name)
    licences = _by_tag(unit, wanted)
    stock = partial(add_for_code, unit, adding) if adding else None
    row, instance = services.reserve(unit, keyring, account, place, request_code, licences, product_tag or None, stock)
    return NewReservation(row.authorization_code, reservation_dict(row, {place.id: place.name}), identified(instance))


def authorize_device(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    virtual_account_name: str,
    device: tuple[str, str],
    seed: bytes,
    wanted: Sequence[WantedLicence],
    product_tag: str | None = None,
) -> NewReservation:
    """Reserve for another maker's device that has no request code: it is known by product id and serial number.

    `seed` is what the device sent along; it makes the code of the request. InvalidCodeError for a name that no code holds.
    """
    try:
        code = name_device(Udi(pid=device[0], serial=device[1]), seed)
    except ExchangeError as error:
        raise InvalidCodeError(error.message) from error
    return create_reservation(unit, keyring, domain, virtual_account_name, code, wanted, product_tag)


def create_reservations(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    virtual_account_name: str,
    request_codes: Sequence[str],
    wanted: Sequence[WantedLicence],
) -> list[dict[str, Any]]:
    """Reserve the same licences for each device of several request codes, each by itself: one that is refused stops none.

    A row for each code, in their order: the reservation with its `authorization_code`, or `error` with what was refused.
    """
    rows = []
    for code in request_codes:
        try:
            with unit.savepoint():
                made = create_reservation(unit, keyring, domain, virtual_account_name, code, wanted)
            device = device_named(made.view["request_code"])
            row = {"reservation": {**made.view, **device}, "authorization_code": made.code, "error": None}
        except AppError as error:
            said = {"code": error.code, "message": error.message, "remedy": error.remedy}
            row = {"reservation": None, "authorization_code": None, "error": said}
        rows.append({"request_code": code, **row})
    return rows


def update_reservation(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    reservation_id: str,
    wanted: Sequence[WantedLicence],
    adding: Quantities = (),
) -> CodeForDevice:
    """Set the quantities of the licences that are named; the device confirms with the code that it shows.

    `adding` are units that the device brings: they are added to the inventory first, and can be reserved.
    """
    account, names, row = _find(unit, domain, reservation_id)
    if adding:
        add_licences(unit, domain, row.instance_id, adding)
    updates.update(unit, keyring, account, row, _by_tag(unit, wanted))
    return CodeForDevice(newest_code(row), reservation_dict(row, names))


def confirm_reservation(unit: Unit, domain: str, reservation_id: str, code: str) -> dict[str, Any]:
    """Enter the confirmation code of the device; the licences that it gave up are free."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(updates.confirm(unit, row, code), names)


def cancel_update(unit: Unit, domain: str, reservation_id: str) -> dict[str, Any]:
    """Cancel an update that was never installed on the device."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(updates.cancel(unit, row), names)


def return_reservation(unit: Unit, domain: str, reservation_id: str, code: str) -> dict[str, Any]:
    """Enter the return code of the device; its reserved licences are free."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(ending.enter_return(unit, row, code), names)


def rehost_reservation(
    unit: Unit, keyring: KeyRing, domain: str, reservation_id: str, request_code: str, notes: str = ""
) -> NewReservation:
    """Reserve what a failed device reserves for its replacement too; the failed one stays until it is returned."""
    account, names, failed = _find(unit, domain, reservation_id)
    row, instance = rehosting.rehost(unit, keyring, account, failed, request_code, notes)
    return NewReservation(row.authorization_code, reservation_dict(row, names), identified(instance))


def preview_rehost(
    unit: Unit, keyring: KeyRing, domain: str, reservation_id: str, request_code: str, notes: str = ""
) -> dict[str, Any]:
    """What `rehost_reservation` would reserve, and the check of licences and quota before it; nothing is changed."""
    _, _, failed = _find(unit, domain, reservation_id)
    check = rehosting.check_system(unit, failed)
    made = trial(unit, lambda: rehost_reservation(unit, keyring, domain, reservation_id, request_code, notes))
    return {**made.view, "missing": check.missing, "not_returned": check.pending, "most": check.most}


def reset_rehost_alert(unit: Unit, domain: str, reservation_id: str) -> dict[str, Any]:
    """Take the mark *Pending Removal* off a failed device; the quota counts it all the same."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(rehosting.reset_alert(unit, row), names)


def release_reservation(unit: Unit, domain: str, reservation_id: str, reason: str) -> dict[str, Any]:
    """Release the reserved licences of a lost device without its return code; the vendor's reason is kept."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(ending.release(unit, row, reason), names)


def find_in_place(unit: Unit, domain: str, number: str, reservation_id: str) -> dict[str, Any]:
    """A reservation of a virtual account by its number, with the device and what it holds now; UnknownReservationError."""
    account, names, row = _find(unit, domain, reservation_id)
    place = by_number(unit, account.id, number)
    if row.virtual_account_id != place.id:
        raise UnknownReservationError
    return {
        **reservation_dict(row, names),
        **device_of(row),
        "name": device_of(row)["device"],
        "domain": domain,
        "place": number,
        "held": queries.held_units(unit, row),
    }


def _find(unit: Unit, domain: str, reservation_id: str) -> tuple[SmartAccount, dict[str, str], Reservation]:
    account = by_domain(unit, domain)
    names = visible_names(unit, account.id)
    return account, names, find_reservation(unit, account.id, names, reservation_id)


def _by_tag(unit: Unit, wanted: Sequence[WantedLicence]) -> list[WantedLicence]:
    return [replace(one, tag=by_name(unit, one.tag)) for one in wanted]
