"""`reserve-licenses`: reserve licences for devices without a network, by request codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions.licences import find_tag
from central.actions.reservations import create_reservation
from central.actions.virtual_accounts import show_virtual_account
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
    done = sum(one["status"] == "SUCCESS" for one in outcomes)
    return {
        "status": overall(outcomes),
        "statusMessage": f"{done} reservation requests processed successfully",
        "authorizationCodes": outcomes,
        "autorizationCodes": outcomes,
    }


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
        "licenses": [
            {
                "licenseType": KINDS.get(line["licence_type"], "PERPETUAL"),
                "quantity": line["quantity"],
                "endDate": last_second(parse_time(line["end"]) if line["end"] else None),
                "name": line["name"],
            }
            for line in made.view["licences"]
        ],
    }


def _wanted(call: Call, entry: Mapping[str, Any]) -> WantedLicence:
    name = text_of(entry, "entitlementTag", "license", "licenseName")
    order = (text_of(entry, "precedence", needed=False) or LONGEST_FIRST).upper()
    if order not in {LONGEST_FIRST, LONGEST_LAST}:
        raise BodyError(
            "precedence is {longest_first} or {longest_last}", longest_first=LONGEST_FIRST, longest_last=LONGEST_LAST
        )
    tag = find_tag(call.unit, call.smart_account.domain, call.path["va"], name)
    return WantedLicence(tag, number_of(entry.get("quantity"), "quantity"), order == LONGEST_FIRST)
