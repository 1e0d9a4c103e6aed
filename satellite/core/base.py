"""The base of a satellite's tables, and the change number that says what central has yet to learn."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.db.base import make_metadata
from chassis.db.unit import Unit


class Base(DeclarativeBase):
    """All tables of a satellite."""

    metadata = make_metadata()


class Counter(Base):
    """Numbers that are given out once each."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger)


def next_number(unit: Unit, name: str) -> int:
    """The next number of a counter; the row is locked until the unit ends."""
    row = unit.session.scalars(select(Counter).where(Counter.name == name).with_for_update()).one_or_none()
    if row is None:
        row = Counter(name=name, value=0)
        unit.session.add(row)
    row.value += 1
    return row.value


def next_change(unit: Unit) -> int:
    """The number of a change that is to leave with the next request."""
    return next_number(unit, "change")


def last_change(unit: Unit) -> int:
    """The newest change number."""
    row = unit.session.get(Counter, "change")
    return row.value if row else 0
