"""Use cases of the support bundle: one file with logs, health, settings and versions, and without secrets (row S3.5)."""

from __future__ import annotations

import importlib.metadata
import json
import platform
import re
import sqlite3
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import satellite
from satellite.actions.alerts import list_alert_window
from satellite.actions.backups import show_backups
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
from satellite.actions.tls import show_tls
from satellite.core.access.rules import Permission
from satellite.core.access.services import require, require_actor
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.operations.models import Task
from satellite.core.settings import services as stored
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from serverkit.actor import Actor
from serverkit.clock import iso
from serverkit.db import migrate
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.errors import AppError, NotFoundError
from serverkit.files import atomic_file
from serverkit.log import LOG_FILES, LOGS
from serverkit.owner import make_folder
from serverkit.tasks import service as tasks

KIND, FOLDER, KEEP = "support", "support", 3
MOST_EVENTS, MOST_RUNS, MOST_LOG = 1000, 300, 5 * 1024 * 1024
_NAME = re.compile(r"support-\d{8}-\d{6}\.zip")
_LOGIN = re.compile(r"(\w+://)[^/@\s\"']+@")
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


def start_bundle(unit: Unit) -> str:
    """Ask the scheduler for a bundle; the id of the task. TaskRunningError."""
    require(unit, Permission.SITE_MANAGE)
    return tasks.ask(unit, Task, KIND, {}).id


def make_bundle(server: Satellite, actor: Actor, tell: Tell) -> dict[str, Any]:
    """Make a bundle in the home, where the newest three are kept; `tell` gets collect and write."""
    require_actor(actor, Permission.SITE_MANAGE)
    folder = server.home / FOLDER
    make_folder(folder)
    name = f"support-{server.clock.now():%Y%m%d-%H%M%S}.zip"
    size = write_bundle(server, actor, folder / name, tell)
    for old in sorted(folder.glob("support-*.zip"), reverse=True)[KEEP:]:
        old.unlink(missing_ok=True)
    return {"name": name, "size": size}


def write_bundle(server: Satellite, actor: Actor, path: Path, tell: Tell) -> int:
    """Write a bundle to a file; its size."""
    require_actor(actor, Permission.SITE_MANAGE)
    tell("collect")
    with server.database.read(actor) as unit:
        clean = _cleaner(server, unit)
        parts = {name: _tried(collect, server, unit) for name, collect in _PARTS.items()}
    tell("write")
    with atomic_file(path) as out, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", README)
        for name, found in parts.items():
            text = json.dumps(found, indent=1, default=_plain, ensure_ascii=False)
            bundle.writestr(f"{name}.json", clean(text))
        for name, text in _logs(server):
            bundle.writestr(f"logs/{name}", clean(text))

    def note(unit: Unit) -> None:
        record(unit, EventKind.SUPPORT_BUNDLE_MADE, f"support bundle {path.name} made", subject={"name": path.name})

    server.database.run(actor, note)
    return path.stat().st_size


def read_bundle(server: Satellite, unit: Unit, name: str) -> Iterator[bytes]:
    """Read the bytes of a bundle that was made in the home; NotFoundError."""
    require(unit, Permission.SITE_MANAGE)
    path = server.home / FOLDER / name
    if not _NAME.fullmatch(name) or not path.is_file():
        raise NotFoundError("There is no such support bundle; the newest three are kept.")
    return iter([path.read_bytes()])


def _versions(server: Satellite, unit: Unit) -> dict[str, Any]:
    try:
        system = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        system = platform.platform()
    libraries = {one.metadata["Name"]: one.version for one in importlib.metadata.distributions()}
    return {
        "program": f"satellite {satellite.__version__}",
        "python": platform.python_version(),
        "system": system,
        "kernel": platform.release(),
        "machine": platform.machine(),
        "database": server.database.engine.dialect.name,
        "sqlite": sqlite3.sqlite_version,
        "revision": migrate.current(server.database.engine),
        "made_at": iso(unit.now),
        "libraries": dict(sorted(libraries.items())),
    }


def _status(server: Satellite, unit: Unit) -> dict[str, Any]:
    certificate = show_tls(server, unit)
    if "error" in certificate:
        certificate["error"] = certificate["error"].message
    return {
        "status": show_status(server, unit),
        "time": ACTS.show(unit),
        "certificate": certificate,
        "backups": show_backups(server, unit),
    }


def _settings(server: Satellite, unit: Unit) -> dict[str, Any]:
    return {
        "machine": list_machine_settings(server, unit),
        "synchronization": show_settings(unit),
        "network": show_network(server, unit),
        "mail": show_mail(unit),
        "syslog": show_syslog(unit),
        "banner": show_banner(unit),
    }


def _files(server: Satellite, _unit: Unit) -> list[dict[str, Any]]:
    found = []
    for path in sorted(server.home.rglob("*"))[:5000]:
        try:
            seen = path.lstat()
        except OSError:
            continue
        name = path.relative_to(server.home).as_posix()
        found.append({"name": name, "mode": stat.filemode(seen.st_mode), "owner": seen.st_uid, "size": seen.st_size})
    return found


_PARTS: dict[str, Callable[[Satellite, Unit], Any]] = {
    "versions": _versions,
    "health": lambda server, unit: [
        {"check": one.name, "outcome": one.outcome, "detail": one.detail} for one in examine_health(server, unit)
    ],
    "status": _status,
    "settings": _settings,
    "alerts": lambda _server, unit: list(list_alert_window(unit, Part(most=MOST_RUNS)).items),
    "events": lambda _server, unit: list(list_event_window(unit, Part(most=MOST_EVENTS)).items),
    "runs": lambda _server, unit: list(list_tasks(unit, Part(most=MOST_RUNS)).items),
    "history": lambda _server, unit: list_history(unit)[:MOST_RUNS],
    "files": _files,
}


def _tried(collect: Callable[[Satellite, Unit], Any], server: Satellite, unit: Unit) -> Any:
    """A part that cannot be collected is what the bundle is made for: the others are there all the same."""
    try:
        return collect(server, unit)
    except Exception as error:  # noqa: BLE001 - a fault of the program is what is looked for, too
        return {"failed": getattr(error, "message", "") or type(error).__name__}


def _cleaner(server: Satellite, unit: Unit) -> Callable[[str], str]:
    """Removes secrets from a text; what is collected should hold none anyway."""
    known = []
    for subject in (stored.BACKUP, stored.MAIL):
        try:
            known.append(stored.secret_of(unit, subject, server.keyring.box))
        except AppError:
            continue
    proxy = str(site_of(unit).network.get("proxy") or "")
    known += re.findall(r"://[^:/@]*:([^@]+)@", proxy)
    secrets = [one for one in known if len(one) >= 4]

    def clean(text: str) -> str:
        for one in secrets:
            text = text.replace(one, "***").replace(json.dumps(one)[1:-1], "***")
        return _LOGIN.sub(r"\1***@", text)

    return clean


def _logs(server: Satellite) -> Iterator[tuple[str, str]]:
    for name in LOG_FILES:
        try:
            with (server.home / LOGS / name).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - MOST_LOG))
                yield name, file.read().decode("utf-8", "replace")
        except OSError:
            continue


def _plain(value: Any) -> str:
    return iso(value) if isinstance(value, datetime) else str(value)
