"""Use cases of synchronization by file and over the network (rows S1.4, S2.1-S2.6).

Requests and imports span several transactions, so these actions take the server. Each commits, then raises the anchor,
and only then releases the file.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from exchange.canonical import JsonObject, digest
from exchange.errors import ExchangeError
from exchange.inspect import inspect
from satellite.core.access.rules import Permission
from satellite.core.access.services import require, require_actor
from satellite.core.licences.queries import allotted
from satellite.core.site.causes import WAY, Cause, Stage, of_response
from satellite.core.site.errors import AddressNeededError, NoRequestError
from satellite.core.site.models import MadeRequest
from satellite.core.site.queries import site_of
from satellite.runtime import Satellite
from satellite.sync import doctor, make_request, settings
from satellite.sync.checks import local_cause
from satellite.sync.failures import refuse_failure
from satellite.sync.history import NETWORK, history, note_history
from satellite.sync.import_response import Imported, import_response
from satellite.sync.network import Attempt, next_attempt, reach, send
from serverkit.actor import Actor
from serverkit.clock import iso, optional_iso
from serverkit.db.unit import Unit

ATTEMPT_STAGES = ("check", "make", "send", "apply")
"""What a synchronization over the network goes through."""
Opener = Callable[[], AbstractContextManager[BinaryIO]]


@dataclass(frozen=True, slots=True)
class RequestFile:
    """A request that may leave the site: its bytes, and its view for people and programs."""

    content: bytes
    view: dict[str, Any]


def export_request(server: Satellite, actor: Actor, *, full: bool) -> RequestFile:
    """Make the next request, or return the stored one while nothing has changed; RestoredError on an older copy."""
    with server.database.read(actor) as unit:
        prepared = make_request.prepare_request(unit, server.keyring, full=full)
    with server.database.write(actor) as unit:
        done = make_request.make_request(
            unit, server.keyring, full=full, restored=server.is_restored(unit), prepared=prepared
        )
        request = done.request
        server.anchor_after_commit(unit)
        return RequestFile(
            request.content,
            {
                "sha256": digest(request.content),
                "epoch": request.epoch,
                "sequence": request.seq,
                "full": request.full,
                "counts": request.counts,
                "fresh": done.fresh,
                "unacknowledged": request.seq - site_of(unit).acknowledged_seq,
            },
        )


def download_request(unit: Unit, epoch: int, sequence: int) -> RequestFile:
    """A request that was made, byte for byte, while it is kept; NoRequestError."""
    require(unit, Permission.SYNC_RUN)
    row = unit.session.get(MadeRequest, (epoch, sequence))
    if row is None or not row.content:
        raise NoRequestError
    view = {
        "sha256": digest(row.content),
        "epoch": row.epoch,
        "sequence": row.seq,
        "full": row.full,
        "counts": row.counts,
        "created": iso(row.made_at),
    }
    return RequestFile(row.content, view)


def preview_request(server: Satellite, unit: Unit) -> dict[str, Any]:
    """Show every row of the next request by kind."""
    rows: dict[str, list[JsonObject]] = make_request.preview(unit, server.keyring)
    return {"rows": rows, "counts": {kind: len(entries) for kind, entries in rows.items()}}


def import_response_file(server: Satellite, actor: Actor, open_file: Opener) -> Imported:
    """Apply a response of central; a refusal is kept in the history and raised."""

    def work(unit: Unit) -> Imported:
        require(unit, Permission.SYNC_RUN)
        with open_file() as stream:
            result = import_response(unit, server.keyring, stream)
        if result.outcome == "applied":
            server.refresh_alerts(unit)
        if result.trust is not None:
            server.anchor_after_commit(unit, result.trust)
        return result

    try:
        return server.database.run(actor, work)  # repeats the work after a conflict with devices
    except ExchangeError as error:
        with server.database.write(actor) as unit:
            site = site_of(unit)
            said = f"{error.code}: {error.message}"
            note_history(unit, "import", "refused", epoch=site.epoch, number=site.applied_rseq, counts={}, detail=said)
            server.refresh_alerts(unit)
        raise


class _UndoneError(Exception):
    """Ends a unit whose outcome was to be seen and not kept."""


def check_response_file(server: Satellite, actor: Actor, open_file: Opener) -> dict[str, Any]:
    """Verify a response of central and show what it would bring; nothing is changed.

    The file is applied and undone in one transaction, so that the preview is the outcome. What is wrong with the file is
    raised as it is when it is applied.
    """
    found: dict[str, Any] = {}
    with suppress(_UndoneError), server.database.write(actor) as unit:
        require(unit, Permission.SYNC_RUN)
        before = allotted(unit)
        with open_file() as stream:
            card = inspect(stream, trust=server.keyring.trust, now=unit.now).to_dict()
        with open_file() as stream:
            result = import_response(unit, server.keyring, stream)
        unit.session.flush()  # what was applied is read back
        after = allotted(unit)
        changes = [
            {"virtual_account": va, "tag": tag, "before": before.get((va, tag), 0), "after": after.get((va, tag), 0)}
            for va, tag in sorted({*before, *after})
            if before.get((va, tag), 0) != after.get((va, tag), 0)
        ]
        found = {**result.to_dict(), "card": dict(card), "changes": changes}
        raise _UndoneError
    return found


def synchronize(server: Satellite, actor: Actor, *, full: bool = False) -> dict[str, Any]:
    """Synchronize over the network now; SyncFailedError carries the cause of a failure."""
    require_actor(actor, Permission.SYNC_RUN)
    attempt = attempt_synchronization(server, actor, full=full)
    refuse_failure(attempt)
    return attempt.to_dict()


def synchronize_if_due(server: Satellite, actor: Actor) -> str:
    """Synchronize if the schedule asks for it; the result of the job."""
    with server.database.read(actor) as unit:
        due, now = next_attempt(unit), unit.now
    if due is None or due > now:
        return f"next at {optional_iso(due)}" if due else "no schedule"
    attempt = attempt_synchronization(server, actor)
    return attempt.outcome if attempt.cause is None else f"failed: {attempt.cause.code}"


def attempt_synchronization(
    server: Satellite, actor: Actor, *, full: bool = False, tell: Callable[[str], None] = lambda _stage: None
) -> Attempt:
    """Make the request, send it and apply the response; the history keeps the outcome with its cause.

    `tell` is called with the name of each of `ATTEMPT_STAGES` as it begins; what it raises ends the attempt there.
    """
    tell("check")
    cause = local_cause(server, actor, network=True, advice=False)
    if cause is not None:
        return _failed(server, actor, *cause)
    tell("make")
    request = export_request(server, actor, full=full)
    tell("send")
    with server.database.read(actor) as unit:
        used = settings.settings_of(site_of(unit))
    answer = send(used, request.content)
    if isinstance(answer, tuple):
        return _failed(server, actor, *answer)
    tell("apply")
    body = answer.body
    try:
        result = import_response_file(server, actor, lambda: nullcontext(io.BytesIO(body)))
    except ExchangeError as error:
        return _failed(server, actor, of_response(error.code), error.message)
    with server.database.write(actor) as unit:
        if answer.key_fingerprint is not None:
            settings.follow_key(unit, used.fingerprint, answer.key_fingerprint)
        note_history(unit, NETWORK, "synchronized", epoch=result.epoch, number=result.sequence, counts=result.counts)
        server.refresh_alerts(unit)
    return Attempt(result.outcome, result.epoch, result.sequence, result.counts)


def _failed(server: Satellite, actor: Actor, cause: Cause, detail: str) -> Attempt:
    with server.database.write(actor) as unit:
        site = site_of(unit)
        text = f"{cause.code}: {detail}" if detail else cause.code
        note_history(unit, NETWORK, "failed", epoch=site.epoch, number=site.last_seq, counts={}, detail=text)
        server.refresh_alerts(unit)
        return Attempt("failed", site.epoch, site.last_seq, {}, cause, detail)


def list_history(unit: Unit) -> list[dict[str, Any]]:
    """List the steps of synchronization, newest first."""
    return history(unit)


def show_settings(unit: Unit) -> dict[str, Any]:
    """Show the settings of network synchronization without passwords, and when the next attempt is due."""
    site = site_of(unit)
    shown = settings.shown(settings.settings_of(site))
    return {**shown, "mode": site.setup_mode, "next": optional_iso(next_attempt(unit))}


def change_settings(server: Satellite, unit: Unit, changes: dict[str, Any]) -> dict[str, Any]:
    """Change the settings that are named; InvalidNetworkSettingError names the first that is not valid."""
    if changes:
        settings.change_settings(unit, changes, lab=server.keyring.trust.root.lab)
    return show_settings(unit)


def try_connection(server: Satellite, actor: Actor, changes: dict[str, Any] | None = None) -> dict[str, Any]:
    """Test the way to central stage by stage, with the settings as they are or with changes that are not stored.

    The first stage that fails has its cause; those after it are not tried. InvalidNetworkSettingError, AddressNeededError.
    """
    require_actor(actor, Permission.SITE_MANAGE)
    with server.database.read(actor) as unit:
        used = settings.changed_settings(site_of(unit), changes or {}, lab=server.keyring.trust.root.lab)
    if not used.url:
        raise AddressNeededError
    cause = reach(used)
    stages = [stage for stage in WAY if stage is not Stage.PROXY or used.proxy]
    failed = stages.index(cause[0].stage) if cause is not None and cause[0].stage in stages else len(stages)
    if cause is not None and failed == len(stages):
        failed -= 1  # said by central itself: everything before its answer is sound
    items = [
        {"stage": stage.value, "state": "ok" if at < failed else "failed" if at == failed else "not_tried"}
        for at, stage in enumerate(stages)
    ]
    return {
        "healthy": cause is None,
        "stages": items,
        "cause": {
            "code": cause[0].code, "message": cause[0].meaning, "detail": cause[1], "remedy": cause[0].remedy,
        } if cause is not None else None,
    }  # fmt: skip


def diagnose(server: Satellite, actor: Actor, file: Path | None = None) -> dict[str, Any]:
    """Name the one cause that stops synchronization, or what is wrong with a file."""
    require_actor(actor, Permission.SYNC_RUN)
    return doctor.examine(server, actor, file)


def diagnose_home(open_server: Callable[[], Satellite], actor: Actor, file: Path | None = None) -> dict[str, Any]:
    """Diagnose a satellite that may not even open, such as one on a full disk."""
    return doctor.diagnose(open_server, actor, file)


def list_causes() -> list[dict[str, str]]:
    """List every cause that the doctor can name."""
    return doctor.catalogue()
