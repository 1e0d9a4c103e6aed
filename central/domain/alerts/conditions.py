"""What each alert that central can raise demands, from state and clock (rows C10.2, C10.3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.agreements.services import is_pending
from central.domain.catalogue.queries import entitlements
from central.domain.export_control.models import ExportRequestRecord, GrantRecord
from central.domain.export_control.services import ACTIVE
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import instance_name
from central.domain.ledger.models import OWNED, Bucket, Holding, Lot
from central.domain.ledger.queries import pools
from central.domain.preferences.queries import policies
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import REMOVED, deadlines
from central.domain.satellites.services import AUTHORIZED, PENDING
from chassis.alerts.engine import Severity, Wanted
from chassis.db.unit import Unit
from exchange.compliance import EXPIRY_STEPS_DAYS, expiry_step
from exchange.trust import Root
from exchange.vocabulary import ExportReason, ExportState, KeyState

HOURS_TO_AUTHORIZE = 48


@dataclass(frozen=True, slots=True)
class Scene:
    """An account with what its alerts look at."""

    unit: Unit
    account: SmartAccount
    virtual_accounts: dict[str, VirtualAccount]

    def name(self, virtual_account_id: str) -> str:
        """The name of a virtual account."""
        row = self.virtual_accounts.get(virtual_account_id)
        return row.name if row else self.account.name


def agreement(scene: Scene) -> Iterator[Wanted]:
    """Row C1.4: never accepted, or not the version in force."""
    if not is_pending(scene.unit, scene.account):
        return
    version = int(policies(scene.unit)["agreement_version"])
    never = scene.account.agreement_version is None
    kind = "agreement_pending" if never else "agreement_updated"
    text = (
        "The licensing agreement was not accepted yet."
        if never
        else f"Version {version} of the licensing agreement is in force and not accepted yet."
    )
    yield Wanted(kind, "agreement", text, scene.account.name, step=version)


def licences(scene: Scene) -> Iterator[Wanted]:
    """Shortage of pools; terms that end or have ended (rows C3.3, C10.2)."""
    unit = scene.unit
    found = pools(unit, scene.account.id)
    names = {row.tag: row.name for row in entitlements(unit, {tag for _, tag in found})}
    for (va, tag), pool in found.items():
        short = pool.verdict.shortage
        if short:
            text = f"{short} more of {names.get(tag, tag)} needed in {scene.name(va)}."
            subject = {"virtual_account": va, "tag": tag, "count": short}
            yield Wanted("insufficient_licences", f"{va}|{tag}"[:255], text, scene.name(va), subject=subject)
    yield from _terms(scene, names)


def _terms(scene: Scene, names: dict[str, str]) -> Iterator[Wanted]:
    unit = scene.unit
    query = (
        select(Lot, Holding.virtual_account_id, Holding.bucket, Holding.quantity)
        .join(Holding, (Holding.account_id == Lot.account_id) & (Holding.lot_id == Lot.id))
        .where(Lot.account_id == scene.account.id, Lot.end.is_not(None))
        .where(Lot.end <= unit.licence_now + timedelta(days=max(EXPIRY_STEPS_DAYS)))
        .where(Holding.bucket.in_([*OWNED, Bucket.EXPIRED]))
    )
    for lot, va, _bucket, quantity in unit.session.execute(query):
        if lot.end is None:
            continue
        name, day = names.get(lot.tag, lot.tag), lot.end.date().isoformat()
        subject = {"virtual_account": va, "tag": lot.tag, "lot": lot.id, "quantity": quantity}
        key = f"{lot.id}|{va}"
        step = expiry_step(lot.end, unit.licence_now)
        if lot.end <= unit.licence_now:
            text = f"{quantity} of {name} in {scene.name(va)} expired on {day}."
            yield Wanted("licences_expired", key, text, scene.name(va), subject=subject)
        elif step is not None:
            later = [days for days in EXPIRY_STEPS_DAYS if days < step]
            remind = lot.end - timedelta(days=max(later)) if later else lot.end
            text = f"{quantity} of {name} in {scene.name(va)} expire on {day}."
            yield Wanted(
                "licences_expiring", key, text, scene.name(va), lot.end, step=step, remind_at=remind, subject=subject
            )


def exports(scene: Scene) -> Iterator[Wanted]:
    """Row C8.1: requests that failed for want of licences; the newest of each device and licence counts."""
    query = select(ExportRequestRecord).where(ExportRequestRecord.account_id == scene.account.id)
    newest: dict[tuple[str, str], ExportRequestRecord] = {}
    for row in scene.unit.session.scalars(
        query.order_by(ExportRequestRecord.decided_at, ExportRequestRecord.change_no)
    ):
        newest[row.instance_id, row.tag] = row
    for row in newest.values():
        if row.state == ExportState.FAILED and row.reason == ExportReason.NOT_AVAILABLE:
            where = scene.name(row.virtual_account_id)
            text = f"{row.count} of the restricted licence {row.tag} could not be granted in {where}: add licences there, or move the device to where there are some."
            subject = {"request": row.id, "instance": row.instance_id, "tag": row.tag}
            yield Wanted("restricted_licence_not_available", row.id, text, where, subject=subject)


def instances(scene: Scene) -> Iterator[Wanted]:
    """Row C7.5 for directly connected devices; clones wherever they show."""
    unit = scene.unit
    query = select(Instance).where(Instance.account_id == scene.account.id)
    silent = query.where(
        Instance.satellite_id.is_(None),
        Instance.state != RESERVED,
        Instance.last_contact <= unit.licence_now - timedelta(days=30),
    )
    restricted = set(
        unit.session.scalars(
            select(GrantRecord.instance_id).where(
                GrantRecord.account_id == scene.account.id, GrantRecord.state == ACTIVE
            )
        )
    )
    for row in unit.session.scalars(silent):
        days = (unit.licence_now - row.last_contact).days
        step = max(level for level in (30, 60, 90) if level <= days)
        major = step == 90 or row.id in restricted
        actions = ("dismiss", "remind") if row.id in restricted else None
        text = f"{instance_name(row)} has not connected for {days} days; {max(0, 90 - days)} days until its licences are freed."
        if row.id in restricted:
            text += " Its restricted licences stay in use."
        yield Wanted(
            "instance_failed_to_connect",
            row.id,
            text,
            scene.name(row.virtual_account_id),
            row.last_contact + timedelta(days=90),
            severity=Severity.MAJOR if major else Severity.MINOR,
            step=step,
            actions=actions,
            subject={"instance": row.id, "days": days},
        )
    renewals = query.where(Instance.satellite_id.is_(None), Instance.certificate_expires <= unit.licence_now)
    for row in unit.session.scalars(renewals):
        text = f"{instance_name(row)} did not renew its identity in time."
        yield Wanted(
            "instance_failed_to_renew", row.id, text, scene.name(row.virtual_account_id), subject={"instance": row.id}
        )
    for row in unit.session.scalars(query.where(Instance.marks.is_not(None))):
        if "clone" in row.marks:
            text = f"Two machines show the identity of {instance_name(row)}; decide which one is to live on."
            yield Wanted("device_clone", row.id, text, scene.name(row.virtual_account_id), subject={"instance": row.id})


def satellites(scene: Scene) -> Iterator[Wanted]:
    """Rows C10.3, C11.1, C11.2: authorization, deadlines, failures, forks."""
    rows = scene.unit.session.scalars(select(Satellite).where(Satellite.account_id == scene.account.id))
    for row in rows:
        if row.state == REMOVED:
            continue
        subject = {"satellite": row.id}
        if row.state == PENDING and not row.approved:
            late = scene.unit.licence_now - row.requested_at > timedelta(hours=HOURS_TO_AUTHORIZE)
            text = f"Satellite {row.name} waits for its authorization" + (
                "; turn to support, it takes longer than 48 hours." if late else "."
            )
            yield Wanted("satellite_authorization_pending", row.id, text, row.name, subject=subject)
        elif row.last_sync_at is None and row.downloaded_at is None:
            text = f"The authorization file for satellite {row.name} is ready."
            yield Wanted("satellite_authorization_ready", row.id, text, row.name, subject=subject)
        if row.forked:
            text = f"Two machines speak as satellite {row.name}. Decide which one is to live on and resynchronize it."
            yield Wanted("satellite_forked", row.id, text, row.name, subject=subject)
        if row.sync_failure:
            text = f"A file of satellite {row.name} was refused: {row.sync_failure}. Make a new file; if that fails too, turn to support."
            yield Wanted("satellite_sync_failed", row.id, text, row.name, subject=subject)
        if row.state == AUTHORIZED:
            yield from _deadline(scene, row)


def _deadline(scene: Scene, row: Satellite) -> Iterator[Wanted]:
    due, unit = deadlines(scene.unit, row), scene.unit
    if due is None or unit.licence_now < due.reminder:
        return
    since = row.last_sync_at or row.registered_at or unit.licence_now
    days, left = (unit.licence_now - since).days, max(0, (due.removal - unit.licence_now).days)
    subject = {"satellite": row.id, "days": days, "days_left": left}
    if unit.licence_now >= due.overdue:
        text = f"Satellite {row.name} has not synchronized for {days} days; it will be removed in {left} days."
        yield Wanted("satellite_sync_overdue", row.id, text, row.name, due.removal, subject=subject)
    else:
        text = f"Satellite {row.name} has not synchronized for {days} days."
        remind = unit.licence_now + (due.overdue - unit.licence_now) / 2
        yield Wanted("satellite_sync_deadline", row.id, text, row.name, due.overdue, remind_at=remind, subject=subject)


def removed_satellites(scene: Scene) -> Iterator[Wanted]:
    """Row C10.3: removed for not synchronizing."""
    query = select(Satellite).where(Satellite.account_id == scene.account.id, Satellite.state == REMOVED)
    for row in scene.unit.session.scalars(query):
        if row.sync_failure == "removed_overdue":
            text = f"Satellite {row.name} did not synchronize in time and was removed with its product instances."
            yield Wanted("satellite_removed", row.id, text, row.name, subject={"satellite": row.id})


def trust(root: Root, unit: Unit) -> Iterator[Wanted]:
    """Row E2: root and role keys that end within 90 days; they block changes of trust, never devices."""
    ends = [("root", "the root of trust", root.expires)]
    ends += [
        (key.role.value, f"the {key.role.value} key", key.not_after)
        for key in root.role_keys
        if key.state is KeyState.ACTIVE
    ]
    for key, what, end in ends:
        step, ended = expiry_step(end, unit.licence_now), end <= unit.licence_now
        if step is not None or ended:
            day = end.date().isoformat()
            text = f"{what.capitalize()} ended on {day}: nothing new is trusted until it is replaced." if ended else ""
            text = text or f"{what.capitalize()} ends on {day}; replace it in time."
            yield Wanted("trust_expiring", key, text, "vendor", end, step=step or 0)


def clock(unit: Unit) -> Iterator[Wanted]:
    """Row S1.3: a clock that leapt, or was set back by more than some minutes."""
    reading = unit.reading
    if reading is not None and reading.alarming:
        said = f"{reading.moment.system:%Y-%m-%d %H:%M} UTC"
        if reading.may_end:
            text = f"This machine's clock says {said}, before licence time {reading.licence_now:%Y-%m-%d %H:%M} UTC, which waits for it. Set the clock right."
        else:
            text = f"This machine's clock leapt to {said}. Nothing ends until it is set right or confirmed with `central time confirm`."
        yield Wanted("clock_suspicious", "clock", text, "vendor", step=int(reading.may_end))


ACCOUNT_CONDITIONS = (agreement, licences, exports, instances, satellites, removed_satellites)


def account_wants(scene: Scene) -> Iterable[Wanted]:
    """Everything that an account's alerts demand now."""
    for condition in ACCOUNT_CONDITIONS:
        yield from condition(scene)
