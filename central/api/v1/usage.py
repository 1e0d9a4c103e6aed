"""Measured use of devices by licence and month (rows S4.6, C3.6)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from central.actions import usage
from central.api.v1.context import ACCOUNT_PATH, Call
from central.domain.access.rules import Permission
from central.runtime import Central
from serverkit.http.operations import PLAIN, TEXT, WHOLE, Operation, list_of, object_of, paged
from serverkit.http.schemas import PoolPage


class UsagePage(PoolPage):
    """A page of measured use, of one licence and one month (`2026-11`, UTC) where they are named."""

    licence: str | None = Field(default=None, max_length=255, pattern=PLAIN)
    month: str | None = Field(default=None, max_length=7, pattern=PLAIN)


def list_usage(call: Call) -> dict[str, Any]:
    """List measured use by licence and month."""
    query: UsagePage = call.query
    where = (call.path["account"], query.virtual_account, query.month, query.licence)
    return paged(usage.list_usage(call.unit, *where), query)


Op = Operation[Central]
OPERATIONS = (
    Op(
        "list_usage", "GET", f"{ACCOUNT_PATH}/usage", "List measured use by licence and month.", list_usage,
        list_of(
            object_of(
                id=TEXT, month=TEXT, virtual_account=TEXT, tag=TEXT, name=TEXT, billing=TEXT, devices=WHOLE,
                count=WHOLE, covered=WHOLE, by_usage=WHOLE, unit_hours={"type": "number"},
            )
        ),
        UsagePage, permission=Permission.VIRTUAL_ACCOUNT_VIEW, row="C3.6",
    ),
)  # fmt: skip
