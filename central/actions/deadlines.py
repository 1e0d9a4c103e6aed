"""Use cases of deadlines: overdue satellites, ended terms and grants (row C10.3)."""

from __future__ import annotations

from sqlalchemy import select

from central.actions.silent_devices import end_silent_instances
from central.domain.alerts.due import due_accounts
from central.domain.alerts.services import refresh_due
from central.domain.export_control.services import end_grants
from central.domain.instances.detached import end_detached_terms
from central.domain.instances.devices import end_restored_marks
from central.domain.ledger.services import expire_lots
from central.domain.satellites.models import Satellite
from central.domain.satellites.queries import deadlines
from central.domain.satellites.services import AUTHORIZED, remove_satellite
from central.domain.usage.services import forget_reports
from central.keyring import KeyRing
from serverkit.db.unit import Unit
from serverkit.licence_texts import quantity


def end_terms(keyring: KeyRing, unit: Unit) -> str:
    """Take ended terms and grants out of the balance; the result of the job."""
    return f"{quantity(expire_lots(unit), 'lot')} expired, {quantity(end_grants(unit, keyring), 'grant')} ended"


def apply_deadlines(keyring: KeyRing, unit: Unit) -> str:
    """Remove overdue satellites, free silent devices' licences, refresh the alerts of the day; the result of the job."""
    due = due_accounts(unit)  # before what is removed can no longer be found
    removed, changed = remove_unsynchronized_satellites(unit), end_detached_terms(unit) + end_silent_instances(unit)
    end_restored_marks(unit)
    forget_reports(unit)
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
