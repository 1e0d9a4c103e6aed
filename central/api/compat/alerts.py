"""Alerts of an account as existing clients list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from central.actions.alerts import list_alerts
from central.actions.virtual_accounts import names_by_id
from central.api.compat.accounts import wanted_names
from central.api.compat.summary import MONTHS
from central.api.compat.wire import Call
from serverkit.clock import parse_time
from serverkit.http.lenient import is_blank, number_of, page, success, words_of

MOST = 1000


def alerts(call: Call) -> dict[str, Any]:
    """`get-alerts`: open alerts of virtual accounts, by severity; -1 as limit means the first 1,000."""
    places = names_by_id(call.unit, call.domain)
    chosen = set(wanted_names(call)) if call.body.get("virtualAccounts") else None
    wanted = {word.strip().lower() for word in words_of(call.body, "severity")}
    rows = [
        row
        for row in list_alerts(call.unit, call.domain).items
        if (chosen is None or row["subject"].get("virtual_account") in chosen)
        and (not wanted or row["severity"] in wanted)
    ]
    limit = call.body.get("limit")
    most = MOST if not is_blank(limit) and number_of(limit, "limit") == -1 else limit
    part = page(rows, {"limit": most, "offset": call.body.get("offset")})
    return success("OK", totalRecords=len(rows), alerts=[_shown(row, places) for row in part])


def _shown(row: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    subject = row["subject"]
    place = places.get(subject.get("virtual_account"), "")
    return {
        "virtualAccount": place,
        "message": row["message"],
        "license": subject.get("name") or subject.get("tag") or "",
        "severity": row["severity"].capitalize(),
        "messageType": row["kind"].replace("_", " ").title(),
        "licenseStartDate": "",
        "licenseEndDate": _day(subject.get("end")),
        "actionDue": _day(row["action_due"]) or "Now",
        "source": row["source"] or place,
        "sourceType": "Virtual Account" if place else "Smart Account",
        "productInstanceHostName": subject.get("instance") or "",
        "satelliteName": subject.get("satellite") or "",
    }


def _day(text: object) -> str:
    """A day as these calls show it, such as Jun 10, 2019; empty for none."""
    if not isinstance(text, str) or not text:
        return ""
    at = parse_time(text)
    return f"{MONTHS[at.month - 1]} {at.day}, {at.year}"
