"""Use cases of the support bundle: one file with logs, health, settings and versions, and without secrets (row S3.5)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import satellite
from satellite.actions.alerts import list_alert_window
from satellite.actions.backups import ACTS as BACKUPS
from satellite.actions.console_settings import show_banner, show_network
from satellite.actions.event_log import list_event_window
from satellite.actions.health import examine_health
from satellite.actions.jobs import list_tasks
from satellite.actions.mail import show_mail
from satellite.actions.settings import list_machine_settings
from satellite.actions.site import show_status
from satellite.actions.synchronization import list_history, show_settings
from satellite.actions.syslog import show_syslog
from satellite.actions.time import ACTS
from satellite.actions.tls import ACTS as TLS
from satellite.actions.webhooks import ACTS as WEBHOOKS
from satellite.core.access.rules import Permission
from satellite.core.access.services import require, require_actor
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.models import Task
from satellite.core.settings import services as stored
from satellite.core.settings.models import StoredSetting
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.backup.plan import TARGET
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.errors import NotFoundError
from serverkit.files import write_atomic
from serverkit.owner import make_folder
from serverkit.support.contents import (
    LOG_PART,
    Cleaner,
    Piece,
    files_of,
    pieces_of,
    refuse_unknown,
    versions,
    without_addresses,
    zipped,
)
from serverkit.support.known_secrets import secrets_in_files, stored_secrets
from serverkit.support.sealing import check_public, seal
from serverkit.tasks import service as tasks

KIND, FOLDER, KEEP = "support", "support", 3
MOST_EVENTS, MOST_RUNS = 1000, 300
_NAME = re.compile(r"support-\d{8}-\d{6}\.zip(\.sealed)?")
SEALED = ".sealed"
README = """Support bundle of a satellite, for those who help its administrator.

versions.json  program, system, libraries, revision of the database
health.json    what the server checks of itself
status.json    state, synchronization, time, certificate, backups
settings.json  every setting with its source; of secrets only whether they are set
alerts.json, events.json, runs.json, history.json   the newest of each
files.json     names, sizes and permissions of the home; no content
logs/          what the server logged

It holds no password, passphrase, token, code, key or session. It names devices, people and addresses of the site.
"""
Tell = Callable[[str], None]


def start_bundle(unit: Unit, parts: Sequence[str] = (), key: str = "") -> str:
    """Ask the scheduler for a bundle; the id of the task. TaskRunningError, SupportKeyError, InvalidInputError."""
    require(unit, Permission.SITE_MANAGE)
    refuse_unknown(parts, PARTS)
    wanted = {"parts": list(parts), "key": check_public(key) if key else ""}
    return tasks.ask(unit, Task, KIND, wanted).id


def make_bundle(
    server: Satellite, actor: Actor, tell: Tell, parts: Sequence[str] = (), key: str = ""
) -> dict[str, Any]:
    """Make a bundle in the home, where the newest three are kept; `tell` gets collect and write."""
    require_actor(actor, Permission.SITE_MANAGE)
    folder = server.home / FOLDER
    make_folder(folder)
    name = f"support-{server.clock.now():%Y%m%d-%H%M%S}.zip{SEALED if key else ''}"
    size = write_bundle(server, actor, folder / name, tell, parts, key)
    for old in sorted(folder.glob("support-*.zip*"), reverse=True)[KEEP:]:
        old.unlink(missing_ok=True)
    return {"name": name, "size": size}


def preview_bundle(server: Satellite, actor: Actor, parts: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The files that a bundle would hold, each with the lines in which something is replaced; nothing is written."""
    return [one.to_dict() for one in _pieces(server, actor, parts)]


def write_bundle(
    server: Satellite, actor: Actor, path: Path, tell: Tell, parts: Sequence[str] = (), key: str = ""
) -> int:
    """Write a bundle to a file; its size. `parts` are those it holds, all where none is named; `key` seals it."""
    tell("collect")
    data = zipped(_pieces(server, actor, parts))
    tell("write")
    write_atomic(path, seal(key, data) if key else data)

    def note(unit: Unit) -> None:
        record(unit, EventKind.SUPPORT_BUNDLE_MADE, f"support bundle {path.name} made", subject={"name": path.name})

    server.database.run(actor, note)
    return path.stat().st_size


def _pieces(server: Satellite, actor: Actor, parts: Sequence[str]) -> list[Piece]:
    require_actor(actor, Permission.SITE_MANAGE)
    with server.database.read(actor) as unit:
        collected = {name: partial(collect, server, unit) for name, collect in _PARTS.items()}
        return pieces_of(README, collected, server.home, parts, Cleaner(_secrets(server, unit)))


def read_bundle(server: Satellite, unit: Unit, name: str) -> Iterator[bytes]:
    """Read the bytes of a bundle that was made in the home; NotFoundError."""
    require(unit, Permission.SITE_MANAGE)
    path = server.home / FOLDER / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFoundError("There is no such support bundle; the newest three are kept.")
    return iter([path.read_bytes()])


def _status(server: Satellite, unit: Unit) -> dict[str, Any]:
    certificate = TLS.show(server, unit)
    if "error" in certificate:
        certificate["error"] = certificate["error"].message
    return {
        "status": show_status(server, unit),
        "time": ACTS.show(unit),
        "certificate": certificate,
        "backups": BACKUPS.show(server, unit),
    }


def _settings(server: Satellite, unit: Unit) -> dict[str, Any]:
    return {
        "machine": list_machine_settings(server, unit),
        "synchronization": show_settings(unit),
        "network": show_network(server, unit),
        "mail": show_mail(unit),
        "syslog": show_syslog(unit),
        "banner": show_banner(unit),
        "webhooks": without_addresses(WEBHOOKS.list_hooks(unit)),
    }


_PARTS: dict[str, Callable[[Satellite, Unit], Any]] = {
    "versions": lambda server, unit: versions(f"satellite {satellite.__version__}", server.database.engine, unit.now),
    "health": lambda server, unit: [
        {"check": one.name, "outcome": one.outcome, "detail": one.detail} for one in examine_health(server, unit)
    ],
    "status": _status,
    "settings": _settings,
    "alerts": lambda _server, unit: list(list_alert_window(unit, Part(most=MOST_RUNS)).items),
    "events": lambda _server, unit: list(list_event_window(unit, Part(most=MOST_EVENTS)).items),
    "runs": lambda _server, unit: list(list_tasks(unit, Part(most=MOST_RUNS)).items),
    "history": lambda _server, unit: list_history(unit)[:MOST_RUNS],
    "files": lambda server, _unit: files_of(server.home),
}


def _secrets(server: Satellite, unit: Unit) -> list[str]:
    return [
        *secrets_in_files([server.settings.management.token_file]),
        *stored_secrets(unit, StoredSetting, (stored.BACKUP, stored.MAIL, TARGET), server.keyring.box),
        *re.findall(r"://[^:/@]*:([^@]+)@", str(site_of(unit).network.get("proxy") or "")),
    ]


PARTS = (*_PARTS, LOG_PART)
"""The parts of a bundle."""
