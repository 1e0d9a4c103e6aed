"""The base of a satellite's tables, and the change number that says what central has yet to learn."""

from __future__ import annotations

from sqlalchemy import BigInteger, String, bindparam, insert, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from serverkit.db.base import make_metadata
from serverkit.db.guards import bounded
from serverkit.db.unit import Unit


class Base(DeclarativeBase):
    """All tables of a satellite."""

    metadata = make_metadata()


class Counter(Base):
    """Counters whose numbers are used once each."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[int] = mapped_column(BigInteger, bounded("value"))


_RAISE = (
    update(Counter)
    .where(Counter.name == bindparam("of"))
    .values(value=Counter.value + bindparam("by"))
    .returning(Counter.value)
)


def next_number(unit: Unit, name: str) -> int:
    """The next number of a counter; the row is locked until the unit ends."""
    return next_numbers(unit, name, 1)


def next_numbers(unit: Unit, name: str, count: int) -> int:
    """The first of as many numbers of a counter as are asked for."""
    connection = unit.session.connection()
    value = connection.execute(_RAISE, {"of": name, "by": count}).scalar()
    if value is None:
        connection.execute(insert(Counter), {"name": name, "value": count})
        return 1
    return int(value) - count + 1


def next_change(unit: Unit) -> int:
    """The number of a change that is to leave with the next request."""
    return next_number(unit, "change")


def last_change(unit: Unit) -> int:
    """The newest change number."""
    return unit.session.connection().execute(select(Counter.value).where(Counter.name == "change")).scalar() or 0
