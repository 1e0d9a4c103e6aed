"""`reserve-licenses`: reserve licences for devices without a network, by request codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from central.actions.licences import find_tag
from central.actions.reservations import (
    confirm_reservation,
    create_reservation,
    reservation_id_of,
    update_reservation,
)
from central.actions.virtual_accounts import show_virtual_account
from central.api.compat.devices import find_device
from central.api.compat.licences import KINDS, LONGEST_FIRST, LONGEST_LAST
from central.api.compat.wire import Call
from central.domain.reservations.rules import WantedLicence
from serverkit.clock import parse_time
from serverkit.errors import AppError
from serverkit.http.lenient import BodyError, last_second, number_of, objects_of, overall, said, text_of
from serverkit.http.lenient_devices import shown_identity

NO_UNIVERSAL = "Universal reservation is not offered: reserve the licences that the device needs (SPECIFIC)."


def reserve(call: Call) -> dict[str, Any]:
    """Each request has its own outcome, even if none succeeds: clients show the message of the first."""
    show_virtual_account(call.unit, call.smart_account.domain, call.path["va"])  # an unknown one fails the whole call
    outcomes = [_reserved(call, entry) for entry in objects_of(call.body, "reservationRequests")]
    return codes_form(outcomes, "reservation")


def codes_form(outcomes: Sequence[Mapping[str, Any]], kind: str) -> dict[str, Any]:
    """The answer with an authorization code for each request, under both spellings of the list that clients read."""
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    message = f"{done} {kind} requests processed successfully"
    lists = {"authorizationCodes": [*outcomes], "autorizationCodes": [*outcomes]}
    return {"status": overall(outcomes), "statusMessage": message, **lists}


def _reserved(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    outcome: dict[str, Any] = {"reservationCode": entry.get("reservationCode"), "authorizationCode": None}
    try:
        code = text_of(entry, "reservationCode")
        if (text_of(entry, "reservationType", needed=False) or "SPECIFIC").upper() == "UNIVERSAL":
            raise BodyError(NO_UNIVERSAL)
        wanted_licences = [_wanted(call, one) for one in objects_of(entry, "licenses")]
        tag = text_of(entry, "productTagName", "softwareTag", needed=False) or None
        with call.unit.savepoint():
            made = create_reservation(
                call.unit,
                call.server.keyring,
                call.smart_account.domain,
                call.path["va"],
                code,
                wanted_licences,
                tag,
            )
    except AppError as error:
        return {**outcome, "status": "ERROR", "statusMessage": said(error), "licenses": []}
    instance = made.instance
    return {
        **outcome,
        "authorizationCode": made.code,
        "status": "SUCCESS",
        "statusMessage": "Authorization code generated successfully",
        "sudi": shown_identity(instance),
        "productInstance": f"UDI_PID:{instance.udi['pid']}; UDI_SN:{instance.udi['serial']};",
        "productTagName": instance.product_tag or "",
        "productType": instance.udi["pid"],
        "licenses": _lines(made.view["licences"]),
    }


def _lines(lines: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [
        {
            "licenseType": KINDS.get(line["licence_type"], "PERPETUAL"),
            "quantity": line["quantity"],
            "endDate": last_second(parse_time(line["end"]) if line["end"] else None),
            "name": line["name"],
        }
        for line in lines
    ]


def _wanted(call: Call, entry: Mapping[str, Any]) -> WantedLicence:
    name = text_of(entry, "entitlementTag", "license", "licenseName")
    order = (text_of(entry, "precedence", needed=False) or LONGEST_FIRST).upper()
    if order not in {LONGEST_FIRST, LONGEST_LAST}:
        raise BodyError(
            "precedence is {longest_first} or {longest_last}", longest_first=LONGEST_FIRST, longest_last=LONGEST_LAST
        )
    tag = find_tag(call.unit, call.smart_account.domain, call.path["va"], name)
    return WantedLicence(tag, number_of(entry.get("quantity"), "quantity"), order == LONGEST_FIRST)


def places_of(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The virtual accounts of a request for several, each with its own requests."""
    entries = objects_of(body, "virtualAccounts")
    for entry in entries:
        text_of(entry, "name")
    return entries


def update(call: Call) -> dict[str, Any]:
    """Set the quantities of reserved licences; each entry has its own outcome, and its device installs the new code."""
    show_virtual_account(call.unit, call.domain, call.path["va"])  # an unknown one fails the whole call
    outcomes = [_updated(call, entry) for entry in objects_of(call.body, "reservationUpdateRequests")]
    return codes_form(outcomes, "update")


def _updated(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    outcome = {"sudi": entry.get("sudi"), "productTagName": entry.get("productTagName"), "authorizationCode": None}
    try:
        wanted = [_wanted(call, one) for one in objects_of(entry, "licenses")]
        with call.unit.savepoint():
            instance = find_device(call, entry)
            reservation = reservation_id_of(call.unit, call.domain, instance.id)
            made = update_reservation(call.unit, call.server.keyring, call.domain, reservation, wanted)
    except AppError as error:
        return {**outcome, "status": "ERROR", "statusMessage": said(error), "licenses": []}
    view = made.view
    return {
        **outcome,
        "authorizationCode": made.code,
        "status": "SUCCESS",
        "statusMessage": "Authorization code generated successfully",
        "reservationCode": view["request_code"],
        "productType": instance.udi["pid"],
        "licenses": _lines((view["pending"] or view)["licences"]),
    }


def confirm(call: Call) -> dict[str, Any]:
    """Enter the confirmation codes that devices show after an update; each entry has its own outcome."""
    show_virtual_account(call.unit, call.domain, call.path["va"])  # an unknown one fails the whole call
    outcomes = [_confirmed(call, entry) for entry in objects_of(call.body, "reservationConfirmationRequests")]
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    message = f"{done} update requests processed successfully"
    # The contract draws one object; programs that send several read the list.
    return {"status": overall(outcomes), "statusMessage": message, "data": outcomes[0], "confirmations": outcomes}


def _confirmed(call: Call, entry: Mapping[str, Any]) -> dict[str, Any]:
    outcome = {"sudi": entry.get("sudi"), "productTagName": entry.get("productTagName")}
    outcome["confirmation_code"] = entry.get("confirmationCode")
    try:
        code = text_of(entry, "confirmationCode")
        with call.unit.savepoint():
            instance = find_device(call, entry)
            confirm_reservation(call.unit, call.domain, reservation_id_of(call.unit, call.domain, instance.id), code)
    except AppError as error:
        return {**outcome, "status": "ERROR", "statusMessage": said(error)}
    return {**outcome, "status": "SUCCESS", "statusMessage": "Update confirmed"}
