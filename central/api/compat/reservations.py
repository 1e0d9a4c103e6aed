"""`reserve-licenses`."""

from __future__ import annotations

from typing import Any

from central.api.compat.accounts import chosen
from central.api.compat.wire import Call
from chassis.api.lenient import objects_of


def reserve(call: Call) -> dict[str, Any]:
    """Not yet."""
    chosen(call)
    outcomes: list[dict[str, Any]] = [
        {
            "reservationCode": str(entry.get("reservationCode") or ""),
            "authorizationCode": None,
            "status": "ERROR",
            "statusMessage": "Reservation is not offered by this server; connect the device to central or a satellite.",
            "licenses": [],
        }
        for entry in objects_of(call.body, "reservationRequests")
    ]
    return {
        "status": "ERROR",
        "statusMessage": "0 reservation requests processed successfully",
        "authorizationCodes": outcomes,
    }
