"""Rate limit of the device path: an address that sends messages which are refused has to wait (row S4.7)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from serverkit.auth.addresses import network_of

ADDRESSES = 10_000
"""How many addresses are remembered."""


class FailureLimiter:
    """Counts refused messages by address, of IPv6 by network: only refused messages are rate limited."""

    def __init__(self, a_minute: int, now: Callable[[], datetime]) -> None:
        """At most `a_minute` failures in a minute from one address."""
        self._most = a_minute
        self._now = now
        self._counts: OrderedDict[str, tuple[datetime, int]] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, address: str) -> int:
        """How long an address has to wait; 0 for not at all."""
        if not self._counts or (place := network_of(address)) not in self._counts:
            return 0  # almost all callers: the time is not even read
        with self._lock:
            start, count = self._counts.get(place, (self._now(), 0))
            left = (start + timedelta(minutes=1) - self._now()).total_seconds()
            return max(1, int(left)) if count >= self._most and left > 0 else 0

    def count(self, address: str) -> None:
        """Count a failure."""
        place = network_of(address)
        with self._lock:
            start, count = self._counts.pop(place, (self._now(), 0))
            if self._now() - start >= timedelta(minutes=1):
                start, count = self._now(), 0
            self._counts[place] = (start, count + 1)
            while len(self._counts) > ADDRESSES:
                self._counts.popitem(last=False)
