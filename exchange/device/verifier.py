"""How a server handles messages: verification and signing happen outside the transaction."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TypeAlias

from exchange.device.request_processor import Opened, Reply, open_message, plain_problem
from exchange.errors import ExchangeError
from exchange.keys import PublicKey


@dataclass(frozen=True, slots=True)
class Message:
    """What came to the address of an operation."""

    op: str
    data: bytes


Handled: TypeAlias = tuple[int, bytes | None, str | None, str, str]
KEYS = 20_000


class KnownKeys:
    """A cache of keys by id; an id is a hash of its key and never refers to another one.

    Whether the key still belongs to a device is not asked here, but inside the transaction.
    """

    def __init__(self, look_up: Callable[[str], PublicKey | None], most: int = KEYS) -> None:
        """`look_up` finds a key that is not held yet."""
        self._look_up = look_up
        self._most = most
        self._held: OrderedDict[str, PublicKey] = OrderedDict()
        self._lock = Lock()

    def find(self, key_id: str) -> PublicKey | None:
        """The key of an id, or None where no device has it."""
        with self._lock:
            found = self._held.get(key_id)
            if found is not None:
                self._held.move_to_end(key_id)
                return found
        found = self._look_up(key_id)
        if found is not None:
            with self._lock:
                self._held[key_id] = found
                while len(self._held) > self._most:
                    self._held.popitem(last=False)
        return found


class MessageVerifier:
    """Verifies messages and signs answers; the work between them is done for many at a time."""

    def __init__(self, look_up: Callable[[str], PublicKey | None]) -> None:
        """`look_up` finds the public key of an id."""
        self._keys = KnownKeys(look_up)

    def open(self, message: Message) -> Opened:
        """Verify one message; ExchangeError says why it is none."""
        return open_message(message.op, message.data, self._keys.find)


def handle_all(
    settle: Callable[[Sequence[Message]], list[Reply | BaseException]], messages: Sequence[tuple[str, bytes]]
) -> list[Handled | BaseException]:
    """Status, signed answer, code, message and remedy for each message; `settle` returns when all is kept for good."""
    return [_handled(found) for found in settle([Message(op, data) for op, data in messages])]


def _handled(found: Reply | BaseException) -> Handled | BaseException:
    if isinstance(found, ExchangeError):
        found = plain_problem(found.code, found.message).reply()
    if isinstance(found, BaseException):
        return found
    return found.status, found.answer, found.code, found.message, found.remedy
