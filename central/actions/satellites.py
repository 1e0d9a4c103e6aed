"""Use cases of satellites: add, approve, authorize, list, rename, extend, resynchronize, remove (rows C11.1, C11.3)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from central.actions.new_satellite import candidates
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, of_satellite, virtual_account
from central.domain.export_control.queries import granted_units
from central.domain.instances.detached import away_behind
from central.domain.satellites import services
from central.domain.satellites.errors import UnknownSatelliteError
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED, by_id, find_satellite, satellite_dict, satellites
from central.keyring import KeyRing
from central.runtime import Central
from central.sync.make_authorization import make_authorization
from central.sync.outgoing import OutgoingFile, raise_anchor
from exchange.files.registration import Registration, read_registration
from serverkit.db.unit import Unit
from serverkit.errors import FileUnreadableError


def list_satellites(unit: Unit, domain: str) -> list[dict[str, Any]]:
    """The satellites of an account, by name."""
    return satellites(unit, _account(unit, domain).id)


def show_satellite(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """One satellite."""
    return satellite_dict(unit, _find(unit, domain, name)[1])


def find_satellite_by_id(unit: Unit, domain: str, satellite_id: str) -> dict[str, Any]:
    """One satellite by its id; UnknownSatelliteError."""
    account = _account(unit, domain)
    row = by_id(unit, satellite_id)
    if row is None or row.account_id != account.id or row.state == REMOVED:
        raise UnknownSatelliteError
    return satellite_dict(unit, row)


def list_free_places(unit: Unit, domain: str, satellite_id: str) -> list[dict[str, Any]]:
    """The virtual accounts for a satellite that is there, each with why it cannot be added, but for its own."""
    account = _account(unit, domain)
    found = candidates(unit, account, satellite_id, set())
    own = {row.id for row in of_satellite(unit, account.id, satellite_id)}
    return [one for one in found if one["id"] not in own]


def judge_removal(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """What goes with a satellite: its product instances, its virtual accounts, and what stays in use for a time.

    `restricted` are granted units, by tag; `detached` are devices that go on using their licences until their terms end.
    """
    account, satellite = _find(unit, domain, name)
    require(unit, Permission.SATELLITE_MANAGE, account.id)
    view = satellite_dict(unit, satellite)
    stay = granted_units(unit, account.id, satellite.id)
    return {
        "instances": view["instances"],
        "virtual_accounts": view["virtual_accounts"],
        "restricted": stay,
        "detached": [one.to_dict() for one in away_behind(unit, account.id, satellite.id)],
    }


def add_satellite(
    unit: Unit,
    keyring: KeyRing,
    domain: str,
    name: str,
    virtual_account_names: Sequence[str],
    registration: Path,
    email: str | None = None,
) -> dict[str, Any]:
    """Add the satellite of a registration file; `revoked_tokens` are those of central that end with it."""
    account = by_domain(unit, domain)
    rows = [virtual_account(unit, account.id, each) for each in dict.fromkeys(virtual_account_names)]
    read, digest = _registration(keyring, registration)
    attached = services.add_satellite(unit, account, name, rows, read, digest, email)
    return {**_view(unit, attached.satellite), "revoked_tokens": attached.revoked_tokens}


def approve_satellite(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Approve a satellite that waits for approval."""
    _, satellite = _find(unit, domain, name)
    return _view(unit, services.approve_satellite(unit, satellite))


def authorize_satellite(unit: Unit, server: Central, domain: str, name: str) -> OutgoingFile:
    """The satellite's authorization file, the same bytes each time; to be released once the unit is committed."""
    account, satellite = _find(unit, domain, name)
    require(unit, Permission.SATELLITE_MANAGE, account.id)
    stored = make_authorization(unit, server.keyring, account, satellite)
    raise_anchor(unit, server.database, server.anchor)
    view = {
        "satellite": satellite.id,
        "name": satellite.name,
        "epoch": stored.epoch,
        "sequence": 0,
        "counts": stored.counts,
    }
    return OutgoingFile(stored.response or b"", view)


def rename_satellite(unit: Unit, domain: str, name: str, new_name: str) -> dict[str, Any]:
    """Rename a satellite."""
    _, satellite = _find(unit, domain, name)
    return _view(unit, services.rename_satellite(unit, satellite, new_name))


def extend_satellite(unit: Unit, domain: str, name: str, virtual_account_name: str) -> dict[str, Any]:
    """Give a satellite another virtual account; `revoked_tokens` are those of central that end with it."""
    account, satellite = _find(unit, domain, name)
    row = virtual_account(unit, account.id, virtual_account_name)
    attached = services.extend_satellite(unit, satellite, row)
    return {**_view(unit, satellite), "revoked_tokens": attached.revoked_tokens}


def resync_satellite(
    unit: Unit, keyring: KeyRing, domain: str, name: str, registration: Path | None = None
) -> dict[str, Any]:
    """Open the next epoch: after a fork or a restore with a fresh registration file."""
    _, satellite = _find(unit, domain, name)
    read, digest = _registration(keyring, registration) if registration is not None else (None, "")
    return _view(unit, services.resync_satellite(unit, satellite, read, digest))


def remove_satellite(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Remove a satellite with its product instances; `detached` as `judge_removal` shows it."""
    _, satellite = _find(unit, domain, name)
    away = [one.to_dict() for one in away_behind(unit, satellite.account_id, satellite.id)]
    count = services.remove_satellite(unit, satellite)
    return {"id": satellite.id, "name": satellite.name, "removed": True, "instances": count, "detached": away}


def _account(unit: Unit, domain: str) -> SmartAccount:
    account = by_domain(unit, domain)
    require(unit, Permission.ACCOUNT_VIEW, account.id)
    return account


def _find(unit: Unit, domain: str, name: str) -> tuple[SmartAccount, Satellite]:
    account = _account(unit, domain)
    return account, find_satellite(unit, account.id, name)


def _view(unit: Unit, satellite: Satellite) -> dict[str, Any]:
    unit.session.flush()  # the view counts the satellite's virtual accounts and instances
    return satellite_dict(unit, satellite)


def _registration(keyring: KeyRing, path: Path) -> tuple[Registration, str]:
    try:
        with path.open("rb") as stream:
            return read_registration(stream, trust=keyring.trust)
    except OSError as error:
        raise FileUnreadableError("cannot read {name}: {reason}", name=path.name, reason=error.strerror) from error
