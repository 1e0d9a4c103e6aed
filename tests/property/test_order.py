"""The pure judgement of order, against everything that can be presented to it (rows S2.5, S2.6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exchange.files.order_check import (
    KnownRequests,
    RequestOrder,
    ResponseOrder,
    judge_request,
    judge_response,
)
from exchange.files.sync_request import Applied, ChainEntry, SyncRequest
from exchange.files.sync_response import SyncResponse

AT = datetime(2027, 1, 1, tzinfo=UTC)
DIGESTS = tuple(letter * 64 for letter in "abcdef")
EPOCHS = {1: "1" * 32, 2: "2" * 32, 3: "3" * 32}

numbers = st.integers(0, 5)
epochs = st.integers(1, 3)
digests = st.sampled_from(DIGESTS)
keys = st.tuples(epochs, numbers)


@st.composite
def requests(draw: st.DrawFn) -> SyncRequest:
    """Any request, sensible or not."""
    epoch = draw(epochs)
    chain = draw(st.lists(st.builds(ChainEntry, epochs, numbers, digests), min_size=1, max_size=4))
    return SyncRequest(
        vendor_id="v" * 32,
        satellite="s" * 32,
        epoch=epoch,
        epoch_id=draw(st.sampled_from([EPOCHS[epoch], "9" * 32])),
        seq=draw(st.integers(1, 6)),
        created=AT,
        full=draw(st.booleans()),
        chain=tuple(chain),
        applied=Applied(epoch, 0, DIGESTS[0]),
        head=None,
        root_version=1,
        software_version="1",
        next_key=None,
        next_device_ca_key=None,
    )


@st.composite
def known_requests(draw: st.DrawFn) -> KnownRequests:
    """Anything that central may know; the last request is always among it."""
    epoch, last = draw(epochs), draw(numbers)
    answered = draw(st.dictionaries(keys, digests, max_size=4))
    answered[epoch, last] = draw(digests)
    return KnownRequests(
        epoch, EPOCHS[epoch], last, draw(numbers), answered, draw(st.dictionaries(keys, digests, max_size=3))
    )


@pytest.mark.row("S2.5", "S2.6")
@given(known_requests(), requests(), digests)
def test_no_number_is_applied_twice_or_downwards(known: KnownRequests, request: SyncRequest, digest: str) -> None:
    """Only the running epoch's next number, whose chain holds the last digest that central knows, is ever applied."""
    verdict = judge_request(known, request, digest, None)

    if verdict is RequestOrder.APPLY:
        assert (request.epoch, request.epoch_id) == (known.epoch, known.epoch_id)
        assert request.seq > known.last_seq
        last = known.digests[known.epoch, known.last_seq]
        assert ChainEntry(known.epoch, known.last_seq, last) in request.chain


@pytest.mark.row("S2.6")
@pytest.mark.parametrize("seq", [1, 3, 5])
def test_a_lower_number_with_a_perfect_chain_is_a_fork(seq: int) -> None:
    """The chain of a request that claims an old number may hold everything: the number alone condemns it."""
    known = KnownRequests(1, EPOCHS[1], 5, 5, {(1, 5): DIGESTS[0]})
    base = SyncRequest(
        "v" * 32, "s" * 32, 1, EPOCHS[1], seq, AT, False, (ChainEntry(1, 5, DIGESTS[0]),),
        Applied(1, 0, DIGESTS[0]), None, 1, "1", None, None,
    )  # fmt: skip

    assert judge_request(known, base, DIGESTS[1], None) is RequestOrder.FORK
    assert judge_request(known, replace(base, seq=6), DIGESTS[1], None) is RequestOrder.APPLY


@pytest.mark.row("S2.5")
@given(known_requests(), requests(), digests)
def test_what_was_answered_is_never_judged_anew(known: KnownRequests, request: SyncRequest, digest: str) -> None:
    """The same number with the same digest is answered as before, or told that it came too late; it is not a fork."""
    again = replace(known, digests={**known.digests, (request.epoch, request.seq): digest})
    verdict = judge_request(again, request, digest, None)

    assert verdict in {RequestOrder.ALREADY_ANSWERED, RequestOrder.SUPERSEDED, RequestOrder.RESYNC_REQUIRED}


@st.composite
def responses(draw: st.DrawFn) -> SyncResponse:
    """Any response, sensible or not."""
    epoch = draw(epochs)
    return SyncResponse(
        vendor_id="v" * 32,
        satellite="s" * 32,
        epoch=epoch,
        epoch_id=draw(st.sampled_from([EPOCHS[epoch], "9" * 32])),
        rseq=draw(st.integers(1, 6)),
        created=AT,
        answers_seq=draw(st.integers(1, 6)),
        answers_digest=draw(digests),
        base=Applied(draw(epochs), draw(numbers), draw(digests)),
        full=draw(st.booleans()),
        head={},
        root_version=1,
    )


@pytest.mark.row("S2.5", "S2.6")
@given(st.builds(Applied, epochs, numbers, digests), st.dictionaries(digests, st.integers(1, 6)), responses(), digests)
def test_only_a_response_to_an_own_request_is_applied(
    applied: Applied, own: dict[str, int], response: SyncResponse, digest: str
) -> None:
    """What is applied answers a request of this machine and epoch, is newer than all before, and builds on what is there."""
    verdict = judge_response(applied, own, EPOCHS[applied.epoch], response, digest)

    if verdict is ResponseOrder.APPLY:
        assert (response.epoch, response.epoch_id) == (applied.epoch, EPOCHS[applied.epoch])
        assert response.rseq > applied.rseq
        assert own.get(response.answers_digest) == response.answers_seq
        assert (response.base.epoch, response.base.rseq) <= (applied.epoch, applied.rseq)
    if verdict is ResponseOrder.ALREADY_APPLIED:
        assert (response.rseq, digest) == (applied.rseq, applied.digest)
