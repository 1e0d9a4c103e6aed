"""Upgrades of licences (row C5.1)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import upgrades
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.lenient_forms import licence_id
from serverkit.http.operations import (
    ANYTHING,
    PLAIN,
    TEXT,
    WHOLE,
    Operation,
    Query,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import PoolPage, items


class UpgradeLook(Query):
    """The pending upgrade, and the quantity that is meant."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)
    tag: str = Field(max_length=255, pattern=PLAIN)
    quantity: int | None = Field(default=None, ge=1, le=1_000_000_000)


class Upgrade(Strict):
    """The upgrade to complete; `state` is that of a preview."""

    model_config = example({"virtual_account": "Lab", "licence": "PREMIER", "quantity": 5, "option": "ADVANTAGE=1:2"})

    virtual_account: str = Field(max_length=255, pattern=PLAIN)
    licence: str = Field(max_length=255, pattern=PLAIN)
    quantity: int = Field(ge=1, le=1_000_000_000)
    option: str | None = Field(default=None, max_length=400, pattern=PLAIN)
    state: str | None = Field(default=None, max_length=64, pattern=PLAIN)


def list_upgrades(call: Call) -> dict[str, Any]:
    """List pending upgrades."""
    rows = upgrades.list_upgrades(call.unit, call.path["account"], call.query.virtual_account)
    return paged([{**row, "id": licence_id({**row, "billing": "prepaid"})} for row in rows], call.query)


def preview_upgrade(call: Call) -> dict[str, Any]:
    """The options of a pending upgrade for a quantity."""
    query: UpgradeLook = call.query
    return upgrades.preview_upgrade(call.unit, call.path["account"], query.virtual_account, query.tag, query.quantity)


def complete_upgrade(call: Call) -> dict[str, Any]:
    """Complete an upgrade."""
    body: Upgrade = call.body
    return upgrades.complete_upgrade(
        call.unit, call.path["account"], body.virtual_account, body.licence, body.quantity, body.option, body.state
    )


Op = Operation[Central]
PATH = f"{ACCOUNT_PATH}/licence-upgrades"
OPERATIONS = (
    Op(
        "list_upgrades", "GET", PATH, "List pending upgrades.", list_upgrades,
        list_of(object_of(id=TEXT, virtual_account=TEXT, tag=TEXT, name=TEXT, pending=WHOLE)), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C5.1",
    ),
    Op(
        "preview_upgrade", "GET", f"{ACCOUNT_PATH}/licence-upgrade-options", "Show the options of a pending upgrade.",
        preview_upgrade,
        object_of(virtual_account=TEXT, tag=TEXT, name=TEXT, pending=WHOLE, quantity=WHOLE, most=WHOLE,
                  options=items(ANYTHING), state=TEXT), UpgradeLook,
        permission=Permission.LICENCE_TRANSFER, row="C5.1",
    ),
    Op(
        "complete_upgrade", "POST", PATH, "Complete an upgrade.", complete_upgrade,
        object_of(virtual_account=TEXT, tag=TEXT, quantity=WHOLE, option=TEXT, replaced_tag=TEXT, replaced_quantity=WHOLE),
        body=Upgrade, changes=True, permission=Permission.LICENCE_TRANSFER, row="C5.1",
    ),
)  # fmt: skip
