"""Taking a satellite's request in from a file or from the network, and keeping why one was refused (row C11.2)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import Any, BinaryIO

from central.domain.alerts.services import refresh_alerts
from central.domain.notices.rules import file_processed
from central.domain.notices.services import notify
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED, by_id, keys_of
from central.domain.satellites.services import account_of, note_sync_failure
from central.keyring import KeyRing
from central.sync.import_request import Answered, prepare_request, take_request
from exchange.container import Header, announced_bytes, split_container
from exchange.errors import ExchangeError, UnknownIssuerError, WrongKindError
from exchange.files.sync_request import is_genuine, peek_cut, peek_satellite
from exchange.vocabulary import FileKind
from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit
from serverkit.faults import crash_point

Opener = Callable[[], AbstractContextManager[BinaryIO]]
# Files that say nothing about a satellite of ours, or only that they come late.
_NO_FAILURE = frozenset({"superseded", "wrong_kind", "unknown_issuer", "wrong_vendor", "unsupported_version"})


@dataclass(frozen=True, slots=True)
class Received:
    """The response, and what is said of it."""

    data: bytes
    facts: dict[str, Any]


def receive(
    database: Database,
    keyring: KeyRing,
    actor: Actor,
    open_file: Opener,
    note_progress: Callable[[Unit], None],
    *,
    by_file: bool = False,
) -> Received:
    """Answer a request in a unit of its own, and raise the anchor before the answer is released.

    `by_file` says that a person carries the files: the satellite's contact is told that the response is ready.
    """
    try:
        with open_file() as stream, database.read(actor) as unit:
            prepared = prepare_request(unit, keyring, stream)
        crash_point("staged")
        with closing(prepared) if prepared is not None else nullcontext():

            def work(unit: Unit) -> Received | ExchangeError:
                with open_file() as stream:
                    answered = take_request(unit, keyring, stream, prepared)
                    note_progress(unit)
                return answered if isinstance(answered, ExchangeError) else _received(unit, answered, by_file=by_file)

            # Again where a database asks for it: devices of the same account write meanwhile.
            found = database.run(actor, work)
    except ExchangeError as error:
        _note_failure(database, actor, open_file, error, by_file=by_file)
        raise
    if isinstance(found, ExchangeError):
        raise found
    return found


def check_first_line(database: Database, actor: Actor, line: bytes) -> str:
    """The satellite that the first line of a request names; ExchangeError for one that is not known here."""
    header = Header.parse(line)
    if header.kind is not FileKind.SYNC_REQUEST:
        raise WrongKindError(f"the file is of the kind {header.kind.value}; one of the kind sync-request is needed")
    with database.read(actor) as unit:
        if by_id(unit, header.satellite) is None:
            raise UnknownIssuerError("the satellite that the file names is not known here")
    return header.satellite


def check_lines(database: Database, actor: Actor, head: BinaryIO) -> int:
    """How long the request is whose first lines stand in `head`; ExchangeError where its satellite did not sign them."""
    sealed = split_container(head, FileKind.SYNC_REQUEST)
    with database.read(actor) as unit:
        satellite = by_id(unit, sealed.header.satellite)
        if satellite is None:
            raise UnknownIssuerError("the satellite that the file names is not known here")
        keys = {**keys_of(unit, satellite, retired=True), **keys_of(unit, satellite, retired=False)}
    return announced_bytes(sealed, keys)


def _received(unit: Unit, answered: Answered, *, by_file: bool) -> Received:
    stored, satellite = answered.stored, answered.satellite
    facts = {
        "outcome": answered.outcome,
        "satellite": satellite.id,
        "name": satellite.name,
        "epoch": stored.epoch,
        "sequence": stored.rseq,
        "answers": stored.seq,
        "counts": stored.counts,
        "received": answered.received,
    }
    if by_file and answered.outcome == "applied":
        mail = file_processed(satellite.name, account_of(unit, satellite).name, stored.seq)
        notify(unit, satellite.email, mail)
    return Received(stored.response or b"", facts)


def _note_failure(database: Database, actor: Actor, open_file: Opener, error: ExchangeError, *, by_file: bool) -> None:
    """Keep why a file was refused with the satellite that made it: a forged one raises nothing in anybody's account."""
    if error.code in _NO_FAILURE:
        return
    try:
        with open_file() as stream, database.write(actor) as unit:
            row = _maker(unit, stream, by_file=by_file)
            if row is not None and row.state != REMOVED:  # what is gone fails no more
                note_sync_failure(unit, row, error.code)
                refresh_alerts(unit, account_of(unit, row))
    except (ExchangeError, OSError):
        return


def _maker(unit: Unit, stream: BinaryIO, *, by_file: bool) -> Satellite | None:
    """The satellite that signed a file; of one that is cut before its signature, whose its carrier can only mean."""
    cut = peek_cut(stream)
    if cut is not None:
        return by_id(unit, cut) if by_file else None
    row = by_id(unit, peek_satellite(stream))
    if row is None:
        return None
    keys = {**keys_of(unit, row, retired=True), **keys_of(unit, row, retired=False)}
    return row if is_genuine(stream, row.id, keys) else None
