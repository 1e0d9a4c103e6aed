"""Use cases of the event log and the licence transactions (rows C12.4, C12.6)."""

from __future__ import annotations

from central.actions.actors import named_for
from central.actions.views import EventView, TransactionView
from central.domain.access.rules import Permission
from central.domain.access.services import require, visible_virtual_accounts
from central.domain.accounts.queries import by_domain, virtual_account, virtual_accounts
from central.domain.base import VENDOR
from central.domain.event_log import queries
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.models import Event, LicenceTransaction
from serverkit.db.paging import Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit

EVENTS, TRANSACTIONS = Sorting((Event.number,), {}), Sorting((LicenceTransaction.number,), {})
NEWEST = "-id"


def list_events(unit: Unit, domain: str | None, virtual_account_name: str | None, part: Slice) -> Listing:
    """List the events of an account, newest first; without a domain those that belong to no account.

    Those who may see parts of an account see the events of these parts (row C12.4).
    """
    if domain is None:
        require(unit, Permission.VENDOR_MANAGE)
        query = queries.events(VENDOR, None, None)
    else:
        account_id, chosen = _chosen(unit, domain, virtual_account_name)
        query = queries.events(account_id, chosen, visible_virtual_accounts(unit, account_id))
    rows, following = page_of(unit, query, EVENTS, Slice(part.limit, part.after, NEWEST))
    label = named_for(unit)
    found = [
        {**EventView.of(row).shown(), "actor": row.actor if row.kind == EventKind.SATELLITE_EVENT else label(row.actor)}
        for row, *_ in rows
    ]
    return Listing(found, following)


def list_transactions(unit: Unit, domain: str, virtual_account_name: str | None, part: Slice) -> Listing:
    """List the licence transactions of an account, newest first."""
    account_id, chosen = _chosen(unit, domain, virtual_account_name)
    query = queries.transactions(account_id, chosen, visible_virtual_accounts(unit, account_id))
    rows, following = page_of(unit, query, TRANSACTIONS, Slice(part.limit, part.after, NEWEST))
    names = {one.id: one.name for one in virtual_accounts(unit, account_id)}
    items, label = [], named_for(unit)
    for row, *_ in rows:
        name = names.get(row.virtual_account_id, row.virtual_account_id)
        items.append(
            TransactionView.of(row).model_copy(update={"virtual_account": name, "user": label(row.actor)}).shown()
        )
    return Listing(items, following)


def _chosen(unit: Unit, domain: str, virtual_account_name: str | None) -> tuple[str, str | None]:
    account = by_domain(unit, domain)
    if virtual_account_name is None:
        return account.id, None
    return account.id, virtual_account(unit, account.id, virtual_account_name).id
