"""Accepts the agreement, and refuses what has to wait for it (row C1.4)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.agreements.errors import AgreementPendingError, AgreementTextError
from central.domain.agreements.models import AgreementText
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.policies.queries import changed_at, policy_number
from central.domain.policies.services import set_policy
from serverkit.db.unit import Unit
from serverkit.names import check_text

MOST_LETTERS = 200_000


def is_pending(unit: Unit, account: SmartAccount) -> bool:
    """Whether the account has yet to accept the version in force."""
    return account.agreement_version is None or account.agreement_version < policy_number(unit, "agreement_version")


def pending_since(unit: Unit, account: SmartAccount) -> tuple[int, datetime] | None:
    """The version that the account has yet to accept, and since when it waits; None where nothing is pending."""
    if not is_pending(unit, account):
        return None
    in_force = changed_at(unit, "agreement_version")
    return policy_number(unit, "agreement_version"), max(account.created_at, in_force or account.created_at)


def version_in_force(unit: Unit) -> int:
    """The version that accounts accept."""
    return policy_number(unit, "agreement_version")


def text_of(unit: Unit, version: int) -> str | None:
    """The text of a version; None where the vendor keeps it elsewhere."""
    row = unit.session.get(AgreementText, version)
    return row.text if row is not None else None


def publish(unit: Unit, text: str) -> int:
    """Keep a text as the next version, or as the version in force while it has none and no one accepted it."""
    require(unit, Permission.VENDOR_MANAGE)
    if not text.strip() or len(text) > MOST_LETTERS:
        raise AgreementTextError
    check_text("text", text.replace("\r\n", " ").replace("\n", " ").replace("\t", " "), MOST_LETTERS)
    version = version_in_force(unit)
    accepted = unit.session.scalar(select(func.max(SmartAccount.agreement_version)))
    if text_of(unit, version) is not None or (accepted is not None and accepted >= version):
        version += 1
        set_policy(unit, "agreement_version", str(version))
    unit.session.add(AgreementText(version=version, text=text, published_at=unit.now, published_by=unit.actor.label))
    message, subject = f"agreement version {version} published", {"version": version}
    record(unit, None, EventKind.AGREEMENT_PUBLISHED, message, subject=subject)
    return version


def accept_agreement(unit: Unit, account: SmartAccount) -> SmartAccount:
    """Accept the version in force, as the actor; only those with authority may."""
    require(unit, Permission.AGREEMENT_ACCEPT, account.id)
    version = policy_number(unit, "agreement_version")
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
