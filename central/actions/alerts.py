"""Use cases of alerts (row C10.2). Listing them changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import case, func, literal, or_, select

from central.actions.views import AlertView
from central.actions.visible_accounts import visible_names
from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.queries import by_domain, virtual_account
from central.domain.alerts import around, services
from central.domain.alerts.models import Alert
from central.domain.alerts.queries import alert_dict
from central.keyring import KeyRing
from serverkit.alerts.engine import AlertState, Severity, place_of
from serverkit.alerts.places import place_key, read_place
from serverkit.clock import iso
from serverkit.db.base import UtcDateTime
from serverkit.db.paging import ALL, Listing, Slice, beyond
from serverkit.db.unit import Unit
from serverkit.db.windows import WHOLE, Orders, Part, Window, window_of
from serverkit.licence_texts import quantity


def refresh_alerts(keyring: KeyRing, unit: Unit) -> str:
    """Make the alerts of every account equal to state and clock; the result of the job."""
    return f"{quantity(services.refresh_all(unit, keyring), 'account')} refreshed"


# An alert without a due time stands after those that have one.
_DUE = func.coalesce(Alert.action_due, literal(datetime.max.replace(tzinfo=UTC), UtcDateTime()))
_URGENT = (case({word.value: at for at, word in enumerate(Severity)}, value=Alert.severity), _DUE, Alert.raised_at)
ALERT_ORDERS = Orders(
    Alert.id,
    {
        "severity": _URGENT,
        "action_due": (_DUE,),
        "raised_at": (Alert.raised_at,),
        "source": (Alert.source,),
    },
    "severity",
)
HIDDEN, OVER = "hidden", "cleared"


def list_alerts(
    unit: Unit,
    domain: str,
    virtual_account_name: str | None = None,
    *,
    every: bool = False,
    kinds: Collection[str] | None = None,
    part: Slice = ALL,
) -> Listing:
    """List the alerts that the caller may see, most urgent first: by severity, when action is due, age and id.

    `every` adds those that were put off, dismissed or cleared; `kinds` are the only kinds that are meant.
    """
    account = by_domain(unit, domain)
    chosen = None if virtual_account_name is None else virtual_account(unit, account.id, virtual_account_name).id
    columns = (*_URGENT, Alert.id)
    query = select(Alert).where(around.shown_in(unit, account.id, chosen)).order_by(*columns)
    if not every:
        query = query.where(Alert.state == AlertState.OPEN)
    if kinds is not None:
        query = query.where(Alert.kind.in_(sorted(kinds)))
    if part.after is not None:
        query = query.where(beyond(columns, read_place(part.after), reverse=False))
    rows = list(unit.session.scalars(query.limit(part.limit + 1) if part.limit is not None else query))
    shown = rows if part.limit is None else rows[: part.limit]
    allowed = visible_virtual_accounts(unit, account.id)
    items = [_shown(row, allowed) for row in shown]
    return Listing(items, place_key(place_of(shown[-1])) if len(shown) < len(rows) else None)


def list_satellite_alerts(unit: Unit, domain: str) -> list[dict[str, Any]]:
    """The open alerts about satellites that the caller may see, most urgent first."""
    return list_alerts(unit, domain, kinds=around.OF_SITES).items


def list_alert_window(unit: Unit, domain: str, part: Part = WHOLE) -> Window:
    """Alerts that the caller may see, the most urgent first; the open ones where no state is chosen.

    Filters: q (a part of the text or source), severity, kind, virtual_account (an id), state (hidden: dismissed or put off; cleared).
    """
    account, wanted = by_domain(unit, domain), part.wanted
    chosen = wanted.get("virtual_account")
    if chosen is not None and chosen not in visible_names(unit, account.id):
        return Window([])
    query = select(Alert).where(around.shown_in(unit, account.id, chosen))
    states = {HIDDEN: (AlertState.REMINDED, AlertState.DISMISSED), OVER: (AlertState.CLEARED,)}
    query = query.where(Alert.state.in_(states.get(wanted.get("state", ""), (AlertState.OPEN,))))
    for column, name in ((Alert.severity, "severity"), (Alert.kind, "kind")):
        if value := wanted.get(name):
            query = query.where(column == value)
    if text := wanted.get("q"):
        texts = (Alert.message, Alert.source)
        query = query.where(or_(*(func.lower(one).contains(text.lower(), autoescape=True) for one in texts)))
    allowed = visible_virtual_accounts(unit, account.id)
    return window_of(unit, query, ALERT_ORDERS, part, lambda rows: [_shown(row, allowed) for row in rows])


def is_raised(unit: Unit, domain: str, kind: str) -> bool:
    """Whether an alert of a kind is open that the caller may see."""
    account = by_domain(unit, domain)
    query = select(Alert.id).where(around.shown_in(unit, account.id), Alert.kind == kind)
    return unit.session.scalar(query.where(Alert.state == AlertState.OPEN).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class AlertsAround:
    """The open alerts of a place, and how many there are around it, by severity.

    `items`: of each severity the most urgent and the newest, most urgent first; `here`: how many there are in the place, and
    `marks` when the newest was raised, with how many then. `account`, `satellites`, `places`: in the account, of its
    satellites, by virtual account.
    """

    items: list[dict[str, Any]]
    here: Mapping[str, int]
    marks: Mapping[str, tuple[str, int]]
    account: Mapping[str, int]
    satellites: Mapping[str, int]
    places: Mapping[str, Mapping[str, int]]


def list_alerts_around(
    unit: Unit,
    domain: str,
    virtual_account_id: str | None = None,
    *,
    most: int,
    always: Collection[str] = (),
    picked: Collection[str] = (),
) -> AlertsAround:
    """The open alerts that the caller sees in an account, or in a virtual account by its id, with the counts around it.

    At most `most` of a severity by urgency and as many by age, and those of the kinds `always`. `picked` are the ids of virtual accounts that are counted too.
    """
    account = by_domain(unit, domain)
    every = around.shown_in(unit, account.id)
    in_account = around.open_levels(unit, every)
    shown, levels = every, in_account
    if virtual_account_id is not None:
        shown = around.shown_in(unit, account.id, virtual_account_id)
        levels = around.open_levels(unit, shown)
    places = around.levels_of_places(unit, account.id, picked) if picked else {}
    allowed = visible_virtual_accounts(unit, account.id)
    return AlertsAround(
        [_shown(row, allowed) for row in around.first_and_newest(unit, shown, levels, most, always)],
        _counts(levels),
        {
            one: (iso(level.newest), around.raised_with(unit, shown, one, level.newest))
            for one, level in levels.items()
            if level.newest is not None
        },
        _counts(in_account),
        around.count_of_sites(unit, every),
        {va: _counts(found) for va, found in places.items()},
    )


def _counts(levels: around.Levels) -> Counter[str]:
    return Counter({severity: level.count for severity, level in levels.items()})


def find_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """An alert that the caller sees; UnknownAlertError."""
    account = by_domain(unit, domain)
    return _shown(services.find_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def count_alerts(unit: Unit, domain: str) -> dict[str, int]:
    """How many of the alerts that the caller sees are open, by severity."""
    return dict(_counts(around.open_levels(unit, around.shown_in(unit, by_domain(unit, domain).id))))


def dismiss_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Dismiss an alert until its condition recurs."""
    account = by_domain(unit, domain)
    return _shown(services.dismiss_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def restore_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Open an alert again that was dismissed or postponed."""
    account = by_domain(unit, domain)
    return _shown(services.restore_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def remind_alert(unit: Unit, domain: str, alert_id: str) -> dict[str, Any]:
    """Postpone an alert until its next step."""
    account = by_domain(unit, domain)
    return _shown(services.remind_alert(unit, account.id, alert_id), visible_virtual_accounts(unit, account.id))


def _shown(row: Alert, allowed: frozenset[str] | None) -> dict[str, Any]:
    found = alert_dict(row, allowed)
    # The view keeps plain texts; the message remembers its template, which a page fills in its own language.
    return {**AlertView(**found).shown(), "message": found["message"]}
