"""Accepts the agreement, and refuses what has to wait for it (row C1.4)."""

from __future__ import annotations

from datetime import datetime

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.agreements.errors import AgreementPendingError
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.policies.queries import changed_at, days
from serverkit.db.unit import Unit


def is_pending(unit: Unit, account: SmartAccount) -> bool:
    """Whether the account has yet to accept the version in force."""
    return account.agreement_version is None or account.agreement_version < days(unit, "agreement_version")


def pending_since(unit: Unit, account: SmartAccount) -> tuple[int, datetime] | None:
    """The version that the account has yet to accept, and since when it waits; None where nothing is pending."""
    if not is_pending(unit, account):
        return None
    in_force = changed_at(unit, "agreement_version")
    return days(unit, "agreement_version"), max(account.created_at, in_force or account.created_at)


def accept_agreement(unit: Unit, account: SmartAccount) -> SmartAccount:
    """Accept the version in force, as the actor; only those with authority may."""
    require(unit, Permission.AGREEMENT_ACCEPT, account.id)
    version = days(unit, "agreement_version")
    if account.agreement_version != version:
        account.agreement_version, account.agreement_accepted_at = version, unit.now
        account.agreement_accepted_by = unit.actor.label
        message = f"agreement version {version} accepted"
        record(unit, account.id, EventKind.AGREEMENT_ACCEPTED, message, subject={"version": version})
    return account


def require_agreement(unit: Unit, account: SmartAccount) -> None:
    """Refuse what is not allowed while the agreement is pending."""
    if is_pending(unit, account):
        raise AgreementPendingError
