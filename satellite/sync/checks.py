"""Local causes that stop a synchronization; no network is needed (rows S2.2, S2.6)."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from pathlib import Path

from exchange.certificates import certificate_times
from exchange.compliance import until
from satellite.core.site.causes import CAUSES, Cause
from satellite.core.site.models import Site
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from satellite.sync.anchor import AnchorDamagedError
from serverkit.actor import Actor
from serverkit.anchor import AnchorUnreadableError
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.owner import keep_owner

LEAST_FREE_BYTES = 16 * 1024 * 1024

Found = tuple[Cause, str]


def local_cause(server: Satellite, actor: Actor, *, network: bool, advice: bool = True) -> Found | None:
    """The first cause in the order of a synchronization; `network` includes the network settings.

    Without `advice`, causes that a synchronization itself repairs are skipped.
    """
    disk = _disk(server.home)
    if disk is not None:
        return disk
    with server.database.read(actor) as unit:
        site = site_of(unit)
        found = _authorized(server, unit, site) or (_advice(server, unit) if advice else None) or _identity(unit, site)
        return found or (_network(site) if network else None)


def _disk(home: Path) -> Found | None:
    probe = home / f".{secrets.token_hex(8)}.probe"  # another doctor may look at the same moment
    try:
        if shutil.disk_usage(home).free < LEAST_FREE_BYTES:
            return CAUSES["disk_full"], f"less than {LEAST_FREE_BYTES} bytes are free"
        try:
            with probe.open("xb") as file:
                keep_owner(file.fileno(), home)
                file.write(b"1" * 4096)
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)
    except OSError as error:
        code = "disk_full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "disk_read_only"
        return CAUSES[code], error.strerror or ""
    return None


def _authorized(server: Satellite, unit: Unit, site: Site) -> Found | None:
    if site.epoch == 0:
        return CAUSES["not_authorized"], ""
    try:
        server.anchor.read()
        if server.is_restored(unit):
            return CAUSES["site_restored"], f"epoch {site.epoch}, request {site.last_seq}"
    except AnchorDamagedError as error:
        return CAUSES["anchor_damaged"], error.message
    except AnchorUnreadableError as error:
        return CAUSES["anchor_unreadable"], error.message
    try:
        server.keyring.key(site.identity_key_id)
        _ = server.keyring.trust
    except (AppError, OSError) as error:
        return CAUSES["key_missing"], str(error)
    return None


def _identity(unit: Unit, site: Site) -> Found | None:
    if site.identity_certificate is not None:
        end = certificate_times(site.identity_certificate)[1]
        if unit.licence_now >= end:
            return CAUSES["identity_expired"], f"it was valid {until(end)}"
    return None


def _advice(server: Satellite, unit: Unit) -> Found | None:
    """Causes that people have to correct, or that a synchronization repairs."""
    reading = unit.reading
    if reading is not None and reading.alarming:
        code = "clock_behind" if reading.may_end else "clock_ahead"
        said, known = reading.moment.system, reading.licence_now
        return CAUSES[code], f"it says {said:%Y-%m-%d %H:%M}, licence time is {known:%Y-%m-%d %H:%M}"
    if unit.licence_now >= server.keyring.trust.root.expires:
        return CAUSES["root_expired"], f"it was valid {until(server.keyring.trust.root.expires)}"
    return None


def _network(site: Site) -> Found | None:
    if not site.network.get("url"):
        return CAUSES["network_off" if site.setup_mode == "manual" else "not_configured"], ""
    return None
