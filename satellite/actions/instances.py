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
from satellite.core.export_queue.queries import held_units, units_in_the_way
from satellite.core.instances import queries, services
from satellite.core.instances.errors import UnknownInstanceError
from satellite.core.instances.queries import instance_name
from satellite.core.instances.rules import judge_removal, judge_transfer
from satellite.core.licences.services import claims_of, claims_of_all
from satellite.core.site.queries import site_of
from serverkit.db.unit import Unit
from serverkit.verdicts import RowVerdict, Verdict, allowed_ids
from serverkit.views import IdentifiedInstance


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


def identify_instances(unit: Unit, virtual_account_name: str) -> list[IdentifiedInstance]:
    """List the instances of one virtual account by name, with the whole of their identity."""
    return [
        IdentifiedInstance(
            id=row.id,
            name=queries.instance_name(row),
            hostname=row.hostname,
            product_tag=row.product_tag,
            udi=row.udi,
            virtual_account_id=row.virtual_account_id,
            registered_at=row.registered_at,
            last_contact=row.last_contact,
        )
        for row in queries.in_virtual_account(unit, virtual_account(unit, virtual_account_name).id)
    ]


def list_use(unit: Unit, ids: Sequence[str]) -> dict[str, InstanceUse]:
    """What each of some instances uses."""
    held = held_units(unit, ids)
    return {of: InstanceUse(claims_of(unit, of), held.get(of, ())) for of in ids}


def show_instance(unit: Unit, instance_id: str) -> dict[str, Any]:
    """Show a product instance; UnknownInstanceError."""
    row = queries.find_instance(unit, instance_id)
    return queries.instance_dict(unit, row, names(unit), site_of(unit).name, partial(held_units, unit))


def judge_transfers(unit: Unit, ids: Sequence[str], virtual_account_name: str) -> list[RowVerdict]:
    """What a transfer of some product instances would do, each for itself; UnknownVirtualAccountError."""
    require(unit, Permission.INSTANCE_MANAGE)
    target, named = virtual_account(unit, virtual_account_name), names(unit)
    rows, used = queries.present(unit, ids), claims_of_all(unit, ids)
    found = {
        row.id: RowVerdict(
            row.id,
            instance_name(row),
            judge_transfer(
                instance_name(row), named.get(row.virtual_account_id, ""), target.name, used.get(row.id, {})
            ),
        )
        for row in rows
    }
    return [found.get(of) or _gone(of) for of in ids]


def transfer_instance(unit: Unit, instance_id: str, virtual_account_name: str) -> dict[str, Any]:
    """Transfer a product instance to another virtual account of this satellite."""
    require(unit, Permission.INSTANCE_MANAGE)
    target = virtual_account(unit, virtual_account_name)
    row = services.transfer_instance(unit, queries.find_instance(unit, instance_id), target)
    return {"id": row.id, "virtual_account": target.name}


def transfer_instances(unit: Unit, ids: Sequence[str], virtual_account_name: str) -> list[RowVerdict]:
    """Transfer those of some product instances that nothing stands against; the verdict on each."""
    verdicts = judge_transfers(unit, ids, virtual_account_name)
    for of in allowed_ids(verdicts):
        transfer_instance(unit, of, virtual_account_name)
    return verdicts


def judge_removals(unit: Unit, ids: Sequence[str]) -> list[RowVerdict]:
    """What a removal of some product instances would do, and which are refused with the units that they hold."""
    require(unit, Permission.INSTANCE_MANAGE)
    rows, used, held = queries.present(unit, ids), claims_of_all(unit, ids), units_in_the_way(unit, ids)
    found = {
        row.id: RowVerdict(
            row.id,
            instance_name(row),
            judge_removal(instance_name(row), used.get(row.id, {}), held.get(row.id, ())),
        )
        for row in rows
    }
    return [found.get(of) or _gone(of) for of in ids]


def remove_instance(unit: Unit, instance_id: str) -> dict[str, Any]:
    """Remove a product instance; one that holds restricted licences is refused."""
    require(unit, Permission.INSTANCE_MANAGE)
    row = queries.find_instance(unit, instance_id)
    judge_removals(unit, [row.id])[0].verdict.enforce()
    services.remove_instance(unit, row)
    return {"id": row.id, "removed": True}


def remove_instances(unit: Unit, ids: Sequence[str]) -> list[RowVerdict]:
    """Remove those of some product instances that nothing stands against; the verdict on each."""
    verdicts = judge_removals(unit, ids)
    for row in queries.present(unit, allowed_ids(verdicts)):
        services.remove_instance(unit, row)
    return verdicts


def _gone(instance_id: str) -> RowVerdict:
    reason = UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return RowVerdict(instance_id, instance_id, Verdict((reason,)))


__all__ = [
    "InstanceUse",
    "identify_instances",
    "judge_removals",
    "judge_transfers",
    "list_instances",
    "list_instances_after",
    "list_use",
    "remove_instance",
    "remove_instances",
    "show_instance",
    "transfer_instance",
    "transfer_instances",
]
