"""Use cases of deadlines: silent devices (row C7.5, the satellite's side)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from exchange.device.timers import REMOVED, SILENT_MAJOR
from exchange.vocabulary import InstanceState
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.export_queue.services import holds_restricted
from satellite.core.instances.clones import end_restored_marks
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import placed_name
from satellite.core.instances.services import remove_instance, say
from satellite.core.licences.queries import titles
from satellite.core.licences.services import claims_of, replace_claims
from serverkit.db.unit import Unit
from serverkit.licence_texts import freed_text, quantity


def apply_deadlines(unit: Unit) -> str:
    """Apply every deadline that has passed; the result of the job."""
    return f"{quantity(end_silent_instances(unit), 'instance')} changed, {quantity(end_restored_marks(unit), 'mark')} lapsed"


def end_silent_instances(unit: Unit) -> int:
    """Free the ordinary licences of devices silent for 90 days; remove those silent for a year."""
    query = select(Instance).where(
        Instance.removed.is_(False), Instance.last_contact <= unit.licence_now - timedelta(days=30)
    )
    count = 0
    for row in list(unit.session.scalars(query)):
        silent = unit.licence_now - row.last_contact
        if silent >= REMOVED and not holds_restricted(unit, row.id):
            remove_instance(unit, row, silent=True)
        elif silent >= SILENT_MAJOR and row.state != InstanceState.RELEASED:
            freed = claims_of(unit, row.id)
            replace_claims(unit, row.id, row.virtual_account_id, {})
            text = f"was silent for 90 days{freed_text(freed, titles(unit, freed))}"
            _change(unit, row, InstanceState.RELEASED, EventKind.INSTANCE_FREED, text)
        elif silent < SILENT_MAJOR and row.state == InstanceState.ACTIVE:
            _change(
                unit, row, InstanceState.FAILED_TO_CONNECT, EventKind.INSTANCE_SILENT, "has not connected for 30 days"
            )
        else:
            continue
        count += 1
    return count


def _change(unit: Unit, row: Instance, state: InstanceState, kind: EventKind, text: str) -> None:
    row.state, row.change_no = state, next_change(unit)
    say(unit, kind, row, f"{placed_name(unit, row)} {text}")
