"""The lists of the console, a window at a time: filtered and ordered by the database, forth and back (rows S3.2, S3.3).

Names of filters and orders are those of the members that the lists show. An empty filter is none; a filter of a kind that a
list does not know is ignored, as an address that someone typed may hold anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, String, and_, case, cast, func, or_, select

from satellite.core.access import queries as access
from satellite.core.access.models import User
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names
from satellite.core.alerts.models import Alert
from satellite.core.alerts.services import alert_dict
from satellite.core.event_log.models import Event
from satellite.core.event_log.queries import event_dict
from satellite.core.export_queue.models import QueueEntry
from satellite.core.export_queue.queries import SINCE, queue_dicts
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import named_by
from satellite.core.site.models import HistoryEntry
from satellite.core.tokens.models import Token
from satellite.core.tokens.queries import token_dict
from satellite.sync.history import entry_dict
from serverkit.alerts.engine import AlertState, Severity
from serverkit.clock import moment_or_none
from serverkit.db.paging import Query
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of

_VA = VirtualAccount.name


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


SHORTEST_SERIAL = 6
"""From how many characters on a word of a search for events may be a serial number, or a part of one."""
EVENT_ORDERS = Orders(Event.id, {"at": (Event.number,)}, "-at")


def list_events(unit: Unit, part: Part = WHOLE) -> Window:
    """The event log. Filters: q (also what names a device, be it removed), kind (`token:` stands for all of tokens), virtual_account, instance, tag, actor, since, until (in ISO form)."""
    wanted = part.wanted
    query = select(Event)
    if text := wanted.get("q"):
        said = [one.contains(text, autoescape=True) for one in (Event.message, Event.actor)]
        if len(text) >= SHORTEST_SERIAL and " " not in text:
            said.append(Event.instance_id.in_(select(Instance.id).where(named_by(text))))
        query = query.where(or_(*said))
    query = _in_place(query, wanted, Event.virtual_account_id)
    if kind := wanted.get("kind"):
        query = query.where(Event.kind.startswith(kind, autoescape=True) if kind.endswith(":") else Event.kind == kind)
    for column, name in ((Event.instance_id, "instance"), (Event.actor, "actor")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if tag := wanted.get("tag"):
        query = query.where(cast(Event.subject, String).contains(f'"{tag}"', autoescape=True))
    since, until = moment_or_none(wanted.get("since")), moment_or_none(wanted.get("until"))
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


def _in_place(query: Query, wanted: Mapping[str, str], column: Any) -> Query:
    """Rows of a virtual account, which is given by id or name."""
    place = wanted.get("virtual_account")
    if not place:
        return query
    ids = select(VirtualAccount.id).where(or_(VirtualAccount.id == place, VirtualAccount.name == place))
    inside: ColumnElement[bool] = column.in_(ids)
    return query.where(inside)
