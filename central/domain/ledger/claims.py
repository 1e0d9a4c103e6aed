"""Claims of instances on pools: absolute counts, whole batches at a time, totals kept beside them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, delete, func, select

from central.domain.ledger.models import Claim, KeptLicence, PoolTotal
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, upsert
from serverkit.locks import for_change


@dataclass(frozen=True, slots=True)
class ClaimSpec:
    """The quantity of a licence that an instance uses; 0 for none."""

    instance_id: str
    virtual_account_id: str
    tag: str
    count: int
    since: datetime


def set_claims(unit: Unit, account_id: str, specs: Iterable[ClaimSpec]) -> None:
    """Set claims to what the specs say; the last one counts where one comes twice."""
    for piece in batches(specs):
        _set_batch(unit, account_id, list({(spec.instance_id, spec.tag): spec for spec in piece}.values()))


def _set_batch(unit: Unit, account_id: str, specs: Sequence[ClaimSpec]) -> None:
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    keys = {(spec.instance_id, spec.tag) for spec in specs}
    query = select(Claim.instance_id, Claim.tag, Claim.virtual_account_id, Claim.count).where(
        Claim.account_id == account_id, Claim.instance_id.in_({spec.instance_id for spec in specs})
    )
    changes: dict[tuple[str, str], int] = defaultdict(int)
    for instance_id, tag, virtual_account_id, count in unit.session.execute(query):
        if (instance_id, tag) in keys:
            changes[virtual_account_id, tag] -= count
    for spec in specs:
        changes[spec.virtual_account_id, spec.tag] += spec.count
    _delete_claims(unit, account_id, [spec for spec in specs if spec.count == 0])
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
    change_totals(unit, account_id, changes)


def _delete_claims(unit: Unit, account_id: str, gone: Sequence[ClaimSpec]) -> None:
    if gone:
        table = Claim.__table__
        unit.session.connection().execute(
            delete(Claim).where(
                table.c.account_id == account_id,
                table.c.instance_id == bindparam("of_instance"),
                table.c.tag == bindparam("of_tag"),
            ),
            [{"of_instance": spec.instance_id, "of_tag": spec.tag} for spec in gone],
        )


def change_totals(unit: Unit, account_id: str, changes: Mapping[tuple[str, str], int]) -> None:
    """Add to what is claimed from pools, or take away."""
    wanted = {key: by for key, by in sorted(changes.items()) if by}
    for piece in batches(wanted):
        query = select(PoolTotal.virtual_account_id, PoolTotal.tag, PoolTotal.claimed).where(
            PoolTotal.account_id == account_id,
            PoolTotal.virtual_account_id.in_({va for va, _ in piece}),
            PoolTotal.tag.in_({tag for _, tag in piece}),
        )
        present = {(va, tag): claimed for va, tag, claimed in unit.session.execute(for_change(query))}
        rows = [
            {
                "account_id": account_id,
                "virtual_account_id": va,
                "tag": tag,
                "claimed": present.get((va, tag), 0) + wanted[va, tag],
                "due_at": None,
                "managed": False,
            }
            for va, tag in piece
        ]
        upsert(unit.session, PoolTotal, rows)


def recount_totals(unit: Unit, account_id: str, virtual_accounts: Iterable[str]) -> None:
    """Make the totals of some virtual accounts what their claims say."""
    for piece in batches(virtual_accounts):
        of_claims = select(Claim.virtual_account_id, Claim.tag, func.sum(Claim.count)).where(
            Claim.account_id == account_id, Claim.virtual_account_id.in_(piece)
        )
        known = select(PoolTotal.virtual_account_id, PoolTotal.tag).where(
            PoolTotal.account_id == account_id, PoolTotal.virtual_account_id.in_(piece)
        )
        present = unit.session.execute(for_change(known)).all()
        grouped = unit.session.execute(of_claims.group_by(Claim.virtual_account_id, Claim.tag)).all()
        totals = {(va, tag): int(claimed) for va, tag, claimed in grouped}
        rows = [
            {
                "account_id": account_id,
                "virtual_account_id": va,
                "tag": tag,
                "claimed": totals.get((va, tag), 0),
                "due_at": None,
                "managed": False,
            }
            for va, tag in {*totals, *((va, tag) for va, tag in present)}
        ]
        upsert(unit.session, PoolTotal, rows)


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


_OF_INSTANCE = select(Claim.tag, Claim.count).where(
    Claim.account_id == bindparam("account"), Claim.instance_id == bindparam("instance")
)


def claims_of(unit: Unit, account_id: str, instance_id: str) -> dict[str, int]:
    """What an instance uses."""
    return dict(unit.session.execute(_OF_INSTANCE, {"account": account_id, "instance": instance_id}).all())


def move_claims(unit: Unit, account_id: str, virtual_accounts: Mapping[str, str]) -> None:
    """Take the claims of instances along to the virtual accounts that are now theirs."""
    for piece in batches(virtual_accounts):
        query = select(Claim.instance_id, Claim.tag, Claim.count).where(
            Claim.account_id == account_id, Claim.instance_id.in_(piece)
        )
        rows = unit.session.execute(query).all()
        set_claims(
            unit,
            account_id,
            [ClaimSpec(instance, virtual_accounts[instance], tag, count, unit.now) for instance, tag, count in rows],
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


def drop_totals(unit: Unit, account_id: str, virtual_account_id: str) -> None:
    """Forget the totals of a virtual account that is deleted; nothing is claimed in it."""
    for table in (KeptLicence, PoolTotal):
        unit.session.execute(
            delete(table).where(table.account_id == account_id, table.virtual_account_id == virtual_account_id),
            execution_options={"synchronize_session": "fetch"},
        )


def release_claims_of(unit: Unit, account_id: str, instances: Select[str]) -> dict[str, dict[str, int]]:
    """Free what the instances that a query names use of ordinary licences, in as many statements as for one.

    Returns what is free then, by virtual account and tag.
    """
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    of_theirs = (Claim.account_id == account_id) & Claim.instance_id.in_(instances)
    query = select(Claim.virtual_account_id, Claim.tag, func.sum(Claim.count)).where(of_theirs)
    freed = unit.session.execute(query.group_by(Claim.virtual_account_id, Claim.tag)).all()
    unit.session.execute(delete(Claim).where(of_theirs), execution_options={"synchronize_session": False})
    change_totals(unit, account_id, {(va, tag): -int(count) for va, tag, count in freed})
    found: dict[str, dict[str, int]] = {}
    for va, tag, count in freed:
        found.setdefault(va, {})[tag] = int(count)
    return found
