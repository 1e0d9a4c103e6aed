"""What a golden file is: bytes, what was done to them, and what a reader has to make of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from exchange.canonical import JsonObject

OK = "ok"


@dataclass(frozen=True, slots=True)
class Vector:
    """One file and the question that is asked of it; several questions may be asked of the same file."""

    kind: str
    name: str
    file: str
    data: bytes
    done: str
    expected: str = OK
    context: JsonObject = field(default_factory=dict)

    def entry(self, contents: JsonObject | None) -> JsonObject:
        """The vector as the index of its kind holds it."""
        found: JsonObject = {
            "name": self.name,
            "file": self.file,
            "done": self.done,
            "expected": self.expected,
            "context": self.context,
        }
        return found if contents is None else {**found, "contents": contents}


class Shelf:
    """Collects the vectors of one kind."""

    def __init__(self, kind: str, ending: str, context: JsonObject) -> None:
        """`context` is what a reader of this kind is given, unless a vector says otherwise."""
        self.kind = kind
        self.vectors: list[Vector] = []
        self._ending = ending
        self._context = context

    def good(self, name: str, data: bytes, done: str, **context: object) -> None:
        """A file that has to be read."""
        self._add(name, data, done, OK, context)

    def bad(self, code: str, name: str, data: bytes, done: str, **context: object) -> None:
        """A file with exactly one fault."""
        self._add(name, data, done, code, context)

    def _add(self, name: str, data: bytes, done: str, expected: str, context: JsonObject) -> None:
        if any(one.name == name for one in self.vectors):
            raise ValueError(f"{self.kind} {name} stands twice")
        # The same bytes asked two questions are kept once.
        file = next((one.file for one in self.vectors if one.data == data), f"{name}.{self._ending}")
        self.vectors.append(
            Vector(self.kind, name, file, data, done, expected, {**self._context, **context}),
        )
