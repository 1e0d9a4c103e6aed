"""The lists of the console, a window at a time: filtered and ordered by the database, forth and back (rows S3.2, S3.3).

Names of filters and orders are those of the members that the lists show. An empty filter is none; a filter of a kind that a
list does not know is ignored, as an address that somebody typed may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, exists, func, or_, select
from sqlalchemy import text as sql_text

from exchange.vocabulary import InstanceState
from satellite.core.access import queries as access
from satellite.core.access.models import User
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import alert_dict
from satellite.core.event_log.models import Event
from satellite.core.event_log.queries import event_dict
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.export_queue.queries import SINCE, held_units, queue_dicts, units_in_the_way
from satellite.core.instances.models import MARKED, Instance
from satellite.core.instances.queries import instance_dicts, named_by
from satellite.core.licences.models import Claim
from satellite.core.site.models import HistoryEntry
from satellite.core.site.queries import site_of
from satellite.core.tokens.models import Token
from satellite.core.tokens.queries import token_dict
from satellite.sync.history import entry_dict
from serverkit.alerts.engine import AlertState, Severity
from serverkit.clock import parse_time
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.errors import InvalidInputError

FEW = 500
_NAME = Instance.order_name
_VA = VirtualAccount.name

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
    """Product instances. Filters: q, virtual_account, state, mark, restricted (yes, no), tag, silent (days without contact)."""
    wanted, named, satellite = part.wanted, names(unit), site_of(unit).name
    query = select(Instance).where(Instance.removed.is_(False))
    # Elsewhere a join would keep the database from reading in order.
    if part.sort.removeprefix("-") == "virtual_account":
        query = query.join(VirtualAccount, VirtualAccount.id == Instance.virtual_account_id)
    if words := wanted.get("q"):
        query = _searched(unit, query, words, part.sort.removeprefix("-") or INSTANCE_ORDERS.usual)
    if place := wanted.get("virtual_account"):
        query = query.where(Instance.virtual_account_id == next((of for of in named if place in {of, named[of]}), ""))
    if state := wanted.get("state"):
        # Nearly all are active: to look those up by state and to sort them takes longer than to read them in order.
        usual = state == InstanceState.ACTIVE
        query = query.where((func.coalesce(Instance.state, "") if usual else Instance.state) == state)
    if mark := wanted.get("mark"):
        marked = cast(Instance.marks, String).contains(f'"{mark}"', autoescape=True)
        query = query.where(sql_text(f"instances.{MARKED}"), marked)
    grants = and_(HeldGrant.release.is_(None), HeldGrant.not_after > unit.licence_now)
    if restricted := wanted.get("restricted"):
        held = Instance.id.in_(select(HeldGrant.instance_id).where(grants))
        query = query.where(held if restricted == "yes" else ~held)
    if tag := wanted.get("tag"):
        uses = exists().where(Claim.instance_id == Instance.id, Claim.tag == tag, Claim.count > 0)
        holds = exists().where(HeldGrant.instance_id == Instance.id, HeldGrant.tag == tag, grants)
        query = query.where(or_(uses, holds))
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
            }
            for row in rows
        )
        return [{**item, **further} for item, further in zip(items, more, strict=True)]

    return window_of(unit, query, INSTANCE_ORDERS, part, show)


def list_tokens(unit: Unit, part: Part = WHOLE) -> Window:
    """Registration tokens. Filters: q, virtual_account, state."""
    wanted = part.wanted
    used_up = and_(Token.max_uses.is_not(None), Token.uses >= Token.max_uses)
    state = case(
        (Token.revoked.is_(True), "revoked"),
        (Token.expires_at <= unit.licence_now, "expired"),
        (used_up, "used_up"),
        else_="active",
    )
    orders = Orders(
        Token.id,
        {
            "description": (func.lower(Token.description),),
            "virtual_account": (_VA,),
            "state": (state,),
            "expires_at": (Token.expires_at,),
            "created_at": (Token.created_at,),
            "created_by": (Token.created_by,),
            "uses": (Token.uses,),
        },
        "-created_at",
    )
    query = select(Token).join(VirtualAccount, VirtualAccount.id == Token.virtual_account_id)
    query = query.where(Token.removed.is_(False))
    if text := wanted.get("q"):
        found = func.lower(Token.description).contains(text.lower(), autoescape=True)
        query = query.where(or_(found, Token.id == text, Token.created_by.contains(text, autoescape=True)))
    query = _in_place(query, wanted, Token.virtual_account_id)
    if chosen := wanted.get("state"):
        query = query.where(state == chosen)
    named = names(unit)

    def show(rows: list[Token]) -> list[dict[str, Any]]:
        return [token_dict(row, named.get(row.virtual_account_id, ""), unit) for row in rows]

    return window_of(unit, query, orders, part, show)


QUEUE_ORDERS = Orders(
    QueueEntry.id,
    {
        "since": (SINCE,),
        "requested_at": (QueueEntry.requested_at,),
        "device": (func.coalesce(Instance.order_name, ""),),
        "tag": (QueueEntry.tag,),
        "count": (QueueEntry.count,),
        "state": (QueueEntry.state,),
    },
    "-requested_at",
)


def list_export_queue(unit: Unit, part: Part = WHOLE) -> Window:
    """Requests for restricted licences, with device and licence by name. Filters: q, virtual_account, state, tag, instance."""
    wanted = part.wanted
    query = select(QueueEntry).outerjoin(Instance, Instance.id == QueueEntry.instance_id)
    if text := wanted.get("q"):
        query = query.where(or_(named_by(text), QueueEntry.tag.contains(text, autoescape=True)))
    query = _in_place(query, wanted, QueueEntry.virtual_account_id)
    for column, name in ((QueueEntry.state, "state"), (QueueEntry.tag, "tag"), (QueueEntry.instance_id, "instance")):
        if value := wanted.get(name):
            query = query.where(column == value)
    return window_of(unit, query, QUEUE_ORDERS, part, partial(queue_dicts, unit))


EVENT_ORDERS = Orders(Event.id, {"at": (Event.number,)}, "-at")


def list_events(unit: Unit, part: Part = WHOLE) -> Window:
    """The event log. Filters: q, kind (`token:` stands for all of tokens), virtual_account, instance, tag, actor, since, until (in ISO form)."""
    wanted = part.wanted
    query = select(Event)
    if text := wanted.get("q"):
        query = query.where(or_(*(one.contains(text, autoescape=True) for one in (Event.message, Event.actor))))
    query = _in_place(query, wanted, Event.virtual_account_id)
    if kind := wanted.get("kind"):
        query = query.where(Event.kind.startswith(kind, autoescape=True) if kind.endswith(":") else Event.kind == kind)
    for column, name in ((Event.instance_id, "instance"), (Event.actor, "actor")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if tag := wanted.get("tag"):
        query = query.where(cast(Event.subject, String).contains(f'"{tag}"', autoescape=True))
    since, until = _moment(wanted.get("since")), _moment(wanted.get("until"))
    if since is not None:
        query = query.where(Event.at >= since)
    if until is not None:
        query = query.where(Event.at <= until)
    named = names(unit)

    def show(rows: list[Event]) -> list[dict[str, Any]]:
        return [
            {
                **event_dict(row),
                "number": row.number,
                "virtual_account": named.get(row.virtual_account_id or ""),
                "instance": row.instance_id,
            }
            for row in rows
        ]

    return window_of(unit, query, EVENT_ORDERS, part, show)


_URGENCY = case({word.value: at for at, word in enumerate(Severity)}, value=Alert.severity)
# An alert without a due time stands after those that have one.
_DUE = func.coalesce(Alert.action_due, datetime(9999, 1, 1).astimezone())
ALERT_ORDERS = Orders(
    Alert.id,
    {
        "severity": (_URGENCY, _DUE, Alert.raised_at),
        "action_due": (_DUE,),
        "raised_at": (Alert.raised_at,),
        "kind": (Alert.kind,),
        "source": (Alert.source,),
        "state": (Alert.state,),
    },
    "severity",
)


def list_alerts(unit: Unit, part: Part = WHOLE) -> Window:
    """Alerts, the most urgent first. Filters: q, severity, kind, state (open is usual; all; hidden), virtual_account."""
    wanted = part.wanted
    query, state = select(Alert), wanted.get("state", AlertState.OPEN)
    if state == "hidden":
        query = query.where(Alert.state.in_((AlertState.DISMISSED, AlertState.REMINDED)))
    elif state != "all":
        query = query.where(Alert.state == state)
    if text := wanted.get("q"):
        query = query.where(
            or_(*(func.lower(one).contains(text.lower(), autoescape=True) for one in (Alert.message, Alert.source)))
        )
    for column, name in ((Alert.severity, "severity"), (Alert.kind, "kind")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if place := wanted.get("virtual_account"):
        ids = [of for of, name in names(unit).items() if place in {of, name}]
        query = query.where(or_(*(cast(Alert.subject, String).contains(of) for of in ids or [place])))
    return window_of(unit, query, ALERT_ORDERS, part, lambda rows: [alert_dict(row) for row in rows])


HISTORY_ORDERS = Orders(
    HistoryEntry.id, {"at": (HistoryEntry.at,), "step": (HistoryEntry.step, HistoryEntry.at)}, "-at"
)


def list_history(unit: Unit, part: Part = WHOLE) -> Window:
    """The steps of synchronization. Filters: step, outcome."""
    wanted = part.wanted
    query = select(HistoryEntry)
    for column, name in ((HistoryEntry.step, "step"), (HistoryEntry.outcome, "outcome")):
        if value := wanted.get(name):
            query = query.where(column == value)
    return window_of(unit, query, HISTORY_ORDERS, part, lambda rows: [entry_dict(row) for row in rows])


USER_ORDERS = Orders(
    User.id,
    {
        "name": (User.name_key,),
        "role": (User.role, User.name_key),
        "created_at": (User.created_at,),
        "last_sign_in": (func.coalesce(User.last_sign_in_at, User.created_at),),
    },
    "name",
)


def list_users(unit: Unit, part: Part = WHOLE) -> Window:
    """Users. Filters: q, role. Needs the right to manage access."""
    wanted = part.wanted
    query = access.users(unit, wanted.get("q"), wanted.get("role"))
    return window_of(unit, query, USER_ORDERS, part, partial(access.user_dicts, unit))


def _searched(unit: Unit, query: Query, words: str, order: str) -> Query:
    """The instances that somebody means.

    An index of SQLite holds the names in order and all that is searched: in that order it is read instead of the table. For
    another order few instances are looked up first, and of many enough are soon met on the way.
    """
    found = named_by(words)
    if order == "name":
        return query.where(found).order_by(_NAME, Instance.id)
    few = select(Instance.id).where(Instance.removed.is_(False), found).order_by(_NAME, Instance.id)
    ids = unit.session.scalars(few.limit(FEW + 1)).all()
    return query.where(found if len(ids) > FEW else Instance.id.in_(ids))


def _in_place(query: Query, wanted: Mapping[str, str], column: Any) -> Query:
    """Rows of a virtual account, which is given by id or name."""
    place = wanted.get("virtual_account")
    if not place:
        return query
    ids = select(VirtualAccount.id).where(or_(VirtualAccount.id == place, VirtualAccount.name == place))
    inside: ColumnElement[bool] = column.in_(ids)
    return query.where(inside)


def _moment(text: str | None) -> datetime | None:
    try:
        return parse_time(text) if text else None
    except InvalidInputError:
        return None
