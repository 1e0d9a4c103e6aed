"""Licences held by codes, for devices without any network (rows C6.1, C6.2, C6.5)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.api.v1.context import ACCOUNT_PATH, Call, account_of, chosen_pool, names, pool_of
from central.domain.access.rules import Permission
from central.domain.catalogue.queries import by_name
from central.domain.reservations import ending, services, updates
from central.domain.reservations.models import Reservation
from central.domain.reservations.queries import find_reservation, newest_code, reservation_dict, reservations
from central.domain.reservations.rules import MOST_LINES, WantedLicence
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    OPTIONAL_TIME,
    TEXT,
    TIME,
    WHOLE,
    Operation,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import Nothing, PoolPage

XML = "application/xml"


class ReservedLicence(Strict):
    """So much of a licence."""

    licence: str
    quantity: int = Field(ge=1, le=1_000_000_000)


class NewQuantity(Strict):
    """So much of a licence from now on."""

    licence: str
    quantity: int = Field(ge=0, le=1_000_000_000)


class NewReservation(Strict):
    """Licences for the device of a request code."""

    model_config = example(
        {
            "virtual_account": "Lab",
            "request_code": "CP-ZSW-48:SN1-A6rZG7jGd-7z",
            "licences": [{"licence": "ADVANTAGE", "quantity": 1}],
        }
    )

    virtual_account: str
    request_code: str = Field(max_length=1000)
    licences: list[ReservedLicence] = Field(min_length=1, max_length=MOST_LINES)
    product: str | None = Field(default=None, max_length=255)


class ReservationChange(Strict):
    """New quantities of the licences that are named; the others stay, 0 gives up."""

    model_config = example({"licences": [{"licence": "ADVANTAGE", "quantity": 2}]})

    licences: list[NewQuantity] = Field(min_length=1, max_length=MOST_LINES)


class Confirmation(Strict):
    """The code that the device showed after the installation."""

    model_config = example({"code": "CP1118-uEYg7a-7p8DdM-uZugMS-sYk"})

    code: str = Field(max_length=400)


class ReturnCode(Strict):
    """The code that the device showed when it gave its reservation back."""

    model_config = example({"code": "CP6sqD-NxfdRM-eXhDJK-5VvRmL-SrRCgC-Nt74ma-LhACb"})

    code: str = Field(max_length=400)


class Release(Strict):
    """Why a reservation is freed without a return code; kept in the log."""

    model_config = example({"reason": "the device burnt down, case 1234"})

    reason: str = Field(max_length=1000)


LINE = object_of(tag=TEXT, name=TEXT, quantity=WHOLE, licence_type=TEXT, start=OPTIONAL_TIME, end=OPTIONAL_TIME)
RESERVATION = object_of(
    id=TEXT,
    instance=TEXT,
    virtual_account=TEXT,
    request_code=TEXT,
    verified_code=FLAG,
    licences={"type": "array", "items": LINE},
    number=WHOLE,
    installed=FLAG,
    waiting=FLAG,
    pending={"type": ["object", "null"]},
    state=TEXT,
    held_by_former_key=FLAG,
    release_reason={"type": ["string", "null"]},
    created_at=TIME,
    created_by=TEXT,
    ended_at=OPTIONAL_TIME,
)
CREATED = {**RESERVATION, "properties": {**RESERVATION["properties"], "authorization_code": TEXT}}


def create(call: Call) -> dict[str, Any]:
    """Reserve: all that is asked for, or nothing."""
    body: NewReservation = call.body
    account, home = account_of(call), pool_of(call, body.virtual_account)
    wanted_licences = [WantedLicence(by_name(call.unit, one.licence), one.quantity) for one in body.licences]
    row, _ = services.reserve(
        call.unit, call.server.keyring, account, home, body.request_code, wanted_licences, body.product or None
    )
    return {**reservation_dict(row, names(call)), "authorization_code": row.authorization_code}


def list_all(call: Call) -> dict[str, Any]:
    """The reservations of an account."""
    return paged(reservations(call.unit, account_of(call).id, names(call), chosen_pool(call)), call.query)


def show(call: Call) -> dict[str, Any]:
    """One reservation."""
    return reservation_dict(_row(call), names(call))


def code(call: Call) -> bytes:
    """The authorization code that is to be installed."""
    return newest_code(_row(call)).encode()


def _row(call: Call) -> Reservation:
    return find_reservation(call.unit, account_of(call).id, names(call), call.path["reservation"])


def update(call: Call) -> dict[str, Any]:
    """Raise or lower: held or given up at once, settled by the confirmation."""
    account, row = account_of(call), _row(call)
    wanted_licences = [WantedLicence(by_name(call.unit, one.licence), one.quantity) for one in call.body.licences]
    updates.update(call.unit, call.server.keyring, account, row, wanted_licences)
    return {**reservation_dict(row, names(call)), "authorization_code": newest_code(row)}


def confirm(call: Call) -> dict[str, Any]:
    """Enter the confirmation code of the device."""
    row = updates.confirm(call.unit, _row(call), call.body.code)
    return reservation_dict(row, names(call))


def cancel(call: Call) -> dict[str, Any]:
    """Take back an update that was never installed."""
    row = updates.cancel(call.unit, _row(call))
    return reservation_dict(row, names(call))


def enter_return(call: Call) -> dict[str, Any]:
    """Enter the return code of the device."""
    row = ending.enter_return(call.unit, _row(call), call.body.code)
    return reservation_dict(row, names(call))


def release(call: Call) -> dict[str, Any]:
    """Free without a return code, by the vendor's word."""
    row = ending.release(call.unit, _row(call), call.body.reason)
    return reservation_dict(row, names(call))


Op = Operation[Central]
ALL = f"{ACCOUNT_PATH}/reservations"
OPERATIONS = (
    Op(
        "list_reservations", "GET", ALL, "List reservations.", list_all, list_of(RESERVATION), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C6.1",
    ),
    Op(
        "create_reservation", "POST", ALL, "Reserve licences for the device of a request code.", create, CREATED,
        body=NewReservation, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.1",
    ),
    Op(
        "show_reservation", "GET", f"{ALL}/{{reservation}}", "Show a reservation.", show, RESERVATION,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C6.1",
    ),
    Op(
        "show_authorization_code", "GET", f"{ALL}/{{reservation}}/authorization-code", "Get the authorization code.",
        code, ANYTHING, answers=XML,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C6.1",
    ),
    Op(
        "update_reservation", "PATCH", f"{ALL}/{{reservation}}", "Raise or lower what is reserved.", update, CREATED,
        body=ReservationChange, changes=True, current=show,
        permission=Permission.RESERVATION_MANAGE, row="C6.3",
    ),
    Op(
        "confirm_reservation", "POST", f"{ALL}/{{reservation}}/confirmation", "Enter the device's confirmation code.",
        confirm, RESERVATION, body=Confirmation, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.4",
    ),
    Op(
        "cancel_reservation_update", "POST", f"{ALL}/{{reservation}}/cancel-update", "Take an update back.", cancel,
        RESERVATION, body=Nothing, changes=True,
        permission=Permission.RESERVATION_CANCEL, row="C6.3",
    ),
    Op(
        "return_reservation", "POST", f"{ALL}/{{reservation}}/return", "Enter the device's return code.", enter_return,
        RESERVATION, body=ReturnCode, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.5",
    ),
    Op(
        "release_reservation", "POST", f"{ALL}/{{reservation}}/release",
        "Free without a return code what is reserved for a device that is lost or dead.", release, RESERVATION,
        body=Release, changes=True,
        permission=Permission.RESERVATION_RELEASE, row="C6.5",
    ),
)  # fmt: skip
