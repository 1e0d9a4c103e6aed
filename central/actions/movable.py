"""What of a virtual account can be transferred, as the form of a transfer offers it (row C4.1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from central.actions.lots import refuse_hidden_lots
from central.actions.transfers import line_view
from central.domain.accounts.queries import by_domain, by_number
from central.domain.catalogue.queries import entitlement, titles
from central.domain.ledger.rules import MOST_QUANTITY
from central.domain.transfers import queries, services
from central.domain.transfers.rules import Requested, plan
from serverkit.db.unit import Unit

MOST_OFFERED = 200


def list_movable(
    unit: Unit, domain: str, source: str, target: str, tags: Collection[str] = (), *, by_lot: bool = False
) -> dict[str, Any]:
    """Licences, or lots, with what of each is free to go; virtual accounts are named by number, `tags` chooses licences.

    Each row is the plan of moving all of it, by the rule that judges transfers. `more` says that not all are listed.
    TransactionsOffError for lots where the inventory of the account does not show them.
    """
    account = by_domain(unit, domain)
    if by_lot:
        refuse_hidden_lots(unit, account.id)
    giver, taker = by_number(unit, account.id, source), by_number(unit, account.id, target)
    found = queries.tags_in(unit, account.id, giver.id)
    named = titles(unit, found)
    wanted = sorted((tag for tag in found if not tags or tag in tags), key=lambda tag: (named.get(tag, tag), tag))
    part = wanted[:MOST_OFFERED]
    inventory = queries.inventory_of(unit, account.id, [Requested(giver.id, taker.id, tag, 1) for tag in part])
    requests = []
    for tag in part:
        lots = [one.view.id for one in inventory.lots.get((giver.id, tag), [])] if by_lot else [""]
        requests += [Requested(giver.id, taker.id, tag, MOST_QUANTITY, lot_id=lot, up_to=True) for lot in lots]
    shown = requests[:MOST_OFFERED]
    rows = [line_view(inventory, at, plan(inventory, [requested]).lines[0]) for at, requested in enumerate(shown, 1)]
    known = queries.lot_sources(unit, account.id, {row["lot"] for row in rows if row["lot"]})
    return {
        "source": giver.name,
        "target": taker.name,
        "rows": [{**row, **known.get(row["lot"] or "", {})} for row in rows],
        "more": len(wanted) > len(part) or len(requests) > len(shown),
    }


def preview_all(unit: Unit, domain: str, source: str, target: str, tag: str) -> dict[str, Any]:
    """The line that moves all that is free of a licence; virtual accounts are named by number."""
    account = by_domain(unit, domain)
    requested = _all_of(unit, account.id, source, target, tag)
    inventory, planned = services.plan_transfer(unit, account.id, [requested])
    return line_view(inventory, 1, planned.lines[0])


def move_all(unit: Unit, domain: str, source: str, target: str, tag: str) -> int:
    """Move all that is free of a licence; returns how much that was."""
    account = by_domain(unit, domain)
    inventory, planned = services.plan_transfer(unit, account.id, [_all_of(unit, account.id, source, target, tag)])
    services.enforce(planned.lines)
    services.perform(unit, account.id, inventory, planned)
    return planned.lines[0].quantity


def _all_of(unit: Unit, account_id: str, source: str, target: str, tag: str) -> Requested:
    places = by_number(unit, account_id, source).id, by_number(unit, account_id, target).id
    return Requested(*places, entitlement(unit, tag).tag, MOST_QUANTITY, up_to=True)
