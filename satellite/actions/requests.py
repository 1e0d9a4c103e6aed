"""The request that was made last, as a page shows it (row S2.1)."""

from __future__ import annotations

from typing import Any

from satellite.core.site.queries import last_request, site_of
from serverkit.clock import iso
from serverkit.db.unit import Unit


def show_last_request(unit: Unit) -> dict[str, Any] | None:
    """The newest request of this epoch, and whether central has answered it; None before the first."""
    site = site_of(unit)
    row = last_request(unit, site)
    if row is None:
        return None
    return {
        "epoch": row.epoch,
        "sequence": row.seq,
        "digest": row.digest,
        "size": len(row.content),
        "full": row.full,
        "counts": dict(row.counts),
        "made_at": iso(row.made_at),
        "answered": row.seq <= site.acknowledged_seq,
    }
