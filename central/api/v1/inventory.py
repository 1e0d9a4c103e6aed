"""Licences, product instances."""

from __future__ import annotations

from functools import partial
from typing import Any

from pydantic import Field

from central.actions.instances import holder_pool, remove, transfer
from central.api.v1.context import ACCOUNT_PATH, Call, account_of, chosen_pool, names, pool_of
from central.domain.access.rules import Permission
from central.domain.catalogue.queries import by_name
from central.domain.export_control.queries import held_units
from central.domain.instances.errors import UnknownInstanceError
from central.domain.instances.models import Instance
from central.domain.instances.queries import find_instance, instance_dict, instances_after
from central.domain.ledger.queries import explain, licences
from central.domain.ledger.transfers import transfer_licences
from central.domain.satellites.queries import satellite_names
from central.runtime import Central
from serverkit.http.lenient_forms import licence_id
from serverkit.http.operations import (
    ANYTHING,
    FLAG,
    PLAIN,
    TEXT,
    TEXTS,
    WHOLE,
    Operation,
    Query,
    Strict,
    cut,
    example,
    list_of,
    object_of,
    paged,
)
from serverkit.http.schemas import INSTANCE, LICENCE, PoolPage


class Explained(Query):
    """Which figure is to be explained."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)
    tag: str = Field(max_length=255, pattern=PLAIN)


class Removal(Query):
    """How restricted licences are dealt with, and the return code of a device that reserves licences."""

    release_restricted: bool = False
    reason: str = Field(default="", max_length=1000, pattern=PLAIN)
    return_code: str = Field(default="", max_length=400, pattern=PLAIN)


class Move(Strict):
    """Where an instance goes."""

    model_config = example({"virtual_account": "Lab"})

    virtual_account: str


class LicenceMove(Strict):
    """How much of which licence goes where."""

    model_config = example({"licence": "ADVANTAGE", "source": "DEFAULT", "target": "Lab", "quantity": 5})

    licence: str
    source: str
    target: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    longest_first: bool = True


def list_licences(call: Call) -> dict[str, Any]:
    """Licences: purchased, in use, balance."""
    rows = licences(call.unit, account_of(call).id, names(call), chosen_pool(call))
    keyed = [{**row, "id": licence_id(row)} for row in rows]
    return paged(keyed, call.query)


def explain_licence(call: Call) -> dict[str, Any]:
    """Every posting and claim behind a figure."""
    row = pool_of(call, call.query.virtual_account)
    return explain(call.unit, row.account_id, row.id, by_name(call.unit, call.query.tag))


def move_licences(call: Call) -> dict[str, Any]:
    """Move free licences to another virtual account."""
    body: LicenceMove = call.body
    source, target = pool_of(call, body.source), pool_of(call, body.target)
    tag = by_name(call.unit, body.licence)
    lots = transfer_licences(call.unit, source, target, tag, body.quantity, longest_first=body.longest_first)
    return {"tag": tag, "quantity": body.quantity, "source": source.name, "target": target.name, "lots": lots}


def list_instances(call: Call) -> dict[str, Any]:
    """Product instances."""
    account = account_of(call)
    page: PoolPage = call.query
    rows = instances_after(
        call.unit,
        account.id,
        names(call),
        satellite_names(call.unit, account.id),
        partial(held_units, call.unit, account.id),
        virtual_account_id=chosen_pool(call),
        after=page.after,
        most=page.limit + 1,
    )
    return cut(rows, page)


def _instance(call: Call) -> Instance:
    row = find_instance(call.unit, account_of(call).id, call.path["instance"])
    if row.virtual_account_id not in names(call):
        raise UnknownInstanceError(f"there is no product instance {call.path['instance'][:64]!r}")
    return row


def show_instance(call: Call) -> dict[str, Any]:
    """One product instance."""
    row = _instance(call)
    sites, held = satellite_names(call.unit, row.account_id), partial(held_units, call.unit, row.account_id)
    return instance_dict(call.unit, row, names(call), sites, held)


def move_instance(call: Call) -> dict[str, Any]:
    """Move a product instance with what it uses to another virtual account."""
    target = pool_of(call, call.body.virtual_account)
    row = transfer(call.unit, _instance(call), target)
    return {"id": row.id, "virtual_account": target.name}


def remove_instance(call: Call) -> dict[str, Any]:
    """Remove a product instance; restricted licences only by the vendor's word with a reason."""
    query: Removal = call.query
    held = holder_pool(call.unit, account_of(call).id, call.path["instance"])
    if held is not None and held not in names(call):
        raise UnknownInstanceError(f"there is no product instance {call.path['instance'][:64]!r}")
    return remove(
        call.unit,
        call.server.keyring,
        account_of(call),
        call.path["instance"],
        release_restricted=query.release_restricted,
        reason=query.reason,
        return_code=query.return_code,
    )


Op = Operation[Central]
ONE = f"{ACCOUNT_PATH}/instances/{{instance}}"
OPERATIONS = (
    Op(
        "list_licences", "GET", f"{ACCOUNT_PATH}/licences", "List licences.", list_licences, list_of(LICENCE), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.1",
    ),
    Op(
        "explain_licence", "GET", f"{ACCOUNT_PATH}/licence-explanation", "Explain the figures of a licence.",
        explain_licence, ANYTHING, Explained,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.1",
    ),
    Op(
        "transfer_licences", "POST", f"{ACCOUNT_PATH}/licence-transfers", "Move free licences.", move_licences,
        object_of(tag=TEXT, quantity=WHOLE, source=TEXT, target=TEXT, lots=WHOLE), body=LicenceMove, changes=True,
        permission=Permission.LICENCE_TRANSFER, row="C4.1",
    ),
    Op(
        "list_instances", "GET", f"{ACCOUNT_PATH}/instances", "List product instances.", list_instances,
        list_of(INSTANCE), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.1",
    ),
    Op(
        "show_instance", "GET", ONE, "Show a product instance.", show_instance, INSTANCE,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.1",
    ),
    Op(
        "transfer_instance", "POST", f"{ONE}/transfer", "Move a product instance.", move_instance,
        object_of(id=TEXT, virtual_account=TEXT), body=Move, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="C7.2",
    ),
    Op(
        "remove_instance", "DELETE", ONE, "Remove a product instance.", remove_instance,
        object_of(id=TEXT, removed=FLAG, released=TEXTS), Removal, changes=True,
        permission=(Permission.INSTANCE_MANAGE, Permission.RESTRICTED_RELEASE), row="C7.3",
    ),
)  # fmt: skip
