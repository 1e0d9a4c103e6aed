"""Rows of the licences table that are kept: made again once a posting, a claim or time changes a pool (rows C3.1, C3.8).

A change says only that what is kept of its pools is out of date; a job adds them up again. Until then the reader of a list adds
up these pools alone, so that a list always says what is true now.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, false, func, or_, select, true, update

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.places import in_places
from central.domain.catalogue.models import Entitlement
from central.domain.ledger.listing import rows_of_pool
from central.domain.ledger.models import KeptLicence, PoolTotal
from central.domain.ledger.outdating import Pool
from central.domain.ledger.queries import PoolFigures, pools
from exchange.identity import ascii_lower
from exchange.licence_rows import SHORT, STATES, urgency
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches, forget, insert_rows, table_of

FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
FEW = 500
"""So many pools are added up in one unit of work, so that no one waits long for it."""


def is_outdated(unit: Unit) -> ColumnElement[bool]:
    """The condition that what is kept of a pool must be added up again; the query has both tables of it."""
    managed = VirtualAccount.satellite_id.is_not(None)
    return or_(PoolTotal.due_at.is_(None), PoolTotal.due_at <= unit.licence_now, PoolTotal.managed != managed)


def of_place() -> ColumnElement[bool]:
    """How totals and virtual accounts belong together."""
    return and_(VirtualAccount.account_id == PoolTotal.account_id, VirtualAccount.id == PoolTotal.virtual_account_id)


def outdated_pools(
    unit: Unit,
    account_id: str,
    virtual_account_ids: Collection[str] | None = None,
    tag: str | None = None,
    *,
    most: int | None = None,
) -> list[Pool]:
    """The pools that must be added up again: of these virtual accounts, or of the whole account; of all licences, or one."""
    base = select(PoolTotal.virtual_account_id, PoolTotal.tag).where(PoolTotal.account_id == account_id)
    if virtual_account_ids is not None:
        base = base.where(in_places(PoolTotal.virtual_account_id, virtual_account_ids))
    if tag is not None:
        base = base.where(PoolTotal.tag == tag)
    # Each found by its index: those that time or a change made so, and those of virtual accounts that changed hands.
    changed = base.where(or_(PoolTotal.due_at.is_(None), PoolTotal.due_at <= unit.licence_now))
    places = select(VirtualAccount.id).where(VirtualAccount.account_id == account_id)
    own, of_site = (
        places.where(one) for one in (VirtualAccount.satellite_id.is_(None), VirtualAccount.satellite_id.is_not(None))
    )
    taken = base.where(PoolTotal.managed == false(), PoolTotal.virtual_account_id.in_(of_site))
    left = base.where(PoolTotal.managed == true(), PoolTotal.virtual_account_id.in_(own))
    all_of_them = changed.union(taken, left).subquery()
    found = unit.session.execute(select(all_of_them).order_by(*all_of_them.c).limit(most))
    return [(va, tag) for va, tag in found]


def added_up(unit: Unit, account_id: str, wanted: Collection[Pool]) -> dict[Pool, PoolFigures]:
    """These pools, added up now; each virtual account once."""
    found: dict[Pool, PoolFigures] = {}
    for va, of_va in groupby(sorted(wanted), key=lambda one: one[0]):
        tags = [tag for _, tag in of_va]
        for piece in batches(tags):
            found |= pools(unit, account_id, [va], piece)
    return found


def current_rows(unit: Unit, account_id: str) -> Iterator[dict[str, Any]]:
    """The figures of every licence of an account now, added up over virtual accounts as far as they are kept.

    `tag`, `purchased`, `in_use`, `balance`; a licence may come more than once.
    """
    purchases, uses, rest = (func.sum(one) for one in (KeptLicence.purchased, KeptLicence.in_use, KeptLicence.balance))
    query = select(KeptLicence.tag, purchases, uses, rest).join(PoolTotal, _of_total()).join(VirtualAccount, of_place())
    query = query.where(KeptLicence.account_id == account_id, ~is_outdated(unit)).group_by(KeptLicence.tag)
    for tag, purchased, in_use, balance in unit.session.execute(query):
        yield {"tag": tag, "purchased": purchased, "in_use": in_use, "balance": balance}
    for pool in added_up(unit, account_id, outdated_pools(unit, account_id)).values():
        yield from rows_of_pool(pool, unit.licence_now)


def _of_total() -> ColumnElement[bool]:
    return and_(
        PoolTotal.account_id == KeptLicence.account_id,
        PoolTotal.virtual_account_id == KeptLicence.virtual_account_id,
        PoolTotal.tag == KeptLicence.tag,
    )


def short_pools(
    unit: Unit,
    account_id: str,
    virtual_account_ids: Collection[str] | None = None,
    tags: Collection[str] | None = None,
) -> set[Pool]:
    """The pools that lack licences now: of these virtual accounts and licences, or of all."""
    query = (
        select(KeptLicence.virtual_account_id, KeptLicence.tag)
        .join(PoolTotal, _of_total())
        .join(VirtualAccount, of_place())
        .where(KeptLicence.account_id == account_id, KeptLicence.rank == STATES.index(SHORT), ~is_outdated(unit))
    )
    if virtual_account_ids is not None:
        query = query.where(in_places(KeptLicence.virtual_account_id, virtual_account_ids))
    if tags is not None:
        query = query.where(KeptLicence.tag.in_(sorted(tags)))
    outdated = outdated_pools(unit, account_id, virtual_account_ids)
    now = added_up(unit, account_id, [one for one in outdated if tags is None or one[1] in tags])
    return {(va, tag) for va, tag in unit.session.execute(query)} | {
        key for key, pool in now.items() if pool.verdict.shortage
    }


def keep(unit: Unit, account_id: str, wanted: Collection[Pool]) -> None:
    """Add these pools up and keep what lists need of them."""
    unit.session.flush()  # what the ORM holds must be seen by the statements below
    figures = added_up(unit, account_id, wanted)
    places = select(VirtualAccount.id).where(
        VirtualAccount.account_id == account_id, VirtualAccount.satellite_id.is_not(None)
    )
    managed = set(unit.session.scalars(places))
    connection, table, totals = unit.session.connection(), table_of(KeptLicence), table_of(PoolTotal)
    named = [{"of_place": va, "of_tag": tag} for va, tag in sorted(wanted)]
    of_pool = (table.c.virtual_account_id == bindparam("of_place"), table.c.tag == bindparam("of_tag"))
    connection.execute(delete(table).where(table.c.account_id == account_id, *of_pool), named)
    names = names_of(unit, {tag for _, tag in figures})
    rows = [
        {"account_id": account_id, **kept_row(row, names.get(row["tag"], row["tag"]))}
        for pool in figures.values()
        for row in rows_of_pool(pool, unit.licence_now)
    ]
    for piece in batches(rows):
        insert_rows(unit.session, KeptLicence, piece)
    due = totals.update().where(totals.c.account_id == account_id)
    due = due.where(totals.c.virtual_account_id == bindparam("of_place"), totals.c.tag == bindparam("of_tag"))
    due = due.values(due_at=bindparam("until"), managed=bindparam("is_managed"))
    changes = [
        {
            "of_place": va,
            "of_tag": tag,
            "until": (figures[va, tag].due if (va, tag) in figures else None) or FOREVER,
            "is_managed": va in managed,
        }
        for va, tag in sorted(wanted)
    ]
    connection.execute(due, changes)
    forget(unit.session, PoolTotal)
    forget(unit.session, KeptLicence)


def names_of(unit: Unit, tags: Collection[str]) -> dict[str, str]:
    """The names of licences that the catalogue has."""
    found: dict[str, str] = {}
    for piece in batches(sorted(tags)):
        query = select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(piece))
        found |= {row.tag: row.name for row in unit.session.execute(query)}
    return found


def rename_kept(unit: Unit, names: Mapping[str, str]) -> None:
    """Licences have other names, given by tag: what is kept of them stands where lists by name look for it."""
    for tag, name in names.items():
        change = update(KeptLicence).where(KeptLicence.tag == tag).values(order_name=ascii_lower(name))
        unit.session.execute(change.execution_options(synchronize_session=False))
    forget(unit.session, KeptLicence)


def kept_row(row: Mapping[str, Any], name: str) -> dict[str, Any]:
    """What is kept of a row of a pool, without its account; `name` is that of the licence."""
    rank, within, _ = urgency({**row, "name": ""})
    return {
        "virtual_account_id": row["virtual_account_id"],
        "tag": row["tag"],
        "billing": row["billing"],
        "order_name": ascii_lower(name),
        "key": row["id"],
        "rank": rank,
        "within": within,
        "purchased": row["purchased"] or 0,
        "in_use": row["in_use"],
        "reserved": row["reserved"],
        "balance": row["balance"] or 0,
        "upcoming": row["upcoming"],
        "next_end": row["next_end"] or "",
        "types": f"|{'|'.join(row['types'])}|",
        "figures": {name: value for name, value in row.items() if name != "terms"},
    }


def keep_some(unit: Unit, most: int = FEW) -> int:
    """Keep some pools of any account that are out of date; how many."""
    count = 0
    for account_id in unit.session.scalars(select(SmartAccount.id).order_by(SmartAccount.id)):
        found = outdated_pools(unit, account_id, most=most - count)
        if found:
            keep(unit, account_id, found)
            count += len(found)
        if count >= most:
            break
    return count
