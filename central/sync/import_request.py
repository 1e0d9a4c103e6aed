"""Taking a request in and answering it, in one transaction (rows C11.2, S2.5, S2.6).

The rows are read, checked and made ready before it, while others write; it judges anew all that can have changed.

Order: 1 the named satellite is known, 2 signature by a key of its own (a retired one means: restored from a backup),
3 the file's own checks, 4 its order: the stored answer again, superseded, fork, an ended epoch, or new; 5 rows applied,
6 the response made and stored with the request's numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount
from central.domain.activity.events import EventKind
from central.domain.activity.services import record
from central.domain.alerts.services import refresh_alerts
from central.domain.export_control.services import end_grants, renew_grants
from central.domain.satellites.models import AnsweredRequest, QuarantinedFile, Satellite
from central.domain.satellites.queries import REMOVED, by_id, keys_of
from central.domain.satellites.services import note_signer
from central.domain.trust.services import require_valid_keys
from central.keyring import KeyRing
from central.sync.apply_request import apply_rows, apply_staged
from central.sync.make_response import base_of, respond
from central.sync.recovery import enter_recovery, mark_recovering, note_answer
from central.sync.staging import Staged, basis_of, stage_rows
from exchange.errors import (
    ExchangeError,
    ForkError,
    ResyncRequiredError,
    SupersededError,
    UnknownIssuerError,
)
from exchange.files.order import KnownRequests, RequestOrder, judge_request
from exchange.files.sync_request import OpenedRequest, peek_satellite, read_sync_request
from exchange.statements import CentralHead, open_central_head
from serverkit.actor import ActorKind
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.db.upsert import enlarged_cache
from serverkit.ids import new_id


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer to a request: its bytes and numbers, and whether it was made just now."""

    outcome: str
    satellite: Satellite
    stored: AnsweredRequest
    received: dict[str, int]


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows of the request of this digest, staged in a unit that only looks; to be closed."""

    digest: str
    staged: Staged

    def close(self) -> None:
        """Throw away what waits."""
        self.staged.close()


def prepare_request(unit: Unit, keyring: KeyRing, data: BinaryIO) -> Prepared | None:
    """Read, verify, check and stage a request that is new; None for any other, of which `take_request` says more."""
    satellite = by_id(unit, peek_satellite(data))
    if satellite is None:
        return None
    opened = _open(unit, keyring, satellite, data)
    order = judge_request(_known(unit, satellite, opened), opened.request, opened.digest, _head(keyring, opened))
    if order is not RequestOrder.APPLY or satellite.forked:
        return None
    return Prepared(opened.digest, stage_rows(unit, satellite, opened.batches()))


def take_request(
    unit: Unit, keyring: KeyRing, data: BinaryIO, prepared: Prepared | None = None
) -> Answered | ExchangeError:
    """Answer a request, or return the refusal whose traces (a quarantined file, an alert) are to be kept.

    Refusals that leave no trace are raised. Signature and order are judged again, whatever was prepared.
    """
    satellite = by_id(unit, peek_satellite(data))
    if satellite is None:
        raise UnknownIssuerError("the satellite that the file names is not known here")
    opened = _open(unit, keyring, satellite, data)
    account = unit.session.get_one(SmartAccount, satellite.account_id)
    order = judge_request(_known(unit, satellite, opened), opened.request, opened.digest, _head(keyring, opened))
    if order is RequestOrder.ALREADY_ANSWERED:
        return Answered("already_answered", satellite, _answer_of(unit, satellite, opened), opened.counts)
    if order is RequestOrder.SUPERSEDED:
        raise SupersededError
    if order is RequestOrder.RESYNC_REQUIRED:
        raise ResyncRequiredError("the file belongs to an epoch that has ended")
    if order is RequestOrder.CENTRAL_RESTORED:
        return _restored(unit, keyring, satellite, opened)
    if order is RequestOrder.FORK or satellite.forked:
        return _fork(unit, account, satellite, opened, data)
    if _answered_otherwise(unit, keyring, satellite, opened):
        return _restored(unit, keyring, satellite, opened)
    return _apply(unit, keyring, account, satellite, opened, prepared)


def _open(unit: Unit, keyring: KeyRing, satellite: Satellite, data: BinaryIO) -> OpenedRequest:
    keys, retired = keys_of(unit, satellite, retired=False), keys_of(unit, satellite, retired=True)
    all_keys = {**retired, **keys}
    opened = read_sync_request(data, keys=all_keys, vendor_id=keyring.vendor_id, satellite=satellite.id, now=unit.now)
    if satellite.state == REMOVED:
        raise ResyncRequiredError("the satellite was removed; register it again")
    try:
        read_sync_request(data, keys=keys, vendor_id=keyring.vendor_id, satellite=satellite.id, now=unit.now)
    except UnknownIssuerError as error:
        raise ResyncRequiredError("the file is signed by a key that was replaced: an older copy speaks") from error
    return opened


def _restored(unit: Unit, keyring: KeyRing, satellite: Satellite, opened: OpenedRequest) -> ExchangeError:
    """A genuine head of central's own that it does not know: central was put back, for every satellite."""
    head = _head(keyring, opened)
    enter_recovery(unit, None, {satellite.id: head.epoch} if head else {})
    return ResyncRequiredError(
        "the satellite knows newer answers than this central: central was put back to an older copy"
    )


def _answered_otherwise(unit: Unit, keyring: KeyRing, satellite: Satellite, opened: OpenedRequest) -> bool:
    """Whether central once gave another answer under a number that it has given since: it was put back in between."""
    head = _head(keyring, opened)
    if head is None or (head.epoch, head.epoch_id) != (satellite.epoch, satellite.epoch_id):
        return False
    given = select(AnsweredRequest.received_at).where(
        AnsweredRequest.account_id == satellite.account_id,
        AnsweredRequest.satellite_id == satellite.id,
        AnsweredRequest.epoch == head.epoch,
        AnsweredRequest.rseq == head.rseq,
    )
    known = unit.session.scalar(given)
    return head.rseq > 0 and known is not None and iso(known) != iso(head.created)


def _head(keyring: KeyRing, opened: OpenedRequest) -> CentralHead | None:
    if opened.request.head is None:
        return None
    try:
        head = open_central_head(opened.request.head, keyring.trust)
    except ExchangeError:
        return None
    return head if head.satellite == opened.request.satellite else None


def _known(unit: Unit, satellite: Satellite, opened: OpenedRequest) -> KnownRequests:
    wanted = {(satellite.epoch, satellite.last_seq), (opened.request.epoch, opened.request.seq)}
    query = select(AnsweredRequest).where(
        AnsweredRequest.account_id == satellite.account_id, AnsweredRequest.satellite_id == satellite.id
    )
    digests: dict[tuple[int, int], str] = {}
    named: dict[tuple[int, int], str] = {}
    for epoch, seq in wanted:
        row = unit.session.scalars(
            query.where(AnsweredRequest.epoch == epoch, AnsweredRequest.seq == seq)
        ).one_or_none()
        if row is not None:
            (digests if row.rseq is not None else named)[epoch, seq] = row.digest
    return KnownRequests(satellite.epoch, satellite.epoch_id, satellite.last_seq, satellite.last_rseq, digests, named)


def _answer_of(unit: Unit, satellite: Satellite, opened: OpenedRequest) -> AnsweredRequest:
    key = (satellite.account_id, satellite.id, opened.request.epoch, opened.request.seq)
    return unit.session.get_one(AnsweredRequest, key)


def _fork(
    unit: Unit, account: SmartAccount, satellite: Satellite, opened: OpenedRequest, data: BinaryIO
) -> ExchangeError:
    known = select(QuarantinedFile).where(
        QuarantinedFile.account_id == account.id, QuarantinedFile.digest == opened.digest
    )
    if unit.session.scalars(known).first() is None:
        data.seek(0)
        unit.session.add(
            QuarantinedFile(
                account_id=account.id,
                id=new_id(),
                satellite_id=satellite.id,
                received_at=unit.now,
                digest=opened.digest,
                content=data.read(),
            )
        )
        message = f"two machines speak as satellite {satellite.name}; its file was set aside"
        subject = {"digest": opened.digest, "epoch": opened.request.epoch, "sequence": opened.request.seq}
        record(unit, account.id, EventKind.SATELLITE_FORKED, message, subject=subject, satellite_id=satellite.id)
    satellite.forked = True
    refresh_alerts(unit, account)
    return ForkError("the file does not follow what this central knows of the satellite")


def _apply(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    satellite: Satellite,
    opened: OpenedRequest,
    prepared: Prepared | None,
) -> Answered:
    require_valid_keys(keyring, unit.licence_now, change=False)
    request = opened.request
    base = base_of(unit, satellite, request.applied)
    with enlarged_cache(unit.session):
        if prepared is not None and _still_rests(unit, satellite, opened, prepared):
            apply_staged(unit, keyring, account, satellite, prepared.staged)
        else:
            apply_rows(unit, keyring, account, satellite, opened.batches())
    end_grants(unit, keyring)
    renew_grants(unit, keyring, account.id, satellite.id)
    satellite.last_seq, satellite.last_sync_at = request.seq, unit.now
    satellite.last_rseq += 1
    satellite.software_version = request.software_version
    note_signer(unit, satellite, opened.signer)
    if satellite.recovering and request.full:
        mark_recovering(unit, satellite, recovering=False)
    note_answer(unit)
    satellite.sync_failure = None
    for entry in request.chain:
        key = (account.id, satellite.id, entry.epoch, entry.seq)
        if entry.epoch == request.epoch and entry.seq < request.seq and unit.session.get(AnsweredRequest, key) is None:
            unit.session.add(_named(account.id, satellite.id, entry.epoch, entry.seq, entry.digest, unit))
    stored = respond(unit, keyring, account, satellite, opened, base)
    by_network = unit.actor.kind is ActorKind.SATELLITE  # nobody carried it
    way = "network" if by_network else "file"
    kind = EventKind.SATELLITE_SYNCHRONIZED_NETWORK if by_network else EventKind.SATELLITE_SYNCHRONIZED
    message = f"satellite {satellite.name} synchronized by {way} ({sum(opened.counts.values())} rows)"
    subject = {"epoch": request.epoch, "sequence": request.seq, "full": request.full, "counts": opened.counts}
    record(unit, account.id, kind, message, subject=subject, satellite_id=satellite.id)
    refresh_alerts(unit, account)
    return Answered("applied", satellite, stored, opened.counts)


def _still_rests(unit: Unit, satellite: Satellite, opened: OpenedRequest, prepared: Prepared) -> bool:
    """Whether nothing came between that what was staged rests on: another file, an administrator's word."""
    return prepared.digest == opened.digest and prepared.staged.basis == basis_of(unit, satellite)


def _named(account_id: str, satellite_id: str, epoch: int, seq: int, digest: str, unit: Unit) -> AnsweredRequest:
    """A request that never arrived and that a later one named: if it comes now, it is superseded."""
    return AnsweredRequest(
        account_id=account_id,
        satellite_id=satellite_id,
        epoch=epoch,
        seq=seq,
        digest=digest,
        change_upto=0,
        counts={},
        received_at=unit.now,
    )
