"""Use cases of deadlines: overdue satellites, silent devices (rows C7.5, C10.3)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from central.domain.alerts.due import due_accounts
from central.domain.alerts.services import refresh_due
from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.services import active_grants, end_grants
from central.domain.instances.devices import end_restored_marks
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import placed_name
from central.domain.instances.services import remove_instance
from central.domain.ledger.claims import claims_of, release_claims
from central.domain.ledger.services import expire_lots
from central.domain.reservations.queries import reservation_of
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import deadlines
from central.domain.satellites.services import AUTHORIZED, remove_satellite
from central.keyring import KeyRing
from exchange.device.timers import REMOVED, SILENT_MAJOR
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit
from serverkit.licence_texts import freed_text, quantity


def end_terms(keyring: KeyRing, unit: Unit) -> str:
    """Take ended terms and grants out of the balance; the result of the job."""
    return f"{quantity(expire_lots(unit), 'lot')} expired, {quantity(end_grants(unit, keyring), 'grant')} ended"


def apply_deadlines(keyring: KeyRing, unit: Unit) -> str:
    """Remove overdue satellites, free silent devices' licences, refresh the alerts of the day; the result of the job."""
    due = due_accounts(unit)  # before what is removed can no longer be found
    removed, changed = remove_unsynchronized_satellites(unit), end_silent_instances(unit)
    end_restored_marks(unit)
    refreshed = refresh_due(unit, keyring, due)
    counts = quantity(removed, "satellite"), quantity(changed, "product instance"), quantity(refreshed, "account")
    return "{} removed, {} changed, {} refreshed".format(*counts)


def remove_unsynchronized_satellites(unit: Unit) -> int:
    """Remove satellites that did not synchronize in time (row C10.3)."""
    count = 0
    for row in list(unit.session.scalars(select(Satellite).where(Satellite.state == AUTHORIZED))):
        due = deadlines(unit, row)
        if due is not None and unit.licence_now >= due.removal:
            remove_satellite(unit, row, automatic=True)
            row.sync_failure = "removed_overdue"
            count += 1
    return count


def end_silent_instances(unit: Unit) -> int:
    """Free the ordinary licences of devices silent for 90 days; remove those silent for a year (row C7.5)."""
    query = select(Instance).where(
        Instance.satellite_id.is_(None),
        Instance.state != RESERVED,
        Instance.last_contact <= unit.licence_now - timedelta(days=30),
    )
    count = 0
    for row in list(unit.session.scalars(query)):
        silent = unit.licence_now - row.last_contact
        if silent >= REMOVED and not _holds(unit, row):
            remove_instance(unit, row, silent=True)
        elif silent >= SILENT_MAJOR and row.state != InstanceState.RELEASED:
            freed = claims_of(unit, row.account_id, row.id)
            release_claims(unit, row.account_id, [row.id])
            row.state = InstanceState.RELEASED
            text = freed_text(freed, titles(unit, freed))
            message = f"{placed_name(unit, row)} was silent for 90 days{text}"
            record(
                unit,
                row.account_id,
                EventKind.INSTANCE_FREED,
                message,
                subject={"instance": row.id, "freed": freed},
                virtual_account_id=row.virtual_account_id,
                instance_id=row.id,
            )
        elif silent < SILENT_MAJOR and row.state == InstanceState.ACTIVE:
            row.state = InstanceState.FAILED_TO_CONNECT
            message = f"{placed_name(unit, row)} has not connected for 30 days"
            record(
                unit,
                row.account_id,
                EventKind.INSTANCE_SILENT,
                message,
                subject={"instance": row.id},
                virtual_account_id=row.virtual_account_id,
                instance_id=row.id,
            )
        else:
            continue
        count += 1
    return count


def _holds(unit: Unit, row: Instance) -> bool:
    """Whether an instance holds licences that silence does not free."""
    if active_grants(unit, row.account_id, row.id):
        return True
    return reservation_of(unit, row.account_id, row.id) is not None
