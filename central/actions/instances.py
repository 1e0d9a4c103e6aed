"""Use cases of product instances: list, show, transfer, remove (rows C7.1, C7.2, C7.3, C8.3, B7)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from central.actions.instance_plans import possession
from central.actions.views import identified
from central.actions.visible_accounts import chosen_names, find_account, visible_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.export_control.moving import move_grants
from central.domain.export_control.queries import held_units
from central.domain.export_control.renewing import held_by_former_keys
from central.domain.export_control.services import active_grants, release
from central.domain.instances import queries, services
from central.domain.instances.detached import is_detached, release_term
from central.domain.instances.errors import (
    NoFormerKeyError,
    ReasonNeededError,
    RestrictedHeldError,
    UnknownInstanceError,
)
from central.domain.instances.models import Instance
from central.domain.instances.rules import judge_release, judge_removal
from central.domain.ledger.claims import claims_by_instance
from central.domain.ledger.queries import licences
from central.domain.ledger.reserving import reserved_for
from central.domain.reservations.ending import take_back
from central.domain.reservations.moving import move_reservations
from central.domain.reservations.queries import forget_registered
from central.domain.reservations.rehosting import held_in_place
from central.domain.satellites.queries import satellite_names
from central.keyring import KeyRing
from exchange.errors import ExchangeError
from exchange.vocabulary import Compliance, ReleaseReason
from serverkit.db.unit import Unit
from serverkit.names import check_text
from serverkit.views import IdentifiedInstance


@dataclass(frozen=True, slots=True)
class UsedLicence:
    """Units of a licence that an instance uses or holds; `claimed` units are covered by its virtual account."""

    tag: str
    name: str
    quantity: int
    claimed: bool = False
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class InstanceUse:
    """What an instance uses, and whether a licence that it claims is short."""

    licences: list[UsedLicence]
    short: bool


def list_instances(unit: Unit, domain: str, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """The product instances of an account, by name."""
    account, chosen = find_account(unit, domain, virtual_account_name)
    names, sites = visible_names(unit, account.id), satellite_names(unit, account.id)
    return queries.instances(unit, account.id, names, sites, chosen, held_units(unit, account.id))


def list_instances_after(
    unit: Unit, domain: str, virtual_account_name: str | None, after: str | None, most: int
) -> list[dict[str, Any]]:
    """At most `most` product instances that follow the id `after`, by id."""
    account, chosen = find_account(unit, domain, virtual_account_name)
    return queries.instances_after(
        unit,
        account.id,
        visible_names(unit, account.id),
        satellite_names(unit, account.id),
        partial(held_units, unit, account.id),
        virtual_account_id=chosen,
        after=after,
        most=most,
    )


def show_instance(unit: Unit, domain: str, instance_id: str) -> dict[str, Any]:
    """One product instance."""
    account = by_domain(unit, domain)
    row, names = visible_instance(unit, account, instance_id), visible_names(unit, account.id)
    sites, held = satellite_names(unit, account.id), partial(held_units, unit, account.id)
    return queries.instance_dict(unit, row, names, sites, held)


def identify_instances(
    unit: Unit, domain: str, virtual_accounts: Collection[str] | None = None
) -> list[IdentifiedInstance]:
    """The product instances of these virtual accounts, by name, with the whole of their identity."""
    account = by_domain(unit, domain)
    rows = queries.in_virtual_accounts(unit, account.id, sorted(chosen_names(unit, account.id, virtual_accounts)))
    return [identified(row) for row in rows]


def candidates(
    unit: Unit, domain: str, virtual_account_name: str, identity: dict[str, str]
) -> list[IdentifiedInstance]:
    """The product instances of a virtual account that an identity may mean."""
    account, chosen = find_account(unit, domain, virtual_account_name)
    if "pid" not in identity or "serial" not in identity:
        return [identified(row) for row in queries.in_virtual_accounts(unit, account.id, [chosen or ""])]
    try:
        rows = queries.by_serial(unit, account.id, [chosen or ""], identity["pid"], identity["serial"])
    except ExchangeError:
        return []  # no device can have such an identity
    return [identified(row) for row in rows]


def uses_of(unit: Unit, domain: str, rows: Sequence[IdentifiedInstance]) -> dict[str, InstanceUse]:
    """What instances claim, the restricted units that they hold, and what is reserved for them, by instance id."""
    account = by_domain(unit, domain)
    names = visible_names(unit, account.id)
    figures = licences(unit, account.id, {row.virtual_account_id: names[row.virtual_account_id] for row in rows})
    titles = {one["tag"]: one["name"] for one in figures}
    status = Compliance.OUT_OF_COMPLIANCE.value
    short = {(one["virtual_account"], one["tag"]) for one in figures if one["status"] == status}
    ids = [row.id for row in rows]
    found: dict[str, list[UsedLicence]] = {row.id: [] for row in rows}
    for instance, claims in claims_by_instance(unit, account.id, ids).items():
        found[instance] += [UsedLicence(tag, titles.get(tag, tag), n, claimed=True) for tag, n in claims.items()]
    for instance, units in held_units(unit, account.id, ids).items():
        found[instance] += [UsedLicence(tag, titles.get(tag, tag), n) for tag, n in units]
    for instance, lots in reserved_for(unit, account.id, ids).items():
        found[instance] += [
            UsedLicence(lot.tag, titles.get(lot.tag, lot.tag), n, start=lot.start, end=lot.end) for lot, n in lots
        ]
    return {
        row.id: InstanceUse(
            sorted(found[row.id], key=lambda one: (one.tag, one.quantity)),
            any(one.claimed and (names[row.virtual_account_id], one.tag) in short for one in found[row.id]),
        )
        for row in rows
    }


def transfer_instance(unit: Unit, domain: str, instance_id: str, virtual_account_name: str) -> dict[str, Any]:
    """Move an instance with what it uses; restricted and reserved units go with it, other licences stay."""
    account = by_domain(unit, domain)
    target = virtual_account(unit, account.id, virtual_account_name)
    row = visible_instance(unit, account, instance_id)
    source = row.virtual_account_id
    if target.id != source:
        for refusal in held_in_place(unit, account.id, [row.id]).values():
            raise refusal
    services.transfer_instance(unit, row, target)
    if target.id != source:
        move_grants(unit, account.id, {row.id: target.id})
        move_reservations(unit, account.id, row.id, source, target.id)
    return {"id": row.id, "virtual_account": target.name}


def remove_instance(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    instance_id: str,
    *,
    release_restricted: bool = False,
    reason: str = "",
    return_code: str = "",
) -> dict[str, Any]:
    """Remove an instance; the vendor may release its restricted units with a reason, which is kept.

    An instance with reserved licences needs its return code (row C6.5). The units of an instance that is gone with its
    satellite are released in the same way. So is a detached device, whose units stay in use otherwise (row C7.8).
    """
    account = by_domain(unit, domain)
    held = active_grants(unit, account.id, instance_id)
    row = unit.session.get(Instance, (account.id, instance_id))
    place = row.virtual_account_id if row is not None else held[0].virtual_account_id if held else None
    if place not in visible_names(unit, account.id):
        raise UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    if row is not None and row.satellite_id is None and is_detached(row, unit.licence_now) and reason.strip():
        require(unit, Permission.RESTRICTED_RELEASE, account.id)
        check_text("reason", reason)
        release_term(unit, row, reason)
    if held and release_restricted:
        require(unit, Permission.RESTRICTED_RELEASE, account.id)
        if not reason.strip():
            raise ReasonNeededError
        check_text("reason", reason)
        for grant in held:
            release(unit, keyring, grant, ReleaseReason.VENDOR_RELEASE, reason)
    elif row is not None:
        has, titles = possession(unit, account, row)
        judge_removal(has, titles).enforce()
    elif held:
        raise RestrictedHeldError("{total} restricted units are held", total=sum(grant.quantity for grant in held))
    removed = row is not None and row.satellite_id is None
    if row is not None and removed:
        take_back(unit, row, return_code)
        forget_registered(unit, account.id, [row.id])
        services.remove_instance(unit, row)
    unit.touched.add(account.id)
    return {"id": instance_id, "removed": removed, "released": [grant.id for grant in held]}


def release_unrestricted(unit: Unit, domain: str, instance_id: str) -> dict[str, Any]:
    """Free the unrestricted licences of an instance, which stays with the restricted ones that it holds (row C7.3)."""
    account = by_domain(unit, domain)
    row = visible_instance(unit, account, instance_id)
    has, titles = possession(unit, account, row)
    judge_release(has, titles).enforce()
    services.free_claims(
        unit, row, "its unrestricted licences were released" if has.held else "its licences were released"
    )
    unit.touched.add(account.id)
    freed = [{"tag": tag, "name": titles[tag], "count": count} for tag, count in sorted(has.claimed.items())]
    held = [{"tag": tag, "name": titles[tag], "count": count} for tag, count in sorted(has.held.items())]
    return {"id": row.id, "removed": False, "freed": freed, "held": held}


def release_former(unit: Unit, keyring: KeyRing, domain: str, instance_id: str, reason: str) -> dict[str, Any]:
    """Release the restricted units that a former key of a device holds, with a reason; the device and its units stay."""
    account = by_domain(unit, domain)
    row = visible_instance(unit, account, instance_id)
    require(unit, Permission.RESTRICTED_RELEASE, account.id)
    if not reason.strip():
        raise ReasonNeededError
    check_text("reason", reason)
    held = held_by_former_keys(unit, account.id, row.id)
    if not held:
        raise NoFormerKeyError("no former key of {name} holds restricted licences", name=queries.instance_name(row))
    for grant in held:
        release(unit, keyring, grant, ReleaseReason.VENDOR_RELEASE, reason)
    unit.touched.add(account.id)
    return {"id": row.id, "released": [grant.id for grant in held]}


def visible_instance(unit: Unit, account: SmartAccount, instance_id: str) -> Instance:
    """The instance of an id where the actor may see its virtual account; UnknownInstanceError."""
    row = queries.find_instance(unit, account.id, instance_id)
    if row.virtual_account_id not in visible_names(unit, account.id):
        raise UnknownInstanceError("there is no product instance {instance_id!r}", instance_id=instance_id[:64])
    return row
