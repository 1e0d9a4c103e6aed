"""The job that writes mails about accounts: what is new, and the daily summaries (row C12.2)."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from central.actions.mail import queue_vendor_mails
from central.actions.time import zone_of
from central.domain.access.errors import NotPermittedError
from central.domain.access.models import User
from central.domain.access.services import visible_virtual_accounts
from central.domain.accounts.models import SmartAccount
from central.domain.alerts.models import Alert
from central.domain.alerts.queries import alert_dict
from central.domain.alerts.services import alerts_of, book, seen_of, untold_alerts
from central.domain.base import VENDOR
from central.domain.event_log import queries as log
from central.domain.event_log.models import Event
from central.domain.notices.services import notify
from central.domain.preferences import queries
from central.domain.preferences.models import NoticeSetting
from central.domain.preferences.rules import (
    MOST_LINES,
    Line,
    Told,
    alert_kinds,
    event_kinds,
    news_mail,
    summary_day,
    summary_mail,
    told,
)
from central.runtime import Central
from serverkit.actor import Actor, ActorKind
from serverkit.alerts.engine import AlertState, place_of
from serverkit.day_times import DayTimeError, read_zone
from serverkit.db.unit import DatabaseFailure, Unit
from serverkit.log import get_logger

MOST_MISSED = 1000
JOB = Actor(ActorKind.JOB, "notices", "job notices")


def zone_named(name: str) -> ZoneInfo:
    """A zone by its name; UTC for one that this machine knows no more."""
    try:
        return read_zone(name)
    except DayTimeError:
        return ZoneInfo("UTC")


@dataclass
class Written:
    """What a run did."""

    mails: int = 0
    failed: int = 0


def write_notices(server: Central) -> str:
    """Write the mails about what is new and the summaries that are due, each account by itself; the result of the job.

    Without a mail server nothing is written, and what happens meanwhile is no news later.
    """
    with server.database.read(JOB) as unit:
        zone = zone_of(unit)
        due = queries.accounts_with_news(unit)
        for account_id, own, last in queries.summaries(unit):
            if last < summary_day(unit.now, zone_named(own or zone)):
                due.add(account_id)
    sends, written = server.settings.mail.host is not None, Written()
    for account_id in sorted(due):
        try:
            found = server.database.run(JOB, lambda unit, of=account_id: _account(unit, of, zone, sends=sends))  # type: ignore[misc]  # of one account
        except Exception as error:  # noqa: BLE001 - one account keeps no other from its mails
            get_logger().error("notices_failed", account=account_id, cause=type(error).__name__, exc_info=error)
            found = Written(failed=1)
        written.mails, written.failed = written.mails + found.mails, written.failed + found.failed
    return f"{written.mails} mails written, {written.failed} failed"


def _account(unit: Unit, account_id: str, zone: str, *, sends: bool) -> Written:
    """The mails of one account; afterwards everything in it was told, but for alerts that a user's own row keeps as missed."""
    written, fresh = Written(), untold_alerts(unit, account_id)
    account = unit.session.get(SmartAccount, account_id)
    rows = queries.settings_of(unit, account_id) if account is not None else ()
    if account_id == VENDOR and sends:
        written.mails += queue_vendor_mails(unit, [one for one in fresh if one.state == AlertState.OPEN])
    missed = alerts_of(unit, account_id, {one for row, _ in rows for one in row.missed})
    for row, user in rows:
        again = {one: missed[one] for one in row.missed if one in missed}
        news = sorted(({one.id: one for one in fresh} | again).values(), key=place_of)
        unit.actor = Actor(ActorKind.USER, user.id, user.name)
        try:
            with unit.savepoint():
                own = zone_named(row.zone or zone)
                written.mails += _write(unit, row, user, news, own, sends=sends and user.email is not None)
                row.missed = []
        except NotPermittedError:
            unit.session.delete(row)  # nothing of the account is theirs to see any more
        except (SQLAlchemyError, DatabaseFailure):
            raise
        except Exception as error:  # noqa: BLE001 - one user's mail keeps no other from theirs
            get_logger().error("notice_failed", user=user.id, cause=type(error).__name__, exc_info=error)
            row.missed = [one.id for one in news][:MOST_MISSED] if row.at_once else []
            written.failed += 1
        finally:
            unit.actor = JOB
    for one in fresh:
        one.told = True
    return written


def _write(
    unit: Unit,
    row: NoticeSetting,
    user: User,
    fresh: list[Alert],
    zone: ZoneInfo,
    *,
    sends: bool,
) -> int:
    account = unit.session.get_one(SmartAccount, row.account_id)
    allowed, last, mails = visible_virtual_accounts(unit, account.id), queries.last_event(unit, account.id), []
    if row.at_once:
        kinds = alert_kinds(row.kinds)
        news = [one for one in fresh if one.state == AlertState.OPEN and one.kind in kinds]
        alerts = _told(seen_of(unit, account.id, news), allowed)
        events = _events(unit, row, row.told_number, last, allowed)
        if alerts.total or events.total:
            mails.append(news_mail(account.name, zone, alerts, events))
        row.told_number = last
    day = summary_day(unit.now, zone)
    if row.summary and row.summed_on < day:
        kinds = alert_kinds(row.kinds, listed=True)
        still = [one for one in book(account.id).open_ones(unit) if one.kind in kinds]
        alerts = _told(seen_of(unit, account.id, still), allowed)
        events = _events(unit, row, row.summed_number, last, allowed)
        if alerts.total or events.total:
            mails.append(summary_mail(account.name, zone, alerts, events))
        row.summed_number, row.summed_on = last, day
    for mail in mails if sends else ():
        notify(unit, user.email, mail)
    return len(mails) if sends else 0


def _told(rows: list[Alert], allowed: frozenset[str] | None) -> Told:
    return told([Line(one.raised_at, f"{one.severity}: {alert_dict(one, allowed)['message']}") for one in rows])


def _events(unit: Unit, row: NoticeSetting, after: int, last: int, allowed: frozenset[str] | None) -> Told:
    kinds = event_kinds(row.kinds)
    if not kinds or after >= last:
        return Told((), 0)
    query = log.events(row.account_id, None, allowed).where(
        Event.kind.in_(kinds), Event.number > after, Event.number <= last
    )
    rows = list(unit.session.scalars(query.order_by(Event.number).limit(MOST_LINES)))
    total = len(rows)
    if total == MOST_LINES:
        total = unit.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    return Told([Line(one.at, one.message) for one in rows], total)
