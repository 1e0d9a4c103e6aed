"""The ids of all rows of a list, however many: in a nameless file beyond some megabytes, so that memory stays flat."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, overload

from serverkit.storage import of_file

MEMORY = 1024 * 1024
PIECE = 500


class Named(Sequence[dict[str, Any]]):
    """Items that have nothing but their `id`, in their order; `ids` are the ids alone. The file ends with the object."""

    def __init__(self, ids: Iterable[str]) -> None:
        """Read the ids to their end; StorageError where the file takes no more."""
        self.ids = _Kept(ids)

    def __len__(self) -> int:
        """How many there are."""
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[dict[str, Any]]: ...
    def __getitem__(self, at: int | slice) -> dict[str, Any] | Sequence[dict[str, Any]]:
        """One of them, or a part."""
        if isinstance(at, slice):
            return [{"id": one} for one in self.ids[at]]
        return {"id": self.ids[at]}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """One after the other."""
        return ({"id": one} for one in self.ids)

    @classmethod
    def joined(cls, lists: Iterable[Sequence[dict[str, Any]]]) -> Named:
        """The items of several lists."""
        return cls(str(one["id"]) for one in chain.from_iterable(lists))


class _Kept(Sequence[str]):
    """Texts in a file, read a piece at a time."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._file = tempfile.SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - closed with the object
        self._starts, self._count = [0], 0
        rest = iter(texts)
        try:
            while piece := list(islice(rest, PIECE)):
                self._starts.append(self._starts[-1] + self._file.write(json.dumps(piece).encode()))
                self._count += len(piece)
        except OSError as error:
            raise of_file(error, "the temporary file for the ids of a list") from error

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[str]: ...
    def __getitem__(self, at: int | slice) -> str | Sequence[str]:
        if isinstance(at, slice):
            start, stop, _step = at.indices(self._count)
            first = start // PIECE
            pieces = chain.from_iterable(self._piece(one) for one in range(first, -(-stop // PIECE)))
            return list(islice(pieces, start - first * PIECE, max(stop - first * PIECE, 0)))
        place = range(self._count)[at]
        return self._piece(place // PIECE)[place % PIECE]

    def __iter__(self) -> Iterator[str]:
        for one in range(len(self._starts) - 1):
            yield from self._piece(one)

    def _piece(self, at: int) -> list[str]:
        self._file.seek(self._starts[at])
        found: list[str] = json.loads(self._file.read(self._starts[at + 1] - self._starts[at]))
        return found
