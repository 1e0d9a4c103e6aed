"""Compares a request with those that central knows: new, known, late, forked, or from before a restore (row S2.5)."""

from __future__ import annotations

from typing import BinaryIO

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.satellites.models import AnsweredRequest, QuarantinedFile, Satellite
from central.keyring import KeyRing
from central.sync.restored_central import enter_recovery
from exchange.errors import ExchangeError, ForkError, ResyncRequiredError
from exchange.files.order_check import KnownRequests, RequestOrder, judge_request
from exchange.files.sync_request import OpenedRequest
from exchange.statements import CentralHead, open_central_head
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.ids import new_id


def order_of(unit: Unit, keyring: KeyRing, satellite: Satellite, opened: OpenedRequest) -> RequestOrder:
    """The place of a verified request among those of its satellite."""
    known = _known(unit, satellite, opened)
    order = judge_request(known, opened.request, opened.digest, _head(keyring, opened))
    if order is RequestOrder.APPLY and satellite.forked:
        return RequestOrder.FORK  # until an administrator has resynchronized it
    return order


def note_restored_central(unit: Unit, keyring: KeyRing, satellite: Satellite, opened: OpenedRequest) -> ExchangeError:
    """Open new epochs for every satellite: the request knows an answer of central's own that central does not know."""
    head = _head(keyring, opened)
    enter_recovery(unit, None, {satellite.id: head.epoch} if head else {})
    return ResyncRequiredError(
        "the satellite knows newer answers than this central: central was restored from an older copy"
    )


def is_answered_otherwise(unit: Unit, keyring: KeyRing, satellite: Satellite, opened: OpenedRequest) -> bool:
    """Whether the satellite holds another answer of this number than the one here: then central was restored."""
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


def stored_answer(unit: Unit, satellite: Satellite, opened: OpenedRequest) -> AnsweredRequest:
    """The answer that this request got before."""
    key = (satellite.account_id, satellite.id, opened.request.epoch, opened.request.seq)
    return unit.session.get_one(AnsweredRequest, key)


def quarantine_fork(
    unit: Unit, account: SmartAccount, satellite: Satellite, opened: OpenedRequest, data: BinaryIO
) -> ExchangeError:
    """Keep the file of a second machine that uses the identity of the satellite; nothing of it is applied."""
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
        message = f"two machines speak as satellite {satellite.name}; its file was quarantined"
        subject = {"digest": opened.digest, "epoch": opened.request.epoch, "sequence": opened.request.seq}
        record(unit, account.id, EventKind.SATELLITE_FORKED, message, subject=subject, satellite_id=satellite.id)
    satellite.forked = True
    unit.touched.add(account.id)
    return ForkError("the file does not follow what this central knows of the satellite")
