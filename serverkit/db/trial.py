"""What a change would do: it is done, looked at, and undone, so that a preview and the act follow one rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from serverkit.db.unit import Unit

T = TypeVar("T")


class _UndoneError(Exception):
    """Ends the savepoint."""


def trial(unit: Unit, work: Callable[[], T]) -> T:
    """The outcome of `work`, of which nothing stays; what it refuses is raised. The unit has to be one that writes."""
    hooks, touched = list(unit.after_commit), set(unit.touched)
    found: list[T] = []
    try:
        with unit.savepoint():
            found.append(work())
            raise _UndoneError
    except _UndoneError:
        return found[0]
    finally:
        unit.after_commit[:] = hooks
        unit.touched.clear()
        unit.touched.update(touched)
