"""Findings of an inspection, and stand-ins for keys that are not available."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from exchange.errors import ExchangeError
from exchange.keys import PublicKey


class Findings:
    """Collects findings; the first refusal is the one that a reader would give."""

    def __init__(self) -> None:
        """Nothing is wrong yet."""
        self.codes: list[str] = []
        self.first: ExchangeError | None = None

    def add(self, error: ExchangeError) -> None:
        """Note a refusal."""
        self.first = self.first or error
        self.note(error.code)

    def note(self, code: str) -> None:
        """Note a code, once."""
        if code not in self.codes:
            self.codes.append(code)

    def check(self, action: Callable[[], object]) -> None:
        """Call something and note its refusal."""
        try:
            action()
        except ExchangeError as error:
            self.add(error)


class AnyKey(PublicKey):
    """Takes the place of a key that is not available, so that the normal reader still checks form and digests."""

    def verify(self, signature: bytes, data: bytes) -> bool:  # noqa: ARG002 - the signature is what is not checked
        """Accept; the report says `signature_not_checked`."""
        return True


class AnyKeys(Mapping[str, PublicKey]):
    """A key for every id that is asked for."""

    def __getitem__(self, key_id: str) -> PublicKey:
        return AnyKey(key_id.encode("utf-8").ljust(32, b"\0")[:32])

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 1
