"""Make the response: what differs from the one that the satellite has applied (rows C11.2, S2.1)."""

from __future__ import annotations

import io
from itertools import chain

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.keyring import KeyRing
from central.sync.certificates import certificate_rows
from central.sync.response_rows import NOTHING, Known, rows_for
from exchange.errors import MalformedError
from exchange.files.sync_request import Applied, OpenedRequest
from exchange.files.sync_response import SyncResponse, make_sync_response
from exchange.statements import CentralHead, seal_central_head
from serverkit.db.unit import Unit


def base_of(unit: Unit, satellite: Satellite, applied: Applied) -> Known:
    """The change numbers up to which the satellite knows everything."""
    query = select(AnsweredRequest).where(
        AnsweredRequest.account_id == satellite.account_id,
        AnsweredRequest.satellite_id == satellite.id,
        AnsweredRequest.epoch == applied.epoch,
        AnsweredRequest.rseq == applied.rseq,
    )
    row = unit.session.scalars(query).one_or_none()
    if row is None or row.response_digest != applied.digest:
        if applied.epoch == satellite.epoch:
            raise MalformedError("the request names a response that was never given")
        return NOTHING
    return Known(row.change_upto, row.catalogue_upto)


def make_response(
    unit: Unit, keyring: KeyRing, account: SmartAccount, satellite: Satellite, opened: OpenedRequest, after: Known
) -> AnsweredRequest:
    """Make the response of a request and store it with its numbers."""
    request = opened.request
    unit.session.flush()  # the rows below read what was just applied
    upto = Known.now(unit, account.id)
    head = CentralHead(
        keyring.vendor_id, satellite.id, satellite.epoch, satellite.epoch_id, request.seq, satellite.last_rseq, unit.now
    )
    response = SyncResponse(
        vendor_id=keyring.vendor_id,
        satellite=satellite.id,
        epoch=satellite.epoch,
        epoch_id=satellite.epoch_id,
        rseq=satellite.last_rseq,
        created=unit.now,
        answers_seq=request.seq,
        answers_digest=opened.digest,
        base=request.applied,
        full=request.full or after == NOTHING,
        head=seal_central_head(head, keyring.response_key),
        root_version=keyring.trust.root.version,
    )
    out = io.BytesIO()
    rows = chain(
        certificate_rows(unit, keyring, satellite, request),
        rows_for(unit, keyring, account, satellite, NOTHING if request.full else after),
    )
    roots = keyring.trust.newer_than(request.root_version)
    digest, counts = make_sync_response(response, rows, keyring.response_key, roots, out)
    stored = AnsweredRequest(
        account_id=account.id,
        satellite_id=satellite.id,
        epoch=request.epoch,
        seq=request.seq,
        digest=opened.digest,
        rseq=satellite.last_rseq,
        response=out.getvalue(),
        response_digest=digest,
        change_upto=upto.changes,
        catalogue_upto=upto.catalogue,
        counts=counts,
        received_at=unit.now,
    )
    unit.session.add(stored)
    return stored
