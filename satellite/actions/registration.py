"""Use cases of registration at central by files (row S1.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, BinaryIO

from exchange.canonical import digest
from exchange.files.registration import read_registration
from exchange.trust import Trust
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.alerts.services import refresh_alerts
from satellite.core.site import services
from satellite.core.site.queries import registration_dict, site_of
from satellite.runtime import Satellite
from satellite.sync.import_authorization import import_authorization
from serverkit.actor import Actor
from serverkit.clock import iso
from serverkit.db.unit import Unit


@dataclass(frozen=True, slots=True)
class RegistrationFile:
    """A registration file for central, and its view for people and programs."""

    content: bytes
    view: dict[str, Any]


def show_registration(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the state of the registration."""
    return registration_dict(unit, server.keyring)


def export_registration(server: Satellite, unit: Unit) -> RegistrationFile:
    """Make a registration file; a satellite that is authorized already gets new keys."""
    content = services.export_registration(unit, server.keyring)[0]
    return RegistrationFile(content, registration_view(content, server.keyring.trust))


def registration_view(content: bytes, trust: Trust) -> dict[str, Any]:
    """What is shown of a registration file of this satellite."""
    described, own = read_registration(content, trust=trust)
    return {
        "sha256": digest(content),
        "satellite": described.satellite,
        "name": described.name,
        "digest": own,
        "key_fingerprint": described.key.short,
        "created": iso(described.created),
    }


def import_authorization_file(
    server: Satellite, actor: Actor, open_file: Callable[[], AbstractContextManager[BinaryIO]]
) -> dict[str, Any]:
    """Apply an authorization file; its outcome, and the account that the satellite belongs to."""
    with open_file() as stream, server.database.write(actor) as unit:
        require(unit, Permission.SITE_MANAGE)
        left = site_of(unit).epoch
        result = import_authorization(unit, server.keyring, stream, restored=server.is_restored(unit))
        trust = result.trust
        if result.outcome == "applied":
            server.anchor.leave(left)
            # The anchor starts over: its numbers belong to the epoch that is left, so alerts do not ask it now.
            unit.after_commit.append(lambda: server.anchor.reset(result.epoch))
            refresh_alerts(unit, server.keyring.trust.root, restored=False)
        elif result.outcome == "already_applied":
            # A repetition after a crash moves an anchor of an older epoch into this one and keeps any other.
            unit.after_commit.append(lambda: server.anchor.write(result.epoch, 0, 0))
        if trust is not None:
            unit.after_commit.append(lambda: server.keyring.adopt_trust(trust))
        site = site_of(unit)
        found = {"account": site.account_domain, "account_name": site.account_name, "satellite": site.satellite_id}
    return {**result.to_dict(), **found}
