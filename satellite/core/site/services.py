"""Create the satellite, its registration files and its settings (rows S1.2, S1.5, S2.4)."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

from exchange.files.central_rows import Naming
from exchange.files.registration import Registration, make_registration, read_registration
from exchange.vocabulary import PrivacyField
from satellite import __version__
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.site.errors import (
    AddressNeededError,
    UnknownModeError,
    UnknownPrivacyFieldError,
)
from satellite.core.site.models import MadeRegistration, Site
from satellite.core.site.queries import DEFAULT_POLICY, site_of
from satellite.core.site.rules import MODES, judge_finish
from satellite.keyring import KeyRing
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import check_name, did_you_mean
from serverkit.users.first import drop_setup_code, make_setup_code
from serverkit.verdicts import Verdict

CHOICES = ("send", "pseudonym", "drop")
CHECK_STEP, TIME_STEP = "check", "time"
"""Steps of the set-up that leave no other trace."""


def create_site(unit: Unit, keyring: KeyRing, name: str) -> Site:
    """Create the satellite's own row, with new keys that never leave this machine."""
    check_name("name", name)
    site = Site(
        id=1,
        satellite_id=new_id(),
        name=name,
        identity_key_id=keyring.make_key(),
        device_ca_key_id=keyring.make_key(),
        export_allowed=False,
        epoch=0,
        epoch_id="",
        authorization_digest="",
        last_seq=0,
        acknowledged_seq=0,
        acknowledged_digest="",
        acknowledged_upto=0,
        applied_rseq=0,
        applied_digest="",
        policy=dict(DEFAULT_POLICY),
        needs_full=True,
        setup_code_hash="",
        setup_steps={},
        privacy={field.value: "send" for field in PrivacyField},
        network={},
    )
    unit.session.add(site)
    record(unit, EventKind.SATELLITE_CREATED, f"satellite {name} set up")
    return site


def void_setup_code(unit: Unit, home: Path) -> None:
    """Make the set-up code void, and remove the file that holds it."""
    site_of(unit).setup_code_hash = ""
    drop_setup_code(unit, home)


def renew_setup_code(unit: Unit, home: Path) -> str:
    """Make a new set-up code in place of the old one; only its hash is stored, and the code in a file of the owner's."""
    code, site_of(unit).setup_code_hash = make_setup_code(unit, home)
    return code


def export_registration(unit: Unit, keyring: KeyRing) -> tuple[bytes, MadeRegistration, Registration]:
    """Make a registration file: a fresh nonce always, fresh keys on a satellite that was authorized before."""
    require(unit, Permission.SITE_MANAGE)
    site = site_of(unit)
    identity, device_ca = site.identity_key_id, site.device_ca_key_id
    if site.epoch:
        identity, device_ca = keyring.make_key(), keyring.make_key()
    registration = Registration(
        satellite=site.satellite_id,
        name=site.name,
        vendor_id=keyring.trust.root.vendor_id,
        root_version=keyring.trust.root.version,
        created=unit.now,
        software_version=__version__,
        host=socket.gethostname()[:255],
        key=keyring.key(identity).public,
        device_ca_key=keyring.key(device_ca).public,
        nonce=new_id(),
        lab=keyring.trust.root.lab,
    )
    data = make_registration(registration, keyring.key(identity), keyring.key(device_ca))
    digest = read_registration(data, trust=keyring.trust)[1]
    server = MadeRegistration(
        digest=digest,
        nonce=registration.nonce,
        identity_key_id=identity,
        device_ca_key_id=device_ca,
        content=data,
        made_at=unit.now,
    )
    unit.session.add(server)
    record(unit, EventKind.REGISTRATION_MADE, "registration file made", subject={"digest": digest})
    return data, server, registration


def take_naming(unit: Unit, site: Site, naming: Naming) -> None:
    """Take over central's names of satellite and account; a change is an event."""
    if naming.satellite != site.name:
        message, subject = (
            f"central calls this satellite {naming.satellite}",
            {"old": site.name, "new": naming.satellite},
        )
        site.name = naming.satellite
        record(unit, EventKind.SATELLITE_RENAMED, message, subject=subject)
    if naming.account != site.account_name:
        message, subject = (
            f"the account is called {naming.account}",
            {"old": site.account_name or "", "new": naming.account},
        )
        site.account_name = naming.account
        record(unit, EventKind.ACCOUNT_RENAMED, message, subject=subject)
    site.account_number, site.export_allowed = naming.account_number, naming.export_allowed


def judge_finishing(unit: Unit, mode: str | None) -> Verdict:
    """Whether the set-up can be finished now; without a mode, with the one that was chosen."""
    site = site_of(unit)
    return judge_finish(
        mode or site.setup_mode or "",
        authorized=site.epoch > 0,
        has_address=bool(site.network.get("url")),
        time_settled=TIME_STEP in site.setup_steps,
        finished=site.setup_mode if site.setup_finished_at is not None else None,
    )


def finish_setup(unit: Unit, mode: str | None) -> Site:
    """Finish the set-up once central has authorized the satellite (row S1.5)."""
    require(unit, Permission.SITE_MANAGE)
    judge_finishing(unit, mode).enforce()
    site = site_of(unit)
    chosen = mode or site.setup_mode
    if site.setup_finished_at is None:
        site.setup_finished_at = unit.now
        record(unit, EventKind.SETUP_FINISHED, f"set-up finished, synchronization {chosen}")
    elif site.setup_mode != chosen:
        record(unit, EventKind.SYNC_SETTINGS_CHANGED, f"synchronization is {chosen} now")
    site.setup_mode = chosen
    return site


def choose_mode(unit: Unit, mode: str) -> Site:
    """Choose how to synchronize, before or after the set-up is finished (row S1.4)."""
    require(unit, Permission.SITE_MANAGE)
    site = site_of(unit)
    if mode not in MODES:
        raise UnknownModeError(
            "{mode!r} is not a mode of synchronization{hint}", mode=mode[:40], hint=did_you_mean(mode, MODES)
        )
    if mode == "network" and not site.network.get("url"):
        raise AddressNeededError
    if site.setup_mode != mode:
        site.setup_mode = mode
        record(unit, EventKind.SYNC_SETTINGS_CHANGED, f"synchronization is {mode} now")
    return site


def note_step(unit: Unit, step: str) -> None:
    """Note that a person took a step of the set-up which leaves no other trace."""
    site = site_of(unit)
    if step not in site.setup_steps:
        site.setup_steps = {**site.setup_steps, step: iso(unit.now)}


def set_network(unit: Unit, values: dict[str, Any]) -> dict[str, Any]:
    """Store the settings of network synchronization, which the caller has checked (row S1.4)."""
    require(unit, Permission.SITE_MANAGE)
    site = site_of(unit)
    if values != site.network:
        changed = sorted(name for name in {*values, *site.network} if values.get(name) != site.network.get(name))
        site.network = values
        message = f"synchronization settings changed: {', '.join(changed)}"
        record(unit, EventKind.SYNC_SETTINGS_CHANGED, message, subject={"changed": changed})
    return values


def set_privacy(unit: Unit, field: str, choice: str) -> dict[str, str]:
    """Choose what of a field leaves the site (row S2.4)."""
    require(unit, Permission.SITE_MANAGE)
    site = site_of(unit)
    if field not in set(PrivacyField) or choice not in CHOICES:
        wrong, known = (
            (choice, CHOICES) if field in set(PrivacyField) else (field, [each.value for each in PrivacyField])
        )
        raise UnknownPrivacyFieldError(
            "{field} {choice}: not a privacy setting{hint}",
            field=field[:40],
            choice=choice[:40],
            hint=did_you_mean(wrong, known),
        )
    if site.privacy[field] != choice:
        subject = {"field": field, "old": site.privacy[field], "new": choice}
        site.privacy = {**site.privacy, field: choice}
        site.needs_full = True
        record(unit, EventKind.PRIVACY_CHANGED, f"privacy of {field} set to {choice}", subject=subject)
    return site.privacy
