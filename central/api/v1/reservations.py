"""REST operations of reservations: licences for devices without a network (rows C6.1, C6.2, C6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from central.actions import reservations
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.domain.reservations.rules import MOST_LINES, WantedLicence
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    CSV,
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
from serverkit.http.schemas import WARNINGS, Nothing, PoolPage

XML = "application/xml"


class TermQuantity(Strict):
    """So much of a licence with one end: a day, a time, or `perpetual`."""

    end: str = Field(max_length=40)
    quantity: int = Field(ge=1, le=1_000_000_000)


class ReservedLicence(Strict):
    """A licence and its quantity; with `terms` how much of each end, else perpetual units first, then those that end last."""

    licence: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    terms: list[TermQuantity] = Field(default=[], max_length=MOST_LINES)


class NewQuantity(Strict):
    """A licence and its new quantity, and of each end where `terms` says so."""

    licence: str
    quantity: int = Field(ge=0, le=1_000_000_000)
    terms: list[TermQuantity] = Field(default=[], max_length=MOST_LINES)


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


class NewReservations(Strict):
    """The same licences for each device of several request codes."""

    model_config = example(
        {
            "virtual_account": "Lab",
            "request_codes": ["CP-ZSW-48:SN1-A6rZG7jGd-7z"],
            "licences": [{"licence": "ADVANTAGE", "quantity": 1}],
        }
    )

    virtual_account: str
    request_codes: list[str] = Field(min_length=1, max_length=1000)
    licences: list[ReservedLicence] = Field(min_length=1, max_length=MOST_LINES)


class ReservationChange(Strict):
    """New quantities of the licences that are named, 0 for none; other licences stay."""

    model_config = example({"licences": [{"licence": "ADVANTAGE", "quantity": 2}]})

    licences: list[NewQuantity] = Field(min_length=1, max_length=MOST_LINES)


class Confirmation(Strict):
    """The code that the device shows after the installation."""

    model_config = example({"code": "CP1118-uEYg7a-7p8DdM-uZugMS-sYk"})

    code: str = Field(max_length=400)


class ReturnCode(Strict):
    """The code that the device shows when it returns its reservation."""

    model_config = example({"code": "CP6sqD-NxfdRM-eXhDJK-5VvRmL-SrRCgC-Nt74ma-LhACb"})

    code: str = Field(max_length=400)


class Rehost(Strict):
    """The replacement of a failed device, by its request code."""

    model_config = example({"request_code": "CP-ZSW-48:SN1-A6rZG7jGd-7z", "notes": "power supply burnt, RMA 4711"})

    request_code: str = Field(max_length=1000)
    notes: str = Field(default="", max_length=1000)


class Release(Strict):
    """Why a reservation is released without a return code; kept in the log."""

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
    rehost_of={"type": ["string", "null"]},
    rehosted_to={"type": ["string", "null"]},
    pending_removal=FLAG,
    owed=WHOLE,
    factory=FLAG,
)
OFFER = object_of(
    tag=TEXT, name=TEXT, description=TEXT, available=WHOLE, unlimited=FLAG, permitted=FLAG,
    terms={"type": "array", "items": object_of(key=TEXT, end=OPTIONAL_TIME, available=WHOLE)},
)  # fmt: skip
ROW = object_of(
    request_code=TEXT,
    reservation={"type": ["object", "null"]},
    authorization_code={"type": ["string", "null"]},
    error={"type": ["object", "null"]},
)
CREATED = {**RESERVATION, "properties": {**RESERVATION["properties"], "authorization_code": TEXT}}


def _named(call: Call) -> tuple[str, str]:
    return call.path["account"], call.path["reservation"]


def _wanted(licences: Sequence[ReservedLicence | NewQuantity]) -> list[WantedLicence]:
    return [
        WantedLicence(one.licence, one.quantity, terms=tuple((term.end, term.quantity) for term in one.terms))
        for one in licences
    ]


def create(call: Call) -> dict[str, Any]:
    """Reserve licences for the device of a request code: all of them or none."""
    body: NewReservation = call.body
    made = reservations.create_reservation(
        call.unit,
        call.server.keyring,
        call.path["account"],
        body.virtual_account,
        body.request_code,
        _wanted(body.licences),
        body.product,
    )
    return {**made.view, "authorization_code": made.code}


def create_many(call: Call) -> dict[str, Any]:
    """Reserve the same licences for each of several devices; a row for each, and one that is refused stops none."""
    body: NewReservations = call.body
    rows = reservations.create_reservations(
        call.unit,
        call.server.keyring,
        call.path["account"],
        body.virtual_account,
        body.request_codes,
        _wanted(body.licences),
    )
    return {"items": rows}


def list_offers(call: Call) -> dict[str, Any]:
    """List what can be reserved in a virtual account, the default one where none is named, and how much of each term."""
    rows = reservations.list_offers(call.unit, call.path["account"], call.query.virtual_account)
    return paged(rows, call.query)


def list_all(call: Call) -> dict[str, Any]:
    """List the reservations of an account."""
    rows = reservations.list_reservations(call.unit, call.path["account"], call.query.virtual_account)
    return paged(rows, call.query)


def show(call: Call) -> dict[str, Any]:
    """Show a reservation."""
    return reservations.show_reservation(call.unit, *_named(call))


def code(call: Call) -> bytes:
    """Get the authorization code that is to be installed."""
    return reservations.show_authorization_code(call.unit, *_named(call)).code.encode()


def update(call: Call) -> dict[str, Any]:
    """Change the reserved quantities; the device confirms with the code that it shows."""
    made = reservations.update_reservation(call.unit, call.server.keyring, *_named(call), _wanted(call.body.licences))
    return {**made.view, "authorization_code": made.code}


def confirm(call: Call) -> dict[str, Any]:
    """Enter the confirmation code of the device."""
    return reservations.confirm_reservation(call.unit, *_named(call), call.body.code)


def cancel(call: Call) -> dict[str, Any]:
    """Cancel an update that was never installed."""
    return reservations.cancel_update(call.unit, *_named(call))


def enter_return(call: Call) -> dict[str, Any]:
    """Enter the return code of the device."""
    return reservations.return_reservation(call.unit, *_named(call), call.body.code)


def import_shipped(call: Call) -> dict[str, Any]:
    """Reserve for devices that are shipped with reserved licences, all or nothing."""
    made = reservations.import_shipped(call.unit, call.server.keyring, call.path["account"], call.body)
    return {"items": made.items, **made.summary}


def rehost(call: Call) -> dict[str, Any]:
    """Reserve what a failed device reserves for its replacement too."""
    body: Rehost = call.body
    made = reservations.rehost_reservation(call.unit, call.server.keyring, *_named(call), body.request_code, body.notes)
    return {**made.view, "authorization_code": made.code}


def reset_alert(call: Call) -> dict[str, Any]:
    """Take the mark of a failed device off."""
    return reservations.reset_rehost_alert(call.unit, *_named(call))


def release(call: Call) -> dict[str, Any]:
    """Release the reserved licences of a lost device without its return code."""
    return reservations.release_reservation(call.unit, *_named(call), call.body.reason)


Op = Operation[Central]
ALL = f"{ACCOUNT_PATH}/reservations"
OPERATIONS = (
    Op(
        "list_reservations", "GET", ALL, "List reservations.", list_all, list_of(RESERVATION), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C6.1",
    ),
    Op(
        "list_reservation_offers", "GET", f"{ACCOUNT_PATH}/reservation-offers",
        "List what can be reserved in a virtual account.", list_offers, list_of(OFFER), PoolPage, permission=Permission.RESERVATION_MANAGE, row="C6.1",
    ),
    Op(
        "create_reservation", "POST", ALL, "Reserve licences for the device of a request code.", create, CREATED,
        body=NewReservation, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.1",
    ),
    Op(
        "create_reservations", "POST", f"{ACCOUNT_PATH}/reservation-batches",
        "Reserve the same licences for the devices of several request codes.", create_many,
        object_of(items={"type": "array", "items": ROW}), body=NewReservations, changes=True,
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
        "update_reservation", "PATCH", f"{ALL}/{{reservation}}", "Change the reserved quantities.", update, CREATED,
        body=ReservationChange, changes=True, current=show,
        permission=Permission.RESERVATION_MANAGE, row="C6.3",
    ),
    Op(
        "confirm_reservation", "POST", f"{ALL}/{{reservation}}/confirmation", "Enter the device's confirmation code.",
        confirm, RESERVATION, body=Confirmation, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.4",
    ),
    Op(
        "cancel_reservation_update", "POST", f"{ALL}/{{reservation}}/cancel-update", "Cancel an update.", cancel,
        RESERVATION, body=Nothing, changes=True,
        permission=Permission.RESERVATION_CANCEL, row="C6.3",
    ),
    Op(
        "return_reservation", "POST", f"{ALL}/{{reservation}}/return", "Enter the device's return code.", enter_return,
        RESERVATION, body=ReturnCode, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.5",
    ),
    Op(
        "import_factory_reservations", "POST", f"{ACCOUNT_PATH}/factory-reservations",
        "Reserve for devices that are shipped with reserved licences (CSV).", import_shipped,
        object_of(items={"type": "array", "items": RESERVATION}, devices=WHOLE, warnings=WARNINGS), media=CSV, changes=True,
        permission=Permission.ORDER_MANAGE, row="C6.6",
    ),
    Op(
        "rehost_reservation", "POST", f"{ALL}/{{reservation}}/rehost",
        "Reserve what a failed device reserves for its replacement too.", rehost, CREATED, body=Rehost, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.7",
    ),
    Op(
        "reset_rehost_alert", "POST", f"{ALL}/{{reservation}}/reset-alert",
        "Take the mark of a failed device that was rehosted off.", reset_alert, RESERVATION, body=Nothing, changes=True,
        permission=Permission.RESERVATION_MANAGE, row="C6.7",
    ),
    Op(
        "release_reservation", "POST", f"{ALL}/{{reservation}}/release",
        "Release the reserved licences of a lost device without its return code.", release, RESERVATION,
        body=Release, changes=True,
        permission=Permission.RESERVATION_RELEASE, row="C6.5",
    ),
)  # fmt: skip
