"""What `/readyz` of a satellite tries: whatever would fail the message of a device (row S3.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from satellite.core.site.queries import site_of
from satellite.keyring import KeyRing
from satellite.runtime import Satellite
from serverkit.actor import SYSTEM
from serverkit.devices.health import Check, clock_check, database_check, disk_check, home_check


def _set_up(server: Satellite) -> Check:
    with server.database.read(SYSTEM) as unit:
        site = site_of(unit)
        finished = site.setup_finished_at is not None
        return Check(finished, "finished" if finished else "setup_required")


def _keys(server: Satellite) -> Check:
    with server.database.read(SYSTEM) as unit:
        site = site_of(unit)
        wanted = [site.identity_key_id, site.device_ca_key_id]
    return Check(KeyRing(server.keyring.folder).check(wanted) > 0, "can be read")


def checks(server: Satellite) -> Mapping[str, Callable[[], Check]]:
    """What `/readyz` looks at."""
    return {
        "disk": lambda: disk_check(server.home),
        "home": lambda: home_check(server.home, server.state_elsewhere),
        "database": lambda: database_check(server.database),
        "clock": lambda: clock_check(server.clock),
        "keys": lambda: _keys(server),
        "set_up": lambda: _set_up(server),
    }
