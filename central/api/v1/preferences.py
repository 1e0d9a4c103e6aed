"""Preferences of people and flags of accounts."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import preferences as actions
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import FLAG, TEXT, TEXTS, Operation, Strict, example, object_of


class NewFlag(Strict):
    """The value of a flag, and why it is changed."""

    model_config = example({"on": False, "note": "Agreed with the vendor."})

    on: bool
    note: str = Field(max_length=1024)


class NewPreferences(Strict):
    """What of an account its user is mailed about."""

    model_config = example(
        {"address": "ann@example.com", "kinds": ["insufficient"], "summary": True, "zone": "Europe/Vienna"}
    )

    address: str = Field(default="", max_length=255)
    kinds: list[str] = Field(default_factory=list, max_length=50)
    at_once: bool = True
    summary: bool = False
    zone: str = Field(default="", max_length=64)


def show_flags(call: Call) -> dict[str, Any]:
    """Show the flags of an account."""
    return dict(actions.show_flags(call.unit, call.path["account"]))


def set_flag(call: Call) -> dict[str, Any]:
    """Set a flag of an account."""
    body: NewFlag = call.body
    return dict(actions.set_flag(call.unit, call.path["account"], call.path["flag"], on=body.on, note=body.note))


def show_preferences(call: Call) -> dict[str, Any]:
    """Show what of an account the caller is mailed about."""
    return actions.show_preferences(call.unit, call.path["account"])


def set_preferences(call: Call) -> dict[str, Any]:
    """Change what of an account the caller is mailed about."""
    body: NewPreferences = call.body
    return actions.set_preferences(
        call.unit,
        call.path["account"],
        body.address,
        body.kinds,
        at_once=body.at_once,
        summary=body.summary,
        zone=body.zone,
    )


FLAGS = object_of(add_to_inventory=FLAG, transaction_details=FLAG)
PREFERENCES = object_of(
    account=TEXT, address=TEXT, kinds=TEXTS, at_once=FLAG, summary=FLAG, zone=TEXT, own_zone=TEXT, offered=TEXTS
)
Op = Operation[Central]
OPERATIONS = (
    Op(
        "show_flags", "GET", f"{ACCOUNT_PATH}/flags", "Show the flags of an account.", show_flags, FLAGS,
        permission=Permission.FLAG_MANAGE, row="C12.3",
    ),
    Op(
        "set_flag", "POST", f"{ACCOUNT_PATH}/flags/{{flag}}", "Set a flag of an account, with a reason.", set_flag, FLAGS,
        body=NewFlag, changes=True,
        permission=Permission.FLAG_MANAGE, row="C12.3",
    ),
    Op(
        "show_preferences", "GET", f"{ACCOUNT_PATH}/preferences", "Show what of an account you are mailed about.",
        show_preferences, PREFERENCES,
        permission=Permission.NOTICE_MANAGE, row="C12.2",
    ),
    Op(
        "set_preferences", "PUT", f"{ACCOUNT_PATH}/preferences", "Change what of an account you are mailed about.",
        set_preferences, PREFERENCES, body=NewPreferences, changes=True,
        permission=Permission.NOTICE_MANAGE, row="C12.2",
    ),
)  # fmt: skip
