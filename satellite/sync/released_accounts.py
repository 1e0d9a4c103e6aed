"""Virtual accounts that this satellite had and has not any more (rows C1.3, C11.3).

Central releases them all when it removes a satellite, and may authorize it again with fewer. An authorization names the
complete set. What is in the others stays here until a person transfers or removes it; central does not learn of it.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import func, select

from satellite.core.accounts.models import VirtualAccount
from satellite.core.accounts.queries import virtual_accounts
from satellite.core.base import next_change
from satellite.core.event_log.event_kinds import EventKind
from satellite.core.event_log.services import record
from satellite.core.export_queue.withdrawing import refuse_undecided
from satellite.core.instances.models import Instance
from satellite.core.tokens.models import Token
from serverkit.db.unit import Unit


def release_others(unit: Unit, named: Collection[str]) -> None:
    """Mark the virtual accounts that an authorization does not name as removed; their tokens register nothing."""
    for row in virtual_accounts(unit):
        if row.id in named:
            continue
        row.removed = True
        tokens = select(Token).where(
            Token.virtual_account_id == row.id, Token.revoked.is_(False), Token.removed.is_(False)
        )
        for token in unit.session.scalars(tokens):
            token.revoked, token.change_no = True, next_change(unit)
        refuse_undecided(unit, row.id, "The virtual account is not this satellite's any more.")
        here = select(func.count()).where(Instance.virtual_account_id == row.id, Instance.removed.is_(False))
        left = int(unit.session.scalar(here) or 0)
        message = f"virtual account {row.name} is not this satellite's any more; product instances in it: {left}"
        record(unit, EventKind.VIRTUAL_ACCOUNT_RELEASED, message, virtual_account_id=row.id)


def released_accounts(unit: Unit) -> list[str]:
    """The ids of those that this satellite has not any more: a file does not speak of what is in them."""
    return list(
        unit.session.scalars(select(VirtualAccount.id).where(VirtualAccount.removed).order_by(VirtualAccount.id))
    )
