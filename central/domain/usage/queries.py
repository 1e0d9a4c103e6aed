"""Reading measured use by month (row C3.6)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, select

from central.domain.usage.models import UsageMonth

Monthly = Select[*tuple[Any, ...]]


def monthly_use(
    account_id: str, virtual_account_ids: Collection[str], *, month: str | None = None, tag: str | None = None
) -> Monthly:
    """Virtual account, licence, month, devices, units at most in use of each of them together, unit seconds."""
    query = select(
        UsageMonth.virtual_account_id,
        UsageMonth.tag,
        UsageMonth.month,
        func.count(UsageMonth.instance_id.distinct()),
        func.sum(UsageMonth.count),
        func.sum(UsageMonth.unit_seconds),
    ).where(UsageMonth.account_id == account_id, UsageMonth.virtual_account_id.in_(sorted(virtual_account_ids)))
    if month is not None:
        query = query.where(UsageMonth.month == month)
    if tag is not None:
        query = query.where(UsageMonth.tag == tag)
    return query.group_by(UsageMonth.virtual_account_id, UsageMonth.tag, UsageMonth.month)
