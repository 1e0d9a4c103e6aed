"""The list of product instances of the console: searched, filtered and ordered by the database (row C7.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import String, and_, cast, exists, func, select, tuple_

from central.actions.visible_accounts import visible_names
from central.domain.access.rules import ALL_POOLS
from central.domain.accounts.queries import by_domain, by_number, managers, numbers_by_id
from central.domain.alerts.models import Alert
from central.domain.alerts.queries import open_of_instances
from central.domain.catalogue.queries import titles
from central.domain.export_control.models import GrantRecord
from central.domain.export_control.queries import held_units
from central.domain.export_control.services import ACTIVE
from central.domain.instances.models import Instance
from central.domain.instances.queries import instance_dicts, named_by
from central.domain.ledger.kept import short_pools
from central.domain.ledger.models import Claim
from central.domain.reservations.queries import reserving_instances
from central.domain.satellites.queries import satellite_names
from exchange.vocabulary import Compliance, InstanceState
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

FEW = 500
DIRECT = "central"
"""In place of a satellite's id: devices that are connected to central itself."""
DETACHED = "detached"
OUT_OF_COMPLIANCE = Compliance.OUT_OF_COMPLIANCE.value
_NAME = Instance.order_name

INSTANCE_ORDERS = Orders(
    Instance.id,
    {
        "name": (_NAME,),
        "pid": (Instance.udi_key,),
        "last_contact": (Instance.last_contact,),
        "state": (Instance.state, _NAME),
    },
    "name",
)


def list_instance_window(unit: Unit, domain: str, number: str, part: Part = WHOLE) -> Window:
    """Product instances of one virtual account by its number, or of all with `all`.

    Filters: q, virtual_account (an id), state (or `out_of_compliance`, `detached`), satellite (an id, `central` for none), restricted
    (yes, no), mark, tag, silent (days without contact).
    """
    account, wanted = by_domain(unit, domain), part.wanted
    places = visible_names(unit, account.id)
    chosen = wanted.get("virtual_account") if number == ALL_POOLS else by_number(unit, account.id, number).id
    query = select(Instance).where(Instance.account_id == account.id)
    if chosen is not None:
        query = query.where(Instance.virtual_account_id == chosen)
    if words := wanted.get("q"):
        query = _searched(unit, account.id, query, words, part.sort.removeprefix("-") or INSTANCE_ORDERS.usual)
    if state := wanted.get("state"):
        query = query.where(_in_state(unit, account.id, state, chosen))
    if site := wanted.get("satellite"):
        query = query.where(Instance.satellite_id.is_(None) if site == DIRECT else Instance.satellite_id == site)
    query = _holding(account.id, query, wanted)
    if mark := wanted.get("mark"):
        query = query.where(cast(Instance.marks, String).contains(f'"{mark}"', autoescape=True))
    if (days := wanted.get("silent", "")).isdecimal() and len(days) < 5:
        query = query.where(Instance.last_contact < unit.licence_now - timedelta(days=int(days)))

    def show(rows: list[Instance]) -> list[dict[str, Any]]:
        return _shown(unit, account.id, domain, rows, places)

    return window_of(unit, query, INSTANCE_ORDERS, part, show)


def _shown(
    unit: Unit, account_id: str, domain: str, rows: Sequence[Instance], places: dict[str, str]
) -> list[dict[str, Any]]:
    sites, known = satellite_names(unit, account_id), managers(unit, account_id)
    items = instance_dicts(unit, account_id, rows, places, sites, partial(held_units, unit, account_id))
    numbers, ids = numbers_by_id(unit, account_id), [row.id for row in rows]
    alerts, held = open_of_instances(unit, account_id, ids), held_units(unit, account_id, ids)
    reserving = reserving_instances(unit, account_id, ids)
    named = titles(unit, {one["tag"] for item in items for one in item["licences"]})
    found = []
    for row, item in zip(rows, items, strict=True):
        manager = known.get(row.satellite_id or "")
        more = {
            "domain": domain,
            "number": numbers[row.virtual_account_id],
            "mac": row.udi.get("mac_address"),
            "satellite_id": row.satellite_id,
            "managed_by": item["satellite"] if row.satellite_id and not (manager and manager.removed) else None,
            "holds": row.id in held,
            "reserves": row.id in reserving,
            "short": any(one["state"] == OUT_OF_COMPLIANCE for one in item["licences"]),
            "alerts": _counted(alerts.get(row.id, ())),
            "licences": [{**one, "name": named.get(one["tag"], one["tag"])} for one in item["licences"]],
        }
        found.append({**item, **more})
    return found


def _counted(rows: Sequence[Alert]) -> dict[str, int]:
    return dict(Counter(row.severity for row in rows))


def _in_state(unit: Unit, account_id: str, state: str, chosen: str | None) -> Any:
    if state == OUT_OF_COMPLIANCE:
        short = sorted(short_pools(unit, account_id, [chosen] if chosen is not None else None))
        mine = (Claim.account_id == account_id) & (Claim.instance_id == Instance.id)
        return exists().where(mine, tuple_(Claim.virtual_account_id, Claim.tag).in_(short), Claim.count > 0)
    if state == DETACHED:
        return Instance.detached_until.is_not(None)
    # Nearly all are active: to look those up by state and to sort them takes longer than to read them in order.
    usual = state == InstanceState.ACTIVE
    return (func.coalesce(Instance.state, "") if usual else Instance.state) == state


def _holding(account_id: str, query: Query, wanted: dict[str, str]) -> Query:
    grants = and_(GrantRecord.account_id == account_id, GrantRecord.state == ACTIVE)
    if restricted := wanted.get("restricted"):
        held = Instance.id.in_(select(GrantRecord.instance_id).where(grants))
        query = query.where(held if restricted == "yes" else ~held)
    if tag := wanted.get("tag"):
        uses = select(Claim.instance_id).where(Claim.account_id == account_id, Claim.tag == tag, Claim.count > 0)
        holds = select(GrantRecord.instance_id).where(grants, GrantRecord.tag == tag)
        query = query.where(Instance.id.in_(uses.union_all(holds)))
    return query


def _searched(unit: Unit, account_id: str, query: Query, words: str, order: str) -> Query:
    """The instances that someone means.

    An index of SQLite holds the names in order and all that is searched: in that order it is read instead of the table. For
    another order few instances are looked up first, and of many enough are soon met on the way.
    """
    found = named_by(account_id, words)
    if order == "name":
        return query.where(found)
    few = select(Instance.id).where(Instance.account_id == account_id, found).order_by(_NAME, Instance.id)
    ids = unit.session.scalars(few.limit(FEW + 1)).all()
    return query.where(found if len(ids) > FEW else Instance.id.in_(ids))


def list_instance_satellites(unit: Unit, domain: str) -> list[tuple[str, str]]:
    """The satellites of an account that were not removed, id and name, by name."""
    found = managers(unit, by_domain(unit, domain).id)
    return sorted(((of, one.name) for of, one in found.items() if not one.removed), key=lambda pair: pair[1])
