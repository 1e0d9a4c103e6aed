"""Use cases of silent devices that are connected to central (row C7.5)."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.catalogue.queries import titles
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.export_control.services import active_grants
from central.domain.instances.models import RESERVED, Instance
from central.domain.instances.queries import placed_name
from central.domain.instances.services import remove_instance
from central.domain.ledger.claims import claims_of, release_claims
from central.domain.reservations.queries import reservation_of
from exchange.device.life_cycle import SILENT, SilenceStep, silence_step
from exchange.vocabulary import InstanceState
from serverkit.db.unit import Unit
from serverkit.licence_texts import freed_text


def end_silent_instances(unit: Unit) -> int:
    """Free the ordinary licences of devices silent for 90 days; remove those silent for a year."""
    overdue = Instance.last_contact <= unit.licence_now - SILENT
    attached = Instance.detached_until.is_(None)  # the silence of others means nothing until their term ends
    query = select(Instance).where(Instance.satellite_id.is_(None), Instance.state != RESERVED, overdue, attached)
    count = 0
    for row in list(unit.session.scalars(query)):
        step = silence_step(row.state, unit.licence_now - row.last_contact, lambda: _holds_more(unit, row))  # noqa: B023 - asked at once
        if step is None:
            continue
        count += 1
        if step is SilenceStep.REMOVE:
            remove_instance(unit, row, silent=True)
        elif step is SilenceStep.FREE_LICENCES:
            freed = claims_of(unit, row.account_id, row.id)
            release_claims(unit, row.account_id, [row.id])
            text = f"was silent for 90 days{freed_text(freed, titles(unit, freed))}"
            _change(unit, row, InstanceState.RELEASED, EventKind.INSTANCE_FREED, text, freed=freed)
        else:
            text = "has not connected for 30 days"
            _change(unit, row, InstanceState.FAILED_TO_CONNECT, EventKind.INSTANCE_SILENT, text)
    return count


def _change(
    unit: Unit, row: Instance, state: InstanceState, kind: EventKind, text: str, **subject: dict[str, int]
) -> None:
    row.state = state
    record(
        unit,
        row.account_id,
        kind,
        f"{placed_name(unit, row)} {text}",
        subject={"instance": row.id, **subject},
        virtual_account_id=row.virtual_account_id,
        instance_id=row.id,
    )


def _holds_more(unit: Unit, row: Instance) -> bool:
    """Whether an instance holds licences that silence does not free."""
    if active_grants(unit, row.account_id, row.id):
        return True
    return reservation_of(unit, row.account_id, row.id) is not None
