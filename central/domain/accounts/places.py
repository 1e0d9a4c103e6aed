"""Virtual accounts by name, and the condition that something is in one of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, true


class EveryPlace(dict[str, str]):
    """The names of all virtual accounts of an account, by id: that something is in one of them goes without saying."""


def in_places(column: SQLColumnExpression[Any], places: Collection[str]) -> ColumnElement[bool]:
    """The condition that a column names one of these virtual accounts; none is needed where all of the account are meant.

    A condition on hundreds of ids would lead a database to look each of them up.
    """
    return true() if isinstance(places, EveryPlace) else column.in_(sorted(places))


def chosen_places(places: Collection[str]) -> list[str] | None:
    """The ids of these virtual accounts in order; None where all of the account are meant."""
    return None if isinstance(places, EveryPlace) else sorted(places)
