"""Measured use in a request: the months that grew since central last acknowledged (rows S4.6, S2.3)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from exchange.files.rows import UsageRow
from exchange.identity import Udi
from satellite.core.instances.models import Instance
from satellite.core.usage.models import UsageMonth
from serverkit.db.unit import Unit

STREAM = 1000


def usage_since(unit: Unit, after: int, released: Sequence[str] = (), *, full: bool) -> Iterator[UsageRow]:
    """Absolute values of the months; a full request says them all, also of devices that are gone."""
    query = select(UsageMonth, Instance.udi).join(Instance, Instance.id == UsageMonth.instance_id)
    if not full:
        query = query.where(UsageMonth.change_no > after)
    if released:
        query = query.where(UsageMonth.virtual_account_id.not_in(released))
    for row, udi in unit.session.execute(query.order_by(UsageMonth.change_no).execution_options(yield_per=STREAM)):
        yield UsageRow(
            instance=row.instance_id,
            udi=Udi(pid=udi["pid"], serial=udi["serial"]),  # no more than the identity: a site may keep its addresses
            virtual_account=row.virtual_account_id,
            tag=row.tag,
            month=row.month,
            count=row.count,
            unit_seconds=row.unit_seconds,
            until=row.until,
        )
