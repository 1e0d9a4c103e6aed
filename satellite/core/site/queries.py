"""Reading the satellite's own state."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy import Row, select

from exchange.files.rows import PendingAgreement
from exchange.sync_deadlines import SyncDeadlines, sync_deadlines
from satellite.core.base import last_change
from satellite.core.site.errors import NotAuthorizedError
from satellite.core.site.models import MadeRegistration, MadeRequest, Site
from satellite.keyring import KeyRing
from serverkit.clock import optional_iso
from serverkit.db.unit import Unit
from serverkit.locks import for_change

DEFAULT_POLICY = {
    "sync_reminder_days": 30,
    "sync_overdue_days": 66,
    "sync_removal_days": 90,
    "agreement_grace_days": 30,
    "detach_days": 90,
}
_SITE = select(Site)
_SITE_FOR_CHANGE = for_change(_SITE)


def site_of(unit: Unit) -> Site:
    """The one row; locked in a writing unit."""
    return unit.session.scalars(_SITE_FOR_CHANGE if unit.writing else _SITE).one()


def found_site(unit: Unit) -> Site | None:
    """The one row, where `init` has written it."""
    return unit.session.scalars(_SITE).one_or_none()


SiteRow: TypeAlias = Row[*tuple[Any, ...]]
_ROW = select(
    Site.satellite_id,
    Site.identity_key_id,
    Site.device_ca_key_id,
    Site.account_domain,
    Site.account_name,
    Site.agreement,
    Site.policy,
    Site.epoch,
    Site.identity_certificate,
    Site.device_ca_certificate,
    Site.applied_rseq,
    Site.applied_digest,
    Site.acknowledged_upto,
    Site.setup_finished_at,
)


def site_row(unit: Unit) -> SiteRow:
    """The columns of the one row that answers to devices need."""
    return unit.session.connection().execute(_ROW).one()


def authorized_site(unit: Unit) -> Site:
    """The row of a satellite that was authorized; NotAuthorizedError."""
    site = site_of(unit)
    if site.epoch == 0:
        raise NotAuthorizedError
    return site


def last_request(unit: Unit, site: Site) -> MadeRequest | None:
    """The newest request of this epoch."""
    return unit.session.get(MadeRequest, (site.epoch, site.last_seq)) if site.last_seq else None


def deadlines(site: Site) -> SyncDeadlines | None:
    """When the satellite has to synchronize; None before it was authorized."""
    since = site.last_sync_at or site.authorized_at
    if since is None:
        return None
    policy = {**DEFAULT_POLICY, **site.policy}
    return sync_deadlines(
        since, int(policy["sync_reminder_days"]), int(policy["sync_overdue_days"]), int(policy["sync_removal_days"])
    )


def state_of(unit: Unit, site: Site) -> str:
    """The state of the set-up."""
    if site.epoch:
        return "authorized"
    waiting = unit.session.scalars(select(MadeRegistration)).first()
    return "registration_made" if waiting else "new"


def newest_registration(unit: Unit) -> MadeRegistration | None:
    """The registration file that was made last."""
    query = select(MadeRegistration).order_by(MadeRegistration.made_at.desc(), MadeRegistration.digest)
    return unit.session.scalars(query).first()


def registration_dict(unit: Unit, keyring: KeyRing) -> dict[str, Any]:
    """The state of the registration."""
    site, root = site_of(unit), keyring.trust.root
    return {
        "id": site.satellite_id,
        "name": site.name,
        "state": state_of(unit, site),
        "account": site.account_domain,
        "epoch": site.epoch,
        "authorized_at": optional_iso(site.authorized_at),
        "key_fingerprint": keyring.key(site.identity_key_id).public.short,
        "vendor": root.vendor_name,
        "root_version": root.version,
    }


@dataclass(frozen=True, slots=True)
class AgreementState:
    """The version of the agreement that waits, since when, and from when on the site refuses for it (row C1.4)."""

    version: int
    since: datetime
    refuses_from: datetime


def agreement_state(site: Site | SiteRow) -> AgreementState | None:
    """The agreement's state according to central; None if nothing is pending."""
    if not site.agreement:
        return None
    said = PendingAgreement.read(site.agreement)
    grace = int({**DEFAULT_POLICY, **site.policy}["agreement_grace_days"])
    return AgreementState(said.version, said.since, said.since + timedelta(days=grace))


def detach_days(site: Site | SiteRow) -> int:
    """The most days of detached mode that the vendor allows; 0 for none (row C7.8)."""
    return int({**DEFAULT_POLICY, **site.policy}["detach_days"])


def refuses_for_agreement(unit: Unit, site: Site | SiteRow) -> bool:
    """Whether new tokens and registrations are refused until the agreement is accepted at central."""
    state = agreement_state(site)
    return state is not None and state.refuses_from <= unit.licence_now


def sync_state(site: Site) -> str:
    """Nothing pending, a file waiting for its response, or a response applied (row S2.1)."""
    if site.last_seq > site.acknowledged_seq:
        return "waiting_for_response"
    return "response_applied" if site.applied_rseq else "nothing_pending"


def status(unit: Unit, site: Site) -> dict[str, Any]:
    """The state of the satellite for people and programs."""
    due, agreement = deadlines(site), agreement_state(site)
    left = (due.removal - unit.licence_now) // timedelta(days=1) if due else None
    return {
        "id": site.satellite_id,
        "name": site.name,
        "state": state_of(unit, site),
        "account": site.account_domain,
        "epoch": site.epoch,
        "sequence": site.last_seq,
        "acknowledged_sequence": site.acknowledged_seq,
        "unacknowledged_requests": site.last_seq - site.acknowledged_seq,
        "applied_response": site.applied_rseq,
        "sync_state": sync_state(site),
        "pending_changes": last_change(unit) - site.acknowledged_upto if site.epoch else 0,
        "last_sync": optional_iso(site.last_sync_at),
        "sync_due": optional_iso(due.reminder) if due else None,
        "overdue_at": optional_iso(due.overdue) if due else None,
        "removal_at": optional_iso(due.removal) if due else None,
        "days_to_removal": left,
        "agreement_pending": agreement.version if agreement else None,
        "agreement_pending_since": optional_iso(agreement.since) if agreement else None,
        "agreement_refuses_from": optional_iso(agreement.refuses_from) if agreement else None,
        "setup_mode": site.setup_mode,
        "setup_finished": site.setup_finished_at is not None,
    }
