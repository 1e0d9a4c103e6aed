"""What `/readyz` of central tries: whatever would fail the message of a device (row S3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from central.domain.trust.services import require_valid_keys
from central.keyring import KeyRing
from central.runtime import Central
from serverkit.actor import SYSTEM
from serverkit.devices.health import Check, clock_check, database_check, disk_check, home_check


def _keys(server: Central) -> Check:
    keyring = KeyRing(server.keyring.folder)
    version = keyring.check()
    with server.database.read(SYSTEM) as unit:
        # Devices and satellites refuse what a key signs after its end.
        require_valid_keys(keyring, unit.licence_now, change=False)
    return Check(version > 0, "can be read, valid")


def checks(server: Central) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(server.home),
        "home": lambda: home_check(server.home, server.state_elsewhere),
        "database": lambda: database_check(server.database),
        "clock": lambda: clock_check(server.clock),
        "keys": lambda: _keys(server),
    }
