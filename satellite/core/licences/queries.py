"""Quantities of licences at the site: central's signed lines and the site's use (rows S3.2, C3.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from exchange.compliance import (
    LicenceVerdict,
    LotPhase,
    LotView,
    Stock,
    Use,
    free_units,
    judge_licence,
    lot_phase,
    stock_of,
)
from exchange.licence_rows import Term, billing_rows
from exchange.vocabulary import Billing, LicenceType
from satellite.core.accounts.models import VirtualAccount
from satellite.core.export_queue.models import HeldGrant
from satellite.core.licences.models import AllotmentLine, Claim, Entitlement, PoolTotal
from serverkit.clock import iso
from serverkit.db.unit import Unit


@dataclass(slots=True)
class PoolFigures:
    """One licence in one virtual account, added up."""

    virtual_account_id: str
    tag: str
    granted: int = 0
    claimed: int = 0
    stock: Stock = field(default_factory=Stock)
    terms: list[Term] = field(default_factory=list)

    @property
    def verdict(self) -> LicenceVerdict:
        """The figures as every table shows them; the same rule as central's."""
        return judge_licence(self.stock, Use(reported=self.claimed + self.granted))

    @property
    def free(self) -> int:
        """What no one uses or holds; the same rule as central's."""
        return free_units(self.stock, Use(reported=self.claimed + self.granted))


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
    elif tag is not None:
        # The index leads with the virtual account: naming all of them keeps the look short, however many grants there are.
        grants = grants.where(HeldGrant.virtual_account_id.in_(select(VirtualAccount.id)))
    if tag is not None:
        lines = lines.where(AllotmentLine.tag == tag)
        totals = totals.where(PoolTotal.tag == tag)
        grants = grants.where(HeldGrant.tag == tag)
    for line in unit.session.scalars(lines):
        lot = view_of(line)
        figures, phase = pool(line.virtual_account_id, line.tag), lot_phase(lot.start, lot.end, unit.licence_now)
        figures.stock += stock_of([lot], unit.licence_now)
        if phase is not LotPhase.EXPIRED:
            figures.terms.append(Term(lot, phase))
    for row in unit.session.scalars(totals):
        pool(row.virtual_account_id, row.tag).claimed += row.claimed
    for va, of, quantity in unit.session.execute(grants):
        pool(va, of).granted += int(quantity)
    return found


def view_of(line: Any) -> LotView:
    """What the rules of compliance need of a signed line; a row of the table or its mapped object."""
    return LotView(
        line.serial, LicenceType(line.licence_type), line.quantity, line.start, line.end, Billing(line.billing)
    )


def allotment_lines(unit: Unit) -> list[AllotmentLine]:
    """What central allotted, line by line."""
    return list(unit.session.scalars(select(AllotmentLine).order_by(AllotmentLine.tag, AllotmentLine.serial)))


def allotted(unit: Unit) -> dict[tuple[str, str], int]:
    """Units that central allotted, by the name of the virtual account and the tag."""
    query = (
        select(VirtualAccount.name, AllotmentLine.tag, func.sum(AllotmentLine.quantity))
        .join(VirtualAccount, VirtualAccount.id == AllotmentLine.virtual_account_id)
        .group_by(VirtualAccount.name, AllotmentLine.tag)
    )
    return {(va, tag): int(quantity) for va, tag, quantity in unit.session.execute(query)}


def pool_ends(unit: Unit, virtual_account_id: str, tags: Iterable[str]) -> dict[str, str]:
    """When the next of the active terms of a virtual account ends, by tag; licences without an end are left out."""
    query = (
        select(AllotmentLine.tag, func.min(AllotmentLine.end))
        .where(
            AllotmentLine.virtual_account_id == virtual_account_id,
            AllotmentLine.tag.in_(sorted(tags)),
            AllotmentLine.end > unit.licence_now,
        )
        .group_by(AllotmentLine.tag)
    )
    return {tag: iso(end) for tag, end in unit.session.execute(query) if end is not None}


def entitlement(unit: Unit, tag: str) -> Entitlement | None:
    """An entitlement known from central, or None."""
    return unit.session.get(Entitlement, tag)


def titles(unit: Unit, tags: Iterable[str]) -> dict[str, str]:
    """The names of licences by tag, as far as central sent them."""
    query = select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(sorted(set(tags))))
    return dict(unit.session.execute(query).all())


def licences(unit: Unit, names: dict[str, str], virtual_account_id: str | None) -> list[dict[str, Any]]:
    """The licences table."""
    figures = pools(unit, virtual_account_id)
    named = dict(unit.session.execute(select(Entitlement.tag, Entitlement.name)).all())
    items = [
        {"virtual_account": names.get(va, va), "tag": tag, "name": named.get(tag, tag), **row}
        for (va, tag), pool in figures.items()
        for row in billing_rows(pool.verdict, pool.terms)
    ]
    items.sort(key=lambda item: (item["name"], item["tag"], item["virtual_account"], item["billing"]))
    return items


def wrong_totals(unit: Unit) -> list[str]:
    """Pools whose total is not the sum of the claims on them, each as a sentence."""
    sums = select(Claim.virtual_account_id, Claim.tag, func.sum(Claim.count)).group_by(
        Claim.virtual_account_id, Claim.tag
    )
    claimed = {(va, tag): int(count) for va, tag, count in unit.session.execute(sums)}
    kept = {(row.virtual_account_id, row.tag): row.claimed for row in unit.session.scalars(select(PoolTotal))}
    return [
        f"{tag} in {va}: devices claim {claimed.get((va, tag), 0)}, counted are {kept.get((va, tag), 0)}"
        for va, tag in sorted(claimed.keys() | kept.keys())
        if claimed.get((va, tag), 0) != kept.get((va, tag), 0)
    ]
