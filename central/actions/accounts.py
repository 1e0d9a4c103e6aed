"""Use cases of smart accounts (rows C1.1, C1.4, C1.8)."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import select

from central.actions.views import AccountView, AgreementView, ListedAccountView, VirtualAccountView
from central.domain.access.rules import TRUSTED_KINDS, HeldRole, Permission, permits
from central.domain.access.services import actor_of, held_roles
from central.domain.accounts import services
from central.domain.accounts.models import SmartAccount
from central.domain.accounts.queries import by_domain, named, only_visible, virtual_accounts, visible_accounts
from central.domain.agreements import services as agreements
from central.domain.alerts.queries import overviews
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit

AccountSort = Literal["id", "-id", "domain", "-domain", "name", "-name"]
SORTING = Sorting((SmartAccount.id,), {"domain": (SmartAccount.domain,), "name": (SmartAccount.name,)})
BY_DOMAIN = Slice(sort="domain")


def list_accounts(unit: Unit, part: Slice = ALL) -> Listing:
    """List the accounts in which the caller has a role, with their open alerts and users (row C1.1)."""
    query = only_visible(unit, select(SmartAccount))
    rows, following = page_of(unit, query, SORTING, part)
    accounts: list[SmartAccount] = [row[0] for row in rows]
    held = held_roles(unit, unit.actor.id)
    whole = [row.id for row in accounts if _sees_all_of(unit, held, row.id)]
    found = overviews(unit, whole)
    items = []
    for row in accounts:
        overview = found.get(row.id, {"alerts": None, "roles": None})
        items.append(ListedAccountView(**AccountView.of(row).model_dump(), **overview).shown())
    return Listing(items, following)


def _sees_all_of(unit: Unit, held: tuple[HeldRole, ...], account_id: str) -> bool:
    return unit.actor.kind in TRUSTED_KINDS or permits(held, Permission.ACCOUNT_VIEW, account_id, "")


def show_account(unit: Unit, domain: str) -> dict[str, Any]:
    """Show an account."""
    return AccountView.of(by_domain(unit, domain)).shown()


def find_domain(unit: Unit, text: str) -> str:
    """The domain of an account that is named by domain or by name, in any case; UnknownAccountError."""
    return named(unit, text).domain


def create_account(unit: Unit, domain: str, name: str, *, export_allowed: bool) -> dict[str, Any]:
    """Create an account with its default virtual account."""
    return AccountView.of(services.create_account(unit, domain, name, export_allowed=export_allowed)).shown()


def change_account(
    unit: Unit,
    domain: str,
    name: str | None = None,
    export_allowed: bool | None = None,
    reservation_allowed: bool | None = None,
) -> dict[str, Any]:
    """Change the properties that only the vendor sets; None keeps one."""
    account = by_domain(unit, domain)
    return AccountView.of(services.change_account(unit, account, name, export_allowed, reservation_allowed)).shown()


def accept_agreement(unit: Unit, domain: str, user: str | None = None) -> dict[str, Any]:
    """Accept the agreement in force; the operator names the user who accepts."""
    if user is not None:
        unit.actor = actor_of(unit, user)
    return AgreementView.of(agreements.accept_agreement(unit, by_domain(unit, domain))).shown()


def list_own_accounts(unit: Unit) -> list[dict[str, Any]]:
    """List the accounts in which the caller has a role, each with the caller's roles in it."""
    held = held_roles(unit, unit.actor.id)
    items = []
    for row in visible_accounts(unit):
        names = {one.id: one.name for one in virtual_accounts(unit, row.id)}
        roles = [
            {"role": one.role, "virtual_account": names.get(one.virtual_account_id) if one.virtual_account_id else None}
            for one in held
            if not one.account_id or one.account_id == row.id
        ]
        items.append({**AccountView.of(row).shown(), "roles": roles})
    return items


def search_accounts(unit: Unit, domain: str = "", name: str = "") -> list[dict[str, Any]]:
    """List the visible accounts whose domain and name contain these texts, with their virtual accounts."""
    return [
        {
            **AccountView.of(row).shown(),
            "virtual_accounts": [VirtualAccountView.of(one).shown() for one in virtual_accounts(unit, row.id)],
        }
        for row in visible_accounts(unit)
        if domain.lower() in row.domain.lower() and name.lower() in row.name.lower()
    ]
