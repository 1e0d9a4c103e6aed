"""Setting, renaming and removing tags on licences and lots (row C3.7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import delete, func, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import VirtualAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.ledger.models import OWNED, Holding, Lot
from central.domain.licence_tags.errors import LicenceTagExistsError
from central.domain.licence_tags.models import LicenceTag, TaggedLicence, TaggedLot
from central.domain.licence_tags.queries import tag_named, tags_in
from central.domain.licence_tags.rules import MOST_LETTERS, check_count, read_tags
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches
from serverkit.ids import new_id
from serverkit.licence_texts import quantity
from serverkit.names import InvalidNameError, check_name, kept_key, refuse_similar


def set_tags(
    unit: Unit, pool: VirtualAccount, texts: Iterable[str], licences: Collection[str], lots: Collection[str]
) -> list[str]:
    """Set tags on licences and lots of a virtual account; one that is there already, in whatever case, is that one.

    Returns their names. The caller has made sure that the licences and lots are there.
    """
    require(unit, Permission.LICENCE_TAG, pool.account_id, pool.id)
    wanted, there = read_tags(texts), tags_in(unit, pool.account_id, pool.id)
    fresh = {key: name for key, name in wanted.items() if key not in there}
    check_count(len(there), len(fresh))
    for key, name in fresh.items():
        others = [row.name for row in there.values()] + [other for of, other in fresh.items() if of != key]
        refuse_similar("the tag", name, others)
    made = {
        key: LicenceTag(account_id=pool.account_id, id=new_id(), virtual_account_id=pool.id, key=key, name=name)
        for key, name in fresh.items()
    }
    unit.session.add_all(made.values())
    unit.session.flush()  # what is tagged names them
    rows = [made.get(key) or there[key] for key in wanted]
    _attach(unit, TaggedLicence, "licence", rows, licences)
    _attach(unit, TaggedLot, "lot_id", rows, lots)
    _tell(unit, pool, EventKind.LICENCES_TAGGED, "set on", rows, licences, lots)
    return [row.name for row in rows]


def _attach(
    unit: Unit,
    table: type[TaggedLicence | TaggedLot],
    name: str,
    rows: Sequence[LicenceTag],
    things: Collection[str],
) -> None:
    column = getattr(table, name)
    for row in rows:
        for piece in batches(sorted(things)):
            query = select(column).where(table.account_id == row.account_id, table.tag_id == row.id, column.in_(piece))
            there = set(unit.session.scalars(query))
            fresh = [one for one in piece if one not in there]
            unit.session.add_all(table(account_id=row.account_id, tag_id=row.id, **{name: one}) for one in fresh)
    unit.session.flush()


def take_tags(
    unit: Unit, pool: VirtualAccount, texts: Iterable[str], licences: Collection[str], lots: Collection[str]
) -> list[str]:
    """Remove tags from licences and lots; one that is not set there is no fault. UnknownLicenceTagError."""
    require(unit, Permission.LICENCE_TAG, pool.account_id, pool.id)
    rows = [tag_named(unit, pool.account_id, pool.id, name) for name in read_tags(texts).values()]
    ids = [row.id for row in rows]
    for piece in batches(sorted(licences)):
        _detach(unit, pool.account_id, TaggedLicence, ids, TaggedLicence.licence.in_(piece))
    for piece in batches(sorted(lots)):
        _detach(unit, pool.account_id, TaggedLot, ids, TaggedLot.lot_id.in_(piece))
    _tell(unit, pool, EventKind.LICENCES_UNTAGGED, "removed from", rows, licences, lots)
    return [row.name for row in rows]


def _detach(
    unit: Unit, account_id: str, table: type[TaggedLicence | TaggedLot], ids: Sequence[str], *only: object
) -> None:
    statement = delete(table).where(table.account_id == account_id, table.tag_id.in_(ids), *only)  # type: ignore[arg-type]  # clauses
    unit.session.execute(statement, execution_options={"synchronize_session": "fetch"})


def _tell(
    unit: Unit,
    pool: VirtualAccount,
    kind: EventKind,
    verb: str,
    rows: Sequence[LicenceTag],
    licences: Collection[str],
    lots: Collection[str],
) -> None:
    names = [row.name for row in rows]
    message = (
        f"{'tag' if len(names) == 1 else 'tags'} {', '.join(names)} {verb} {quantity(len(licences), 'licence')} and "
        f"{quantity(len(lots), 'lot')} of {pool.name}"
    )
    subject: dict[str, object] = {"tags": names, "licences": sorted(licences)[:100], "lots": sorted(lots)[:100]}
    if len(licences) == 1:
        subject["tag"] = next(iter(licences))  # found by the licence's own log
    record(unit, pool.account_id, kind, message, subject=subject, virtual_account_id=pool.id)


def rename_tag(unit: Unit, pool: VirtualAccount, name: str, new_name: str) -> LicenceTag:
    """Rename a tag wherever it is set; LicenceTagExistsError where another one is called so."""
    require(unit, Permission.LICENCE_TAG, pool.account_id, pool.id)
    row, there = tag_named(unit, pool.account_id, pool.id, name), tags_in(unit, pool.account_id, pool.id)
    wanted = " ".join(new_name.split())
    if "," in wanted:
        raise InvalidNameError("tag {value!r} holds a comma, which separates tags", value=wanted[:40])
    check_name("tag", wanted, MOST_LETTERS)
    other = there.get(kept_key(wanted))
    if other is not None and other.id != row.id:
        raise LicenceTagExistsError("{place} has the tag {name!r} already", place=pool.name, name=other.name)
    refuse_similar("the tag", wanted, [one.name for one in there.values() if one.id != row.id])
    before, row.name, row.key = row.name, wanted, kept_key(wanted)
    message = f"tag {before} of licences of {pool.name} renamed to {wanted}"
    subject = {"before": before, "after": wanted}
    record(unit, pool.account_id, EventKind.LICENCE_TAG_RENAMED, message, subject=subject, virtual_account_id=pool.id)
    return row


def delete_tag(unit: Unit, pool: VirtualAccount, name: str) -> LicenceTag:
    """Delete a tag, wherever it is set."""
    require(unit, Permission.LICENCE_TAG, pool.account_id, pool.id)
    row = tag_named(unit, pool.account_id, pool.id, name)
    for table in (TaggedLicence, TaggedLot):
        _detach(unit, pool.account_id, table, [row.id])
    unit.session.delete(row)
    message = f"tag {row.name} of licences of {pool.name} deleted"
    subject = {"name": row.name}
    record(unit, pool.account_id, EventKind.LICENCE_TAG_DELETED, message, subject=subject, virtual_account_id=pool.id)
    return row


def drop_all_tags(unit: Unit, pool: VirtualAccount) -> None:
    """Forget the tags of a virtual account that is deleted."""
    ids = [row.id for row in tags_in(unit, pool.account_id, pool.id).values()]
    for table in (TaggedLicence, TaggedLot):
        _detach(unit, pool.account_id, table, ids)
    unit.session.execute(
        delete(LicenceTag).where(LicenceTag.account_id == pool.account_id, LicenceTag.id.in_(ids)),
        execution_options={"synchronize_session": "fetch"},
    )


def tags_lost(unit: Unit, account_id: str, virtual_account_id: str, moved: Mapping[str, int]) -> dict[str, list[str]]:
    """The tags that a transfer would drop where it comes from: by lot or entitlement their names (row C3.7).

    `moved` says how many units of which lots leave. Nothing that arrives has a tag; what stays keeps its own.
    """
    held: dict[str, tuple[str, int]] = {}
    for piece in batches(sorted(moved)):
        held |= _owned(unit, account_id, virtual_account_id, Holding.lot_id.in_(piece))
    gone = sorted(lot for lot, (_tag, count) in held.items() if count <= moved[lot])
    tags = {tag for tag, _count in held.values()}
    rest: dict[str, int] = dict.fromkeys(tags, 0)
    for lot, (tag, count) in _owned(unit, account_id, virtual_account_id, Lot.tag.in_(sorted(tags))).items():
        rest[tag] += count - moved.get(lot, 0)
    found: dict[str, list[str]] = {}
    for table, column, things in (
        (TaggedLot, TaggedLot.lot_id, gone),
        (TaggedLicence, TaggedLicence.licence, sorted(tag for tag, count in rest.items() if count <= 0)),
    ):
        query = (
            select(column, LicenceTag.name)
            .join(LicenceTag, (table.account_id == LicenceTag.account_id) & (table.tag_id == LicenceTag.id))
            .where(LicenceTag.account_id == account_id, LicenceTag.virtual_account_id == virtual_account_id)
            .order_by(LicenceTag.key)
        )
        for piece in batches(things):
            for thing, name in unit.session.execute(query.where(column.in_(piece))):
                found.setdefault(thing, []).append(name)
    return found


def drop_lost_tags(unit: Unit, account_id: str, virtual_account_id: str, moved: Mapping[str, int]) -> list[str]:
    """Drop the tags of what a transfer takes from a virtual account, before it is posted; returns their names."""
    lost = tags_lost(unit, account_id, virtual_account_id, moved)
    ids = select(LicenceTag.id).where(
        LicenceTag.account_id == account_id, LicenceTag.virtual_account_id == virtual_account_id
    )
    of_place = list(unit.session.scalars(ids)) if lost else []
    for piece in batches(sorted(lost)):
        _detach(unit, account_id, TaggedLicence, of_place, TaggedLicence.licence.in_(piece))
        _detach(unit, account_id, TaggedLot, of_place, TaggedLot.lot_id.in_(piece))
    return sorted({name for names in lost.values() for name in names})


def _owned(unit: Unit, account_id: str, virtual_account_id: str, *only: object) -> dict[str, tuple[str, int]]:
    query = (
        select(Holding.lot_id, Lot.tag, func.sum(Holding.quantity))
        .join(Lot, (Lot.account_id == Holding.account_id) & (Lot.id == Holding.lot_id))
        .where(Holding.account_id == account_id, Holding.virtual_account_id == virtual_account_id)
        .where(Holding.bucket.in_(OWNED), *only)  # type: ignore[arg-type]  # clauses
        .group_by(Holding.lot_id, Lot.tag)
    )
    return {lot: (tag, int(count)) for lot, tag, count in unit.session.execute(query)}
