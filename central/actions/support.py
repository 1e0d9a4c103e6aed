"""Use cases of the support bundle of central: logs, health, settings and versions, without secrets (row S3.5 at central)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import central
from central.actions.event_log import list_events
from central.actions.health import examine_health
from central.actions.jobs import list_runs
from central.actions.mail import NEWEST, list_mail, show_mail_settings
from central.actions.nodes import FIRST, list_nodes
from central.actions.policies import show_policies
from central.actions.time import ACTS
from central.actions.webhooks import ACTS as WEBHOOKS
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.settings.models import StoredSetting
from central.runtime import Central
from central.settings import PREFIX
from serverkit.actor import Actor
from serverkit.backup.plan import PLAN, TARGET
from serverkit.db.paging import Slice
from serverkit.db.unit import Unit
from serverkit.db.windows import Part
from serverkit.files import write_atomic
from serverkit.settings_file import describe_settings
from serverkit.support.contents import (
    LOG_PART,
    Cleaner,
    Piece,
    files_of,
    pieces_of,
    versions,
    without_addresses,
    zipped,
)
from serverkit.support.known_secrets import secrets_in_files, stored_secrets
from serverkit.support.sealing import seal

MOST_EVENTS, MOST_RUNS = 500, 300
README = """Support bundle of central, for those who help its administrator.

versions.json  program, system, libraries, revision of the database
health.json    what the server checks of itself
settings.json  every setting with its source, policies, mail, webhooks; of secrets only whether they are set
events.json, runs.json, mail.json   the newest of the vendor's own; nothing of accounts
nodes.json, time.json   the homes of this central, the clock
files.json     names, sizes and permissions of the home; no content
logs/          what the server logged

It holds no password, passphrase, token, key or session. It names people, addresses and machines of the vendor.
"""
_PARTS: dict[str, Callable[[Central, Unit], Any]] = {
    "versions": lambda server, unit: versions(f"central {central.__version__}", server.database.engine, unit.now),
    "health": lambda server, unit: [
        {"check": one.name, "outcome": one.outcome, "detail": one.detail} for one in examine_health(server, unit)
    ],
    "settings": lambda server, unit: {
        "machine": describe_settings(server.settings, server.home, PREFIX),
        "policies": show_policies(unit),
        "mail": show_mail_settings(server, unit),
        "webhooks": without_addresses(WEBHOOKS.list_hooks(unit)),
    },
    "events": lambda _server, unit: list(list_events(unit, None, None, Slice(MOST_EVENTS)).items),
    "runs": lambda _server, unit: list(list_runs(unit, Part(most=MOST_RUNS)).items),
    "mail": lambda _server, unit: list(list_mail(unit, Slice(MOST_RUNS, None, NEWEST.sort)).items),
    "nodes": lambda server, unit: list(list_nodes(unit, server.node, FIRST).items),
    "time": lambda _server, unit: ACTS.show(unit),
    "files": lambda server, _unit: files_of(server.home),
}
PARTS = (*_PARTS, LOG_PART)
"""The parts of a bundle."""


def preview_bundle(server: Central, actor: Actor, parts: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The files that a bundle would hold, each with the lines in which something is replaced; nothing is written."""
    return [one.to_dict() for one in _pieces(server, actor, parts)]


def make_bundle(server: Central, actor: Actor, parts: Sequence[str] = (), key: str = "") -> bytes:
    """The bytes of a bundle; `parts` are those it holds, all where none is named; `key` seals it. SupportKeyError."""
    data = zipped(_pieces(server, actor, parts))
    made = seal(key, data) if key else data
    server.database.run(actor, _note)
    return made


def write_bundle(server: Central, actor: Actor, path: Path, parts: Sequence[str] = (), key: str = "") -> int:
    """Write a bundle to a file; its size."""
    data = make_bundle(server, actor, parts, key)
    write_atomic(path, data)
    return len(data)


def _note(unit: Unit) -> None:
    record(unit, None, EventKind.SUPPORT_BUNDLE_MADE, "support bundle made")


def _pieces(server: Central, actor: Actor, parts: Sequence[str]) -> list[Piece]:
    with server.database.read(actor) as unit:
        require(unit, Permission.VENDOR_MANAGE)
        collected = {name: partial(collect, server, unit) for name, collect in _PARTS.items()}
        return pieces_of(README, collected, server.home, parts, Cleaner(_secrets(server, unit)))


def _secrets(server: Central, unit: Unit) -> list[str]:
    used = server.settings
    files = (
        used.mail.password_file,
        used.management.token_file,
        used.contracts.token_file,
        used.openid.client_secret_file,
    )
    return [
        *secrets_in_files(files),
        *stored_secrets(unit, StoredSetting, (PLAN, TARGET), server.keyring.box),
    ]
