"""What `/readyz` of central tries: whatever would fail the message of a device (row S3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from central.keyring import KeyRing
from central.runtime import Central
from serverkit.devices.health import Check, clock_check, database_check, disk_check, home_check


def checks(server: Central) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(server.home),
        "home": lambda: home_check(server.home, server.state_elsewhere),
        "database": lambda: database_check(server.database),
        "clock": lambda: clock_check(server.clock),
        "keys": lambda: Check(KeyRing(server.keyring.folder).check() > 0, "can be read"),
    }
