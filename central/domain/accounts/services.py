"""Creates and changes accounts and virtual accounts."""

from __future__ import annotations

from sqlalchemy import select

from central.domain.access.rules import Permission
from central.domain.access.services import require
from central.domain.accounts.errors import (
    AccountExistsError,
    SatelliteVirtualAccountError,
    VirtualAccountExistsError,
)
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import default_virtual_account, satellite_name
from central.domain.base import next_change, next_number_of_vendor
from central.domain.event_log.event_kinds import EventKind
from central.domain.event_log.services import record
from serverkit.db.unit import Unit
from serverkit.ids import new_id
from serverkit.names import check_domain, check_name, check_text, refuse_similar

DEFAULT_NAME = "DEFAULT"
FIRST_NUMBER = 100_000


def create_account(unit: Unit, domain: str, name: str, *, export_allowed: bool) -> SmartAccount:
    """Make an account with its default virtual account (rows C1.1, C1.2, C1.8)."""
    require(unit, Permission.ACCOUNT_CREATE)
    check_domain(domain)
    check_name("name", name)
    if unit.session.scalars(select(SmartAccount).where(SmartAccount.domain == domain)).one_or_none():
        raise AccountExistsError("the account {domain} exists already", domain=domain)
    _refuse_similar_account(unit, name)
    account = SmartAccount(
        id=new_id(),
        number=FIRST_NUMBER + next_number_of_vendor(unit, "account"),
        domain=domain,
        name=name,
        export_allowed=export_allowed,
        reservation_allowed=True,
        created_at=unit.now,
    )
    unit.session.add(account)
    unit.session.flush()  # the event and the virtual account refer to it
    subject = {"domain": domain, "export_allowed": export_allowed}
    record(unit, account.id, EventKind.ACCOUNT_CREATED, f"account {name} created", subject=subject)
    _add(unit, account.id, DEFAULT_NAME, "", is_default=True)
    return account


def _refuse_similar_account(unit: Unit, name: str, account_id: str = "") -> None:
    names = list(unit.session.scalars(select(SmartAccount.name).where(SmartAccount.id != account_id)))
    if name in names:
        raise AccountExistsError(
            "an account of the name {name!r} exists already", remedy="Choose another name.", name=name
        )
    refuse_similar("the account name", name, names)


def change_account(
    unit: Unit,
    account: SmartAccount,
    name: str | None,
    export_allowed: bool | None,
    reservation_allowed: bool | None = None,
) -> SmartAccount:
    """Change a property that only the vendor sets; every change is an event (rows C1.8, C6.1)."""
    require(unit, Permission.ACCOUNT_PROPERTY, account.id)
    changes: dict[str, object] = {}
    if name is not None and check_name("name", name) != account.name:
        _refuse_similar_account(unit, name, account.id)
        changes["name"], account.name = name, name
    if export_allowed is not None and export_allowed != account.export_allowed:
        changes["export_allowed"], account.export_allowed = export_allowed, export_allowed
    if reservation_allowed is not None and reservation_allowed != account.reservation_allowed:
        changes["reservation_allowed"], account.reservation_allowed = reservation_allowed, reservation_allowed
    if changes:
        message = f"account {account.name} changed: {', '.join(sorted(changes))}"
        record(unit, account.id, EventKind.ACCOUNT_CHANGED, message, subject=changes)
    return account


def describe_virtual_account(unit: Unit, row: VirtualAccount, description: str) -> VirtualAccount:
    """Change the description of a virtual account (row C2.1)."""
    require(unit, Permission.VIRTUAL_ACCOUNT_EDIT, row.account_id, row.id)
    if check_text("description", description) != row.description:
        row.description, row.change_no = description, next_change(unit, row.account_id)
        message = f"description of virtual account {row.name} changed"
        kind = EventKind.VIRTUAL_ACCOUNT_DESCRIBED
        record(unit, row.account_id, kind, message, virtual_account_id=row.id)
    return row


def create_virtual_account(unit: Unit, account_id: str, name: str, description: str = "") -> VirtualAccount:
    """Make a virtual account (row C1.2)."""
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, account_id)
    return _add(unit, account_id, name, description, is_default=False)


def _add(unit: Unit, account_id: str, name: str, description: str, *, is_default: bool) -> VirtualAccount:
    check_name("name", name)
    check_text("description", description)
    _refuse_known_name(unit, account_id, name)
    row = VirtualAccount(
        account_id=account_id,
        id=new_id(),
        number=FIRST_NUMBER + next_number_of_vendor(unit, "virtual_account"),
        name=name,
        description=description,
        is_default=is_default,
        change_no=next_change(unit, account_id),
        created_at=unit.now,
    )
    unit.session.add(row)
    unit.session.flush()  # later steps of the same unit look it up
    record(
        unit,
        account_id,
        EventKind.VIRTUAL_ACCOUNT_CREATED,
        f"virtual account {name} created",
        virtual_account_id=row.id,
    )
    return row


def _refuse_known_name(unit: Unit, account_id: str, name: str, but: str = "") -> None:
    query = select(VirtualAccount.name).where(VirtualAccount.account_id == account_id, VirtualAccount.id != but)
    names = list(unit.session.scalars(query))
    if name in names:
        raise VirtualAccountExistsError("the account has a virtual account {name!r} already", name=name)
    refuse_similar("the name of the virtual account", name, names)


def rename_virtual_account(unit: Unit, row: VirtualAccount, name: str) -> VirtualAccount:
    """Give a virtual account another name (row C1.2); a satellite learns it with its next response."""
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, row.account_id, row.id)
    check_name("name", name)
    if name != row.name:
        _refuse_known_name(unit, row.account_id, name, row.id)
        message, subject = f"virtual account {row.name} renamed to {name}", {"old": row.name, "new": name}
        row.name, row.change_no = name, next_change(unit, row.account_id)
        record(
            unit, row.account_id, EventKind.VIRTUAL_ACCOUNT_RENAMED, message, subject=subject, virtual_account_id=row.id
        )
    return row


def delete_virtual_account(unit: Unit, row: VirtualAccount) -> None:
    """Delete an empty virtual account (row C1.2); the caller has made sure that nothing is in it."""
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, row.account_id, row.id)
    record(
        unit,
        row.account_id,
        EventKind.VIRTUAL_ACCOUNT_DELETED,
        f"virtual account {row.name} deleted",
        subject={"name": row.name},
    )
    unit.session.delete(row)


def make_default(unit: Unit, row: VirtualAccount) -> None:
    """Move the default mark; a satellite's virtual account cannot take it (row C1.2)."""
    require(unit, Permission.VIRTUAL_ACCOUNT_MANAGE, row.account_id, row.id)
    if row.satellite_id is not None:
        name = satellite_name(unit, row.account_id, row.satellite_id)
        raise SatelliteVirtualAccountError(
            "the virtual account {name} belongs to satellite {satellite}, and a satellite's never is the default",
            remedy="Choose another virtual account.",
            name=row.name,
            satellite=name,
        )
    default_virtual_account(unit, row.account_id).is_default = False
    unit.session.flush()  # the database knows one at a time
    row.is_default = True
    record(
        unit,
        row.account_id,
        EventKind.DEFAULT_MOVED,
        f"{row.name} is the default virtual account",
        virtual_account_id=row.id,
    )
