"""What programs of devices ask of an account beside its figures: the policy by which devices report, and past figures."""

from __future__ import annotations

import base64
from typing import Any
from xml.sax.saxutils import escape

from central.actions.policies import show_policies
from central.api.compat.summary import MONTHS, summary_v3
from central.api.compat.wire import Call
from serverkit.clock import iso

CODE = "PERIGEE"


def account_policy(call: Call) -> dict[str, Any]:
    """`account-policy`: a document that says how often a site of the account has to report."""
    policies = show_policies(call.unit)
    parts = {
        "policyCode": CODE,
        "name": f"Reporting policy of {call.domain}",
        "timestamp": iso(call.unit.now),
        "reportingIntervalDays": policies["sync_reminder_days"],
        "reportingOverdueDays": policies["sync_overdue_days"],
    }
    inner = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in parts.items())
    document = f'<?xml version="1.0" encoding="UTF-8"?><smartLicensePolicy>{inner}</smartLicensePolicy>'
    return {
        "status": "COMPLETE",
        "message_code": "",
        "message": "",
        "timestamp": int(call.unit.now.timestamp() * 1000),
        "policy": base64.b64encode(document.encode()).decode(),
        "correlation_id": "",
        "errors": [],
    }


def history(call: Call) -> dict[str, Any]:
    """`get-history`: the figures of each licence on this day; figures of days before are not kept."""
    found = summary_v3(call)
    day = call.unit.now
    date = f"{day.day:02d}-{MONTHS[day.month - 1].upper()}-{day.year}"
    return {
        "status": found["status"],
        "message_code": None,
        "message": "",
        "timestamp": found["timestamp"],
        "nonce": found["nonce"],
        "data": [
            {
                "tag": one["tag"],
                "display_name": one["display_name"],
                "enforced": one["enforced"],
                "export_restricted": one["export_restricted"],
                "billing_type": _billing(one["license_details"]),
                "userDefinedTags": [],
                "history": [
                    {
                        "date": date,
                        "entitled": one["prepaid_entitled"],
                        "inUse": one["prepaid_inuse"] + one["postpaid_inuse"],
                        "reserved": one["prepaid_reserved"],
                    }
                ],
            }
            for one in found["summary"]
        ],
    }


def _billing(lots: list[dict[str, Any]]) -> str:
    """How a licence is billed: by usage where none of its lots is prepaid."""
    kinds = {lot["billing_type"] for lot in lots}
    return "USAGE" if kinds == {"USAGE"} else "PREPAID"
