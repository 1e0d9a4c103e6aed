"""Making requests: numbers, bytes and state change in one transaction; the file is released after it (rows S2.1, S2.3)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from chassis.db.unit import Unit
from chassis.licence_time import can_lower
from exchange.canonical import JsonObject
from exchange.files.rows import RequestRow
from exchange.files.sync_request import Applied, ChainEntry, SyncRequest, make_sync_request
from exchange.keys import PublicKey
from satellite import __version__
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.base import last_change
from satellite.core.export_queue.services import mark_sent
from satellite.core.site.errors import RestoredError
from satellite.core.site.models import MadeRequest, Site
from satellite.core.site.queries import authorized_site, last_request
from satellite.core.site.services import note_history
from satellite.keyring import KeyRing
from satellite.sync.outgoing import rows_since
from satellite.sync.privacy import PrivacyFilter
from satellite.sync.renewal import prepare_renewal

REPEAT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """A request to carry: its stored bytes, and whether they were made just now."""

    request: MadeRequest
    fresh: bool


def export_request(unit: Unit, keyring: KeyRing, *, full: bool, restored: bool) -> Export:
    """Give the stored request out again while nothing changed, else make the next one."""
    require(unit, Permission.SYNC_RUN)
    site = authorized_site(unit)
    if restored:
        raise RestoredError
    wants_full = full or site.needs_full
    last = last_request(unit, site)
    if last is not None and not _outdated(unit, site, last, full=wants_full):
        return Export(last, fresh=False)
    prepare_renewal(unit, keyring, site)
    site.last_seq += 1
    upto = last_change(unit)
    request = _manifest(unit, keyring, site, full=wants_full)
    out = io.BytesIO()
    digest, counts = make_sync_request(
        request, _rows(unit, keyring, site, full=wants_full), keyring.key(site.identity_key_id), out
    )
    made = MadeRequest(
        epoch=site.epoch,
        seq=site.last_seq,
        digest=digest,
        content=out.getvalue(),
        upto=upto,
        full=wants_full,
        counts=counts,
        made_at=unit.now,
    )
    unit.session.add(made)
    mark_sent(unit)
    note_history(unit, "export", "made", epoch=made.epoch, number=made.seq, counts=counts)
    return Export(made, fresh=True)


def _outdated(unit: Unit, site: Site, last: MadeRequest, *, full: bool) -> bool:
    answered = last.seq <= site.acknowledged_seq
    changed = last_change(unit) > last.upto
    return answered or changed or (full and not last.full) or unit.now - last.made_at >= REPEAT_FOR


def _manifest(unit: Unit, keyring: KeyRing, site: Site, *, full: bool) -> SyncRequest:
    query = select(MadeRequest.seq, MadeRequest.digest).where(
        MadeRequest.epoch == site.epoch, MadeRequest.seq > site.acknowledged_seq, MadeRequest.seq < site.last_seq
    )
    later = [
        ChainEntry(site.epoch, seq, digest) for seq, digest in unit.session.execute(query.order_by(MadeRequest.seq))
    ]
    return SyncRequest(
        vendor_id=keyring.trust.root.vendor_id,
        satellite=site.satellite_id,
        epoch=site.epoch,
        epoch_id=site.epoch_id,
        seq=site.last_seq,
        created=_said_time(unit),
        full=full,
        chain=(ChainEntry(site.epoch, site.acknowledged_seq, site.acknowledged_digest), *later),
        applied=Applied(site.epoch, site.applied_rseq, site.applied_digest),
        head=site.head,
        root_version=keyring.trust.root.version,
        software_version=__version__,
        next_key=_public(keyring, site.next_identity_key_id),
        next_device_ca_key=_public(keyring, site.next_device_ca_key_id),
    )


def _said_time(unit: Unit) -> datetime:
    """The time that a request carries: the present, or the clock where licence time may be what is wrong.

    Central refuses what comes from the future; so a machine whose time leapt while it was off, and whose clock was set
    right since, still gets the signed answer that brings its licence time down.
    """
    reading = unit.reading
    if reading is not None and can_lower(reading.mark, reading.moment):
        return min(unit.now, reading.moment.system)
    return unit.now


def _public(keyring: KeyRing, key_id: str | None) -> PublicKey | None:
    return keyring.key(key_id).public if key_id else None


def _rows(unit: Unit, keyring: KeyRing, site: Site, *, full: bool) -> Iterator[RequestRow]:
    privacy = PrivacyFilter(site.privacy, keyring.pseudonym_key)
    return rows_since(unit, site.acknowledged_upto, privacy, full=full)


def preview(unit: Unit, keyring: KeyRing) -> dict[str, list[JsonObject]]:
    """Every row that the next request would hold, by kind, as it would leave (row S2.4)."""
    site = authorized_site(unit)
    found: dict[str, list[JsonObject]] = {}
    for row in _rows(unit, keyring, site, full=site.needs_full):
        found.setdefault(row.kind, []).append(row.to_dict())
    return found
