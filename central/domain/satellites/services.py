"""Adds, renames, extends, removes and resynchronizes satellites (rows C11.1, C11.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select, update

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import of_satellite
from central.domain.base import next_change
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.instances.detached import away_behind, note_left_away
from central.domain.instances.models import Instance, Standby
from central.domain.instances.services import note_removed_with
from central.domain.ledger.claims import release_claims_of
from central.domain.notices.rules import authorization_ready
from central.domain.notices.services import notify
from central.domain.policies.queries import policies
from central.domain.reservations.queries import forget_registered
from central.domain.satellites.attaching import reasons_against
from central.domain.satellites.errors import (
    ApprovalPendingError,
    NothingToApproveError,
    RegistrationMismatchError,
)
from central.domain.satellites.keys import refuse_used_key
from central.domain.satellites.models import STATES, Satellite, SatelliteKey
from central.domain.satellites.queries import REMOVED, by_id, epoch_floor, refuse_known, refuse_known_name
from central.domain.tokens.services import revoke_all
from exchange.errors import RegistrationNeededError
from exchange.files.registration import Registration
from serverkit.db.unit import Unit
from serverkit.db.upsert import forget
from serverkit.ids import new_id
from serverkit.mail.sender import check_address
from serverkit.names import check_name

PENDING, AUTHORIZED, _ = STATES


@dataclass(slots=True)
class Attached:
    """The result of attaching virtual accounts; `revoked_tokens` are central's own tokens."""

    satellite: Satellite
    revoked_tokens: list[str] = field(default_factory=list)


def add_satellite(
    unit: Unit,
    account: SmartAccount,
    name: str,
    virtual_accounts: Sequence[VirtualAccount],
    registration: Registration,
    digest: str,
    email: str | None,
) -> Attached:
    """Accept a registration: authorized at once or held for approval, as the policy says (row C11.1)."""
    require(unit, Permission.SATELLITE_MANAGE, account.id)
    check_name("name", name)
    if email is not None:
        check_address(email)
    refuse_known(unit, account.id, name, registration.satellite)
    earlier = by_id(unit, registration.satellite)
    automatic = policies(unit)["satellite_authorization"] == "automatic"
    satellite = earlier or Satellite(account_id=account.id, id=registration.satellite, epoch=0)
    satellite.name, satellite.email = name, email
    satellite.state, satellite.approved = PENDING, automatic
    satellite.requested_at, satellite.registered_at = unit.now, None
    satellite.last_sync_at = satellite.downloaded_at = satellite.sync_failure = None
    satellite.forked = satellite.recovering = False
    _take_registration(satellite, registration, digest)
    if earlier is None:
        unit.session.add(satellite)
    unit.session.flush()  # the virtual accounts refer to it
    attached = Attached(satellite)
    for row in virtual_accounts:
        attached.revoked_tokens += _attach(unit, satellite, row)
    subject = {"satellite": satellite.id, "virtual_accounts": [row.name for row in virtual_accounts]}
    message = f"authorization of satellite {name} requested"
    record(unit, account.id, EventKind.SATELLITE_REQUESTED, message, subject=subject, satellite_id=satellite.id)
    if automatic:
        notify(unit, email, authorization_ready(name, account.name))
    return attached


def _take_registration(satellite: Satellite, registration: Registration, digest: str) -> None:
    satellite.host, satellite.software_version = registration.host, registration.software_version
    satellite.registration = {
        "digest": digest,
        "nonce": registration.nonce,
        "key": registration.key.to_dict(),
        "device_ca_key": registration.device_ca_key.to_dict(),
        "root_version": registration.root_version,
    }
    satellite.epoch_id, satellite.last_seq, satellite.last_rseq = "", 0, 0


def _attach(unit: Unit, satellite: Satellite, row: VirtualAccount) -> list[str]:
    for error in reasons_against(unit, row.account_id, satellite.id, [row]).values():
        raise error
    revoked = revoke_all(unit, row.account_id, row.id)
    row.satellite_id, row.change_no = satellite.id, next_change(unit, row.account_id)
    return revoked


def extend_satellite(unit: Unit, satellite: Satellite, row: VirtualAccount) -> Attached:
    """Give a satellite another virtual account; single ones are never taken away (row C1.3)."""
    require(unit, Permission.SATELLITE_MANAGE, satellite.account_id)
    attached = Attached(satellite, _attach(unit, satellite, row))
    message = f"virtual account {row.name} added to satellite {satellite.name}"
    record(
        unit,
        satellite.account_id,
        EventKind.SATELLITE_EXTENDED,
        message,
        virtual_account_id=row.id,
        satellite_id=satellite.id,
    )
    return attached


def approve_satellite(unit: Unit, satellite: Satellite) -> Satellite:
    """Approve a request that the policy holds (row C11.1)."""
    require(unit, Permission.SATELLITE_APPROVE, satellite.account_id)
    if satellite.approved:
        raise NothingToApproveError
    satellite.approved = True
    message = f"satellite {satellite.name} approved"
    record(unit, satellite.account_id, EventKind.SATELLITE_APPROVED, message, satellite_id=satellite.id)
    notify(unit, satellite.email, authorization_ready(satellite.name, account_of(unit, satellite).name))
    return satellite


def require_approved(satellite: Satellite) -> None:
    """Refuse to authorize what was not approved."""
    if not satellite.approved:
        raise ApprovalPendingError


def open_epoch(unit: Unit, satellite: Satellite, presented: int = 0) -> None:
    """Open the next epoch: its number never repeats, its id is random."""
    satellite.epoch = max(satellite.epoch, presented, epoch_floor(unit)) + 1
    satellite.epoch_id, satellite.last_seq, satellite.last_rseq = new_id(), 0, 0
    satellite.forked, satellite.sync_failure, satellite.next_key_id = False, None, None


def rename_satellite(unit: Unit, satellite: Satellite, name: str) -> Satellite:
    """Give a satellite another name (row C11.3)."""
    require(unit, Permission.SATELLITE_MANAGE, satellite.account_id)
    check_name("name", name)
    if name == satellite.name:
        return satellite
    refuse_known_name(unit, satellite.account_id, name, satellite.id)
    message, subject = f"satellite {satellite.name} renamed to {name}", {"old": satellite.name, "new": name}
    satellite.name = name
    record(unit, satellite.account_id, EventKind.SATELLITE_RENAMED, message, subject=subject, satellite_id=satellite.id)
    return satellite


def resync_satellite(unit: Unit, satellite: Satellite, registration: Registration | None, digest: str) -> Satellite:
    """Close the epoch and open the next: the one recovery after a fork, a restore, or central's own restore."""
    require(unit, Permission.SATELLITE_MANAGE, satellite.account_id)
    if registration is None and satellite.forked:
        raise RegistrationNeededError
    if registration is not None:
        if registration.satellite != satellite.id:
            raise RegistrationMismatchError
        refuse_used_key(unit, satellite, registration)
        _take_registration(satellite, registration, digest)
    satellite.state = PENDING
    open_epoch(unit, satellite)
    message = f"epoch {satellite.epoch} opened for satellite {satellite.name}"
    subject = {"epoch": satellite.epoch, "new_key": registration is not None}
    record(
        unit,
        satellite.account_id,
        EventKind.SATELLITE_RESYNCHRONIZED,
        message,
        subject=subject,
        satellite_id=satellite.id,
    )
    return satellite


def remove_satellite(unit: Unit, satellite: Satellite, *, automatic: bool = False) -> int:
    """Remove a satellite and its instances; granted units stay in use until they come free (row C11.3)."""
    if not automatic:
        require(unit, Permission.SATELLITE_MANAGE, satellite.account_id)
    theirs = (Instance.account_id == satellite.account_id) & (Instance.satellite_id == satellite.id)
    away = away_behind(unit, satellite.account_id, satellite.id)
    freed = release_claims_of(unit, satellite.account_id, select(Instance.id).where(theirs))
    by_account = select(Instance.virtual_account_id, func.count()).where(theirs).group_by(Instance.virtual_account_id)
    counts = {va: int(count) for va, count in unit.session.execute(by_account)}
    ids = select(Instance.id).where(theirs)
    stood = delete(Standby).where(Standby.account_id == satellite.account_id, Standby.instance_id.in_(ids))
    unit.session.execute(stood, execution_options={"synchronize_session": False})
    forget_registered(unit, satellite.account_id, ids)
    unit.session.execute(delete(Instance).where(theirs), execution_options={"synchronize_session": False})
    forget(unit.session, Instance)
    for row in of_satellite(unit, satellite.account_id, satellite.id):
        row.satellite_id, row.change_no, row.recovering = None, next_change(unit, row.account_id), False
    satellite.state = REMOVED
    unit.session.execute(
        update(SatelliteKey)
        .where(SatelliteKey.account_id == satellite.account_id, SatelliteKey.satellite_id == satellite.id)
        .values(retired=True)
    )
    how = "did not synchronize in time and was removed" if automatic else "removed"
    record(
        unit,
        satellite.account_id,
        EventKind.SATELLITE_REMOVED,
        f"satellite {satellite.name} {how}",
        subject={"instances": sum(counts.values()), "automatic": automatic},
        satellite_id=satellite.id,
    )
    note_removed_with(unit, satellite.account_id, satellite.id, satellite.name, counts, freed)
    note_left_away(unit, satellite.account_id, satellite.id, satellite.name, away)
    return sum(counts.values())


def account_of(unit: Unit, satellite: Satellite) -> SmartAccount:
    """The account of a satellite."""
    return unit.session.get_one(SmartAccount, satellite.account_id)


def note_sync_failure(unit: Unit, satellite: Satellite, code: str) -> None:
    """Store why a file of the satellite was refused, until the next valid one (row C11.2)."""
    satellite.sync_failure, satellite.sync_failures = code, satellite.sync_failures + 1
    satellite.sync_failed_at = unit.now
    message = f"a file of satellite {satellite.name} was refused: {code}"
    record(
        unit,
        satellite.account_id,
        EventKind.SATELLITE_SYNC_FAILED,
        message,
        subject={"code": code},
        satellite_id=satellite.id,
    )
