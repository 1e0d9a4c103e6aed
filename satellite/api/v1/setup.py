"""The steps of the set-up beside registration: examine the machine, choose how to synchronize, read the summary."""

from __future__ import annotations

from typing import Any, Literal

from exchange.limits import AUTHORIZATION_BYTES
from satellite.actions import setup_steps
from satellite.api.v1.context import APPLIED, Call
from satellite.core.access.rules import Permission
from satellite.runtime import Satellite
from serverkit.http.operations import (
    ANYTHING,
    FILE,
    FLAG,
    TEXT,
    TEXTS,
    WHOLE,
    Access,
    Operation,
    Strict,
    example,
    object_of,
)
from serverkit.http.schemas import BASE, with_members

FINDING = object_of(name=TEXT, found=TEXT, needed=TEXT, state=TEXT, advice=TEXT)


class Way(Strict):
    """How the satellite synchronizes."""

    model_config = example({"mode": "manual"})

    mode: Literal["manual", "network"]


def check_machine(call: Call) -> dict[str, Any]:
    """Examine this machine."""
    return setup_steps.check_machine(call.server, call.unit).to_dict()


def choose_mode(call: Call) -> dict[str, Any]:
    """Choose how to synchronize."""
    return setup_steps.choose_way(call.unit, call.body.mode)


def review_setup(call: Call) -> dict[str, Any]:
    """Everything that was chosen."""
    return setup_steps.review_setup(call.server, call.unit)


def download_registration(call: Call) -> bytes:
    """The newest registration file again."""
    return setup_steps.download_registration(call.server, call.unit).content


def check_authorization(call: Call) -> dict[str, Any]:
    """Verify an authorization file."""
    return setup_steps.check_authorization_file(call.server, call.actor, lambda: call.body.open("rb"))


Op = Operation[Satellite]
OPERATIONS = (
    Op(
        "check_machine", "GET", f"{BASE}setup/check", "Examine this machine before the set-up.", check_machine,
        object_of(items={"type": "array", "items": FINDING}, stops=FLAG),
        permission=Access.SIGNED_IN, row="S1.1",
    ),
    Op(
        "choose_mode", "POST", f"{BASE}setup/mode", "Choose how to synchronize.", choose_mode, ANYTHING, body=Way,
        changes=True,
        permission=Permission.SITE_MANAGE, row="S1.4",
    ),
    Op(
        "review_setup", "GET", f"{BASE}setup/summary", "Show everything that was chosen.", review_setup,
        object_of(register=ANYTHING, time=ANYTHING, sync=ANYTHING, privacy=ANYTHING, verdict=ANYTHING),
        permission=Access.SIGNED_IN, row="S1.5",
    ),
    Op(
        "download_registration", "GET", f"{BASE}registration/file", "The newest registration file again.",
        download_registration, ANYTHING, answers=FILE,
        permission=Permission.SITE_MANAGE, row="S1.2",
    ),
    Op(
        "check_authorization", "POST", f"{BASE}registration/check", "Show what an authorization file would bring.",
        check_authorization,
        with_members(
            APPLIED, card=ANYTHING, satellite=TEXT, account=TEXT, account_name=TEXT, virtual_accounts=TEXTS, allotment_lines=WHOLE,
            export_controlled_allowed=FLAG,
        ),
        media=FILE, changes=True, alone=True, most_bytes=AUTHORIZATION_BYTES,
        permission=Permission.SITE_MANAGE, row="S1.2",
    ),
)  # fmt: skip
