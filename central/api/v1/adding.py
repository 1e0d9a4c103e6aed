"""Licences that products bring, and their addition to inventory from a device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import Field

from central.actions import adding
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    PLAIN,
    TEXT,
    WHOLE,
    Operation,
    Page,
    Strict,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import BASE

MOST_LINES = 1000


class Units(Strict):
    """Units of a licence, which is named by tag or name."""

    licence: str = Field(max_length=255, pattern=PLAIN)
    quantity: int = Field(ge=0, le=1_000_000_000)


class Chosen(Strict):
    """Quantities of licences."""

    model_config = example({"licences": [{"licence": "ADVANTAGE", "quantity": 2}]})

    licences: list[Units] = Field(max_length=MOST_LINES)


def _wanted(some: Sequence[Units]) -> list[tuple[str, int]]:
    return [(one.licence, one.quantity) for one in some]


def include_licences(call: Call) -> dict[str, Any]:
    """Say which licences each device of a product brings; an empty list takes them away."""
    return adding.include_licences(call.unit, call.path["product"], _wanted(call.body.licences))


def list_additions(call: Call) -> dict[str, Any]:
    """List the licences that a device brings: how many can be added, and whether they were added already."""
    rows = adding.list_additions(call.unit, call.path["account"], call.path["instance"])
    return paged([{**row, "id": row["tag"]} for row in rows], call.query)


def add_licences(call: Call) -> dict[str, Any]:
    """Add quantities of licences that a device brings to inventory: all of them or none."""
    return adding.add_licences(call.unit, call.path["account"], call.path["instance"], _wanted(call.body.licences))


Op = Operation[Central]
ONE = f"{ACCOUNT_PATH}/instances/{{instance}}/licences-to-add"
ADDED = object_of(id=TEXT, place=TEXT, added=ANYTHING)
OFFER = object_of(
    id=TEXT,
    tag=TEXT,
    name=TEXT,
    description=TEXT,
    expires=TEXT,
    available=WHOLE,
    included=WHOLE,
    added=FLAG,
    elsewhere=FLAG,
)
OPERATIONS = (
    Op(
        "include_licences", "PUT", f"{BASE}catalogue/products/{{product}}/licences", "Set the licences that each device of a product adds.",
        include_licences, object_of(product=TEXT, name=TEXT, licences=ANYTHING), body=Chosen, changes=True,
        permission=Permission.CATALOGUE_MANAGE, row="C7.4",
    ),
    Op(
        "list_licences_to_add", "GET", ONE, "List the licences that a device can add.", list_additions, list_of(OFFER), Page,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.4",
    ),
    Op(
        "add_licences_of_instance", "POST", ONE, "Add the licences of a device to inventory.", add_licences, ADDED,
        body=Chosen, changes=True, permission=Permission.INSTANCE_MANAGE, row="C7.4",
    ),
)  # fmt: skip
