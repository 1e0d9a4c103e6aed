"""What a person has entered of a new satellite before asking for its authorization (row C11.1)."""

from __future__ import annotations

import io

from sqlalchemy import delete

from central.domain.satellites.models import SatelliteDraft
from exchange.files.registration import Registration, read_registration
from exchange.trust import Trust
from serverkit.db.unit import Unit


def find_draft(unit: Unit, account_id: str) -> SatelliteDraft | None:
    """The draft of the actor in an account."""
    return unit.session.get(SatelliteDraft, (account_id, unit.actor.id))


def begin_draft(unit: Unit, account_id: str, content: bytes, name: str) -> SatelliteDraft:
    """Begin again with the registration file of a machine; what was chosen for this machine before stays."""
    row = find_draft(unit, account_id)
    if row is None:
        row = SatelliteDraft(account_id=account_id, asked_by=unit.actor.id)
        unit.session.add(row)
    if row.content != content:
        row.compared = False
    row.content, row.at, row.name = content, unit.now, name
    row.virtual_accounts = row.virtual_accounts or []
    return row


def drop_draft(unit: Unit, account_id: str) -> None:
    """Forget the draft of the actor in an account."""
    here = (SatelliteDraft.account_id == account_id, SatelliteDraft.asked_by == unit.actor.id)
    unit.session.execute(delete(SatelliteDraft).where(*here))


def registration_of(row: SatelliteDraft, trust: Trust) -> tuple[Registration, str]:
    """The registration that a draft holds, verified again, and its digest."""
    return read_registration(io.BytesIO(row.content), trust=trust)
