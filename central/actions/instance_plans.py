"""What a transfer or a removal of product instances would do, by the rules of the act itself (rows C7.2, C7.3, B7)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from central.actions.instance_details import HELD, RESERVED, USED, HadLicence, licences_of
from central.actions.visible_accounts import visible_names
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.managed_accounts import managed_by, refuse_managed
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, managers, virtual_account
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_name, instances_by_id
from central.domain.instances.rules import Possession, judge_release, judge_removal, why_detached
from central.domain.ledger.queries import pools
from central.domain.reservations.errors import ReturnCodeNeededError
from central.domain.reservations.queries import reserving_instances
from central.domain.reservations.rehosting import held_in_place
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.verdicts import Verdict


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to one instance: `verdict` says whether and why not, `short` what the target lacks then.

    `rest` is the verdict on releasing only the unrestricted licences of one that cannot be removed.
    """

    id: str
    name: str
    virtual_account: str
    verdict: Verdict
    had: tuple[HadLicence, ...]
    short: tuple[HadLicence, ...] = ()
    rest: Verdict | None = None

    def of(self, *how: str) -> list[HadLicence]:
        """The licences that it has in one of these ways."""
        return [one for one in self.had if one.how in how]

    def shown(self) -> dict[str, Any]:
        """For people and programs."""
        return {
            "id": self.id,
            "name": self.name,
            "virtual_account": self.virtual_account,
            **self.verdict.to_dict(),
            "restricted": [one.shown() for one in self.of(HELD)],
            "reserved": [one.shown() for one in self.of(RESERVED)],
            "unrestricted": [one.shown() for one in self.of(USED)],
            "short": [{"tag": one.tag, "name": one.name, "count": one.count} for one in self.short],
        }


def plan_removals(unit: Unit, domain: str, ids: Sequence[str]) -> list[Plan]:
    """What a removal of some instances would do, each for itself; those that are not there, or not to be seen, are left out."""
    account = by_domain(unit, domain)
    coded, found = reserving_instances(unit, account.id, ids), []
    for one, has in _possessions(unit, account, ids, "remove"):
        verdict = judge_removal(has, titles_of(one))
        if verdict.allowed and one.id in coded:
            verdict = Verdict((ReturnCodeNeededError(),))
        found.append(replace(one, verdict=verdict, rest=judge_release(has, titles_of(one))))
    return found


def plan_transfers(unit: Unit, domain: str, ids: Sequence[str], virtual_account_name: str) -> list[Plan]:
    """What a transfer of some instances would do, one after the other; UnknownVirtualAccountError."""
    account = by_domain(unit, domain)
    target = virtual_account(unit, account.id, virtual_account_name)
    left = {tag: pool for (_va, tag), pool in pools(unit, account.id, [target.id]).items()}
    balance = {tag: pool.verdict.prepaid.balance for tag, pool in left.items()}
    barred, held = _why_not(unit, target), held_in_place(unit, account.id, ids)
    found = []
    for one, has in _possessions(unit, account, ids, f"transfer --to {target.name}"):
        stays = held.get(one.id) if one.virtual_account != target.name else None
        reasons = tuple(reason for reason in (has.managed, barred, stays) if reason is not None)
        short: list[HadLicence] = []
        for had in one.of(USED) if one.virtual_account != target.name and not reasons else ():
            balance[had.tag] = balance.get(had.tag, 0) - had.count
            if balance[had.tag] < 0:
                short.append(replace(had, count=-balance[had.tag]))
        found.append(replace(one, verdict=Verdict(reasons), short=tuple(short)))
    return found


def titles_of(one: Plan) -> dict[str, str]:
    """The names of the licences of a plan by tag."""
    return {had.tag: had.name for had in one.had}


def _why_not(unit: Unit, target: VirtualAccount) -> AppError | None:
    try:
        require(unit, Permission.INSTANCE_MANAGE, target.account_id, target.id)
        refuse_managed(unit, target)
    except AppError as error:
        return error
    return None


def _possessions(unit: Unit, account: SmartAccount, ids: Sequence[str], verb: str) -> list[tuple[Plan, Possession]]:
    places = visible_names(unit, account.id)
    rows = [row for row in instances_by_id(unit, account.id, ids) if row.virtual_account_id in places]
    known, had = managers(unit, account.id), licences_of(unit, account.id, rows)
    found = []
    for row in rows:
        require(unit, Permission.INSTANCE_MANAGE, account.id, row.virtual_account_id)
        mine, name = tuple(had[row.id]), instance_name(row)
        plan = Plan(row.id, name, places[row.virtual_account_id], Verdict(), mine)
        counts = {how: {one.tag: one.count for one in plan.of(how)} for how in (USED, HELD, RESERVED)}
        there = " ".join(["instance", *verb.split(" ", 1)[:1], row.id, *verb.split(" ", 1)[1:]])
        managed = managed_by(known, row.satellite_id, "product instance", there)
        detached = why_detached(name, row.detached_until, unit.licence_now)
        found.append((plan, Possession(name, counts[USED], counts[HELD], counts[RESERVED], managed, detached)))
    return found


def possession(unit: Unit, account: SmartAccount, row: Instance) -> tuple[Possession, dict[str, str]]:
    """What one instance has, and the names of its licences."""
    plan, has = _possessions(unit, account, [row.id], "remove")[0]
    return has, titles_of(plan)
