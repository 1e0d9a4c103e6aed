"""Claims of instances on the site's pools: absolute counts, totals kept beside them (row S4.2)."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select

from satellite.core.base import next_change
from satellite.core.licences.models import Claim, PoolTotal
from serverkit.db.unit import Unit
from serverkit.locks import for_change


def claims_of(unit: Unit, instance_id: str) -> dict[str, int]:
    """What an instance uses now."""
    query = select(Claim.tag, Claim.count).where(Claim.instance_id == instance_id, Claim.count > 0)
    return dict(unit.session.execute(query).all())


def claims_of_all(unit: Unit, ids: Collection[str]) -> dict[str, dict[str, int]]:
    """What several instances use now, by their ids."""
    found: dict[str, dict[str, int]] = {}
    query = select(Claim.instance_id, Claim.tag, Claim.count).where(Claim.instance_id.in_(ids), Claim.count > 0)
    for instance, tag, count in unit.session.execute(query):
        found.setdefault(instance, {})[tag] = count
    return found


def replace_claims(unit: Unit, instance_id: str, virtual_account_id: str, wanted: dict[str, int]) -> None:
    """Make an instance's claims equal to a complete list."""
    rows = {row.tag: row for row in unit.session.scalars(select(Claim).where(Claim.instance_id == instance_id))}
    for tag in sorted(set(rows) | set(wanted)):
        count, row = wanted.get(tag, 0), rows.get(tag)
        if row is None:
            row = Claim(
                instance_id=instance_id,
                tag=tag,
                virtual_account_id=virtual_account_id,
                count=0,
                since=unit.now,
                change_no=next_change(unit),
            )
            unit.session.add(row)
        elif row.count == count and row.virtual_account_id == virtual_account_id:
            continue
        _change_total(unit, row.virtual_account_id, tag, -row.count)
        _change_total(unit, virtual_account_id, tag, count)
        row.virtual_account_id, row.count, row.since = virtual_account_id, count, unit.now
        row.change_no = next_change(unit)
    unit.session.flush()  # figures of the same answer are read from the totals


def _change_total(unit: Unit, virtual_account_id: str, tag: str, by: int) -> None:
    if by == 0:
        return
    query = select(PoolTotal).where(PoolTotal.virtual_account_id == virtual_account_id, PoolTotal.tag == tag)
    row = unit.session.scalars(for_change(query)).one_or_none()
    if row is None:
        row = PoolTotal(virtual_account_id=virtual_account_id, tag=tag, claimed=0)
        unit.session.add(row)
        unit.session.flush()  # the same pool may change again in this unit
    row.claimed += by
