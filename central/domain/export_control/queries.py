"""Reading grants (row C8.1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, exists, func, or_, select

from central.domain.export_control.models import ExportRequestRecord, GrantRecord, ReleaseNotice
from central.domain.export_control.services import ACTIVE
from central.domain.ledger.verification import Granted
from serverkit.db.unit import Unit


def held_units(unit: Unit, account_id: str, ids: Sequence[str] | None = None) -> dict[str, list[tuple[str, int]]]:
    """Restricted units that instances, or those of some ids, hold: tag and count by instance."""
    query = (
        select(GrantRecord.instance_id, GrantRecord.tag, func.sum(GrantRecord.quantity))
        .where(GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE)
        .group_by(GrantRecord.instance_id, GrantRecord.tag)
    )
    if ids is not None:
        query = query.where(GrantRecord.instance_id.in_(ids))
    found: dict[str, list[tuple[str, int]]] = {}
    for instance_id, tag, count in unit.session.execute(query):
        found.setdefault(instance_id, []).append((tag, int(count)))
    return found


def granted_units(unit: Unit, account_id: str, satellite_id: str) -> list[tuple[str, int]]:
    """Restricted units that the devices of a satellite hold: tag and count."""
    query = (
        select(GrantRecord.tag, func.sum(GrantRecord.quantity))
        .where(
            GrantRecord.account_id == account_id,
            GrantRecord.satellite_id == satellite_id,
            GrantRecord.state == ACTIVE,
        )
        .group_by(GrantRecord.tag)
    )
    return [(tag, int(count)) for tag, count in unit.session.execute(query.order_by(GrantRecord.tag))]


def active_units(unit: Unit) -> Iterator[Granted]:
    """What every active grant says, for comparison with the ledger."""
    names = GrantRecord.account_id, GrantRecord.id, GrantRecord.virtual_account_id, GrantRecord.quantity
    active = select(*names).where(GrantRecord.state == ACTIVE).execution_options(yield_per=1000)
    for row in unit.session.execute(active):
        yield Granted(*row)


_HAS_RESTRICTED = select(
    or_(
        *(
            exists().where(table.account_id == bindparam("account"), table.instance_id == bindparam("instance"))
            for table in (GrantRecord, ExportRequestRecord, ReleaseNotice)
        )
    )
)


def has_restricted(unit: Unit, account_id: str, instance_id: str) -> bool:
    """Whether an instance holds or requested restricted units, or waits for a release."""
    return bool(unit.session.scalar(_HAS_RESTRICTED, {"account": account_id, "instance": instance_id}))
