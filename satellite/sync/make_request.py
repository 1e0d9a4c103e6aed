"""Making requests: numbers, bytes and state change in one transaction, and the file is released after it (rows S2.1, S2.3).

The rows are read and packed before that transaction, in a snapshot that blocks no device. A change that happens in the
meantime has a higher change number than the request covers, and is sent with the next one.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from exchange.canonical import JsonObject
from exchange.container_writing import Lines, PackedBody
from exchange.files.rows import RequestRow
from exchange.files.sync_request import Applied, ChainEntry, SyncRequest, make_sync_request, pack_rows
from exchange.keys import PublicKey
from exchange.tables import TableReader
from satellite import __version__
from satellite.core.access.rules import Permission
from satellite.core.access.services import require
from satellite.core.base import last_change
from satellite.core.conversions.services import mark_conversions_sent
from satellite.core.export_queue.services import mark_sent
from satellite.core.site.errors import RestoredError
from satellite.core.site.models import MadeRequest, Site
from satellite.core.site.queries import authorized_site, last_request, site_of
from satellite.keyring import KeyRing
from satellite.sync.history import note_history
from satellite.sync.key_renewal import prepare_renewal
from satellite.sync.privacy import PrivacyFilter
from satellite.sync.request_rows import rows_since
from serverkit.db.unit import Unit
from serverkit.licence_time import can_lower

REPEAT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Export:
    """A request to transport: its stored bytes, and whether it was made just now."""

    request: MadeRequest
    fresh: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """The packed rows of the next request, and the state that they were read from."""

    body: PackedBody
    upto: int
    basis: tuple[object, ...]


def prepare_request(unit: Unit, keyring: KeyRing, *, full: bool) -> Prepared | None:
    """Read and pack the rows of the next request in a reading unit; None where the stored request is still current."""
    require(unit, Permission.SYNC_RUN)
    site = site_of(unit)
    wants_full = full or site.needs_full
    last = last_request(unit, site)
    if site.epoch == 0 or (last is not None and not _outdated(unit, site, last, full=wants_full)):
        return None
    return _pack(unit, keyring, site, full=wants_full)


def _pack(unit: Unit, keyring: KeyRing, site: Site, *, full: bool) -> Prepared:
    upto = last_change(unit)
    return Prepared(pack_rows(_rows(unit, keyring, site, full=full)), upto, _basis(site, full=full))


def _basis(site: Site, *, full: bool) -> tuple[object, ...]:
    return site.epoch_id, site.last_seq, site.acknowledged_upto, site.privacy, full


def make_request(
    unit: Unit, keyring: KeyRing, *, full: bool, restored: bool, prepared: Prepared | None = None
) -> Export:
    """Return the stored request while nothing has changed, else make the next one; closes `prepared`.

    RestoredError on a machine that was restored from an older copy.
    """
    with closing(prepared.body) if prepared is not None else nullcontext():
        require(unit, Permission.SYNC_RUN)
        return _make(unit, keyring, prepared, full=full, restored=restored)


def _make(unit: Unit, keyring: KeyRing, prepared: Prepared | None, *, full: bool, restored: bool) -> Export:
    site = authorized_site(unit)
    if restored:
        raise RestoredError
    wants_full = full or site.needs_full
    last = last_request(unit, site)
    if last is not None and not _outdated(unit, site, last, full=wants_full):
        return Export(last, fresh=False)
    if prepared is None or prepared.basis != _basis(site, full=wants_full):
        # Another request was made, or a response was applied, after the rows were packed.
        prepared = _pack(unit, keyring, site, full=wants_full)
    prepare_renewal(unit, keyring, site)
    site.last_seq += 1
    request = _manifest(unit, keyring, site, full=wants_full)
    out = io.BytesIO()
    digest, counts = make_sync_request(request, prepared.body, keyring.key(site.identity_key_id), out)
    row = MadeRequest(
        epoch=site.epoch,
        seq=site.last_seq,
        digest=digest,
        content=out.getvalue(),
        upto=prepared.upto,
        full=wants_full,
        counts=counts,
        made_at=unit.now,
    )
    unit.session.add(row)
    mark_sent(unit, prepared.upto)
    mark_conversions_sent(unit, prepared.upto)
    note_history(unit, "export", "made", epoch=row.epoch, number=row.seq, counts=counts)
    return Export(row, fresh=True)


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
        created=_created_time(unit),
        full=full,
        chain=(ChainEntry(site.epoch, site.acknowledged_seq, site.acknowledged_digest), *later),
        applied=Applied(site.epoch, site.applied_rseq, site.applied_digest),
        head=site.head,
        root_version=keyring.trust.root.version,
        software_version=__version__,
        next_key=_public(keyring, site.next_identity_key_id),
        next_device_ca_key=_public(keyring, site.next_device_ca_key_id),
    )


def _created_time(unit: Unit) -> datetime:
    """The creation time of a request: the present, or the system clock where licence time may be too high.

    Central refuses files from the future. A machine whose time jumped forward, and whose clock was corrected since,
    still gets the signed answer that lowers its licence time.
    """
    reading = unit.reading
    if reading is not None and can_lower(reading.mark, reading.moment):
        return min(unit.now, reading.moment.system)
    return unit.now


def _public(keyring: KeyRing, key_id: str | None) -> PublicKey | None:
    return keyring.key(key_id).public if key_id else None


def _rows(unit: Unit, keyring: KeyRing, site: Site, *, full: bool) -> Iterator[RequestRow | Lines]:
    privacy = PrivacyFilter(site.privacy, keyring.pseudonym_key)
    return rows_since(unit, site.acknowledged_upto, privacy, full=full)


def preview(unit: Unit, keyring: KeyRing) -> dict[str, list[JsonObject]]:
    """Every row of the next request by kind, after the privacy filter (row S2.4)."""
    site = authorized_site(unit)
    found: dict[str, list[JsonObject]] = {}
    tables = TableReader()
    for row in _rows(unit, keyring, site, full=site.needs_full):
        of_kind = found.setdefault(row.kind, [])
        if isinstance(row, Lines):
            for line in row.data.removesuffix(b"\n").split(b"\n"):
                of_kind.extend(tables.read(line).rows())
        else:
            of_kind.append(row.to_dict())
    return found
