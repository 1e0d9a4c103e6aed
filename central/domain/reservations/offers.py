"""What a virtual account offers to be reserved, and how much of each term (rows C6.1, C6.2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.catalogue.queries import entitlements
from central.domain.ledger.models import Bucket, Holding, Lot
from central.domain.ledger.queries import pools
from central.domain.ledger.taking import end_text
from exchange.compliance import LotPhase, lot_phase
from exchange.vocabulary import Billing, LicenceType
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit


def offers(
    unit: Unit, account: SmartAccount, virtual_account: VirtualAccount, added: Mapping[str, int]
) -> list[dict[str, Any]]:
    """Licences of which something can be reserved, by name; with perpetual units by tag that are to be added before.

    `available` is the largest quantity, over all terms together; `unlimited` that reporting-only units take any quantity.
    `terms` are the free units of each end, perpetual ones first, then those that end last: the order in which they are
    taken where no one chooses.
    """
    free: dict[str, dict[datetime | None, int]] = defaultdict(dict)
    unlimited: set[str] = set()
    for tag, licence_type, billing, start, end, count in unit.session.execute(_free(account, virtual_account)):
        if lot_phase(start, end, unit.licence_now) is not LotPhase.ACTIVE:
            continue
        if licence_type == LicenceType.REPORTING_ONLY:
            unlimited.add(tag)
        elif billing != Billing.USAGE:
            free[tag][end] = free[tag].get(end, 0) + int(count)
    for tag, count in added.items():
        free[tag][None] = free[tag].get(None, 0) + count
    figures = pools(unit, account.id, [virtual_account.id])
    found = []
    for row in entitlements(unit, {*free, *unlimited}):
        pool = figures.get((virtual_account.id, row.tag))
        available = max(0, (pool.free if pool is not None else 0) + added.get(row.tag, 0))
        if not available and row.tag not in unlimited:
            continue
        ends = sorted(free[row.tag], key=lambda end: end.timestamp() if end else float("inf"), reverse=True)
        terms = [_term(end, free[row.tag][end]) for end in ends]
        found.append(
            {
                "tag": row.tag,
                "name": row.name,
                "description": row.description,
                "available": available,
                "unlimited": row.tag in unlimited,
                "terms": terms,
                "permitted": not row.restricted or account.export_allowed,
            }
        )
    return sorted(found, key=lambda one: (one["name"].casefold(), one["tag"]))


def _term(end: datetime | None, count: int) -> dict[str, Any]:
    return {"key": end_text(end), "end": optional_iso(end), "available": count}


def _free(account: SmartAccount, virtual_account: VirtualAccount) -> Any:
    return (
        select(Lot.tag, Lot.licence_type, Lot.billing, Lot.start, Lot.end, func.sum(Holding.quantity))
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .where(Holding.account_id == account.id, Holding.virtual_account_id == virtual_account.id)
        .where(Holding.bucket == Bucket.FREE, Holding.quantity > 0)
        .group_by(Lot.tag, Lot.licence_type, Lot.billing, Lot.start, Lot.end)
    )
