"""Claims of instances on pools: absolute counts, whole batches at a time, totals kept beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_

from central.domain.ledger.models import Claim, PoolTotal
from chassis.db.unit import Unit
from chassis.db.upsert import batches, upsert


@dataclass(frozen=True, slots=True)
class ClaimSpec:
    """What an instance uses of a licence from now on; 0 for no more."""

    instance_id: str
    virtual_account_id: str
    tag: str
    count: int
    since: datetime


def set_claims(unit: Unit, account_id: str, specs: Iterable[ClaimSpec]) -> None:
    """Set claims to what the specs say; the last one counts where one comes twice."""
    for piece in batches(specs, 200):
        _set_batch(unit, account_id, list({(spec.instance_id, spec.tag): spec for spec in piece}.values()))


def _set_batch(unit: Unit, account_id: str, specs: Sequence[ClaimSpec]) -> None:
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    keys = [(spec.instance_id, spec.tag) for spec in specs]
    query = select(Claim.instance_id, Claim.tag, Claim.virtual_account_id, Claim.count).where(
        Claim.account_id == account_id, tuple_(Claim.instance_id, Claim.tag).in_(keys)
    )
    changes: dict[tuple[str, str], int] = defaultdict(int)
    for _, tag, virtual_account_id, count in unit.session.execute(query):
        changes[virtual_account_id, tag] -= count
    for spec in specs:
        changes[spec.virtual_account_id, spec.tag] += spec.count
    gone = [(spec.instance_id, spec.tag) for spec in specs if spec.count == 0]
    if gone:
        unit.session.execute(
            delete(Claim).where(Claim.account_id == account_id, tuple_(Claim.instance_id, Claim.tag).in_(gone)),
            execution_options={"synchronize_session": False},
        )
    rows = [
        {
            "account_id": account_id,
            "instance_id": spec.instance_id,
            "tag": spec.tag,
            "virtual_account_id": spec.virtual_account_id,
            "count": spec.count,
            "since": spec.since,
        }
        for spec in specs
        if spec.count
    ]
    upsert(unit.session, Claim, rows)
    _change_totals(unit, account_id, changes)


def _change_totals(unit: Unit, account_id: str, changes: dict[tuple[str, str], int]) -> None:
    for (virtual_account_id, tag), by in sorted(changes.items()):
        if by == 0:
            continue
        query = select(PoolTotal).where(
            PoolTotal.account_id == account_id,
            PoolTotal.virtual_account_id == virtual_account_id,
            PoolTotal.tag == tag,
        )
        row = unit.session.scalars(query.with_for_update()).one_or_none()
        if row is None:
            row = PoolTotal(account_id=account_id, virtual_account_id=virtual_account_id, tag=tag, claimed=0)
            unit.session.add(row)
        row.claimed += by
    unit.session.flush()  # the next batch reads the totals again


def replace_claims(
    unit: Unit, account_id: str, instance_id: str, virtual_account_id: str, wanted: dict[str, int]
) -> None:
    """Make an instance's claims equal to a complete list (row S4.2)."""
    present = claims_of(unit, account_id, instance_id)
    specs = [
        ClaimSpec(instance_id, virtual_account_id, tag, wanted.get(tag, 0), unit.now)
        for tag in sorted(set(wanted) | set(present))
        if wanted.get(tag, 0) != present.get(tag, 0)
    ]
    set_claims(unit, account_id, specs)


BATCH = 500


def claims_by_instance(unit: Unit, account_id: str, instance_ids: list[str]) -> dict[str, dict[str, int]]:
    """What some instances use."""
    found: dict[str, dict[str, int]] = {}
    for start in range(0, len(instance_ids), BATCH):
        query = select(Claim.instance_id, Claim.tag, Claim.count).where(
            Claim.account_id == account_id, Claim.instance_id.in_(instance_ids[start : start + BATCH])
        )
        for instance_id, tag, count in unit.session.execute(query):
            found.setdefault(instance_id, {})[tag] = count
    return found


def claims_of(unit: Unit, account_id: str, instance_id: str) -> dict[str, int]:
    """What an instance uses."""
    query = select(Claim.tag, Claim.count).where(Claim.account_id == account_id, Claim.instance_id == instance_id)
    return dict(unit.session.execute(query).all())


def move_claims(unit: Unit, account_id: str, instance_id: str, virtual_account_id: str) -> None:
    """Take an instance's claims along to another virtual account."""
    used = claims_of(unit, account_id, instance_id)
    set_claims(
        unit, account_id, [ClaimSpec(instance_id, virtual_account_id, tag, n, unit.now) for tag, n in used.items()]
    )


def release_claims(unit: Unit, account_id: str, instance_ids: Sequence[str]) -> None:
    """Free everything that instances use of ordinary licences."""
    for piece in batches(instance_ids):
        query = select(Claim.instance_id, Claim.virtual_account_id, Claim.tag).where(
            Claim.account_id == account_id, Claim.instance_id.in_(piece)
        )
        specs = [ClaimSpec(instance, va, tag, 0, unit.now) for instance, va, tag in unit.session.execute(query)]
        set_claims(unit, account_id, specs)


def claimed_in(unit: Unit, account_id: str, virtual_account_id: str) -> int:
    """How many units are claimed in a virtual account."""
    query = select(func.coalesce(func.sum(PoolTotal.claimed), 0)).where(
        PoolTotal.account_id == account_id, PoolTotal.virtual_account_id == virtual_account_id
    )
    return int(unit.session.scalar(query) or 0)
