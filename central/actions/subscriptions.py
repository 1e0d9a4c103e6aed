"""Use cases of subscriptions billed by usage: list them, preview an assignment, assign (row C4.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Any

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.domain.catalogue.queries import by_name, titles
from central.domain.subscriptions import queries, services
from central.domain.subscriptions.rules import standings
from exchange.compliance import until
from serverkit.db.unit import Unit


def list_subscriptions(
    unit: Unit, domain: str, virtual_account_name: str | None = None, licence: str | None = None
) -> list[dict[str, Any]]:
    """The subscriptions in virtual accounts that the actor may see, enabled or disabled in each.

    With a virtual account only those that it has, with all virtual accounts that have them.
    """
    account = by_domain(unit, domain)
    tag = by_name(unit, licence) if licence is not None else None
    names = {row.id: row.name for row in virtual_accounts(unit, account.id)}
    wanted = virtual_account(unit, account.id, virtual_account_name).id if virtual_account_name is not None else None
    found = queries.present(unit, account.id, tag)
    marks = standings(found)
    named = titles(unit, {one.tag for one in found})
    items: dict[tuple[str, str], dict[str, Any]] = {}
    for one in found:
        if one.place not in names:
            continue
        ends = [view.end for view, _ in one.lots if view.end is not None]
        item = items.setdefault(
            (one.tag, one.subscription),
            {
                "key": hashlib.sha256(f"{one.tag}\n{one.subscription}".encode()).hexdigest()[:32],
                "subscription": one.subscription,
                "tag": one.tag,
                "name": named.get(one.tag, one.tag),
                "until": until(max(ends)) if len(ends) == len(one.lots) else None,
                "virtual_accounts": [],
            },
        )
        state = marks[one.place, one.tag, one.subscription].value
        item["virtual_accounts"].append({"id": one.place, "name": names[one.place], "state": state})
    shown = [
        item
        for item in items.values()
        if wanted is None or any(place["id"] == wanted for place in item["virtual_accounts"])
    ]
    return sorted(shown, key=lambda item: (item["name"], item["tag"], item["subscription"]))


def preview_assignment(
    unit: Unit, domain: str, licence: str, subscription: str, names: Collection[str]
) -> dict[str, Any]:
    """What assigning a subscription to exactly these virtual accounts does: moves, copies, withdrawals, duplicates."""
    account, tag, rows, wanted = _asked(unit, domain, licence, names)
    return _shown(services.plan_assignment(unit, account.id, tag, subscription, rows, wanted))


def assign_subscription(
    unit: Unit,
    domain: str,
    licence: str,
    subscription: str,
    names: Collection[str],
    had: Collection[str] | None = None,
) -> dict[str, Any]:
    """Assign a subscription to exactly these virtual accounts; `had` names those that had it when that was decided."""
    account, tag, rows, wanted = _asked(unit, domain, licence, names)
    ids = {row.name: row.id for row in rows}
    before = None if had is None else {ids.get(name, name) for name in had}
    return _shown(services.assign(unit, account.id, tag, subscription, rows, wanted, before))


def _asked(
    unit: Unit, domain: str, licence: str, names: Collection[str]
) -> tuple[SmartAccount, str, list[VirtualAccount], set[str]]:
    account = by_domain(unit, domain)
    wanted = {virtual_account(unit, account.id, name).id for name in names}
    return account, by_name(unit, licence), list(virtual_accounts(unit, account.id)), wanted


def _shown(planned: services.Planned) -> dict[str, Any]:
    names = planned.names
    return {
        "tag": planned.tag,
        "name": names.get(planned.tag, planned.tag),
        "subscription": planned.subscription,
        "changes": [
            {
                "change": step.kind,
                "from": names.get(step.source) if step.kind != "copied" else None,
                "to": names.get(step.target) if step.target else None,
            }
            for step in planned.steps
        ],
        "virtual_accounts": [
            {"name": names[place], "state": standing.value}
            for place, standing in sorted(planned.after.items(), key=lambda one: names.get(one[0], ""))
            if place in names
        ],
    }
