"""Licences for the console: rows with what asks for attention, and why a balance is what it is (rows S3.2, C3.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from exchange.compliance import LicenceVerdict, LotPhase, lot_phase
from exchange.licence_rows import billing_rows, with_attention
from exchange.vocabulary import Billing, LicenceType
from satellite.core.export_queue.models import HeldGrant
from satellite.core.licences.errors import UnknownLicenceError
from satellite.core.licences.models import AllotmentLine, Claim, Entitlement
from satellite.core.licences.queries import PoolFigures, pools
from serverkit.clock import iso
from serverkit.db.unit import Unit


def licence_rows(
    unit: Unit, names: Mapping[str, str], virtual_account_id: str | None = None, tag: str | None = None
) -> list[dict[str, Any]]:
    """The licences of the site, one row for each billing; `state` says whether it is short or ends soon.

    The number of queries is fixed; what is read grows with the lines that central allotted, not with the devices.
    """
    query = select(Entitlement.tag, Entitlement.name, Entitlement.restricted)
    if tag is not None:
        query = query.where(Entitlement.tag == tag)
    known = {row.tag: (row.name, row.restricted) for row in unit.session.execute(query)}
    return [
        _row(unit, names, pool, row, *known.get(of, (of, False)))
        for (_va, of), pool in pools(unit, virtual_account_id, tag).items()
        for row in billing_rows(pool.verdict, pool.terms)
    ]


def _row(
    unit: Unit, names: Mapping[str, str], pool: PoolFigures, row: dict[str, Any], name: str, restricted: bool
) -> dict[str, Any]:
    return {
        **with_attention(row, pool.terms, unit.licence_now),
        "id": f"{pool.virtual_account_id}|{pool.tag}|{row['billing']}",
        "virtual_account": names.get(pool.virtual_account_id, pool.virtual_account_id),
        "virtual_account_id": pool.virtual_account_id,
        "tag": pool.tag,
        "name": name,
        "restricted": restricted,
    }


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """A signed line of central's. `counted` is what of it is purchased now: nothing before its start and after its end."""

    serial: str
    licence_type: str
    billing: str
    quantity: int
    counted: int
    start: str | None
    end: str | None
    phase: str


@dataclass(frozen=True, slots=True)
class Ledger:
    """Why a balance is what it is: `lines` add up to what is purchased, `claimed` and `held` to what is in use.

    purchased = sum of `counted` + `covered` (what reporting-only licences cover); in use = `claimed` + `held` - `billed`
    (what is billed by usage); balance = purchased - in use.
    """

    lines: list[LedgerLine]
    covered: int
    claimed: int
    claimants: int
    held: int
    holders: int
    verdict: LicenceVerdict

    @property
    def billed(self) -> int:
        """Units that are billed by usage, and so need no purchase beforehand."""
        return self.verdict.usage.in_use if self.verdict.usage is not None else 0


@dataclass(frozen=True, slots=True)
class Licence:
    """One licence in one virtual account."""

    name: str
    description: str
    restricted: bool
    products: list[str]
    rows: list[dict[str, Any]]
    ledger: Ledger


def licence_of(unit: Unit, names: Mapping[str, str], virtual_account_id: str, tag: str) -> Licence:
    """A licence with its figures and its ledger; UnknownLicenceError where the virtual account has none of it."""
    pool = pools(unit, virtual_account_id, tag).get((virtual_account_id, tag))
    lines = _lines(unit, virtual_account_id, tag)
    entry = unit.session.get(Entitlement, tag)
    if virtual_account_id not in names or (pool is None and not lines):
        raise UnknownLicenceError("there is no licence {tag!r} here", tag=tag[:80])
    figures = pool or PoolFigures(virtual_account_id, tag)
    verdict = figures.verdict
    claimants = select(func.count()).where(
        Claim.virtual_account_id == virtual_account_id, Claim.tag == tag, Claim.count > 0
    )
    holders = select(func.count(HeldGrant.instance_id.distinct())).where(
        HeldGrant.virtual_account_id == virtual_account_id,
        HeldGrant.tag == tag,
        HeldGrant.release.is_(None),
        HeldGrant.not_after > unit.licence_now,
    )
    ledger = Ledger(
        lines,
        verdict.prepaid.purchased - figures.stock.prepaid,
        figures.claimed,
        unit.session.scalar(claimants) or 0,
        figures.granted,
        unit.session.scalar(holders) or 0,
        verdict,
    )
    name, restricted = (entry.name, entry.restricted) if entry is not None else (tag, False)
    rows = [_row(unit, names, figures, row, name, restricted) for row in billing_rows(figures.verdict, figures.terms)]
    return Licence(
        name,
        entry.description if entry is not None else "",
        restricted,
        list(entry.products) if entry is not None else [],
        rows,
        ledger,
    )


def _lines(unit: Unit, virtual_account_id: str, tag: str) -> list[LedgerLine]:
    query = select(AllotmentLine).where(
        AllotmentLine.virtual_account_id == virtual_account_id, AllotmentLine.tag == tag
    )
    found = []
    for line in unit.session.scalars(query.order_by(AllotmentLine.serial)):
        phase = lot_phase(line.start, line.end, unit.licence_now)
        counts = phase is LotPhase.ACTIVE and line.licence_type != LicenceType.REPORTING_ONLY
        prepaid = line.billing == Billing.PREPAID
        found.append(
            LedgerLine(
                line.serial,
                line.licence_type,
                line.billing,
                line.quantity,
                line.quantity if counts and prepaid else 0,
                iso(line.start) if line.start is not None else None,
                iso(line.end) if line.end is not None else None,
                phase.value,
            )
        )
    return sorted(found, key=lambda one: (one.phase != "active", one.end or "~", one.serial))
