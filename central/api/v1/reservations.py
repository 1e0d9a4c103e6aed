"""REST operations of reservations: licences for devices without a network (rows C6.1, C6.2, C6.5)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.actions import adding, reservations, shipments
from central.api.v1.adding import OFFER as ADDITION
from central.api.v1.context import ACCOUNT_PATH, Call
from central.api.v1.reservation_bodies import (
    CREATED,
    OFFER,
    RESERVATION,
    ROW,
    AddedUnits,
    AdditionPage,
    Confirmation,
    NewQuantity,
    NewReservation,
    NewReservations,
    OfferPage,
    Rehost,
    Release,
    ReservationChange,
    ReservedLicence,
    ReturnCode,
)
from central.domain.access.rules import Permission
from central.domain.reservations.rules import WantedLicence
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    CSV,
    WHOLE,
    Operation,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import WARNINGS, Nothing, PoolPage

XML = "application/xml"


def _named(call: Call) -> tuple[str, str]:
    return call.path["account"], call.path["reservation"]


def _wanted(licences: Sequence[ReservedLicence | NewQuantity]) -> list[WantedLicence]:
    return [
        WantedLicence(one.licence, one.quantity, terms=tuple((term.end, term.quantity) for term in one.terms))
        for one in licences
    ]


def _added(units: Sequence[AddedUnits]) -> list[tuple[str, int]]:
    return [(one.licence, one.quantity) for one in units]


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
        _added(body.add),
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
    """List what can be reserved in a virtual account, and how much of each term."""
    rows = reservations.list_offers(call.unit, call.path["account"], call.query.virtual_account)
    return paged([{**row, "id": row["tag"]} for row in rows], call.query)


def list_additions(call: Call) -> dict[str, Any]:
    """List what the device of a request code can add to the inventory before licences are reserved for it."""
    query: AdditionPage = call.query
    named = call.path["account"], query.virtual_account, query.request_code, query.product
    rows = adding.list_code_additions(call.unit, *named)
    return paged([{**row, "id": row["tag"]} for row in rows], query)


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
    body: ReservationChange = call.body
    wanted, units = _wanted(body.licences), _added(body.add)
    made = reservations.update_reservation(call.unit, call.server.keyring, *_named(call), wanted, units)
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
    made = shipments.import_shipped(call.unit, call.server.keyring, call.path["account"], call.body)
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
        "List what can be reserved in a virtual account.", list_offers, list_of(OFFER), OfferPage, permission=Permission.RESERVATION_MANAGE, row="C6.1",
    ),
    Op(
        "list_reservation_additions", "GET", f"{ACCOUNT_PATH}/reservation-additions",
        "List what the device of a request code can add to the inventory first.", list_additions, list_of(ADDITION),
        AdditionPage, permission=Permission.RESERVATION_MANAGE, row="C6.1",
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
