"""Use cases of offline updates: examine a file, install it through the root helper, tell what became of it (row B16)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any, BinaryIO

from sqlalchemy import select

import satellite
from satellite.actions.backups import ACTS as BACKUPS
from satellite.core.access.rules import Permission
from satellite.core.access.services import require, require_actor
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.models import Event
from satellite.core.event_log.services import record
from satellite.core.operations.models import Task
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.clock import parse_time
from serverkit.db.unit import Unit
from serverkit.tasks import service as tasks
from serverkit.updates import order
from serverkit.updates.bundle import refuse_unfit, release_keys, this_system, verify_update
from serverkit.updates.errors import UpdateDatabaseElsewhereError, UpdateHelperMissingError, UpdateHomeError
from serverkit.updates.install import INSTALLED, STUCK, WENT_BACK

Opener = Callable[[], AbstractContextManager[BinaryIO]]
Tell = Callable[[str], None]
INSTALL = "update"
STAGES = ("verify", "write", "check", "tidy", "hand_over")
OUTCOMES = (INSTALLED, WENT_BACK, STUCK)
TOLD = timedelta(days=7)
PIECE = 1024 * 1024


def show_updates(unit: Unit) -> dict[str, Any]:
    """Show the version that runs, whether the root helper is there, and what became of the last update."""
    require(unit, Permission.SITE_MANAGE)
    system = this_system()
    return {
        "version": satellite.__version__,
        "debian": system.debian,
        "architecture": system.architecture,
        "helper": order.is_offered(),
        "passphrase_set": BACKUPS.has_passphrase(unit),
        "last": order.last_report(),
    }


def recent_update(unit: Unit) -> dict[str, Any] | None:
    """Tell what became of an update of the last days, for who signs in after it; `outcome` as in the report."""
    report = order.last_report()
    if report is None or report.get("outcome") not in OUTCOMES:
        return None
    at = parse_time(str(report["at"]))
    return report if unit.now - at < TOLD or report["outcome"] != INSTALLED else None


def check_update_file(_server: Satellite, actor: Actor, open_file: Opener) -> dict[str, Any]:
    """Verify an update file and that it fits this machine; nothing is changed. The refusals of an update file."""
    require_actor(actor, Permission.SITE_MANAGE)
    with open_file() as stream:
        update = verify_update(stream, release_keys())
    refuse_unfit(update, satellite.__version__, this_system())
    return {
        "outcome": "would_be_installed",
        "version": update.version,
        "running": satellite.__version__,
        "debian": update.system.debian,
        "architecture": update.system.architecture,
        "sha256": update.sha256,
        "size": update.size,
        "packages": [name.rpartition("/")[2] for name in update.packages()],
    }


def install_update_file(
    server: Satellite, actor: Actor, open_file: Opener, tell: Tell, *, wait: bool = True
) -> dict[str, Any]:
    """Verify an update file, make a backup, and have the root helper install it; its report, or what it accepted.

    Refused before anything changes: the refusals of an update file, UpdateHelperMissingError, UpdateHomeError,
    UpdateDatabaseElsewhereError, NoPassphraseError.
    """
    tell(STAGES[0])
    found = check_update_file(server, actor, open_file)
    if server.is_shared:
        raise UpdateDatabaseElsewhereError
    missing = server.missing_keys()
    if missing:
        raise UpdateHomeError("{name} is missing", name=missing[0])
    if not order.is_offered():
        raise UpdateHelperMissingError
    stages = {"verify": "check"}
    BACKUPS.make(server, actor, lambda stage: tell(stages.get(stage, stage)))
    tell(STAGES[-1])
    subject = {"version": found["version"], "from": found["running"], "sha256": found["sha256"]}

    def note(unit: Unit) -> None:
        record(unit, EventKind.UPDATE_ORDERED, f"update to version {found['version']} ordered", subject=subject)

    server.database.run(actor, note)
    server.database.dispose()  # the helper replaces what is open here
    with open_file() as stream, tempfile.TemporaryFile() as plain:
        while piece := stream.read(PIECE):
            plain.write(piece)
        plain.flush()
        report = order.order_update(plain, "satellite", tell if wait else _unheard, wait=wait)
    return {**found, **report}


def _unheard(_stage: str) -> None:
    """Nobody waits for the helper's stages."""


def start_update(unit: Unit, sha256: str) -> str:
    """Ask the scheduler to install the update file that was checked; the id of the task. NoPassphraseError."""
    require(unit, Permission.SITE_MANAGE)
    BACKUPS.need_passphrase(unit)
    return tasks.ask(unit, Task, INSTALL, {"sha256": sha256}).id


def note_outcome(unit: Unit) -> str:
    """Write what became of the last update into the event log, once; the result of the job."""
    report = order.last_report()
    if report is None or not all(isinstance(report.get(name), str) for name in ("outcome", "from", "to", "at")):
        return "no update"
    good = report["outcome"] == INSTALLED
    kind = EventKind.UPDATE_INSTALLED if good else EventKind.UPDATE_FAILED
    newest = unit.session.scalar(select(Event.subject).where(Event.kind == kind).order_by(Event.number.desc()).limit(1))
    if newest is not None and newest.get("at") == report["at"]:
        return "known"
    version = report["to"]
    told = f"update to version {version} {'installed' if good else 'not installed'}"
    record(unit, kind, told, subject={name: report[name] for name in ("to", "from", "outcome", "at")})
    return told
