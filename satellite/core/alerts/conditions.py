"""Conditions of the site's alerts, computed from state and clock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from exchange.compliance import EXPIRY_STEPS_DAYS, expiry_step, following_warning, until
from exchange.trust import Root
from exchange.vocabulary import ExportReason, KeyState
from satellite.core.accounts.queries import names, present_names
from satellite.core.export_queue.models import FAILED, QueueEntry
from satellite.core.instances.models import Instance
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.licences.queries import pools
from satellite.core.site.causes import of_step
from satellite.core.site.models import HistoryEntry, Site
from satellite.core.site.queries import agreement_state, deadlines, state_of
from serverkit.alerts.clock import clock_alerts
from serverkit.alerts.engine import Wanted
from serverkit.alerts.texts import alert_key, said, surplus_text
from serverkit.alerts.texts import days as in_days
from serverkit.clock import iso
from serverkit.db.unit import Unit

STREAM = 1000


def stream(unit: Unit, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """Rows of a query, a part at a time."""
    return iter(unit.session.execute(query.execution_options(yield_per=STREAM)))


def licences(unit: Unit) -> Iterator[Wanted]:
    """Shortage of pools, and terms that end or have ended."""
    yield from shortages(unit)
    query = (
        select(AllotmentLine.virtual_account_id, AllotmentLine.tag, AllotmentLine.end, func.sum(AllotmentLine.quantity))
        .where(AllotmentLine.end <= unit.licence_now + timedelta(days=max(EXPIRY_STEPS_DAYS)))
        .group_by(AllotmentLine.virtual_account_id, AllotmentLine.tag, AllotmentLine.end)
    )
    where = names(unit)
    titles = dict(unit.session.execute(select(Entitlement.tag, Entitlement.name)).all())
    for va, tag, end, quantity in stream(unit, query):
        yield from _term(unit, (va, tag, int(quantity)), end, where.get(va, ""), titles.get(tag, tag))


def shortages(unit: Unit, wanted: Collection[tuple[str, str]] | None = None) -> Iterator[Wanted]:
    """Pools that lack licences: all of them, or those that are named by virtual account and tag."""
    if wanted is None:
        found = pools(unit)
    else:
        found = {key: pool for va, tag in wanted for key, pool in pools(unit, va, tag).items()}
    short = {key: pool.verdict.shortage for key, pool in found.items() if pool.verdict.shortage}
    if not short:
        return
    where = present_names(unit)
    # What lacks licences because its virtual account is not here any more has an alert of its own.
    short = {key: count for key, count in short.items() if key[0] in where}
    tags = {tag for _, tag in short}
    titles = dict(
        unit.session.execute(select(Entitlement.tag, Entitlement.name).where(Entitlement.tag.in_(tags))).all()
    )
    spare = _surpluses(unit, tags, where)
    for (va, tag), count in short.items():
        place = where.get(va, va)
        subject = {"virtual_account": va, "tag": tag, "count": count, "surplus": spare.get(tag, [])}
        text = said(
            "{count} more of {name} needed in {place}.{surplus}",
            count=count,
            name=titles.get(tag, tag),
            place=place,
            surplus=surplus_text(spare.get(tag, [])),
        )
        yield Wanted("insufficient_licences", pool_key(va, tag), text, place, subject=subject)


def pool_key(virtual_account_id: str, tag: str) -> str:
    """The key of a pool's shortage."""
    return alert_key(virtual_account_id, tag)


def _surpluses(unit: Unit, tags: Collection[str], where: Mapping[str, str]) -> dict[str, list[dict[str, object]]]:
    """Virtual accounts with a surplus of these licences: id, name and count, the largest first."""
    every = {key: pool for tag in sorted(tags) for key, pool in pools(unit, None, tag).items()}
    over = sorted((-pool.free, where.get(va, va), va, tag) for (va, tag), pool in every.items())
    found: dict[str, list[dict[str, object]]] = {}
    for count, name, va, tag in over:
        if count < 0:
            found.setdefault(tag, []).append({"virtual_account": va, "name": name, "count": -count})
    return found


def _term(unit: Unit, pool: tuple[str, str, int], end: datetime, place: str, name: str) -> Iterator[Wanted]:
    va, tag, quantity = pool
    step = expiry_step(end, unit.licence_now)
    key = alert_key(va, tag, iso(end))  # two terms may end on one day
    subject = {"virtual_account": va, "tag": tag, "quantity": quantity}
    if end <= unit.licence_now:
        text = said(
            "{quantity} of {name} in {place} expired; they were valid {until}.",
            quantity=quantity,
            name=name,
            place=place,
            until=until(end),
        )
        yield Wanted("licences_expired", key, text, place, subject=subject)
    elif step is not None:
        remind = following_warning(end, unit.licence_now)
        text = said(
            "{quantity} of {name} in {place} expire soon; they are valid {until}.",
            quantity=quantity,
            name=name,
            place=place,
            until=until(end),
        )
        yield Wanted("licences_expiring", key, text, place, end, step=step, remind_at=remind, subject=subject)


def exports(unit: Unit) -> Iterator[Wanted]:
    """Requests that failed because licences were missing; the newest of each device and licence counts."""
    where = names(unit)
    one, newer = QueueEntry, aliased(QueueEntry)
    later = or_(
        newer.requested_at > one.requested_at,
        and_(newer.requested_at == one.requested_at, newer.change_no > one.change_no),
    )
    same = (newer.instance_id == one.instance_id) & (newer.tag == one.tag)
    query = select(one.id, one.virtual_account_id, one.tag, one.count, Entitlement.name)
    query = query.outerjoin(Entitlement, Entitlement.tag == one.tag).where(
        one.state == FAILED, one.reason == ExportReason.NOT_AVAILABLE, ~exists().where(same, later)
    )
    # One that is gone asks no more.
    query = query.where(exists().where(Instance.id == one.instance_id, Instance.removed.is_(False)))
    for of, va, tag, count, title in stream(unit, query):
        place = where.get(va, "")
        text = said(
            "{count} of the restricted licence {tag} could not be granted in {place}.",
            count=count,
            tag=title or tag,
            place=place,
        )
        subject = {"virtual_account": va, "request": of, "tag": tag}
        yield Wanted("restricted_licence_not_available", of, text, place, subject=subject)


def synchronization(unit: Unit, site: Site, *, restored: bool) -> Iterator[Wanted]:
    """Authorization, deadlines (row C10.3), the last refusal, and a machine that was restored from an older copy."""
    if state_of(unit, site) == "registration_made":
        text = said("A registration file was made. Import the authorization file from central.")
        yield Wanted("satellite_authorization_pending", "site", text, site.name)
    if restored:
        text = said("This satellite was restored from an older copy; resynchronize it. Devices renew in the meantime.")
        yield Wanted("satellite_forked", "site", text, site.name)
    tried = HistoryEntry.step.in_(["import", "network"])
    last = unit.session.scalars(select(HistoryEntry).where(tried).order_by(HistoryEntry.at.desc())).first()
    failures, reason = 0, ""
    if last is not None and last.outcome in {"refused", "failed"}:
        # Each failure is a new one and reopens a dismissed alert.
        of = select(func.count()).where(tried, HistoryEntry.outcome.in_(["refused", "failed"]))
        failures = int(unit.session.scalar(of) or 0)
        cause, _more = of_step(last.detail)
        reason = cause.meaning if cause is not None else last.detail
    if last is not None and last.outcome == "refused":
        text = said(
            "The last response was refused. {reason} Make and transport a new file; if that fails too, contact support.",
            reason=reason,
        )
        yield Wanted("satellite_sync_failed", "site", text, site.name, step=failures)
    elif last is not None and last.outcome == "failed":
        text = said(
            "The last synchronization failed. {reason} Examine it on the page *Synchronization*, or run `satellite sync doctor`.",
            reason=reason,
        )
        yield Wanted("satellite_sync_failed", "site", text, site.name, step=failures)
    due = deadlines(site)
    if due is None or unit.licence_now < due.reminder:
        return
    since = site.last_sync_at or site.authorized_at or unit.licence_now
    days, left = (unit.licence_now - since).days, max(0, (due.removal - unit.licence_now).days)
    if unit.licence_now >= due.overdue:
        text = said(
            "No synchronization for {days}; central removes this satellite in {left}.",
            days=in_days(days),
            left=in_days(left),
        )
        yield Wanted("satellite_sync_overdue", "site", text, site.name, due.removal)
    else:
        text = said("No synchronization for {days}.", days=in_days(days))
        yield Wanted("satellite_sync_deadline", "site", text, site.name, due.overdue)


def agreement(unit: Unit, site: Site) -> Iterator[Wanted]:
    """Row C1.4: the version that waits for acceptance at central, and from when on this site refuses for it."""
    state = agreement_state(site)
    if state is None:
        return
    day = state.refuses_from.date().isoformat()
    step = state.version * 2 + (state.refuses_from <= unit.licence_now)
    since = state.since.date().isoformat()
    filled = (
        said(
            "Version {version} of the licensing agreement has waited for acceptance at central since {since}; since {day} "
            "this site creates no tokens and registers no devices. Have it accepted, then synchronize.",
            version=state.version,
            since=since,
            day=day,
        )
        if state.refuses_from <= unit.licence_now
        else said(
            "Version {version} of the licensing agreement has waited for acceptance at central since {since}; from {day} "
            "on, this site creates no tokens and registers no devices.",
            version=state.version,
            since=since,
            day=day,
        )
    )
    yield Wanted("agreement_pending", "agreement", filled, site.name, state.refuses_from, step=step)


def trust(unit: Unit, root: Root) -> Iterator[Wanted]:
    """Keys that expire soon; a response brings a newer root."""
    ends = [("root", root.expires)]
    ends += [(key.role.value, key.not_after) for key in root.role_keys if key.state is KeyState.ACTIVE]
    for key, end in ends:
        step, ended = expiry_step(end, unit.licence_now), end <= unit.licence_now
        if step is not None or ended:
            text = said(
                "The {key} key of the vendor was valid {end}. Synchronize to get the next one."
                if ended
                else "The {key} key of the vendor is valid {end}. Synchronize to get the next one.",
                key=key,
                end=until(end),
            )
            yield Wanted("trust_expiring", key, text, "vendor", end, step=step or 0)


def clock(unit: Unit) -> Iterator[Wanted]:
    """Row S1.3: the clock of this machine."""
    return clock_alerts(unit, "site", "satellite", page=True)
