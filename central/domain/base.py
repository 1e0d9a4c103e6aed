"""The base of central's tables. Each leads with the smart account, so that accounts can be spread over nodes."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from serverkit.db.base import IdColumn, make_metadata
from serverkit.db.guards import bounded
from serverkit.db.unit import Unit

VENDOR = ""
"""The account id of what belongs to the vendor and to no account."""


class Base(DeclarativeBase):
    """All tables of central."""

    metadata = make_metadata()


class Counter(Base):
    """Numbers that are given out once each, such as the change number of what satellites are sent."""

    __tablename__ = "counters"

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, bounded("value"))


def next_number(unit: Unit, account_id: str, name: str) -> int:
    """The next number of a counter; the row is locked until the unit ends."""
    return next_numbers(unit, account_id, name, 1)


def next_numbers(unit: Unit, account_id: str, name: str, count: int) -> int:
    """The first of so many next numbers of a counter."""
    kept: dict[tuple[str, str], Counter] = unit.session.info.setdefault("counters", {})
    row = kept.get((account_id, name))
    # One that an undone savepoint has touched is read and locked again.
    if row is None or row not in unit.session or inspect(row).expired_attributes:
        query = select(Counter).where(Counter.account_id == account_id, Counter.name == name).with_for_update()
        row = unit.session.scalars(query).one_or_none()
        if row is None:
            row = Counter(account_id=account_id, name=name, value=0)
            unit.session.add(row)
        kept[account_id, name] = row
    row.value += count
    return row.value - count + 1


def next_change(unit: Unit) -> int:
    """The number of a change that satellites are to learn of."""
    return next_number(unit, VENDOR, "change")


def last_change(unit: Unit) -> int:
    """The newest change number."""
    row = unit.session.get(Counter, (VENDOR, "change"))
    return row.value if row else 0
