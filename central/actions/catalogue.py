"""Use cases of the catalogue: import and list it (rows C8.1, C3.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from central.domain.catalogue import queries
from central.domain.catalogue.errors import RestrictionInUseError
from central.domain.catalogue.services import apply_catalogue, read_catalogue
from central.domain.ledger.models import GRANTED, Bucket, Claim, Holding, Lot
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches


def import_catalogue(
    unit: Unit, path: Path, *, preview: bool = False, change_restriction: bool = False
) -> dict[str, Any]:
    """Import a catalogue file, all or nothing; `preview` only shows what it would change.

    An ordinary licence that becomes restricted is taken from every device at its next contact, until the device has a
    grant; a restricted one that becomes ordinary makes grants meaningless. RestrictionInUseError for a licence that
    devices use, unless `change_restriction` confirms the change.
    """
    change = read_catalogue(unit, path)
    # An ordinary licence may also be held by the code of a device that never asks again.
    reserved = _held(unit, change.restricted, Bucket.RESERVED, Bucket.TRANSITION)
    used = Counter(_claimed(unit, change.restricted)) + Counter(reserved)
    used += Counter(_held(unit, change.unrestricted, *GRANTED))
    if used and not preview and not change_restriction:
        named = ", ".join(f"{tag} ({count} in use)" for tag, count in sorted(used.items())[:20])
        raise RestrictionInUseError("the restriction of licences in use would change: {named}", named=named)
    if not preview:
        apply_catalogue(unit, change)
    changing = sorted({*change.restricted, *change.unrestricted})
    return {
        **change.counts,
        "added": change.added,
        "changed": change.changed,
        "restriction_changes": [
            {"tag": tag, "restricted": tag in change.restricted, "in_use": used.get(tag, 0)} for tag in changing
        ],
        "imported": not preview,
        "warnings": [warning.to_dict() for warning in change.warnings],
    }


def list_catalogue(unit: Unit) -> list[dict[str, Any]]:
    """All entitlements, then all products, by tag."""
    return queries.listing(unit)


def _claimed(unit: Unit, tags: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in batches(tags):
        query = select(Claim.tag, func.sum(Claim.count)).where(Claim.tag.in_(piece)).group_by(Claim.tag)
        found |= {tag: int(count) for tag, count in unit.session.execute(query)}
    return found


def _held(unit: Unit, tags: Sequence[str], *buckets: Bucket) -> dict[str, int]:
    found: dict[str, int] = {}
    for piece in batches(tags):
        query = (
            select(Lot.tag, func.sum(Holding.quantity))
            .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
            .where(Lot.tag.in_(piece), Holding.bucket.in_(buckets))
            .group_by(Lot.tag)
        )
        found |= {tag: int(count) for tag, count in unit.session.execute(query)}
    return found
