"""Licences, product instances."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import instance_details, instance_plans, instances, licences, unit_replacements
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from exchange.identity import Udi
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
    """The licence, and the virtual account whose quantities are explained."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)
    tag: str = Field(max_length=255, pattern=PLAIN)


class Removal(Query):
    """Whether restricted licences are released, and the return code of a device with reserved licences."""

    release_restricted: bool = False
    reason: str = Field(default="", max_length=1000, pattern=PLAIN)
    return_code: str = Field(default="", max_length=400, pattern=PLAIN)


class Target(Query):
    """The virtual account that an instance would go to."""

    virtual_account: str = Field(max_length=255, pattern=PLAIN)


class Move(Strict):
    """The target of a product instance."""

    model_config = example({"virtual_account": "Lab"})

    virtual_account: str


class Replacement(Strict):
    """The machine that takes the place of a unit; `unit` is the serial number of that unit, the active one if not given."""

    model_config = example({"pid": "SW-48", "serial": "SN0002", "unit": "SN0001"})

    pid: str = Field(max_length=255, pattern=PLAIN)
    serial: str = Field(max_length=255, pattern=PLAIN)
    uuid: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    unit: str | None = Field(default=None, max_length=255, pattern=PLAIN)

    @property
    def machine(self) -> Udi:
        """Its identity."""
        return Udi(pid=self.pid, serial=self.serial, uuid=self.uuid)


class Reason(Strict):
    """Why the vendor releases what a former key holds; kept in the event log."""

    model_config = example({"reason": "device destroyed, statement of the customer of 3 May"})

    reason: str = Field(max_length=1000, pattern=PLAIN)


class LicenceMove(Strict):
    """The licence, its quantity, and from where to where it moves."""

    model_config = example({"licence": "ADVANTAGE", "source": "DEFAULT", "target": "Lab", "quantity": 5})

    licence: str
    source: str
    target: str
    quantity: int = Field(ge=1, le=1_000_000_000)
    longest_first: bool = True


def list_licences(call: Call) -> dict[str, Any]:
    """List licences: purchased, in use, balance."""
    name = call.query.virtual_account
    rows = licences.list_licences(call.unit, call.path["account"], [name] if name is not None else None)
    return paged([{**row, "id": licence_id(row)} for row in rows], call.query)


def explain_licence(call: Call) -> dict[str, Any]:
    """Show every posting and claim behind the quantities of a licence."""
    return licences.explain_licence(call.unit, call.path["account"], call.query.virtual_account, call.query.tag)


def transfer_licences(call: Call) -> dict[str, Any]:
    """Move free licences to another virtual account."""
    body: LicenceMove = call.body
    return licences.transfer_licences(
        call.unit,
        call.path["account"],
        body.source,
        body.target,
        body.licence,
        body.quantity,
        longest_first=body.longest_first,
    )


def list_instances(call: Call) -> dict[str, Any]:
    """List product instances."""
    page: PoolPage = call.query
    rows = instances.list_instances_after(
        call.unit, call.path["account"], page.virtual_account, page.after, page.limit + 1
    )
    return cut(rows, page)


def show_instance(call: Call) -> dict[str, Any]:
    """Show a product instance."""
    return instances.show_instance(call.unit, call.path["account"], call.path["instance"])


def transfer_instance(call: Call) -> dict[str, Any]:
    """Move a product instance with what it uses to another virtual account."""
    return instances.transfer_instance(
        call.unit, call.path["account"], call.path["instance"], call.body.virtual_account
    )


def replace_unit(call: Call) -> dict[str, Any]:
    """Put a machine in the place of a unit, which is deregistered."""
    body = call.body
    return unit_replacements.replace_unit(
        call.unit, call.path["account"], call.path["instance"], body.machine, body.unit
    )


def plan_transfer(call: Call) -> dict[str, Any]:
    """Show what a transfer would do: licences that move along, first the restricted ones, and what the target lacks then."""
    return _plan(
        instance_plans.plan_transfers(
            call.unit, call.path["account"], [call.path["instance"]], call.query.virtual_account
        ),
        call,
    )


def plan_removal(call: Call) -> dict[str, Any]:
    """Show whether an instance can be removed, and what can be released."""
    return _plan(instance_plans.plan_removals(call.unit, call.path["account"], [call.path["instance"]]), call)


def _plan(found: list[instance_plans.Plan], call: Call) -> dict[str, Any]:
    if not found:
        instances.show_instance(call.unit, call.path["account"], call.path["instance"])  # says that it is not there
    return found[0].shown()


def show_details(call: Call) -> dict[str, Any]:
    """Show a product instance with its licences by term, its product and its reservation."""
    return instance_details.show_instance_details(call.unit, call.path["account"], call.path["instance"])


def release_unrestricted(call: Call) -> dict[str, Any]:
    """Release the unrestricted licences of an instance, which stays with its restricted ones."""
    return instances.release_unrestricted(call.unit, call.path["account"], call.path["instance"])


def remove_instance(call: Call) -> dict[str, Any]:
    """Remove a product instance; only the vendor releases its restricted licences, with a reason."""
    query: Removal = call.query
    return instances.remove_instance(
        call.unit,
        call.server.keyring,
        call.path["account"],
        call.path["instance"],
        release_restricted=query.release_restricted,
        reason=query.reason,
        return_code=query.return_code,
    )


def release_former_key(call: Call) -> dict[str, Any]:
    """Release the restricted licences that a former key of a device holds; only the vendor does, with a reason."""
    return instances.release_former(
        call.unit, call.server.keyring, call.path["account"], call.path["instance"], call.body.reason
    )


Op = Operation[Central]
PLAN = object_of(
    id=TEXT, name=TEXT, virtual_account=TEXT, allowed=FLAG, reasons=ANYTHING, warnings=TEXTS, effects=TEXTS,
    restricted=ANYTHING, reserved=ANYTHING, unrestricted=ANYTHING, short=ANYTHING,
)  # fmt: skip
ONE = f"{ACCOUNT_PATH}/instances/{{instance}}"
OPERATIONS = (
    Op(
        "list_licences", "GET", f"{ACCOUNT_PATH}/licences", "List licences.", list_licences, list_of(LICENCE), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.1",
    ),
    Op(
        "explain_licence", "GET", f"{ACCOUNT_PATH}/licence-explanation", "Explain the quantities of a licence.",
        explain_licence, ANYTHING, Explained,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.1",
    ),
    Op(
        "transfer_licences", "POST", f"{ACCOUNT_PATH}/licence-transfers", "Move free licences.", transfer_licences,
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
        "transfer_instance", "POST", f"{ONE}/transfer", "Move a product instance.", transfer_instance,
        object_of(id=TEXT, virtual_account=TEXT), body=Move, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="C7.2",
    ),
    Op(
        "replace_unit", "POST", f"{ONE}/replace", "Replace a unit of a product instance.", replace_unit,
        object_of(id=TEXT, replaced=TEXT, by=TEXT), body=Replacement, changes=True,
        permission=Permission.INSTANCE_MANAGE, row="S4.1",
    ),
    Op(
        "show_instance_details", "GET", f"{ONE}/details", "Show a product instance with its licences by term.",
        show_details, ANYTHING, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C7.1",
    ),
    Op(
        "preview_instance_transfer", "GET", f"{ONE}/transfer", "Show what a transfer would do.", plan_transfer, PLAN,
        Target, permission=Permission.INSTANCE_MANAGE, row="C7.2",
    ),
    Op(
        "preview_instance_removal", "GET", f"{ONE}/removal", "Show what a removal would do.", plan_removal, PLAN,
        permission=Permission.INSTANCE_MANAGE, row="C7.3",
    ),
    Op(
        "release_unrestricted", "POST", f"{ONE}/release-unrestricted", "Release unrestricted licences; the device stays.",
        release_unrestricted, object_of(id=TEXT, removed=FLAG, freed=ANYTHING, held=ANYTHING), changes=True,
        permission=Permission.INSTANCE_MANAGE, row="C7.3",
    ),
    Op(
        "release_former_key", "POST", f"{ONE}/release", "Release what a former key of a device holds.",
        release_former_key, object_of(id=TEXT, released=TEXTS), body=Reason, changes=True,
        permission=Permission.RESTRICTED_RELEASE, row="C8.3",
    ),
    Op(
        "remove_instance", "DELETE", ONE, "Remove a product instance.", remove_instance,
        object_of(id=TEXT, removed=FLAG, released=TEXTS), Removal, changes=True,
        permission=(Permission.INSTANCE_MANAGE, Permission.RESTRICTED_RELEASE), row="C7.3",
    ),
)  # fmt: skip
