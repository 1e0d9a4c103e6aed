"""Figures of licences at the site: central's signed lines, the site's own use (rows S3.2, C3.1)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from exchange.compliance import LotPhase, LotView, Pool, PoolVerdict, judge_pool, lot_phase, purchased
from exchange.vocabulary import Billing, LicenceType
from satellite.core.export_queue.models import HeldGrant
from satellite.core.licences.models import AllotmentLine, Entitlement, PoolTotal
from serverkit.db.unit import Unit


@dataclass(slots=True)
class PoolFigures:
    """One licence in one virtual account, added up."""

    virtual_account_id: str
    tag: str
    lots: list[LotView] = field(default_factory=list)
    granted: int = 0
    claimed: int = 0
    types: set[str] = field(default_factory=set)
    billings: set[str] = field(default_factory=set)
    owned: int = 0

    @property
    def verdict(self) -> PoolVerdict:
        """The figures as every table shows them; the same rule as central's."""
        return judge_pool(
            Pool(
                purchased=self.owned,
                in_use=self.claimed + self.granted,
                reporting_only=self.types == {LicenceType.REPORTING_ONLY.value},
                by_usage=Billing.USAGE.value in self.billings,
            )
        )


def pools(
    unit: Unit, virtual_account_id: str | None = None, tag: str | None = None
) -> dict[tuple[str, str], PoolFigures]:
    """Figures by (virtual account, tag)."""
    found: dict[tuple[str, str], PoolFigures] = {}

    def pool(va: str, of: str) -> PoolFigures:
        return found.setdefault((va, of), PoolFigures(va, of))

    lines, totals = select(AllotmentLine), select(PoolTotal).where(PoolTotal.claimed > 0)
    grants = (
        select(HeldGrant.virtual_account_id, HeldGrant.tag, func.sum(HeldGrant.quantity))
        .where(HeldGrant.release.is_(None), HeldGrant.not_after > unit.licence_now)
        .group_by(HeldGrant.virtual_account_id, HeldGrant.tag)
    )
    if virtual_account_id is not None:
        lines = lines.where(AllotmentLine.virtual_account_id == virtual_account_id)
        totals = totals.where(PoolTotal.virtual_account_id == virtual_account_id)
        grants = grants.where(HeldGrant.virtual_account_id == virtual_account_id)
    if tag is not None:
        lines = lines.where(AllotmentLine.tag == tag)
        totals = totals.where(PoolTotal.tag == tag)
        grants = grants.where(HeldGrant.tag == tag)
    for line in unit.session.scalars(lines):
        view = LotView(line.serial, LicenceType(line.licence_type), line.quantity, line.start, line.end)
        figures = pool(line.virtual_account_id, line.tag)
        figures.lots.append(view)
        figures.owned += purchased([view], unit.licence_now)
        if lot_phase(line.start, line.end, unit.licence_now) is LotPhase.ACTIVE:
            figures.types.add(line.licence_type)
            figures.billings.add(line.billing)
    for row in unit.session.scalars(totals):
        pool(row.virtual_account_id, row.tag).claimed += row.claimed
    for va, of, quantity in unit.session.execute(grants):
        pool(va, of).granted += int(quantity)
    return found


def allotment_lines(unit: Unit) -> list[AllotmentLine]:
    """What central allotted, line by line."""
    return list(unit.session.scalars(select(AllotmentLine).order_by(AllotmentLine.tag, AllotmentLine.serial)))


def entitlement(unit: Unit, tag: str) -> Entitlement | None:
    """An entitlement that central told of, or None."""
    return unit.session.get(Entitlement, tag)


def licences(unit: Unit, names: dict[str, str], virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The licences table."""
    figures = pools(unit, virtual_account_id)
    titles = dict(unit.session.execute(select(Entitlement.tag, Entitlement.name)).all())
    items = []
    for (va, tag), pool in figures.items():
        verdict = pool.verdict
        items.append(
            {
                "virtual_account": names.get(va, va),
                "tag": tag,
                "name": titles.get(tag, tag),
                "types": sorted(pool.types),
                "billing": Billing.USAGE.value if Billing.USAGE.value in pool.billings else Billing.PREPAID.value,
                "purchased": verdict.purchased,
                "pending": verdict.pending,
                "in_use": verdict.in_use,
                "reserved": verdict.reserved,
                "balance": verdict.balance,
                "status": verdict.status.value,
            }
        )
    items.sort(key=lambda item: (item["name"], item["tag"], item["virtual_account"]))
    return items
