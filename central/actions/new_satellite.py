"""Use cases of the steps to a new satellite: its file, its virtual accounts, the request for its authorization (row C11.1).

What was entered is kept for the person between the steps, so that they can be left and taken up again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, BinaryIO

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, virtual_accounts
from central.domain.accounts.tags import tags_of
from central.domain.policies.queries import policies
from central.domain.satellites import services
from central.domain.satellites.attaching import reasons_against
from central.domain.satellites.drafts import begin_draft, drop_draft, find_draft, registration_of
from central.domain.satellites.errors import NoDraftError, NotComparedError, NoVirtualAccountError
from central.domain.satellites.models import SatelliteDraft
from central.domain.satellites.queries import names_by_satellite, refuse_known, refuse_known_name
from central.domain.tokens.queries import count_own_tokens
from central.keyring import KeyRing
from exchange.files.registration import Registration, read_registration
from exchange.limits import REGISTRATION_BYTES
from serverkit.clock import iso
from serverkit.db.unit import Unit
from serverkit.errors import AppError
from serverkit.mail.sender import check_address
from serverkit.names import check_name


def take_registration(unit: Unit, keyring: KeyRing, domain: str, stream: BinaryIO) -> dict[str, Any]:
    """Verify a registration file and begin with it; ExchangeError, SatelliteExistsError for a machine that is registered."""
    account = _account(unit, domain)
    content = stream.read(REGISTRATION_BYTES + 1)
    read, _digest = read_registration(content, trust=keyring.trust)
    refuse_known(unit, account.id, "", read.satellite)
    return _view(unit, keyring, account, begin_draft(unit, account.id, content, read.name))


def show_draft(unit: Unit, keyring: KeyRing, domain: str) -> dict[str, Any] | None:
    """What was entered so far; None before a file."""
    account = _account(unit, domain)
    row = find_draft(unit, account.id)
    return _view(unit, keyring, account, row) if row is not None else None


def name_satellite(unit: Unit, keyring: KeyRing, domain: str, name: str, email: str | None, *, compared: bool) -> None:
    """Enter name and contact, and that the key was compared; each refusal says what to change."""
    account, row = _draft(unit, domain)
    check_name("name", name)
    read, _digest = registration_of(row, keyring.trust)
    refuse_known_name(unit, account.id, name, read.satellite)
    if email is not None:
        check_address(email)
    if not compared:
        raise NotComparedError
    row.name, row.email, row.compared = name, email, True


def list_candidates(unit: Unit, keyring: KeyRing, domain: str) -> list[dict[str, Any]]:
    """The virtual accounts of the account, each with why it cannot be chosen, and how many tokens end with the choice."""
    account, row = _draft(unit, domain)
    read, _digest = registration_of(row, keyring.trust)
    return candidates(unit, account, read.satellite, set(row.virtual_accounts))


def candidates(unit: Unit, account: SmartAccount, satellite_id: str, chosen: set[str]) -> list[dict[str, Any]]:
    """Virtual accounts for a satellite, by name."""
    rows = virtual_accounts(unit, account.id)
    against, tags = reasons_against(unit, account.id, satellite_id, rows), tags_of(unit, account.id)
    tokens, names = count_own_tokens(unit, account.id), names_by_satellite(unit, account.id)
    return [
        {
            "id": one.id,
            "number": str(one.number),
            "name": one.name,
            "description": one.description,
            "tags": tags.get(one.id, []),
            "satellite": names.get(one.satellite_id or ""),
            "reason": against.get(one.id),
            "tokens": tokens.get(one.id, 0),
            "chosen": one.id in chosen,
        }
        for one in rows
    ]


def choose_virtual_accounts(unit: Unit, keyring: KeyRing, domain: str, numbers: Sequence[str]) -> None:
    """Choose virtual accounts by their numbers, one or more; the first reason against one of them is raised."""
    account, row = _draft(unit, domain)
    read, _digest = registration_of(row, keyring.trust)
    wanted = set(numbers)
    rows = [one for one in virtual_accounts(unit, account.id) if str(one.number) in wanted]
    for error in reasons_against(unit, account.id, read.satellite, rows).values():
        raise error
    if not rows:
        raise NoVirtualAccountError
    row.virtual_accounts = [one.id for one in rows]


def choose_too(unit: Unit, domain: str, virtual_account_id: str) -> None:
    """Choose one virtual account more."""
    _, row = _draft(unit, domain)
    row.virtual_accounts = [*row.virtual_accounts, virtual_account_id]


def request_authorization(unit: Unit, keyring: KeyRing, domain: str) -> dict[str, Any]:
    """Add the satellite of the draft; its id and the tokens of central that end with it."""
    account, row = _draft(unit, domain)
    read, digest = registration_of(row, keyring.trust)
    if not row.compared:
        raise NotComparedError
    rows = _chosen(unit, account, row)
    if not rows:
        raise NoVirtualAccountError
    attached = services.add_satellite(unit, account, row.name, rows, read, digest, row.email)
    found = {"id": attached.satellite.id, "name": row.name, "revoked_tokens": attached.revoked_tokens}
    drop_draft(unit, account.id)
    return found


def drop_new_satellite(unit: Unit, domain: str) -> None:
    """Forget what was entered."""
    drop_draft(unit, _account(unit, domain).id)


def _view(unit: Unit, keyring: KeyRing, account: SmartAccount, row: SatelliteDraft) -> dict[str, Any]:
    read, digest = registration_of(row, keyring.trust)
    rows = _chosen(unit, account, row)
    against = reasons_against(unit, account.id, read.satellite, rows)
    tokens = count_own_tokens(unit, account.id)
    return {
        **_facts(read, digest),
        "name": row.name,
        "email": row.email,
        "compared": row.compared,
        "chosen": [
            {
                "name": one.name,
                "description": one.description,
                "tokens": tokens.get(one.id, 0),
                "reason": against.get(one.id),
            }
            for one in rows
        ],
        "automatic": policies(unit)["satellite_authorization"] == "automatic",
        "refusal": _refusal(unit, account, read, row),
    }


def _facts(read: Registration, digest: str) -> dict[str, Any]:
    return {
        "satellite": read.satellite,
        "own_name": read.name,
        "host": read.host,
        "software_version": read.software_version,
        "created": iso(read.created),
        "key_fingerprint": read.key.short,
        "root_version": read.root_version,
        "digest": digest,
    }


def _refusal(unit: Unit, account: SmartAccount, read: Registration, row: SatelliteDraft) -> AppError | None:
    """Why the machine or its name is no longer free; None where both are."""
    try:
        refuse_known(unit, account.id, row.name if row.compared else "", read.satellite)
    except AppError as error:
        return error
    return None


def _chosen(unit: Unit, account: SmartAccount, row: SatelliteDraft) -> list[VirtualAccount]:
    wanted = set(row.virtual_accounts)
    return [one for one in virtual_accounts(unit, account.id) if one.id in wanted] if wanted else []


def _draft(unit: Unit, domain: str) -> tuple[SmartAccount, SatelliteDraft]:
    account = _account(unit, domain)
    row = find_draft(unit, account.id)
    if row is None:
        raise NoDraftError
    return account, row


def _account(unit: Unit, domain: str) -> SmartAccount:
    account = by_domain(unit, domain)
    require(unit, Permission.SATELLITE_MANAGE, account.id)
    return account
