"""Use cases of upgrades: list what is pending, preview the options, complete one (row C5.1)."""

from __future__ import annotations

from typing import Any

from central.actions.visible_accounts import chosen_names
from central.domain.accounts.models import VirtualAccount
from central.domain.accounts.queries import by_domain, by_number, virtual_account
from central.domain.catalogue.queries import by_name, titles
from central.domain.upgrades import services
from central.domain.upgrades.queries import Situation, pending_pools
from central.domain.upgrades.rules import Offer, offers
from serverkit.db.unit import Unit


def list_upgrades(unit: Unit, domain: str, virtual_account_name: str | None = None) -> list[dict[str, Any]]:
    """The pending upgrades of virtual accounts that the actor may see, or of one."""
    account = by_domain(unit, domain)
    names = chosen_names(unit, account.id, None if virtual_account_name is None else [virtual_account_name])
    found = pending_pools(unit, account.id, list(names))
    named = titles(unit, {tag for _, tag in found})
    items = [
        {
            "virtual_account": names[place],
            "tag": tag,
            "name": named.get(tag, tag),
            "pending": pending,
        }
        for (place, tag), pending in found.items()
    ]
    return sorted(items, key=lambda one: (one["name"], one["virtual_account"], one["tag"]))


def preview_upgrade(
    unit: Unit, domain: str, virtual_account_name: str, licence: str, quantity: int | None = None
) -> dict[str, Any]:
    """The options for a quantity, with what each needs and has; without a quantity for the largest possible one."""
    row = virtual_account(unit, by_domain(unit, domain).id, virtual_account_name)
    return _options(unit, row, by_name(unit, licence), quantity)


def preview_upgrade_at(unit: Unit, domain: str, number: str, tag: str, quantity: int | None = None) -> dict[str, Any]:
    """The same of the virtual account with a number."""
    return _options(unit, by_number(unit, by_domain(unit, domain).id, number), tag, quantity)


def _options(unit: Unit, row: VirtualAccount, tag: str, quantity: int | None) -> dict[str, Any]:
    found = services.look(unit, row, tag)
    most = max((one.most for one in offers(found.pending, found.replaceable, 1, found.names)), default=0)
    wanted = quantity if quantity is not None else most or 1
    shown = offers(found.pending, found.replaceable, wanted, found.names)
    return {
        "virtual_account": row.name,
        "tag": tag,
        "name": found.names.get(tag, tag),
        "pending": sum(lot.quantity for lot in found.pending),
        "quantity": wanted,
        "most": most,
        "options": [_offer(found, one) for one in shown],
        "state": found.state,
    }


def _offer(found: Situation, one: Offer) -> dict[str, Any]:
    option = one.option
    return {
        "option": option.key,
        "tag": option.tag,
        "name": found.names.get(option.tag, option.tag),
        "upgraded": option.upgraded,
        "replaced": option.replaced,
        "upgrades_available": one.pending,
        "needed": one.needed,
        "available": one.free,
        "most": one.most,
        "allowed": one.refusal is None,
        "code": one.refusal.code if one.refusal else None,
        "reason": one.refusal.message if one.refusal else None,
    }


def complete_upgrade(
    unit: Unit,
    domain: str,
    virtual_account_name: str,
    licence: str,
    quantity: int,
    option: str | None = None,
    state: str | None = None,
) -> dict[str, Any]:
    """Complete an upgrade where the virtual account holds both licences; `state` is that of a preview."""
    row = virtual_account(unit, by_domain(unit, domain).id, virtual_account_name)
    done = services.complete_upgrade(unit, row, by_name(unit, licence), quantity, option, state)
    names, offer = done.situation.names, done.offer
    return {
        "virtual_account": row.name,
        "tag": done.situation.tag,
        "name": names.get(done.situation.tag, done.situation.tag),
        "quantity": offer.quantity,
        "option": offer.option.key,
        "replaced_tag": offer.option.tag,
        "replaced_name": names.get(offer.option.tag, offer.option.tag),
        "replaced_quantity": offer.needed,
    }
