"""Use cases of reservations: create, update, confirm, cancel, return, release, list, show (rows C6.1 to C6.7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from central.actions.lookup import find_account, identified, visible_names
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.catalogue.queries import by_name
from central.domain.reservations import ending, queries, services, updates
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import find_reservation, newest_code, reservation_dict
from central.domain.reservations.rules import WantedLicence
from central.keyring import KeyRing
from serverkit.db.unit import Unit
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


def show_authorization_code(unit: Unit, domain: str, reservation_id: str) -> CodeForDevice:
    """The authorization code that is to be installed: that of an update that waits, else the one in force."""
    _, names, row = _find(unit, domain, reservation_id)
    return CodeForDevice(newest_code(row), reservation_dict(row, names))


def create_reservation(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    virtual_account_name: str,
    request_code: str,
    wanted: Sequence[WantedLicence],
    product_tag: str | None = None,
) -> NewReservation:
    """Reserve licences, which are named by tag or name, for the device of a request code: all of them or none."""
    account = by_domain(unit, domain)
    place = virtual_account(unit, account.id, virtual_account_name)
    licences = _by_tag(unit, wanted)
    row, instance = services.reserve(unit, keyring, account, place, request_code, licences, product_tag or None)
    return NewReservation(row.authorization_code, reservation_dict(row, {place.id: place.name}), identified(instance))


def update_reservation(
    unit: Unit, keyring: KeyRing, domain: str, reservation_id: str, wanted: Sequence[WantedLicence]
) -> CodeForDevice:
    """Set the quantities of the licences that are named; the device confirms with the code that it shows."""
    account, names, row = _find(unit, domain, reservation_id)
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


def release_reservation(unit: Unit, domain: str, reservation_id: str, reason: str) -> dict[str, Any]:
    """Release the reserved licences of a lost device without its return code; the vendor's reason is kept."""
    _, names, row = _find(unit, domain, reservation_id)
    return reservation_dict(ending.release(unit, row, reason), names)


def _find(unit: Unit, domain: str, reservation_id: str) -> tuple[SmartAccount, dict[str, str], Reservation]:
    account = by_domain(unit, domain)
    names = visible_names(unit, account.id)
    return account, names, find_reservation(unit, account.id, names, reservation_id)


def _by_tag(unit: Unit, wanted: Sequence[WantedLicence]) -> list[WantedLicence]:
    return [replace(one, tag=by_name(unit, one.tag)) for one in wanted]
