"""What each alert of the site demands, from state and clock."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import timedelta

from sqlalchemy import select

from chassis.alerts.engine import Severity, Wanted
from chassis.db.unit import Unit
from exchange.compliance import expiry_step, following_warning
from exchange.device.timers import REMOVED, SILENT_MAJOR
from exchange.trust import Root
from exchange.vocabulary import ExportReason, KeyState
from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import names
from satellite.core.export_queue.models import HeldGrant, QueueEntry
from satellite.core.export_queue.services import ACTIVE, FAILED
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import instance_name
from satellite.core.licences.models import AllotmentLine, Entitlement
from satellite.core.licences.queries import pools
from satellite.core.site.models import HistoryEntry, Site
from satellite.core.site.queries import deadlines, state_of

INSTANCE_KINDS = ("instance_failed_to_connect", "instance_failed_to_renew", "device_clone")


def pool_key(virtual_account_id: str, tag: str) -> str:
    """What tells the shortage of one pool from that of another."""
    return f"{virtual_account_id}|{tag}"[:255]


def shortages(unit: Unit, wanted: Collection[tuple[str, str]] | None = None) -> Iterator[Wanted]:
    """Pools that lack licences: all of them, or those that are named by virtual account and tag."""
    found = pools(unit) if wanted is None else {key: one for key in wanted for one in pools(unit, *key).values()}
    for pool in found.values():
        short = pool.verdict.shortage
        if short:
            va, tag = pool.virtual_account_id, pool.tag
            home, kind = unit.session.get(VirtualAccount, va), unit.session.get(Entitlement, tag)
            place, subject = home.name if home else va, {"virtual_account": va, "tag": tag, "count": short}
            text = f"{short} more of {kind.name if kind else tag} needed in {place}."
            yield Wanted("insufficient_licences", pool_key(va, tag), text, place, subject=subject)


def licences(unit: Unit) -> Iterator[Wanted]:
    """Shortage of pools, and terms that end or have ended."""
    where = names(unit)
    titles = dict(unit.session.execute(select(Entitlement.tag, Entitlement.name)).all())
    yield from shortages(unit)
    query = select(AllotmentLine).where(AllotmentLine.end.is_not(None))
    for line in unit.session.scalars(query):
        yield from _term(unit, line, where.get(line.virtual_account_id, ""), titles.get(line.tag, line.tag))


def _term(unit: Unit, line: AllotmentLine, place: str, name: str) -> Iterator[Wanted]:
    if line.end is None:
        return
    day, step = line.end.date().isoformat(), expiry_step(line.end, unit.licence_now)
    key = f"{line.virtual_account_id}|{line.tag}|{day}"[:255]
    subject = {"virtual_account": line.virtual_account_id, "tag": line.tag, "quantity": line.quantity}
    if line.end <= unit.licence_now:
        text = f"{line.quantity} of {name} in {place} expired on {day}."
        yield Wanted("licences_expired", key, text, place, subject=subject)
    elif step is not None:
        remind = following_warning(line.end, unit.licence_now)
        text = f"{line.quantity} of {name} in {place} expire on {day}."
        yield Wanted("licences_expiring", key, text, place, line.end, step=step, remind_at=remind, subject=subject)


def exports(unit: Unit) -> Iterator[Wanted]:
    """Requests that failed for want of licences; the newest of each device and licence counts."""
    where = names(unit)
    newest: dict[tuple[str, str], QueueEntry] = {}
    for row in unit.session.scalars(select(QueueEntry).order_by(QueueEntry.requested_at, QueueEntry.change_no)):
        newest[row.instance_id, row.tag] = row
    for row in newest.values():
        if row.state == FAILED and row.reason == ExportReason.NOT_AVAILABLE:
            place = where.get(row.virtual_account_id, "")
            text = f"{row.count} of the restricted licence {row.tag} could not be granted in {place}."
            subject = {"virtual_account": row.virtual_account_id, "request": row.id, "tag": row.tag}
            yield Wanted("restricted_licence_not_available", row.id, text, place, subject=subject)


def instances(unit: Unit, ids: Collection[str] | None = None) -> Iterator[Wanted]:
    """Silent devices (row C7.5), missed renewals, clones; of all instances or of those named."""
    where = names(unit)
    query = select(Instance).where(Instance.removed.is_(False))
    held_by = select(HeldGrant.instance_id).where(HeldGrant.state == ACTIVE)
    if ids is not None:
        query, held_by = query.where(Instance.id.in_(ids)), held_by.where(HeldGrant.instance_id.in_(ids))
    restricted = set(unit.session.scalars(held_by))
    for row in unit.session.scalars(query.where(Instance.last_contact <= unit.licence_now - timedelta(days=30))):
        yield _silence(unit, row, where.get(row.virtual_account_id, ""), held=row.id in restricted)
    for row in unit.session.scalars(query.where(Instance.certificate_expires <= unit.licence_now)):
        text, place = f"{instance_name(row)} did not renew its identity in time.", where.get(row.virtual_account_id, "")
        actions = None
        if row.id in restricted:
            # Removing it would not free them; only the device, their end or the vendor does.
            text, actions = text + " Its restricted licences stay in use.", ("dismiss",)
        subject = {"virtual_account": row.virtual_account_id, "instance": row.id}
        yield Wanted("instance_failed_to_renew", row.id, text, place, actions=actions, subject=subject)
    for row in unit.session.scalars(query.where(Instance.marks.like("%clone%"))):
        text = f"Two machines show the identity of {instance_name(row)}; decide which one is to live on."
        subject = {"virtual_account": row.virtual_account_id, "instance": row.id}
        yield Wanted("device_clone", row.id, text, where.get(row.virtual_account_id, ""), subject=subject)


def _silence(unit: Unit, row: Instance, place: str, *, held: bool) -> Wanted:
    days = (unit.licence_now - row.last_contact).days
    step = max(level for level in (30, 60, 90) if level <= days)
    freed = row.last_contact + SILENT_MAJOR
    due = freed if step < SILENT_MAJOR.days else row.last_contact + REMOVED
    left = max(0, (due - unit.licence_now).days)
    text = f"{instance_name(row)} has not connected for {days} days; "
    text += f"{left} days until its licences are freed." if due == freed else "its licences were freed."
    if held:
        text += " Its restricted licences stay in use."
    elif due != freed:
        text += f" It will be removed in {left} days."
    return Wanted(
        "instance_failed_to_connect",
        row.id,
        text,
        place,
        due,
        severity=Severity.MAJOR if step == SILENT_MAJOR.days or held else Severity.MINOR,
        step=step,
        remind_at=following_warning(due, unit.licence_now),
        actions=("dismiss", "remind") if held else None,
        subject={"virtual_account": row.virtual_account_id, "instance": row.id, "days": days},
    )


def left_behind(unit: Unit) -> Iterator[Wanted]:
    """Row C8.3: a device is gone, its restricted units are not: they stay in use until they come free."""
    query = (
        select(HeldGrant, Instance)
        .join(Instance, Instance.id == HeldGrant.instance_id)
        .where(HeldGrant.state == ACTIVE, HeldGrant.not_after > unit.licence_now, Instance.removed)
        .order_by(HeldGrant.id)
    )
    where = names(unit)
    for grant, row in unit.session.execute(query):
        text = (
            f"{instance_name(row)} was removed, but {grant.quantity} of {grant.tag} stay in use: until its signed "
            f"return, their end on {grant.not_after.date().isoformat()}, or the vendor's release."
        )
        yield Wanted(
            "instance_failed_to_connect",
            f"gone|{grant.id}",
            text,
            where.get(grant.virtual_account_id, ""),
            severity=Severity.MAJOR,
            actions=("dismiss", "remind"),
            subject={"virtual_account": grant.virtual_account_id, "instance": row.id},
        )


def synchronization(unit: Unit, site: Site, *, restored: bool) -> Iterator[Wanted]:
    """Authorization, deadlines (row C10.3), the last refusal, and a machine that fell behind."""
    if state_of(unit, site) == "registration_made":
        text = "A registration file was made; the authorization file from central is awaited."
        yield Wanted("satellite_authorization_pending", "site", text, site.name)
    if restored:
        text = "This satellite was put back to an older copy; resynchronize it. Renewals of devices go on meanwhile."
        yield Wanted("satellite_forked", "site", text, site.name)
    last = unit.session.scalars(
        select(HistoryEntry).where(HistoryEntry.step.in_(["import", "network"])).order_by(HistoryEntry.at.desc())
    ).first()
    if last is not None and last.outcome == "refused":
        text = f"The last response was refused ({last.detail}). Make and carry a new file; if that fails too, turn to support."
        yield Wanted("satellite_sync_failed", "site", text, site.name)
    elif last is not None and last.outcome == "failed":
        text = f"The last synchronization failed ({last.detail}). `satellite sync doctor` says what to do."
        yield Wanted("satellite_sync_failed", "site", text, site.name)
    due = deadlines(site)
    if due is None or unit.licence_now < due.reminder:
        return
    since = site.last_sync_at or site.authorized_at or unit.licence_now
    days, left = (unit.licence_now - since).days, max(0, (due.removal - unit.licence_now).days)
    if unit.licence_now >= due.overdue:
        text = f"No synchronization for {days} days; central removes this satellite in {left} days."
        yield Wanted("satellite_sync_overdue", "site", text, site.name, due.removal)
    else:
        text = f"No synchronization for {days} days."
        yield Wanted("satellite_sync_deadline", "site", text, site.name, due.overdue)


def trust(unit: Unit, root: Root) -> Iterator[Wanted]:
    """Keys that end soon; a newer root comes with a response."""
    ends = [("root", root.expires)]
    ends += [(key.role.value, key.not_after) for key in root.role_keys if key.state is KeyState.ACTIVE]
    for key, end in ends:
        step, ended = expiry_step(end, unit.licence_now), end <= unit.licence_now
        if step is not None or ended:
            verb = "ended" if ended else "ends"
            text = f"The {key} key of the vendor {verb} on {end.date().isoformat()}; a synchronization brings the next."
            yield Wanted("trust_expiring", key, text, "vendor", end, step=step or 0)


def clock(unit: Unit) -> Iterator[Wanted]:
    """Row S1.3: a clock that leapt, or was set back by more than some minutes."""
    reading = unit.reading
    if reading is not None and reading.alarming:
        said = f"{reading.moment.system:%Y-%m-%d %H:%M} UTC"
        if reading.may_end:
            text = f"This machine's clock says {said}, before licence time {reading.licence_now:%Y-%m-%d %H:%M} UTC, which waits for it. Set the clock right."
        else:
            text = f"This machine's clock leapt to {said}. Nothing ends until it is set right or confirmed with `satellite time confirm`."
        yield Wanted("clock_suspicious", "clock", text, "site", step=int(reading.may_end))
