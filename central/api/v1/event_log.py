"""Event log and licence transactions."""

from __future__ import annotations

from typing import Any

from central.actions import event_log
from central.actions.views import EventView, TransactionView
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import Operation, list_of, part_of
from serverkit.http.schemas import PoolPage


def list_events(call: Call) -> dict[str, Any]:
    """List the event log, newest first."""
    query: PoolPage = call.query
    return event_log.list_events(call.unit, call.path["account"], query.virtual_account, part_of(query)).to_dict()


def list_transactions(call: Call) -> dict[str, Any]:
    """List the licence transactions, newest first."""
    query: PoolPage = call.query
    return event_log.list_transactions(call.unit, call.path["account"], query.virtual_account, part_of(query)).to_dict()


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_events", "GET", f"{ACCOUNT_PATH}/events", "List events.", list_events,
        list_of(EventView.schema_object()), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C12.4",
    ),
    Op(
        "list_transactions", "GET", f"{ACCOUNT_PATH}/transactions", "List licence transactions.", list_transactions,
        list_of(TransactionView.schema_object()), PoolPage,
        permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C12.4",
    ),
)  # fmt: skip
