"""Importing a response file: verified, judged and applied in one transaction, once and in order (rows S2.1, S2.5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, BinaryIO

from sqlalchemy import select

from exchange.errors import NotMineError, ResyncRequiredError
from exchange.files.order_check import ResponseOrder, judge_response
from exchange.files.sync_request import Applied
from exchange.files.sync_response import read_sync_response
from exchange.trust import Trust
from satellite.core.operations.services import note_signed_time
from satellite.core.site.models import MadeRequest, Site
from satellite.core.site.queries import authorized_site
from satellite.keyring import KeyRing
from satellite.sync.apply_response import apply_rows
from satellite.sync.history import note_history
from serverkit.db.unit import Unit
from serverkit.licence_time import ClockTrust

_NO_FUTURE = datetime(9000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Imported:
    """The outcome of an import (applied, already_applied or older_than_applied); `trust` is the root to be stored."""

    outcome: str
    epoch: int
    sequence: int
    counts: dict[str, int]
    trust: Trust | None = None

    def to_dict(self) -> dict[str, Any]:
        """The view for people and programs."""
        return {"outcome": self.outcome, "epoch": self.epoch, "sequence": self.sequence, "counts": self.counts}


def time_of_reading(unit: Unit) -> datetime:
    """The time after which a file counts as made in the future; no limit while the clock is not trusted.

    In that case the signed time of the file is better evidence than the clock of this machine.
    """
    believed = unit.reading is None or unit.reading.standing is ClockTrust.BELIEVED
    return unit.now if believed else _NO_FUTURE


def import_response(unit: Unit, keyring: KeyRing, data: BinaryIO) -> Imported:
    """Verify a response, and apply it if it is the newest that answers a request of this machine."""
    site = authorized_site(unit)
    opened = read_sync_response(
        data, trust=keyring.trust, satellite=site.satellite_id, lab=keyring.trust.root.lab, now=time_of_reading(unit)
    )
    response = opened.response
    query = select(MadeRequest.digest, MadeRequest.seq, MadeRequest.made_at).where(
        MadeRequest.epoch == site.epoch, MadeRequest.digest == response.answers_digest
    )
    asked = unit.session.execute(query).one_or_none()
    own = {asked.digest: asked.seq} if asked is not None else {}
    applied = Applied(site.epoch, site.applied_rseq, site.applied_digest)
    order = judge_response(applied, own, site.epoch_id, response, opened.digest)
    if order in {ResponseOrder.ALREADY_APPLIED, ResponseOrder.OLDER_THAN_APPLIED}:
        trust = opened.trust if order is ResponseOrder.ALREADY_APPLIED else None
        return Imported(order.value, response.epoch, response.rseq, opened.counts, trust)
    if order is ResponseOrder.NOT_MINE:
        raise NotMineError
    if order is ResponseOrder.RESYNC_REQUIRED:
        raise ResyncRequiredError("the response belongs to another epoch")
    note_signed_time(unit, response.created, asked.made_at if asked is not None else None)
    apply_rows(unit, opened.trust, site, opened.rows())
    _acknowledge(unit, site, response.answers_seq, response.answers_digest)
    site.applied_rseq, site.applied_digest = response.rseq, opened.digest
    site.head, site.last_sync_at = response.head, unit.now
    note_history(unit, "import", "applied", epoch=site.epoch, number=response.rseq, counts=opened.counts)
    return Imported("applied", site.epoch, response.rseq, opened.counts, opened.trust)


def _acknowledge(unit: Unit, site: Site, seq: int, digest: str) -> None:
    request = unit.session.get_one(MadeRequest, (site.epoch, seq))
    if seq > site.acknowledged_seq:
        site.acknowledged_seq, site.acknowledged_digest = seq, digest
        site.acknowledged_upto = max(site.acknowledged_upto, request.upto)
        if request.full:
            site.needs_full = False
        for old in unit.session.scalars(
            select(MadeRequest).where(MadeRequest.epoch == site.epoch, MadeRequest.seq < seq)
        ):
            old.content = b""
