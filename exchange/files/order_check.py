"""Order of files: which is next, which is a repetition, which shows a fault (rows S2.5, S2.6, B3).

(epoch, number) is a pair and starts again with each epoch. Central compares the chain that a request carries with what
it knows; a satellite compares a response with what it applied and made. Pure: the caller brings the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exchange.files.sync_request import Applied, SyncRequest
from exchange.files.sync_response import SyncResponse
from exchange.statements import CentralHead


class RequestOrder(StrEnum):
    """What a request is, to central."""

    APPLY = "apply"
    ALREADY_ANSWERED = "already_answered"
    SUPERSEDED = "superseded"
    FORK = "fork"
    RESYNC_REQUIRED = "resync_required"
    CENTRAL_RESTORED = "central_restored"


@dataclass(frozen=True, slots=True)
class KnownRequests:
    """What central knows of a satellite: the running epoch, and the digests that judge this request."""

    epoch: int
    epoch_id: str
    last_seq: int
    last_rseq: int
    digests: Mapping[tuple[int, int], str] = field(default_factory=dict)
    chain_digests: Mapping[tuple[int, int], str] = field(default_factory=dict)


def judge_request(known: KnownRequests, request: SyncRequest, digest: str, head: CentralHead | None) -> RequestOrder:
    """Decide what to do with a verified request.

    `known.digests` holds the digests of answered requests (and of the authorization as number 0), `chain_digests` those
    of requests that only a later one named.
    """
    here = (request.epoch, request.seq)
    if known.digests.get(here) == digest:
        return _repeated(known, request)
    if head is not None and head.epoch == known.epoch and head.epoch_id == known.epoch_id:
        if (head.seq, head.rseq) > (known.last_seq, known.last_rseq) and head.rseq > known.last_rseq:
            return RequestOrder.CENTRAL_RESTORED
    elif head is not None and head.epoch > known.epoch:
        return RequestOrder.CENTRAL_RESTORED
    if (request.epoch, request.epoch_id) != (known.epoch, known.epoch_id):
        return RequestOrder.RESYNC_REQUIRED if request.epoch <= known.epoch else RequestOrder.FORK
    if known.chain_digests.get(here) == digest:
        return RequestOrder.SUPERSEDED
    if request.seq <= known.last_seq:
        return RequestOrder.FORK
    last = known.digests.get((known.epoch, known.last_seq))
    named = {(entry.epoch, entry.seq): entry.digest for entry in request.chain}
    return RequestOrder.APPLY if named.get((known.epoch, known.last_seq)) == last else RequestOrder.FORK


def _repeated(known: KnownRequests, request: SyncRequest) -> RequestOrder:
    if (request.epoch, request.epoch_id) != (known.epoch, known.epoch_id):
        return RequestOrder.RESYNC_REQUIRED
    return RequestOrder.ALREADY_ANSWERED if request.seq == known.last_seq else RequestOrder.SUPERSEDED


class ResponseOrder(StrEnum):
    """What a response is, to a satellite."""

    APPLY = "apply"
    ALREADY_APPLIED = "already_applied"
    OLDER_THAN_APPLIED = "older_than_applied"
    NOT_MINE = "not_mine"
    RESYNC_REQUIRED = "resync_required"


def judge_response(
    applied: Applied, own_requests: Mapping[str, int], epoch_id: str, response: SyncResponse, digest: str
) -> ResponseOrder:
    """Decide what to do with a verified response; `own_requests` maps digests of this epoch's requests to numbers."""
    if response.epoch < applied.epoch:
        return ResponseOrder.OLDER_THAN_APPLIED
    if response.epoch > applied.epoch or response.epoch_id != epoch_id:
        return ResponseOrder.RESYNC_REQUIRED
    if response.rseq == applied.rseq:
        return ResponseOrder.ALREADY_APPLIED if digest == applied.digest else ResponseOrder.NOT_MINE
    if own_requests.get(response.answers_digest) != response.answers_seq:
        return ResponseOrder.NOT_MINE
    if response.rseq < applied.rseq:
        return ResponseOrder.OLDER_THAN_APPLIED
    base = response.base
    if (base.epoch, base.rseq) > (applied.epoch, applied.rseq):
        return ResponseOrder.NOT_MINE
    return ResponseOrder.APPLY
