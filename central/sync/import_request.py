"""Import a satellite's request, answer it in one transaction, and keep why one is refused (rows C11.2, S2.5, S2.6).

The rows are verified, checked and staged before the write lock is taken, while others write; the writing transaction
verifies the file once more and judges again what can have changed.

Order: 1 the named satellite is known, 2 signature by a key of its own (a retired one means: restored from a backup),
3 the file's own checks, 4 its order: the stored answer again, superseded, fork, an ended epoch, or new; 5 rows applied,
6 the response made and stored with the request's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass
from typing import BinaryIO, Protocol

from central.anchor import Anchor
from central.domain.accounts.models import SmartAccount
from central.domain.notices.rules import file_processed
from central.domain.notices.services import notify
from central.domain.satellites.history import keep_request
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.domain.satellites.queries import REMOVED, by_id, keys_of
from central.domain.satellites.services import account_of, note_sync_failure
from central.keyring import KeyRing
from central.sync.apply_request import apply_request
from central.sync.outgoing import OutgoingFile, raise_anchor
from central.sync.request_order import (
    is_answered_otherwise,
    note_restored_central,
    order_of,
    quarantine_fork,
    stored_answer,
)
from central.sync.staging import Staged, basis_of, stage_rows
from exchange.container import SealedFile, announced_bytes, split_container
from exchange.container_parts import Header
from exchange.errors import (
    AlteredError,
    ExchangeError,
    ResyncRequiredError,
    SupersededError,
    UnknownIssuerError,
    WrongKindError,
)
from exchange.files.order_check import RequestOrder
from exchange.files.rows import RequestRow
from exchange.files.sync_request import OpenedRequest, is_genuine, open_sync_request, peek_cut, peek_satellite
from exchange.keys import PublicKey
from exchange.vocabulary import FileKind
from serverkit.actor import Actor
from serverkit.db.unit import Database, Unit
from serverkit.faults import crash_point

Opener = Callable[[], AbstractContextManager[BinaryIO]]
# Refusals that say nothing about a satellite of this central, or only that a file comes late.
_NO_FAILURE = frozenset({"superseded", "wrong_kind", "unknown_issuer", "wrong_vendor", "unsupported_version"})
_UNKNOWN = "the satellite that the file names is not known here"


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a request, and whether it was made just now; `received` counts the request's rows by kind."""

    outcome: str
    satellite: Satellite
    stored: AnsweredRequest
    received: dict[str, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows of the request of this digest, staged in a unit that only reads; to be closed."""

    digest: str
    staged: Staged

    def close(self) -> None:
        """Delete what is staged."""
        self.staged.close()


def import_request(
    database: Database,
    keyring: KeyRing,
    anchor: Anchor,
    actor: Actor,
    open_file: Opener,
    *,
    by_file: bool = False,
    address: str = "",
    tell: Tells | None = None,
) -> OutgoingFile:
    """Answer a request in a unit of its own; the anchor is raised before this returns the response.

    `by_file` says that a person carries the files: the satellite's contact gets a mail that the response is ready.
    `address` is where a satellite sends from itself. `tell` hears how far it is: verify, order, apply (counted), answer.
    """
    tell = tell or _Silent()
    try:
        with open_file() as stream, database.read(actor) as unit:
            prepared = prepare_request(unit, keyring, stream, tell)
        crash_point("staged")
        tell.stage("answer")
        with closing(prepared) if prepared is not None else nullcontext():

            def work(unit: Unit) -> OutgoingFile | ExchangeError:
                with open_file() as stream:
                    answered = take_request(unit, keyring, stream, prepared)
                    if not isinstance(answered, ExchangeError) and answered.outcome == "applied":
                        keep_request(unit, answered.satellite, answered.stored.epoch, answered.stored.seq, stream)
                        answered.satellite.address = address or answered.satellite.address
                raise_anchor(unit, database, anchor)
                return answered if isinstance(answered, ExchangeError) else _response(unit, answered, by_file=by_file)

            # `run` tries again where the database asks for it: devices of the same account write meanwhile.
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
        raise WrongKindError(
            "the file is of the kind {value}; one of the kind sync-request is needed", value=header.kind.value
        )
    with database.read(actor) as unit:
        if by_id(unit, header.satellite) is None:
            raise UnknownIssuerError(_UNKNOWN)
    return header.satellite


def check_lines(database: Database, actor: Actor, head: BinaryIO) -> int:
    """The length in bytes of the request that begins with `head`; ExchangeError where its satellite did not sign it."""
    sealed = split_container(head, FileKind.SYNC_REQUEST)
    with database.read(actor) as unit:
        satellite = by_id(unit, sealed.header.satellite)
        if satellite is None:
            raise UnknownIssuerError(_UNKNOWN)
        keys = _all_keys(unit, satellite)
    return announced_bytes(sealed, keys)


class Tells(Protocol):
    """Where an import says how far it is."""

    def stage(self, name: str, total: int = 0) -> None:
        """Begin a stage; what it raises ends the import before anything is changed."""

    def count(self, done: int) -> None:
        """So much of what the stage counts is done."""


class _Silent:
    def stage(self, name: str, total: int = 0) -> None:
        """No one listens."""

    def count(self, done: int) -> None:
        """No one listens."""


def prepare_request(unit: Unit, keyring: KeyRing, data: BinaryIO, tell: Tells | None = None) -> Prepared | None:
    """Verify, check and stage a request that is new; None for any other: `take_request` says why."""
    tell = tell or _Silent()
    tell.stage("verify")
    sealed = split_container(data, FileKind.SYNC_REQUEST)
    satellite = by_id(unit, sealed.header.satellite)
    if satellite is None:
        return None
    opened = _open(unit, keyring, satellite, sealed)
    tell.stage("order")
    if order_of(unit, keyring, satellite, opened) is not RequestOrder.APPLY:
        return None
    total = sum(opened.counts.values())
    tell.stage("apply", total)
    return Prepared(opened.digest, stage_rows(unit, satellite, _counted(opened.batches(), total, tell)))


def _counted(batches: Iterable[list[RequestRow]], total: int, tell: Tells) -> Iterator[list[RequestRow]]:
    """Tell of every twentieth part of the rows."""
    done = told = 0
    for batch in batches:
        yield batch
        done += len(batch)
        if (done - told) * 20 >= total:
            told = done
            tell.count(done)


def take_request(
    unit: Unit, keyring: KeyRing, data: BinaryIO, prepared: Prepared | None = None
) -> Answered | ExchangeError:
    """Answer a request, or return the refusal whose traces (a quarantined file, an alert) have to be kept.

    Refusals that leave no trace are raised. Signature and order are judged again, whatever was prepared.
    """
    sealed = split_container(data, FileKind.SYNC_REQUEST)
    satellite = by_id(unit, sealed.header.satellite)
    if satellite is None:
        raise UnknownIssuerError(_UNKNOWN)
    opened = _open(unit, keyring, satellite, sealed)
    account = unit.session.get_one(SmartAccount, satellite.account_id)
    order = order_of(unit, keyring, satellite, opened)
    if order is RequestOrder.ALREADY_ANSWERED:
        return Answered("already_answered", satellite, stored_answer(unit, satellite, opened), opened.counts)
    if order is RequestOrder.SUPERSEDED:
        raise SupersededError
    if order is RequestOrder.RESYNC_REQUIRED:
        raise ResyncRequiredError("the file belongs to an epoch that has ended")
    if order is RequestOrder.CENTRAL_RESTORED:
        return note_restored_central(unit, keyring, satellite, opened)
    if order is RequestOrder.FORK:
        return quarantine_fork(unit, account, satellite, opened, data)
    if is_answered_otherwise(unit, keyring, satellite, opened):
        return note_restored_central(unit, keyring, satellite, opened)
    valid = prepared is not None and _is_valid(unit, satellite, opened, prepared)
    stored = apply_request(unit, keyring, account, satellite, opened, prepared.staged if prepared and valid else None)
    return Answered("applied", satellite, stored, opened.counts)


def _all_keys(unit: Unit, satellite: Satellite) -> dict[str, PublicKey]:
    return {**keys_of(unit, satellite, retired=True), **keys_of(unit, satellite, retired=False)}


def _open(unit: Unit, keyring: KeyRing, satellite: Satellite, sealed: SealedFile) -> OpenedRequest:
    """Verify a file, including its body, once; its key then decides how a genuine file is treated."""
    retired, present = keys_of(unit, satellite, retired=True), keys_of(unit, satellite, retired=False)
    opened = open_sync_request(
        sealed, keys={**retired, **present}, vendor_id=keyring.vendor_id, satellite=satellite.id, now=unit.now
    )
    if satellite.state == REMOVED:
        raise ResyncRequiredError("the satellite was removed; register it again")
    signed_now = [key_id in present for key_id in opened.signers]
    if not any(signed_now):
        raise ResyncRequiredError("the file is signed by a key that was replaced: it comes from an older copy")
    if not all(signed_now):
        raise AlteredError("the envelope carries signatures that do not belong to it")
    return opened


def _is_valid(unit: Unit, satellite: Satellite, opened: OpenedRequest, prepared: Prepared) -> bool:
    """Whether staged rows are of this file, and neither another file nor an administrator changed what they rest on."""
    return prepared.digest == opened.digest and prepared.staged.basis == basis_of(unit, satellite)


def _response(unit: Unit, answered: Answered, *, by_file: bool) -> OutgoingFile:
    stored, satellite = answered.stored, answered.satellite
    view = {
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
    return OutgoingFile(stored.response or b"", view)


def _note_failure(database: Database, actor: Actor, open_file: Opener, error: ExchangeError, *, by_file: bool) -> None:
    """Keep why a file was refused with the satellite that made it; a forged file changes nothing in any account."""
    if error.code in _NO_FAILURE:
        return
    try:
        with open_file() as stream, database.write(actor) as unit:
            row = _maker(unit, stream, by_file=by_file)
            if row is not None and row.state != REMOVED:
                note_sync_failure(unit, row, error.code)
    except (ExchangeError, OSError):
        return


def _maker(unit: Unit, stream: BinaryIO, *, by_file: bool) -> Satellite | None:
    """The satellite that signed a file; for one that is cut before its signature, the one that it names."""
    cut = peek_cut(stream)
    if cut is not None:
        return by_id(unit, cut) if by_file else None
    row = by_id(unit, peek_satellite(stream))
    return row if row is not None and is_genuine(stream, row.id, _all_keys(unit, row)) else None
