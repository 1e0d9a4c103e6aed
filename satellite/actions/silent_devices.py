"""Use cases of silent devices of a site (row C7.5)."""

from __future__ import annotations

from sqlalchemy import select

from exchange.device.life_cycle import SILENT, SilenceStep, silence_step
from exchange.vocabulary import InstanceState
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.export_queue.services import holds_restricted
from satellite.core.instances.clones import end_restored_marks
from satellite.core.instances.detached import end_detached_terms
from satellite.core.instances.models import Instance
from satellite.core.instances.queries import placed_name
from satellite.core.instances.services import remove_instance, say
from satellite.core.licences.queries import titles
from satellite.core.licences.services import claims_of, replace_claims
from serverkit.db.unit import Unit
from serverkit.licence_texts import freed_text, quantity


def apply_deadlines(unit: Unit) -> str:
    """Apply every deadline that has passed; the result of the job."""
    ended = end_detached_terms(unit)
    changed = quantity(ended + end_silent_instances(unit), "product instance")
    return f"{changed} changed, {quantity(end_restored_marks(unit), 'mark')} lapsed"


def end_silent_instances(unit: Unit) -> int:
    """Free the ordinary licences of devices silent for 90 days; remove those silent for a year."""
    overdue = Instance.last_contact <= unit.licence_now - SILENT
    attached = Instance.detached_until.is_(None)  # the silence of others means nothing until their term ends
    query = select(Instance).where(Instance.removed.is_(False), overdue, attached)
    count = 0
    for row in list(unit.session.scalars(query)):
        step = silence_step(row.state, unit.licence_now - row.last_contact, lambda: holds_restricted(unit, row.id))  # noqa: B023 - asked at once
        if step is None:
            continue
        count += 1
        if step is SilenceStep.REMOVE:
            remove_instance(unit, row, silent=True)
        elif step is SilenceStep.FREE_LICENCES:
            freed = claims_of(unit, row.id)
            replace_claims(unit, row.id, row.virtual_account_id, {})
            text = f"was silent for 90 days{freed_text(freed, titles(unit, freed))}"
            _change(unit, row, InstanceState.RELEASED, EventKind.INSTANCE_FREED, text)
        else:
            text = "has not connected for 30 days"
            _change(unit, row, InstanceState.FAILED_TO_CONNECT, EventKind.INSTANCE_SILENT, text)
    return count


def _change(unit: Unit, row: Instance, state: InstanceState, kind: EventKind, text: str) -> None:
    row.state, row.change_no = state, next_change(unit)
    say(unit, kind, row, f"{placed_name(unit, row)} {text}")
