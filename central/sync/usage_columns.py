"""The columns of the table of measured use, from the rows of a site (rows S4.6, C3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from central.domain.usage.models import UsageMonth
from exchange.files.rows import UsageRow
from exchange.usage import MonthlyUse
from serverkit.db.unit import Unit


def usage_columns(unit: Unit, account_id: str, rows: Sequence[UsageRow]) -> dict[str, list[Any]]:
    """What is written of months that a satellite reports: the greater of what is said and what is booked."""
    keys = (UsageMonth.instance_id, UsageMonth.virtual_account_id, UsageMonth.tag, UsageMonth.month)
    query = select(*keys, UsageMonth.count, UsageMonth.unit_seconds, UsageMonth.until).where(
        UsageMonth.account_id == account_id,
        UsageMonth.instance_id.in_({row.instance for row in rows}),
        UsageMonth.month.in_({row.month for row in rows}),
    )
    booked = {
        (instance, va, tag, month): MonthlyUse(count, unit_seconds, until)
        for instance, va, tag, month, count, unit_seconds, until in unit.session.connection().execute(query)
    }
    found: dict[tuple[str, str, str, str], tuple[UsageRow, MonthlyUse]] = {}
    for row in rows:
        key = (row.instance, row.virtual_account, row.tag, row.month)
        use, before = MonthlyUse(row.count, row.unit_seconds, row.until), booked.get(key)
        booked[key] = before.joined(use) if before is not None else use
        found[key] = row, booked[key]
    return {
        "account_id": [account_id] * len(found),
        "instance_id": [row.instance for row, _ in found.values()],
        "virtual_account_id": [row.virtual_account for row, _ in found.values()],
        "tag": [row.tag for row, _ in found.values()],
        "month": [row.month for row, _ in found.values()],
        "udi": [row.udi.to_dict() for row, _ in found.values()],
        "count": [use.count for _, use in found.values()],
        "unit_seconds": [use.unit_seconds for _, use in found.values()],
        "until": [use.until for _, use in found.values()],
    }
