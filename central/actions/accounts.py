"""Use cases of smart accounts (rows C1.1, C1.4, C1.8)."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import func, or_, select

from central.actions.views import AccountView, AgreementView, ListedAccountView, VirtualAccountView
from central.domain.access.rules import TRUSTED_KINDS, HeldRole, Permission, permits
from central.domain.access.services import actor_of, held_roles
from central.domain.accounts import services
from central.domain.accounts.models import SmartAccount, VirtualAccount
from central.domain.accounts.queries import by_domain, only_visible, only_visible_places, visible_accounts
from central.domain.agreements import services as agreements
from central.domain.alerts.queries import overviews
from serverkit.clock import optional_iso
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.db.upsert import batches

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
    found, version = overviews(unit, whole), agreements.version_in_force(unit)
    items = []
    for row in accounts:
        overview = found.get(row.id, {"alerts": None, "roles": None})
        waits = row.agreement_version is None or row.agreement_version < version
        one = AccountView.of(row).model_dump()
        items.append(ListedAccountView(**one, **overview, agreement_pending=waits).shown())
    return Listing(items, following)


def name_accounts(unit: Unit, most: int) -> list[tuple[str, str]]:
    """Domain and name of the accounts in which the caller has a role, by name; at most so many."""
    query = only_visible(unit, select(SmartAccount.domain, SmartAccount.name)).order_by(SmartAccount.name)
    return [(domain, name) for domain, name in unit.session.execute(query.limit(most))]


def search_places(unit: Unit, text: str, most: int = 20) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Accounts by domain and name, and virtual accounts by name, as far as the caller may see them; the first of each."""
    wanted = text.lower()
    found = only_visible(unit, select(SmartAccount.domain, SmartAccount.name))
    by_text = [func.lower(one).contains(wanted, autoescape=True) for one in (SmartAccount.domain, SmartAccount.name)]
    accounts = unit.session.execute(found.where(or_(*by_text)).order_by(SmartAccount.name).limit(most))
    pools = select(VirtualAccount.name, VirtualAccount.number, SmartAccount.domain).join(
        SmartAccount, SmartAccount.id == VirtualAccount.account_id
    )
    pools = only_visible_places(unit, pools.where(func.lower(VirtualAccount.name).contains(wanted, autoescape=True)))
    rows = unit.session.execute(pools.order_by(VirtualAccount.name, VirtualAccount.number).limit(most))
    return (
        [{"domain": domain, "name": name} for domain, name in accounts],
        [{"domain": domain, "name": name, "number": number} for name, number, domain in rows],
    )


def show_agreement(unit: Unit, domain: str) -> dict[str, Any]:
    """The agreement in force: its version, what the account accepted, since when it waits, whether the caller may accept."""
    account = by_domain(unit, domain)
    waiting = agreements.pending_since(unit, account)
    return {
        "domain": domain,
        "version": agreements.version_in_force(unit),
        "accepted_version": account.agreement_version,
        "accepted_at": optional_iso(account.agreement_accepted_at),
        "accepted_by": account.agreement_accepted_by,
        "pending": waiting is not None,
        "since": optional_iso(waiting[1] if waiting else None),
        "text": agreements.text_of(unit, agreements.version_in_force(unit)),
    }


def publish_agreement(unit: Unit, text: str) -> dict[str, Any]:
    """Publish the text of the licensing agreement as a new version, which every account has to accept."""
    return {"version": agreements.publish(unit, text), "published": True}


def _sees_all_of(unit: Unit, held: tuple[HeldRole, ...], account_id: str) -> bool:
    return unit.actor.kind in TRUSTED_KINDS or permits(held, Permission.ACCOUNT_VIEW, account_id, "")


def show_account(unit: Unit, domain: str) -> dict[str, Any]:
    """Show an account."""
    return AccountView.of(by_domain(unit, domain)).shown()


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
    ids = {one.virtual_account_id for one in held if one.virtual_account_id}
    query = select(VirtualAccount.id, VirtualAccount.name).where(VirtualAccount.id.in_(sorted(ids)))
    names: dict[str, str] = dict(unit.session.execute(query).all()) if ids else {}
    items = []
    for row in visible_accounts(unit):
        roles = [
            {"role": one.role, "virtual_account": names.get(one.virtual_account_id) if one.virtual_account_id else None}
            for one in held
            if not one.account_id or one.account_id == row.id
        ]
        items.append({**AccountView.of(row).shown(), "roles": roles})
    return items


def search_accounts(unit: Unit, domain: str = "", name: str = "") -> list[dict[str, Any]]:
    """List the visible accounts whose domain and name contain these texts, with their virtual accounts."""
    rows = [
        row
        for row in visible_accounts(unit)
        if domain.lower() in row.domain.lower() and name.lower() in row.name.lower()
    ]
    places: dict[str, list[VirtualAccount]] = {}
    for piece in batches([row.id for row in rows]):
        query = only_visible_places(unit, select(VirtualAccount).where(VirtualAccount.account_id.in_(piece)))
        for one in unit.session.scalars(query.order_by(VirtualAccount.name)):
            places.setdefault(one.account_id, []).append(one)
    return [
        {
            **AccountView.of(row).shown(),
            "virtual_accounts": [VirtualAccountView.of(one).shown() for one in places.get(row.id, [])],
        }
        for row in rows
    ]
