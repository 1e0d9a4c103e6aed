"""Apply a request and answer it: its rows, the numbers of the satellite, the response (row C11.2)."""

from __future__ import annotations

from central.domain.accounts.models import SmartAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.renewing import renew_grants
from central.domain.export_control.services import end_grants
from central.domain.satellites.keys import note_signer
from central.domain.satellites.models import AnsweredRequest, Satellite
from central.domain.trust.services import require_valid_keys
from central.keyring import KeyRing
from central.sync.apply_rows import apply_rows, apply_staged
from central.sync.make_response import base_of, make_response
from central.sync.restored_central import mark_recovering, note_answer
from central.sync.staging import Staged
from exchange.files.sync_request import OpenedRequest
from serverkit.actor import ActorKind
from serverkit.db.unit import Unit
from serverkit.db.upsert import enlarged_cache
from serverkit.licence_texts import quantity


def apply_request(
    unit: Unit,
    keyring: KeyRing,
    account: SmartAccount,
    satellite: Satellite,
    opened: OpenedRequest,
    staged: Staged | None,
) -> AnsweredRequest:
    """Apply a new request and make its response; `staged` are its rows, where they are ready and nothing changed since."""
    require_valid_keys(keyring, unit.licence_now, change=False)
    request = opened.request
    base = base_of(unit, satellite, request.applied)
    with enlarged_cache(unit.session):
        if staged is not None:
            apply_staged(unit, keyring, account, satellite, staged)
        else:
            apply_rows(unit, keyring, account, satellite, opened.batches())
    end_grants(unit, keyring, account.id)
    renew_grants(unit, keyring, account.id, satellite.id)
    satellite.last_seq, satellite.last_sync_at = request.seq, unit.now
    satellite.last_rseq += 1
    satellite.software_version = request.software_version
    note_signer(unit, satellite, opened.signers[0])
    if satellite.recovering and request.full:
        mark_recovering(unit, satellite, recovering=False)
    note_answer(unit, account.id)
    satellite.sync_failure = None
    for entry in request.chain:
        key = (account.id, satellite.id, entry.epoch, entry.seq)
        if entry.epoch == request.epoch and entry.seq < request.seq and unit.session.get(AnsweredRequest, key) is None:
            unit.session.add(_named(account.id, satellite.id, entry.epoch, entry.seq, entry.digest, unit))
    stored = make_response(unit, keyring, account, satellite, opened, base)
    by_network = unit.actor.kind is ActorKind.SATELLITE  # its file was never transported
    way = "network" if by_network else "file"
    kind = EventKind.SATELLITE_SYNCHRONIZED_NETWORK if by_network else EventKind.SATELLITE_SYNCHRONIZED
    message = f"satellite {satellite.name} synchronized by {way} ({quantity(sum(opened.counts.values()), 'row')})"
    subject = {"epoch": request.epoch, "sequence": request.seq, "full": request.full, "counts": opened.counts}
    record(unit, account.id, kind, message, subject=subject, satellite_id=satellite.id)
    unit.touched.add(account.id)
    return stored


def _named(account_id: str, satellite_id: str, epoch: int, seq: int, digest: str, unit: Unit) -> AnsweredRequest:
    """A request that never arrived and that a later one named: if it comes now, it is superseded."""
    return AnsweredRequest(
        account_id=account_id,
        satellite_id=satellite_id,
        epoch=epoch,
        seq=seq,
        digest=digest,
        change_upto=0,
        catalogue_upto=0,
        counts={},
        received_at=unit.now,
    )
