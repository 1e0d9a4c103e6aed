"""Use cases of the steps of the set-up: each is examined, done, and read from the state (rows S1.1-S1.5).

Pages and commands may alternate: whether a step is done is asked of the state, never remembered by a page.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from exchange.inspect import inspect
from satellite.actions.registration import RegistrationFile, registration_view
from satellite.actions.setup import finish_setup
from satellite.actions.synchronization import show_settings
from satellite.actions.time import ACTS
from satellite.actions.tls import ACTS as CERTIFICATE_ACTS
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.accounts.queries import present_names
from satellite.core.licences.queries import allotment_lines
from satellite.core.site import services
from satellite.core.site.errors import MachineUnfitError, NoRegistrationError
from satellite.core.site.queries import newest_registration, site_of, state_of
from satellite.core.site.rules import Finding, Weight, judge_clock, judge_disk, judge_names
from satellite.runtime import HOMES, Satellite
from satellite.sync.import_authorization import import_authorization
from serverkit.actor import Actor
from serverkit.clock import iso, optional_iso
from serverkit.db import migrate
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.storage import free_bytes
from serverkit.tls.pair import TLS, read_pair
from serverkit.verdicts import Verdict

STEPS = ("check", "register", "time", "sync", "summary")
Opener = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """What was examined on this machine; `stops` where the set-up cannot go on."""

    findings: tuple[Finding, ...]

    @property
    def stops(self) -> bool:
        """Whether something has to be put right first."""
        return any(one.weight is Weight.STOP for one in self.findings)

    def to_dict(self) -> dict[str, Any]:
        """The check for people and programs."""
        return {"items": [one.to_dict() for one in self.findings], "stops": self.stops}


def check_machine(
    server: Satellite, unit: Unit, *, browser_time: datetime | None = None, reached_as: str | None = None
) -> MachineCheck:
    """Examine this machine: clock beside the browser's, room, names, own TLS address, keys, form of the database."""
    system = unit.reading.moment.system if unit.reading is not None else unit.now
    findings = (
        judge_clock(system, browser_time, server.keyring.trust.root.created),
        judge_disk(free_bytes(server.home)),
        judge_names(CERTIFICATE_ACTS.set_names(server, unit), reached_as),
        _address(server.home),
        _keys(server, unit),
        _schema(server),
    )
    return MachineCheck(findings)


def confirm_check(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Go on after the check of this machine; MachineUnfitError names what stops the set-up."""
    require(unit, Permission.SITE_MANAGE)
    found = check_machine(server, unit)
    stopping = [one.name for one in found.findings if one.weight is Weight.STOP]
    if stopping:
        raise MachineUnfitError("this machine is not fit yet: {names}", names=", ".join(stopping))
    services.note_step(unit, services.CHECK_STEP)
    return found.to_dict()


def _address(home: Path) -> Finding:
    needed = "a certificate of its own, or one of your authority"
    try:
        pair = read_pair(home / TLS)
    except (AppError, OSError):
        return Finding(
            "address", "no certificate yet", needed, Weight.LOOK, "The server makes one when it starts.", "none"
        )
    ends = pair.leaf.not_valid_after_utc
    facts = {"fingerprint": pair.fingerprint, "ends": ends}
    return Finding("address", f"fingerprint {pair.fingerprint}, ends {iso(ends)}", needed, facts=facts)


def _keys(server: Satellite, unit: Unit) -> Finding:
    site, needed = site_of(unit), "readable"
    missing = server.keyring.missing([site.identity_key_id, site.device_ca_key_id])
    if missing:
        found, advice = f"missing: {', '.join(missing)}", "Restore the folder `keys` from its backup."
        return Finding("keys", found, needed, Weight.STOP, advice, "missing", {"missing": ", ".join(missing)})
    return Finding("keys", "readable", needed)


def _schema(server: Satellite) -> Finding:
    now, newest = migrate.current(server.database.engine), migrate.head(HOMES.migrations)
    facts = {"now": now or "–", "newest": newest}
    if now != newest:
        advice = "Run `satellite upgrade` of this version."
        return Finding("schema", f"revision {now}", f"revision {newest}", Weight.STOP, advice, "another", facts)
    return Finding("schema", f"revision {now}", f"revision {newest}", facts=facts)


def show_registration_step(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show where the registration stands: what waits for an answer, since when, and what was applied."""
    site = site_of(unit)
    waiting = newest_registration(unit)
    pending = waiting is not None and (site.epoch == 0 or waiting.identity_key_id != site.identity_key_id)
    return {
        "state": state_of(unit, site),
        "waiting_since": iso(waiting.made_at) if waiting is not None and pending else None,
        "registration": registration_view(waiting.content, server.keyring.trust) if waiting is not None else None,
        "account": site.account_domain,
        "account_name": site.account_name,
        "epoch": site.epoch,
        "authorized_at": optional_iso(site.authorized_at),
    }


def download_registration(server: Satellite, unit: Unit) -> RegistrationFile:
    """The newest registration file again, byte for byte; NoRegistrationError."""
    require(unit, Permission.SITE_MANAGE)
    row = newest_registration(unit)
    if row is None:
        raise NoRegistrationError
    return RegistrationFile(row.content, registration_view(row.content, server.keyring.trust))


class _UndoneError(Exception):
    """Ends a unit whose outcome was to be seen and not kept."""


def check_authorization_file(server: Satellite, actor: Actor, open_file: Opener) -> dict[str, Any]:
    """Verify an authorization file and show what it would bring; nothing is changed.

    The file is applied and undone in one transaction, so that the preview is the outcome. What is wrong with the file is
    raised as it is when it is applied.
    """
    found: dict[str, Any] = {}
    with suppress(_UndoneError), server.database.write(actor) as unit:
        require(unit, Permission.SITE_MANAGE)
        card = _card(server, unit, open_file)
        with open_file() as stream:
            result = import_authorization(unit, server.keyring, stream, restored=server.is_restored(unit))
        unit.session.flush()  # what was applied is read back
        site = site_of(unit)
        found = {
            **result.to_dict(),
            "card": card,
            "satellite": site.satellite_id,
            "account": site.account_domain,
            "account_name": site.account_name,
            "virtual_accounts": sorted(present_names(unit).values()),
            "allotment_lines": len(allotment_lines(unit)),
            "export_controlled_allowed": site.export_allowed,
        }
        raise _UndoneError
    return found


def _card(server: Satellite, unit: Unit, open_file: Opener) -> dict[str, Any]:
    with open_file() as stream:
        report = inspect(stream, trust=server.keyring.trust, now=unit.now)
    return dict(report.to_dict())


def settle_time_by_hand(server: Satellite, unit: Unit) -> dict[str, Any]:
    """A person says that this machine's time is right; what that did, and the time."""
    return ACTS.confirm(server, unit)


def choose_way(unit: Unit, mode: str) -> dict[str, Any]:
    """Choose to carry files or to synchronize over the network; AddressNeededError before central's address is set."""
    services.choose_mode(unit, mode)
    return show_settings(unit)


def show_wizard(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show the steps in order, each with whether it is done, and the first one that is not."""
    site = site_of(unit)
    done = {
        "check": services.CHECK_STEP in site.setup_steps and not check_machine(server, unit).stops,
        "register": site.epoch > 0,
        "time": services.TIME_STEP in site.setup_steps,
        "sync": site.setup_mode is not None,
        "summary": site.setup_finished_at is not None,
    }
    items = [{"step": step, "done": done[step]} for step in STEPS]
    return {"items": items, "finished": done["summary"], "next": next((s for s in STEPS if not done[s]), None)}


def review_setup(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Everything that was chosen, to be read before the set-up is finished, with the verdict on finishing it."""
    site = site_of(unit)
    time = ACTS.show(unit)
    return {
        "register": {"account": site.account_domain, "account_name": site.account_name, "epoch": site.epoch},
        "time": {name: time[name] for name in ("standing", "confirmed", "zone", "servers", "measured")},
        "sync": show_settings(unit),
        "privacy": dict(site.privacy),
        "steps": show_wizard(server, unit)["items"],
        "verdict": judge_finish_setup(unit).to_dict(),
    }


def judge_finish_setup(unit: Unit, mode: str | None = None) -> Verdict:
    """Whether the set-up can be finished now, with which warnings and effects."""
    return services.judge_finishing(unit, mode)


__all__ = [
    "STEPS",
    "MachineCheck",
    "check_authorization_file",
    "check_machine",
    "choose_way",
    "confirm_check",
    "download_registration",
    "finish_setup",
    "judge_finish_setup",
    "review_setup",
    "settle_time_by_hand",
    "show_registration_step",
    "show_wizard",
]
