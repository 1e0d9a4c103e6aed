"""Use cases of product instances (row S3.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.queries import names, virtual_account
from satellite.core.export_queue.queries import held_units
from satellite.core.instances import queries, services
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import instance_name
from satellite.core.licences.services import claims_of
from satellite.core.site.queries import site_of
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class InstanceUse:
    """What an instance uses: units by tag from pools, and restricted units that it holds."""

    claimed: Mapping[str, int]
    held: Sequence[tuple[str, int]] = field(default=())


def list_instances(unit: Unit, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """List the product instances by name."""
    chosen = find_id(unit, virtual_account_name)
    return queries.instances(unit, names(unit), chosen, site_of(unit).name, held_units(unit))


def list_instances_after(
    unit: Unit, virtual_account_name: str | None, *, after: str | None, most: int
) -> list[dict[str, Any]]:
    """List the next product instances by id; the cost does not grow with their number."""
    return queries.instances_after(
        unit,
        names(unit),
        site_of(unit).name,
        partial(held_units, unit),
        virtual_account_id=find_id(unit, virtual_account_name),
        after=after,
        most=most,
    )


def list_instances_of(unit: Unit, virtual_account_name: str) -> list[Instance]:
    """List the instances of one virtual account by name, as rows whose identity can be compared."""
    return queries.in_virtual_account(unit, virtual_account(unit, virtual_account_name).id)


def list_use(unit: Unit, ids: Sequence[str]) -> dict[str, InstanceUse]:
    """What each of some instances uses."""
    held = held_units(unit, ids)
    return {of: InstanceUse(claims_of(unit, of), held.get(of, ())) for of in ids}


def show_instance(unit: Unit, instance_id: str) -> dict[str, Any]:
    """Show a product instance; UnknownInstanceError."""
    row = queries.find_instance(unit, instance_id)
    return queries.instance_dict(unit, row, names(unit), site_of(unit).name, partial(held_units, unit))


def transfer_instance(unit: Unit, instance_id: str, virtual_account_name: str) -> dict[str, Any]:
    """Transfer a product instance to another virtual account of this satellite."""
    require(unit, Permission.INSTANCE_MANAGE)
    target = virtual_account(unit, virtual_account_name)
    row = services.transfer_instance(unit, queries.find_instance(unit, instance_id), target)
    return {"id": row.id, "virtual_account": target.name}


def remove_instance(unit: Unit, instance_id: str) -> dict[str, Any]:
    """Remove a product instance; one that holds restricted licences is refused."""
    require(unit, Permission.INSTANCE_MANAGE)
    row = queries.find_instance(unit, instance_id)
    services.refuse_holder(unit, row.id)
    services.remove_instance(unit, row)
    return {"id": row.id, "removed": True}


__all__ = [
    "InstanceUse",
    "instance_name",
    "list_instances",
    "list_instances_after",
    "list_instances_of",
    "list_use",
    "remove_instance",
    "show_instance",
    "transfer_instance",
]
