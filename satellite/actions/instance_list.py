"""The list of product instances of the console: searched, filtered and ordered by the database (row S3.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, exists, false, func, or_, select
from sqlalchemy import text as sql_text

from exchange.vocabulary import Compliance, InstanceState
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names
from satellite.core.export_queue.models import HeldGrant
from satellite.core.export_queue.queries import held_units, units_in_the_way
from satellite.core.instances.models import MARKED, Instance
from satellite.core.instances.queries import instance_dicts, named_by
from satellite.core.instances.rules import compliance_of
from satellite.core.licences.models import Claim
from satellite.core.licences.queries import pools
from satellite.core.site.queries import site_of
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

FEW = 500
DETACHED = "detached"
_NAME, _VA = Instance.order_name, VirtualAccount.name

INSTANCE_ORDERS = Orders(
    Instance.id,
    {
        "name": (_NAME,),
        "pid": (Instance.udi_key,),
        "serial": (Instance.udi_key,),
        "virtual_account": (_VA, _NAME),
        "registered_at": (Instance.registered_at,),
        "last_contact": (Instance.last_contact,),
        "certificate_expires": (Instance.certificate_expires,),
        "state": (Instance.state, _NAME),
    },
    "name",
)


def list_instances(unit: Unit, part: Part = WHOLE) -> Window:
    """Product instances.

    Filters: q, virtual_account, state (or `detached`), compliance (also `none`: without licences), mark, restricted (yes, no), tag, silent
    (days without contact).
    """
    wanted, named, satellite = part.wanted, names(unit), site_of(unit).name
    query = select(Instance).where(Instance.removed.is_(False))
    # Elsewhere a join would keep the database from reading in order.
    if part.sort.removeprefix("-") == "virtual_account":
        query = query.join(VirtualAccount, VirtualAccount.id == Instance.virtual_account_id)
    if words := wanted.get("q"):
        query = _searched(unit, query, words, part.sort.removeprefix("-") or INSTANCE_ORDERS.usual)
    if place := wanted.get("virtual_account"):
        query = query.where(Instance.virtual_account_id == next((of for of in named if place in {of, named[of]}), ""))
    if wanted.get("state") == DETACHED:
        query = query.where(Instance.detached_until.is_not(None))
    elif state := wanted.get("state"):
        # Nearly all are active: to look those up by state and to sort them takes longer than to read them in order.
        usual = state == InstanceState.ACTIVE
        query = query.where((func.coalesce(Instance.state, "") if usual else Instance.state) == state)
    if mark := wanted.get("mark"):
        marked = cast(Instance.marks, String).contains(f'"{mark}"', autoescape=True)
        query = query.where(sql_text(f"instances.{MARKED}"), marked)
    query = query.where(*_by_licences(unit, wanted))
    if (days := wanted.get("silent", "")).isdecimal() and len(days) < 5:
        query = query.where(Instance.last_contact < unit.now - timedelta(days=int(days)))

    def show(rows: list[Instance]) -> list[dict[str, Any]]:
        items = instance_dicts(unit, rows, named, satellite, partial(held_units, unit))
        # A file of everything has no actions, and its list of ids would be too long.
        stays = units_in_the_way(unit, [row.id for row in rows]) if part.most is not None or part.ids else {}
        more = (
            {
                "virtual_account_id": row.virtual_account_id,
                "mac": row.udi.get("mac_address"),
                "holds": row.id in stays,
                "compliance": compliance_of(item["licences"]),
            }
            for row, item in zip(rows, items, strict=True)
        )
        return [{**item, **further} for item, further in zip(items, more, strict=True)]

    return window_of(unit, query, INSTANCE_ORDERS, part, show)


def _by_licences(unit: Unit, wanted: Mapping[str, str]) -> Iterator[ColumnElement[bool]]:
    """The conditions about what an instance uses and holds."""
    grants = and_(HeldGrant.release.is_(None), HeldGrant.not_after > unit.licence_now)
    if compliance := wanted.get("compliance"):
        yield _complies(unit, compliance, grants)
    if restricted := wanted.get("restricted"):
        held = Instance.id.in_(select(HeldGrant.instance_id).where(grants))
        yield held if restricted == "yes" else ~held
    if tag := wanted.get("tag"):
        uses = exists().where(Claim.instance_id == Instance.id, Claim.tag == tag, Claim.count > 0)
        holds = exists().where(HeldGrant.instance_id == Instance.id, HeldGrant.tag == tag, grants)
        yield or_(uses, holds)


def _complies(unit: Unit, wanted: str, grants: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition that what an instance uses is there, is not, or is nothing."""
    lacking: dict[str, list[str]] = {}
    for (place, tag), figures in pools(unit).items():
        if figures.verdict.status is Compliance.OUT_OF_COMPLIANCE:
            lacking.setdefault(place, []).append(tag)
    in_short = (and_(Claim.virtual_account_id == place, Claim.tag.in_(tags)) for place, tags in lacking.items())
    uses = exists().where(Claim.instance_id == Instance.id, Claim.count > 0)
    lacks = or_(false(), *in_short)
    few = select(Claim.instance_id).where(Claim.count > 0, lacks).limit(FEW + 1)
    ids = unit.session.scalars(few).all()
    short = uses.where(lacks) if len(ids) > FEW else Instance.id.in_(set(ids))
    if wanted == Compliance.OUT_OF_COMPLIANCE:
        return short
    any_use = or_(uses, exists().where(HeldGrant.instance_id == Instance.id, grants))
    return ~any_use if wanted == "none" else and_(any_use, ~short)


def _searched(unit: Unit, query: Query, words: str, order: str) -> Query:
    """The instances that someone means.

    An index of SQLite holds the names in order and all that is searched: in that order it is read instead of the table. For
    another order few instances are looked up first, and of many enough are soon met on the way.
    """
    found = named_by(words)
    if order == "name":
        return query.where(found).order_by(_NAME, Instance.id)
    few = select(Instance.id).where(Instance.removed.is_(False), found).order_by(_NAME, Instance.id)
    ids = unit.session.scalars(few.limit(FEW + 1)).all()
    return query.where(found if len(ids) > FEW else Instance.id.in_(ids))
