"""Changing preferences and flags."""

from __future__ import annotations

from collections.abc import Sequence

from central.domain.access.models import User
from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from central.domain.notices.rules import Mail
from central.domain.notices.services import notify
from central.domain.preferences.errors import (
    AddressMissingError,
    NoteMissingError,
    UnknownFlagError,
    UnknownNoticeError,
    UnknownNoticeZoneError,
)
from central.domain.preferences.models import AccountFlag, NoticeSetting
from central.domain.preferences.queries import administrators, flags_of, last_event, mailed_accounts
from central.domain.preferences.rules import FLAGS, MAILED_FLAGS, NOTICES, summary_day
from serverkit.day_times import DayTimeError, read_zone
from serverkit.db.unit import Unit
from serverkit.mail.sender import check_address
from serverkit.names import check_text

MOST_NOTE = 1024


def set_flag(unit: Unit, account: SmartAccount, key: str, *, on: bool, note: str) -> bool:
    """Set a flag of an account, with a note; the change is logged, and some are mailed. Whether it changed."""
    require(unit, Permission.FLAG_MANAGE, account.id)
    if key not in FLAGS:
        raise UnknownFlagError("there is no flag {key!r}", key=key[:32])
    note = note.strip()
    if not note or len(note) > MOST_NOTE:
        raise NoteMissingError
    check_text("note", note, MOST_NOTE)
    if flags_of(unit, account.id)[key] == on:
        return False
    unit.session.merge(AccountFlag(account_id=account.id, key=key, on=on))
    message = f"{key} switched {'on' if on else 'off'}: {note}"
    record(unit, account.id, EventKind.FLAG_CHANGED, message, subject={"flag": key, "on": on, "note": note})
    if key in MAILED_FLAGS:
        text = f"{key} of {account.name} ({account.domain}) was switched {'on' if on else 'off'}.\n\nReason: {note}\n"
        for to in administrators(unit, account.id):
            notify(unit, to, Mail(f"{account.name}: {key} switched {'on' if on else 'off'}", text))
    return True


def set_notices(
    unit: Unit,
    account: SmartAccount,
    user: User,
    address: str,
    kinds: Sequence[str],
    own_zone: str,
    zone_of_central: str,
    *,
    at_once: bool,
    summary: bool,
) -> NoticeSetting:
    """Keep what of an account a user is mailed about; what happened before is no news. An empty zone is that of central."""
    try:
        zone = read_zone(own_zone or zone_of_central)
    except DayTimeError as error:
        raise UnknownNoticeZoneError("{zone!r} is not a time zone", zone=own_zone[:64]) from error
    last = last_event(unit, account.id)
    unknown = [name for name in kinds if name not in NOTICES]
    if unknown:
        raise UnknownNoticeError("there is no notice {name!r}", name=unknown[0][:32])
    if address:
        check_address(address)
    elif kinds and (at_once or summary):
        raise AddressMissingError
    elif user.email and (others := mailed_accounts(unit, user.id, but=account.id)):
        raise AddressMissingError("mail about {account} needs the address", account=others[0])
    if (address or None) != user.email:
        user.email = address or None
        message = f"mail address of {user.name} {'changed' if address else 'removed'}"
        record(unit, None, EventKind.ADDRESS_CHANGED, message, subject={"user": user.id})
    row = unit.session.get(NoticeSetting, (account.id, user.id))
    if row is None:
        row = NoticeSetting(account_id=account.id, user_id=user.id, at_once=False, summary=False, zone="")
        row.told_number, row.summed_number, row.missed = last, last, []
        row.summed_on = summary_day(unit.now, zone)
        unit.session.add(row)
    if at_once and not row.at_once:
        row.told_number, row.missed = last, []
    if summary and (not row.summary or row.zone != own_zone):
        row.summed_number, row.summed_on = last, summary_day(unit.now, zone)
    row.kinds = [name for name in NOTICES if name in set(kinds)]
    row.at_once, row.summary, row.zone = at_once, summary, own_zone
    return row
