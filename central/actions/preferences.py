"""Use cases of preferences and flags (rows C12.2, C12.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from central.actions.permits import permit
from central.actions.time import zone_of
from central.domain.access.errors import NotPermittedError
from central.domain.access.models import User
from central.domain.access.rules import Permission
from central.domain.access.services import actor_of, require
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain
from central.domain.preferences import queries, services
from central.domain.preferences.models import NoticeSetting
from central.domain.preferences.rules import NOTICES
from serverkit.db.unit import Unit


def show_flags(unit: Unit, domain: str) -> dict[str, bool]:
    """Show the flags of an account."""
    account = by_domain(unit, domain)
    require(unit, Permission.FLAG_MANAGE, account.id)
    return queries.flags_of(unit, account.id)


def set_flag(unit: Unit, domain: str, key: str, *, on: bool, note: str) -> dict[str, bool]:
    """Set a flag of an account with a note, and show all of them. UnknownFlagError, NoteMissingError."""
    account = by_domain(unit, domain)
    services.set_flag(unit, account, key, on=on, note=note)
    unit.session.flush()
    return queries.flags_of(unit, account.id)


def show_preferences(unit: Unit, domain: str, user: str | None = None) -> dict[str, Any]:
    """Show what of an account the caller is mailed about; the operator names the user."""
    account, person = own_person(unit, domain, user)
    row = unit.session.get(NoticeSetting, (account.id, person.id))
    return {
        "account": account.domain,
        "address": person.email or "",
        "kinds": list(row.kinds) if row is not None else [],
        "at_once": row.at_once if row is not None else False,
        "summary": row.summary if row is not None else False,
        "zone": (row.zone if row is not None else "") or zone_of(unit),
        "own_zone": row.zone if row is not None else "",
        "offered": list(NOTICES),
    }


def set_preferences(
    unit: Unit,
    domain: str,
    address: str,
    kinds: Sequence[str],
    *,
    at_once: bool,
    summary: bool,
    zone: str = "",
    user: str | None = None,
) -> dict[str, Any]:
    """Change what of an account the caller is mailed about; an empty zone is that of central.

    UnknownNoticeError, AddressMissingError, UnknownNoticeZoneError, InvalidInputError.
    """
    account, person = own_person(unit, domain, user)
    plain, zones = address.strip(), (zone.strip(), zone_of(unit))
    services.set_notices(unit, account, person, plain, kinds, *zones, at_once=at_once, summary=summary)
    return show_preferences(unit, domain)


def own_person(unit: Unit, domain: str, user: str | None) -> tuple[SmartAccount, User]:
    """The account and the person whose own things are meant: the caller, or the user whom the operator names."""
    if user is not None:
        unit.actor = actor_of(unit, user)
    account = by_domain(unit, domain)
    permit(unit, (Permission.NOTICE_MANAGE,), account.id, changes=unit.writing)
    person = unit.session.get(User, unit.actor.id)
    if person is None:
        raise NotPermittedError("preferences are a person's own")
    return account, person
