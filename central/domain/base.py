"""The base of central's tables. Each leads with the smart account, so that accounts can be spread over nodes."""

from __future__ import annotations

from importlib import import_module

from sqlalchemy import BigInteger, Engine, String, inspect, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from serverkit.db.base import IdColumn, make_metadata
from serverkit.db.guards import bounded
from serverkit.db.unit import Unit
from serverkit.db.upsert import table_of
from serverkit.locks import for_change

CHANGES = "change"
VENDOR = ""
"""The account id of what belongs to the vendor and to no account."""


class Base(DeclarativeBase):
    """All tables of central."""

    metadata = make_metadata()


class Counter(Base):
    """Numbers that are given out once each, such as the change numbers of what the satellites of an account are sent."""

    __tablename__ = "counters"

    account_id: Mapped[str] = mapped_column(IdColumn, primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True, index=True)
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
        query = for_change(select(Counter).where(Counter.account_id == account_id, Counter.name == name))
        row = unit.session.scalars(query).one_or_none()
        if row is None:
            row = Counter(account_id=account_id, name=name, value=0)
            unit.session.add(row)
        kept[account_id, name] = row
    row.value += count
    return row.value - count + 1


def next_number_of_vendor(unit: Unit, name: str) -> int:
    """The next number of a counter that all accounts share, such as the number by which people call an account.

    On PostgreSQL it is committed by itself at once, so that no account waits for the unit of work of another; a number
    whose unit is undone is left out. Two units never get the same one.
    """
    bind = unit.session.get_bind()
    if bind.dialect.name == "sqlite":
        return next_number(unit, VENDOR, name)
    table = table_of(Counter)
    statement = import_module(f"sqlalchemy.dialects.{bind.dialect.name}").insert(table)
    raised = statement.values(account_id=VENDOR, name=name, value=1).on_conflict_do_update(
        index_elements=[table.c.account_id, table.c.name], set_={"value": table.c.value + 1}
    )
    engine = bind if isinstance(bind, Engine) else bind.engine
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        return int(connection.execute(raised.returning(table.c.value)).scalar_one())


def next_change(unit: Unit, account_id: str) -> int:
    """The number of a change that the satellites of an account are to learn of; those of all accounts for `VENDOR`."""
    return next_number(unit, account_id, CHANGES)


def last_change(unit: Unit, account_id: str) -> int:
    """The newest change number of an account, or of what all accounts share (`VENDOR`)."""
    row = unit.session.get(Counter, (account_id, CHANGES))
    return row.value if row else 0
