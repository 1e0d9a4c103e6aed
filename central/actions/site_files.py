"""Use cases of files that people carry: a request comes in as a task, and the files of both ways are fetched again (C11.2, C11.3)."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain
from central.domain.operations.models import Task
from central.domain.operations.tasks import find_task, open_tasks
from central.domain.operations.uploads import drop_upload, forget_upload, keep_upload, upload_parts
from central.domain.satellites import history
from central.domain.satellites.errors import (
    ApprovalPendingError,
    FileNotKeptError,
    NotAuthorizedError,
    OtherAccountError,
    UnknownSatelliteError,
)
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED, by_id, find_satellite
from central.domain.satellites.services import PENDING
from central.runtime import Central
from central.sync.import_request import Opener, import_request
from exchange.errors import ExchangeError
from exchange.files.sync_request import peek_satellite
from serverkit.actor import Actor
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Part, Window
from serverkit.errors import AppError, FileUnreadableError
from serverkit.tasks import service
from serverkit.tasks.errors import UnknownTaskError
from serverkit.tasks.service import Progress, TaskKind

FILE = "file"
STAGES = ("read", "verify", "order", "apply", "answer")
MOST_WAITING = 20
"""How many files of one person may wait."""
_SPOOL = 8 * 1024 * 1024


def receive_request(server: Central, actor: Actor, domain: str, open_file: Opener) -> str:
    """Take a request file in and ask for its task; the id of the task. It opens units of its own."""
    with server.database.read(actor) as unit:
        account = _account(unit, domain)
        with open_file() as stream:
            named = _named(unit, account, stream)
    with open_file() as stream:
        upload = keep_upload(server.database, actor, stream)
    try:
        with server.database.write(actor) as unit:
            _account(unit, domain)
            wanted = {"domain": domain, "upload": upload, "satellite": named, "title": ""}
            return service.ask(unit, Task, FILE, wanted, most=MOST_WAITING, own=True).id
    except AppError:  # who may not ask for a task leaves no file behind, or a refused one would fill the disk
        drop_upload(server.database, actor, upload)
        raise


def file_kind(server: Central) -> TaskKind:
    """The kind of task that imports a request file."""

    def work(actor: Actor, wanted: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
        upload = str(wanted["upload"])
        try:
            return _import(server, actor, str(wanted["domain"]), upload, progress)
        finally:
            drop_upload(server.database, actor, upload)

    return TaskKind(FILE, STAGES, work)


def _import(server: Central, actor: Actor, domain: str, upload: str, progress: Progress) -> dict[str, Any]:
    with server.database.read(actor) as unit:
        account_id = _account(unit, domain).id
    progress.stage("read")
    with tempfile.SpooledTemporaryFile(_SPOOL) as spool:
        for part in upload_parts(server.database, actor, upload):
            spool.write(part)
        if not spool.tell():
            raise FileUnreadableError("cannot read {name}: {reason}", name="the file", reason="it is no longer kept")

        @contextmanager
        def opened() -> Iterator[BinaryIO]:
            spool.seek(0)
            yield cast("BinaryIO", spool)

        with server.database.read(actor) as unit, opened() as stream:
            _require_own(unit, account_id, stream)
        database, keyring, anchor = server.database, server.keyring, server.anchor
        made = import_request(database, keyring, anchor, actor, opened, by_file=True, tell=progress)
        return made.view


def _named(unit: Unit, account: SmartAccount, stream: BinaryIO) -> str:
    """The satellite of the account that a file names; empty where it names none."""
    try:
        row = by_id(unit, peek_satellite(stream))
    except ExchangeError:
        return ""
    return row.id if row is not None and row.account_id == account.id else ""


def _require_own(unit: Unit, account_id: str, stream: BinaryIO) -> None:
    """Refuse the file of a satellite that the account never had; whether another account has it is not told."""
    row = by_id(unit, peek_satellite(stream))
    if row is None or row.account_id != account_id:
        raise OtherAccountError
    if row.registered_at is None and row.state == PENDING:
        raise NotAuthorizedError if row.approved else ApprovalPendingError


def show_file_task(unit: Unit, domain: str, task_id: str) -> dict[str, Any]:
    """How far a file is, and what came of it; UnknownTaskError for one of another account or kind."""
    row = find_task(unit, task_id)
    if row.kind != FILE or row.wanted.get("domain") != domain:
        raise UnknownTaskError
    kinds = {FILE: TaskKind(FILE, STAGES, lambda *_: {})}
    return {**service.task_dict(row, kinds), "satellite": row.wanted.get("satellite", "")}


def stop_file_task(unit: Unit, domain: str, task_id: str) -> None:
    """Stop a file before its next stage; nothing of it is applied then. UnknownTaskError, TaskOverError."""
    show_file_task(unit, domain, task_id)
    row = find_task(unit, task_id)
    service.stop(unit, row)
    if row.state == "stopped":
        forget_upload(unit, str(row.wanted["upload"]))


def files_under_way(unit: Unit, domain: str) -> dict[str, str]:
    """Tasks of the caller that still wait or run, by the satellite whose file they import."""
    return {
        str(row.wanted["satellite"]): row.id
        for row in open_tasks(unit, FILE)
        if row.wanted.get("domain") == domain and row.wanted.get("satellite")
    }


def list_history(unit: Unit, domain: str, satellite_id: str, part: Part = WHOLE) -> Window:
    """Requests of a satellite with their answers, the newest first."""
    return history.answered_requests(unit, find_by_id(unit, domain, satellite_id), part)


def list_named_history(unit: Unit, domain: str, name: str, part: Part = WHOLE) -> Window:
    """The same by the name of the satellite."""
    return history.answered_requests(unit, find_satellite(unit, _visible(unit, domain).id, name), part)


def fetch_response(unit: Unit, domain: str, satellite_id: str, epoch: int, seq: int) -> bytes:
    """The answer to a request again, byte for byte; with number 0 the authorization file. FileNotKeptError."""
    return history.response_of(unit, _managed(unit, domain, satellite_id), epoch, seq)


def fetch_request(unit: Unit, domain: str, satellite_id: str, epoch: int, seq: int) -> list[bytes]:
    """The file of a request again, in parts; FileNotKeptError where it is none of the newest."""
    return list(history.request_parts(unit, _managed(unit, domain, satellite_id), epoch, seq))


def number_of(text: str) -> int:
    """An epoch or the number of a request as addresses hold it; FileNotKeptError for what is none."""
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise FileNotKeptError
    return int(text)


def fetch_named_file(unit: Unit, domain: str, name: str, epoch: int, seq: int, *, request: bool = False) -> bytes:
    """The answer to a request, or the request itself, by the name of the satellite; FileNotKeptError."""
    found = find_satellite(unit, _visible(unit, domain).id, name)
    require(unit, Permission.SATELLITE_MANAGE, found.account_id)
    if request:
        return b"".join(history.request_parts(unit, found, epoch, seq))
    return history.response_of(unit, found, epoch, seq)


def find_by_id(unit: Unit, domain: str, satellite_id: str) -> Satellite:
    """A satellite of an account by its id, not a removed one; UnknownSatelliteError."""
    account = _visible(unit, domain)
    row = by_id(unit, satellite_id)
    if row is None or row.account_id != account.id or row.state == REMOVED:
        raise UnknownSatelliteError
    return row


def _managed(unit: Unit, domain: str, satellite_id: str) -> Satellite:
    row = find_by_id(unit, domain, satellite_id)
    require(unit, Permission.SATELLITE_MANAGE, row.account_id)
    return row


def _visible(unit: Unit, domain: str) -> SmartAccount:
    account = by_domain(unit, domain)
    require(unit, Permission.ACCOUNT_VIEW, account.id)
    return account


def _account(unit: Unit, domain: str) -> SmartAccount:
    account = by_domain(unit, domain)
    require(unit, Permission.SATELLITE_MANAGE, account.id)
    return account
