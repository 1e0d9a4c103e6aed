"""The customer's orders, made to fit what the sample devices use: enough of most, too little of one, a term that ends."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

COLUMNS = (
    "virtual_account", "tag", "quantity", "type", "billing", "start", "end", "source", "order_number", "order_line",
    "sku", "subscription_id",
)  # fmt: skip
SPARE = 1.1
TERM_LEFT = timedelta(days=20)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is bought on purpose: where there is too little, what ends soon, what is restricted."""

    short_in: str
    short: str
    ends_in: str
    ends: str
    restricted: Mapping[str, str]


def needs(inventory: Mapping[str, Any], devices: int) -> Counter[str]:
    """What a fleet of so many devices, made from an inventory in turn, will use of each tag."""
    real = inventory["devices"]
    total: Counter[str] = Counter()
    for number in range(devices if real else 0):
        for licence in real[number % len(real)]["licences"]:
            if licence["entitlement"] and licence["count"]:
                total[licence["entitlement"]] += licence["count"]
    return total


def orders_text(wanted: Mapping[str, Mapping[str, int]], plan: Plan, now: datetime) -> str:
    """The order file: one line for each virtual account and tag, perpetual but for the one that ends soon."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for line, row in enumerate(_rows(wanted, plan, now), start=1):
        writer.writerow({"source": "order", "order_number": "PO-2026-0042", "order_line": line, **row})
    return out.getvalue()


def _rows(wanted: Mapping[str, Mapping[str, int]], plan: Plan, now: datetime) -> Iterable[dict[str, object]]:
    for pool, tags in sorted(wanted.items()):
        for tag, count in sorted(tags.items()):
            if (pool, tag) == (plan.short_in, plan.short):
                yield {"virtual_account": pool, "tag": tag, "quantity": max(1, count // 2), "type": "perpetual"}
            elif (pool, tag) == (plan.ends_in, plan.ends):
                start, end = now - timedelta(days=345), now + TERM_LEFT
                yield {
                    "virtual_account": pool,
                    "tag": tag,
                    "quantity": math.ceil(count * SPARE),
                    "type": "term",
                    "start": f"{start:%Y-%m-%d}",
                    "end": f"{end:%Y-%m-%d}",
                    "subscription_id": "SUB-7001",
                }
            else:
                yield {"virtual_account": pool, "tag": tag, "quantity": math.ceil(count * SPARE), "type": "perpetual"}
    for pool, tag in plan.restricted.items():
        yield {"virtual_account": pool, "tag": tag, "quantity": 2, "type": "perpetual"}
