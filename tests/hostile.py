"""Texts that no signed file carries, put into every place of a body in turn; what would be stored of them is watched."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

import pytest
from sqlalchemy import Engine, event

from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit

T = TypeVar("T")
DECOMPOSED = "A\u0308ther"


def places(body: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where a body has texts."""
    if isinstance(body, str):
        yield path
    members = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def with_text(body: Any, path: tuple[Any, ...]) -> Any:
    """The body with a hostile text at a place."""
    made = at = json.loads(json.dumps(body))
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = DECOMPOSED
    return made


class Noted(dict[str, Any]):
    """An object of a body that notes where its members are looked for, those included that are not there."""

    def __init__(self, value: dict[str, Any], seen: set[tuple[Any, ...]], path: tuple[Any, ...] = ()) -> None:
        super().__init__({name: noted(member, seen, (*path, name)) for name, member in value.items()})
        self._seen, self._path = seen, path

    def get(self, name: str, default: Any = None) -> Any:
        """Note it, and give it."""
        self._seen.add((*self._path, name))
        return super().get(name, default)


def noted(value: Any, seen: set[tuple[Any, ...]], path: tuple[Any, ...]) -> Any:
    """A value with every object in it noting."""
    if isinstance(value, dict):
        return Noted(value, seen, path)
    return [noted(one, seen, (*path, at)) for at, one in enumerate(value)] if isinstance(value, list) else value


class _UndoneError(Exception):
    pass


def undo_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every change written and taken back: each call finds the same, whatever those before it did."""

    def run(self: Database, actor: Actor, work: Callable[[Unit], T]) -> T:
        found: list[T] = []
        with suppress(_UndoneError), self.write(actor) as unit:
            found.append(work(unit))
            unit.session.flush()
            raise _UndoneError
        return found[0]

    monkeypatch.setattr(Database, "run", run)


@contextmanager
def hostile_writes() -> Iterator[set[str]]:
    """The beginnings of statements that write a hostile text, plain or within JSON, whatever engine they are sent to."""
    found: set[str] = set()

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        words = statement.split(maxsplit=3)
        if words[0].upper() in {"INSERT", "UPDATE"} and any(mark in repr(parameters) for mark in ("\u0308", "\\u0308")):
            found.add(" ".join(words[:3]))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
