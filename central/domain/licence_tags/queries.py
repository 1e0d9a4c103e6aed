"""Reading tags: which there are, where they are set, and what has all of some tags (rows C3.7, C3.8)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Select, func, select

from central.domain.accounts.places import in_places
from central.domain.licence_tags.errors import UnknownLicenceTagError
from central.domain.licence_tags.models import LicenceTag, TaggedLicence, TaggedLot
from serverkit.db.unit import Unit
from serverkit.names import did_you_mean, kept_key


def tags_in(unit: Unit, account_id: str, virtual_account_id: str) -> dict[str, LicenceTag]:
    """The tags of a virtual account by key."""
    query = select(LicenceTag).where(
        LicenceTag.account_id == account_id, LicenceTag.virtual_account_id == virtual_account_id
    )
    return {row.key: row for row in unit.session.scalars(query.order_by(LicenceTag.key))}


def tag_named(unit: Unit, account_id: str, virtual_account_id: str, name: str) -> LicenceTag:
    """A tag by its name, whatever the case, or by its id; UnknownLicenceTagError."""
    there = tags_in(unit, account_id, virtual_account_id)
    found = there.get(kept_key(" ".join(name.split()))) or next((row for row in there.values() if row.id == name), None)
    if found is None:
        hint = did_you_mean(name, [row.name for row in there.values()])
        raise UnknownLicenceTagError("the virtual account has no tag {name!r}{hint}", name=name[:64], hint=hint)
    return found


def counted_tags(unit: Unit, account_id: str, virtual_account_ids: Collection[str]) -> list[dict[str, Any]]:
    """The tags of virtual accounts in the order of the alphabet, each with the number of its licences and lots."""
    query = select(LicenceTag).where(
        LicenceTag.account_id == account_id, in_places(LicenceTag.virtual_account_id, virtual_account_ids)
    )
    counts = [
        dict(
            unit.session.execute(
                select(table.tag_id, func.count()).where(table.account_id == account_id).group_by(table.tag_id)
            ).all()
        )
        for table in (TaggedLicence, TaggedLot)
    ]
    return [
        {
            "id": row.id,
            "name": row.name,
            "virtual_account_id": row.virtual_account_id,
            "licences": int(counts[0].get(row.id, 0)),
            "lots": int(counts[1].get(row.id, 0)),
        }
        for row in unit.session.scalars(query.order_by(LicenceTag.key, LicenceTag.id))
    ]


def licence_tags(
    unit: Unit, account_id: str, virtual_account_ids: Collection[str], licence: str | None = None
) -> dict[tuple[str, str], list[str]]:
    """The names of the tags on licences, or on one, by virtual account and entitlement."""
    query = (
        select(LicenceTag.virtual_account_id, TaggedLicence.licence, LicenceTag.name)
        .join(
            TaggedLicence, (TaggedLicence.account_id == LicenceTag.account_id) & (TaggedLicence.tag_id == LicenceTag.id)
        )
        .where(LicenceTag.account_id == account_id, in_places(LicenceTag.virtual_account_id, virtual_account_ids))
    )
    if licence is not None:
        query = query.where(TaggedLicence.licence == licence)
    found: dict[tuple[str, str], list[str]] = {}
    for va, of, name in unit.session.execute(query.order_by(LicenceTag.key)):
        found.setdefault((va, of), []).append(name)
    return found


def lot_tags(
    unit: Unit, account_id: str, virtual_account_ids: Collection[str], lot_ids: Collection[str]
) -> dict[str, list[str]]:
    """The names of the tags on lots, by lot."""
    query = (
        select(TaggedLot.lot_id, LicenceTag.name)
        .join(LicenceTag, (TaggedLot.account_id == LicenceTag.account_id) & (TaggedLot.tag_id == LicenceTag.id))
        .where(TaggedLot.account_id == account_id, TaggedLot.lot_id.in_(sorted(lot_ids)))
        .where(in_places(LicenceTag.virtual_account_id, virtual_account_ids))
    )
    found: dict[str, list[str]] = {}
    for lot, name in unit.session.execute(query.order_by(LicenceTag.key)):
        names = found.setdefault(lot, [])
        if name not in names:
            names.append(name)
    return found


def tagged_lots(account_id: str, virtual_account_ids: Collection[str], key: str | None = None) -> Select[Any]:
    """The lots that have a tag, given by its key, or any tag, in one of the virtual accounts."""
    found = (
        select(TaggedLot.lot_id)
        .join(LicenceTag, (TaggedLot.account_id == LicenceTag.account_id) & (TaggedLot.tag_id == LicenceTag.id))
        .where(LicenceTag.account_id == account_id)
        .where(in_places(LicenceTag.virtual_account_id, virtual_account_ids))
    )
    return found.where(LicenceTag.key == key) if key is not None else found


def wanted_keys(text: str) -> list[str]:
    """The keys of the tags that a filter names, separated by commas."""
    return [kept_key(" ".join(one.split())) for one in text.split(",") if one.strip()]


def has_all(names: Iterable[str], keys: Collection[str]) -> bool:
    """Whether all wanted tags are among some names."""
    return set(keys) <= {kept_key(name) for name in names}
