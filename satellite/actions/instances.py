"""Use cases of product instances (row S3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from satellite.actions.virtual_accounts import find_id
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.queries import names, virtual_account
from satellite.core.export_queue.queries import grant_ends, held_units, units_in_the_way
from satellite.core.instances import queries, services
from satellite.core.instances.detached import is_detached
from satellite.core.instances.errors import (
    UnknownInstanceError,
)
from satellite.core.instances.queries import instance_name
from satellite.core.instances.rules import judge_removal, judge_transfer
from satellite.core.licences.queries import pool_ends, pools, titles
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
            judge_removal(
                instance_name(row),
                used.get(row.id, {}),
                held.get(row.id, ()),
                row.detached_until if is_detached(row.detached_until, unit.licence_now) else None,
            ),
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


@dataclass(frozen=True, slots=True)
class Units:
    """So many units of a licence, by its tag and its name."""

    tag: str
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Intention:
    """What a removal or a transfer of one instance would do, as `verdict` judges it.

    `units` come free, or come along with `held`; `short` are the units that the target lacks then, after the instances
    before this one.
    """

    verdict: RowVerdict
    virtual_account: str
    units: Sequence[Units]
    held: Sequence[Units]
    short: Sequence[Units] = ()


def preview_removals(unit: Unit, ids: Sequence[str]) -> list[Intention]:
    """Say what a removal of some product instances would do; nothing is changed."""
    return _intentions(unit, judge_removals(unit, ids))


def preview_transfers(unit: Unit, ids: Sequence[str], virtual_account_name: str) -> list[Intention]:
    """Say what a transfer of some product instances would do, and what is missing then; UnknownVirtualAccountError."""
    target = virtual_account(unit, virtual_account_name)
    figures = {tag: pool.verdict for (_va, tag), pool in pools(unit, target.id).items()}
    left = {tag: verdict.prepaid.balance for tag, verdict in figures.items()}
    found = []
    for one in _intentions(unit, judge_transfers(unit, ids, virtual_account_name)):
        short = []
        for units in one.units if one.virtual_account != target.name else ():
            left[units.tag] = left.get(units.tag, 0) - units.count
            billed = units.tag in figures and figures[units.tag].usage is not None
            if left[units.tag] < 0 and not billed:
                short.append(replace(units, count=-left[units.tag]))
        found.append(replace(one, short=short))
    return found


def _intentions(unit: Unit, verdicts: Sequence[RowVerdict]) -> list[Intention]:
    ids, named = [one.id for one in verdicts], names(unit)
    used, held = claims_of_all(unit, ids), held_units(unit, ids)
    places = {row.id: named.get(row.virtual_account_id, "") for row in queries.present(unit, ids)}
    tags = {tag for units in used.values() for tag in units} | {tag for units in held.values() for tag, _ in units}
    called = titles(unit, tags)

    def units_of(some: Iterable[tuple[str, int]]) -> list[Units]:
        return [Units(tag, called.get(tag, tag), count) for tag, count in sorted(some)]

    return [
        Intention(one, places.get(one.id, ""), units_of(used.get(one.id, {}).items()), units_of(held.get(one.id, ())))
        for one in verdicts
    ]


def show_details(unit: Unit, instance_id: str) -> dict[str, Any]:
    """Show a product instance with everything that is known of it, its licences by name; UnknownInstanceError."""
    row = queries.find_instance(unit, instance_id)
    view = queries.instance_dict(unit, row, names(unit), site_of(unit).name, partial(held_units, unit))
    tags = {one["tag"] for one in view["licences"]}
    called, granted = titles(unit, tags), {tag for tag, _ in held_units(unit, [row.id]).get(row.id, ())}
    return {
        **view,
        "virtual_account_id": row.virtual_account_id,
        "mac": row.udi.get("mac_address"),
        "ip_address": row.ip_address,
        "notes": row.notes,
        "export_allowed": row.export_allowed,
        "holds": bool(units_in_the_way(unit, [row.id])),
        "licences": [
            {**one, "name": called.get(one["tag"], one["tag"]), "held": one["tag"] in granted}
            for one in view["licences"]
        ],
        "ends": {**pool_ends(unit, row.virtual_account_id, tags - granted), **grant_ends(unit, row.id)},
    }


def _gone(instance_id: str) -> RowVerdict:
    reason = UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return RowVerdict(instance_id, instance_id, Verdict((reason,)))


__all__ = [
    "InstanceUse",
    "Intention",
    "Units",
    "identify_instances",
    "judge_removals",
    "judge_transfers",
    "list_instances",
    "list_instances_after",
    "list_use",
    "preview_removals",
    "preview_transfers",
    "remove_instance",
    "remove_instances",
    "show_details",
    "show_instance",
    "transfer_instance",
    "transfer_instances",
]
