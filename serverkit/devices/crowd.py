"""How many connections one address may hold in a process: no caller alone takes the room of all devices.

An address of IPv6 counts with its network. This machine itself is not counted: a proxy on it stands for everyone.
"""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable

from serverkit.auth.addresses import network_of
from serverkit.endpoints import is_loopback
from serverkit.log import get_logger


class Crowd:
    """Counts the connections of each address; of one event loop, so without a lock."""

    def __init__(self, most: int) -> None:
        """At most `most` connections of one address."""
        self.most = most
        self._held: Counter[str] = Counter()
        self._told: set[str] = set()

    @property
    def held(self) -> int:
        """How many connections are counted now."""
        return self._held.total()

    def take(self, connection: socket.socket, address: str) -> socket.socket | None:
        """The connection, counted until it is closed; None, and closed, where its address holds as many as it may."""
        if is_loopback(address):
            return connection
        place = network_of(address)
        if self._held[place] >= self.most:
            connection.close()
            if place not in self._told:  # once, until all its connections have ended
                self._told.add(place)
                get_logger().warning("connections_bounded", address=place, most=self.most)
            return None
        self._held[place] += 1
        return _Counted(connection, lambda: self._leave(place))

    def _leave(self, place: str) -> None:
        self._held[place] -= 1
        if not self._held[place]:
            del self._held[place]
            self._told.discard(place)


class _Counted(socket.socket):
    """A connection that says when its descriptor is free."""

    def __init__(self, taken: socket.socket, left: Callable[[], None]) -> None:
        super().__init__(fileno=taken.detach())
        self._left: Callable[[], None] | None = left

    def close(self) -> None:
        super().close()
        left, self._left = self._left, None
        if left is not None:
            left()
