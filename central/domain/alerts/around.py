"""Alerts of a place, found by index: how many there are, the most urgent and the newest of them (row C10.1).

No page reads all alerts of an account: there may be as many as there are devices.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from central.domain.access.rules import Permission
from central.domain.access.services import is_permitted, visible_virtual_accounts
from central.domain.accounts.models import VirtualAccount
from central.domain.alerts.models import Alert
from central.domain.alerts.rules import CATALOGUE
from central.domain.base import VENDOR
from serverkit.alerts.engine import AlertState, Severity, place_of
from serverkit.db.unit import Unit

OF_SITES = tuple(kind for kind in CATALOGUE if kind.startswith("satellite_"))
OVERDUE, CLONE = "satellite_sync_overdue", "device_clone"
"""That a site is overdue is shown in its virtual accounts too (row C10.4)."""


@dataclass(frozen=True, slots=True)
class Level:
    """How many alerts of one severity there are, and when the newest was raised."""

    count: int = 0
    newest: datetime | None = None

    def __add__(self, other: Level) -> Level:
        """Both together."""
        known = [at for at in (self.newest, other.newest) if at is not None]
        return Level(self.count + other.count, max(known, default=None))


Levels = Mapping[str, Level]


def shown_in(unit: Unit, account_id: str, virtual_account_id: str | None = None) -> ColumnElement[bool]:
    """The condition that the actor sees an alert in an account, or in one of its virtual accounts.

    The vendor's own alerts are shown to those who manage it, in every account as a whole.
    """
    allowed = visible_virtual_accounts(unit, account_id)
    wanted = (
        allowed if virtual_account_id is None else frozenset({virtual_account_id}) & (allowed or {virtual_account_id})
    )
    mine: ColumnElement[bool] = Alert.account_id == account_id
    if wanted is not None:
        named = Alert.virtual_account_id.in_(sorted(wanted))
        others = [of for of, places in _elsewhere(unit, account_id).items() if places & wanted]
        mine = mine & (or_(named, Alert.id.in_(others)) if others else named)
    if virtual_account_id is None and is_permitted(unit, Permission.VENDOR_MANAGE):
        return or_(mine, Alert.account_id == VENDOR)
    return mine


def _elsewhere(unit: Unit, account_id: str) -> dict[str, frozenset[str]]:
    """In which virtual accounts beside its own an alert is shown, by its id; there are few.

    Those of an overdue site, or of a device that is in two of them.
    """
    query = select(Alert.id, Alert.virtual_account_id, Alert.kind, Alert.subject).where(
        Alert.account_id == account_id, Alert.kind.in_((OVERDUE, CLONE)), Alert.state != AlertState.CLEARED
    )
    rows = unit.session.execute(query).all()
    if not rows:
        return {}
    sites: dict[str, set[str]] = defaultdict(set)
    managed = select(VirtualAccount.satellite_id, VirtualAccount.id).where(
        VirtualAccount.account_id == account_id, VirtualAccount.satellite_id.is_not(None)
    )
    for site, va in unit.session.execute(managed):
        sites[str(site)].add(va)
    found = {}
    for of, own, kind, subject in rows:
        places = sites[str(subject.get("satellite"))] if kind == OVERDUE else subject.get("virtual_accounts", ())
        found[of] = frozenset(places) - {own}
    return found


def open_levels(unit: Unit, shown: ColumnElement[bool]) -> Levels:
    """The open alerts that are shown, by severity."""
    return _levels(unit, shown).get(None, {})


def _levels(unit: Unit, shown: ColumnElement[bool], by: Any = None) -> dict[str | None, dict[str, Level]]:
    keys = (Alert.severity,) if by is None else (Alert.severity, by)
    query = select(*keys, func.count(), func.max(Alert.raised_at)).where(shown, Alert.state == AlertState.OPEN)
    found: dict[str | None, dict[str, Level]] = defaultdict(dict)
    for severity, *place, count, newest in unit.session.execute(query.group_by(*keys)):
        found[place[0] if place else None][severity] = Level(int(count), newest)
    return found


def levels_of_places(unit: Unit, account_id: str, ids: Collection[str]) -> dict[str, dict[str, Level]]:
    """The open alerts of these virtual accounts, which may be seen, by virtual account and severity."""
    of_them = (Alert.account_id == account_id) & Alert.virtual_account_id.in_(sorted(ids))
    by_place = _levels(unit, of_them, Alert.virtual_account_id)
    found = {of: dict(by_place.get(of, {})) for of in ids}
    others = _elsewhere(unit, account_id)
    if others:
        query = select(Alert.id, Alert.severity, Alert.raised_at).where(
            Alert.account_id == account_id, Alert.id.in_(sorted(others)), Alert.state == AlertState.OPEN
        )
        for of, severity, raised in unit.session.execute(query):
            for va in others[of] & found.keys():
                found[va][severity] = found[va].get(severity, Level()) + Level(1, raised)
    return found


def count_of_sites(unit: Unit, shown: ColumnElement[bool]) -> Mapping[str, int]:
    """How many open alerts about satellites are shown, by severity."""
    query = select(Alert.severity, func.count()).where(shown, Alert.state == AlertState.OPEN, Alert.kind.in_(OF_SITES))
    return Counter({level: int(count) for level, count in unit.session.execute(query.group_by(Alert.severity))})


def raised_with(unit: Unit, shown: ColumnElement[bool], severity: str, newest: datetime) -> int:
    """How many open alerts of a severity were raised in the second of the newest one."""
    query = select(func.count()).where(shown, Alert.state == AlertState.OPEN, Alert.severity == severity)
    return int(unit.session.scalar(query.where(Alert.raised_at >= newest.replace(microsecond=0))) or 0)


def first_and_newest(
    unit: Unit, shown: ColumnElement[bool], levels: Levels, most: int, always: Collection[str]
) -> list[Alert]:
    """Of each severity the most urgent and the newest open alerts, at most so many of each; the most urgent first.

    Those of the kinds `always` are among them, whatever else is open.
    """
    stays = select(Alert).where(shown, Alert.state == AlertState.OPEN, Alert.kind.in_(sorted(always)))
    found: dict[str, Alert] = {row.id: row for row in unit.session.scalars(stays.limit(most))}
    for severity in Severity:
        of_it = select(Alert).where(shown, Alert.state == AlertState.OPEN, Alert.severity == severity)
        count = levels.get(severity, Level()).count
        if count == 0:
            continue
        due = of_it.where(Alert.action_due.is_not(None)).order_by(Alert.action_due, Alert.raised_at, Alert.id)
        rows: list[Alert] = list(unit.session.scalars(due.limit(most)))
        if len(rows) < min(most, count):
            later = of_it.where(Alert.action_due.is_(None)).order_by(Alert.raised_at, Alert.id)
            rows += unit.session.scalars(later.limit(most - len(rows)))
        if count > most:
            newest: Sequence[Alert] = unit.session.scalars(
                of_it.order_by(Alert.raised_at.desc(), Alert.id.desc()).limit(most)
            ).all()
            rows += newest
        found |= {row.id: row for row in rows}
    return sorted(found.values(), key=place_of)
