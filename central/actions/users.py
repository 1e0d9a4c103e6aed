"""Use cases of users and their roles (rows C1.5, C1.7)."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import func, select

from central.actions.views import GivenRoleView, IdentityView, UserRoleView
from central.domain.access.errors import OwnRoleError, UnknownUserError, UserExistsError
from central.domain.access.models import RoleAssignment, User
from central.domain.access.rules import Permission, Role
from central.domain.access.services import add_user, find_user, held_roles, require, user_of
from central.domain.access.services import remove_role as take_role
from central.domain.accounts.queries import by_domain, by_number, virtual_account
from central.domain.credentials import people, services
from central.domain.credentials.models import USER_TABLES, Password
from central.domain.credentials.queries import sign_ins, users
from serverkit.clock import exact_iso, optional_iso
from serverkit.db.paging import ALL, Listing, Slice, Sorting, page_of
from serverkit.db.unit import Unit
from serverkit.users.credentials import password_set_at

UserSort = Literal["id", "-id", "name", "-name"]
_ROLE = (RoleAssignment.role, RoleAssignment.account_id, RoleAssignment.virtual_account_id)
SORTING = Sorting((User.id, *(func.coalesce(part, "") for part in _ROLE)), {"name": (User.name,)})
BY_NAME = Slice(sort="name")


def who_am_i(unit: Unit) -> dict[str, Any]:
    """Show who the caller acts as, with roles and scopes."""
    actor = unit.actor
    roles = sorted({held.role.value for held in held_roles(unit, actor.id)})
    limited, scopes = actor.scopes is not None, sorted(actor.scopes or [])
    return IdentityView(id=actor.id, name=actor.name, roles=roles, scopes=scopes, limited=limited).shown()


def list_users(unit: Unit, domain: str | None = None, part: Slice = ALL) -> Listing:
    """List users, once for each role: those of one account, or all that the caller may see."""
    query = users(unit, by_domain(unit, domain).id if domain else None)
    rows, following = page_of(unit, query, SORTING, part)
    items = []
    for user, given, account_domain, virtual_account_name, *_ in rows:
        view = UserRoleView(
            id=user.id,
            name=user.name,
            role=given.role if given else None,
            account=(given.account_id or None) if given else None,
            account_domain=account_domain,
            virtual_account=(given.virtual_account_id or None) if given else None,
            virtual_account_name=virtual_account_name,
        )
        items.append(view.shown())
    return Listing(items, following)


def list_members(unit: Unit, domain: str | None = None) -> list[dict[str, Any]]:
    """The users of an account, or all that the caller may see, once each with their roles (row C1.7)."""
    account_id = by_domain(unit, domain).id if domain is not None else None
    found: dict[str, dict[str, Any]] = {}
    known = set(unit.session.scalars(select(Password.user_id)))
    for user, given, account_domain, virtual_account_name in unit.session.execute(users(unit, account_id)):
        one = found.setdefault(user.id, {"id": user.id, "name": user.name, "domain": domain, "roles": []})
        one["last_sign_in"] = optional_iso(user.last_sign_in_at)
        one["has_password"] = user.id in known
        if given is not None:
            one["roles"].append(
                {"role": given.role, "account_domain": account_domain, "virtual_account": virtual_account_name}
            )
    return sorted(found.values(), key=lambda one: str(one["name"]).casefold())


def list_pool_members(unit: Unit, domain: str, number: str) -> list[dict[str, Any]]:
    """The users with a role in one virtual account, given by its number, or in the whole account (row C1.7)."""
    name = by_number(unit, by_domain(unit, domain).id, number).name
    found = []
    for one in list_members(unit, domain):
        roles = [role for role in one["roles"] if role["virtual_account"] in {None, name}]
        if roles:
            found.append({**one, "roles": roles})
    return found


def show_member(unit: Unit, user_id: str, domain: str | None = None) -> dict[str, Any]:
    """One user of such a list by id; UnknownUserError for one who is not in it."""
    for one in list_members(unit, domain):
        if one["id"] == user_id:
            return one
    raise UnknownUserError("there is no user {name!r}", name=user_id[:32])


def list_sign_ins(unit: Unit) -> dict[str, dict[str, Any]]:
    """By user id: whether there is a password and a second step, sessions, and until when tries are slowed."""
    require(unit, Permission.USER_MANAGE)
    return sign_ins(unit)


def add_with_password(unit: Unit, name: str, role: str, password: str) -> dict[str, Any]:
    """Add a user of the vendor with a role and a password; UserExistsError for a name that someone has."""
    require(unit, Permission.USER_MANAGE)
    if find_user(unit, name) is not None:
        raise UserExistsError("there is a user {name!r} already", name=name)
    found = give_role(unit, name, role)
    unit.session.flush()  # the password names the new user
    set_password(unit, name, password)
    return found


def take_vendor_role(unit: Unit, name: str, role: str) -> dict[str, Any]:
    """Remove a role of the vendor's from a user; OwnRoleError for one's own administrator's role, so that one remains."""
    if Role(role) is Role.VENDOR_ADMINISTRATOR and user_of(unit, name).id == unit.actor.id:
        raise OwnRoleError
    return remove_role(unit, name, role)


def reset_user(unit: Unit, name: str, password: str, *, two_step_off: bool = False) -> None:
    """Set a new password for a user, whose sessions end; with `two_step_off` the second step is removed too."""
    require(unit, Permission.USER_MANAGE)
    people.reset_user(unit, user_of(unit, name), password, two_step_off=two_step_off)
    people.settle_setup_code(unit)


def show_password_date(unit: Unit, user_id: str) -> str | None:
    """Since when a user has the present password, to the microsecond."""
    require(unit, Permission.USER_MANAGE)
    return exact_iso(password_set_at(unit, USER_TABLES, user_id))


def unlock_user(unit: Unit, name: str) -> None:
    """Forget failed tries of a user."""
    require(unit, Permission.USER_MANAGE)
    people.unlock_user(unit, user_of(unit, name))


def give_role(
    unit: Unit, name: str, role: str, domain: str | None = None, virtual_account_name: str | None = None
) -> dict[str, Any]:
    """Give a role to a user, who is created if necessary."""
    account_id, virtual_account_id = _scope(unit, domain, virtual_account_name)
    user, given = add_user(unit, name, Role(role), account_id, virtual_account_id)
    people.settle_setup_code(unit)
    return GivenRoleView(
        id=user.id, name=user.name, role=given.role, account=domain, virtual_account=virtual_account_name
    ).shown()


def remove_role(
    unit: Unit, name: str, role: str, domain: str | None = None, virtual_account_name: str | None = None
) -> dict[str, Any]:
    """Remove a role from a user, who stays."""
    account_id, virtual_account_id = _scope(unit, domain, virtual_account_name)
    user = take_role(unit, name, Role(role), account_id, virtual_account_id)
    return GivenRoleView(
        id=user.id, name=user.name, role=role, account=domain, virtual_account=virtual_account_name
    ).shown()


def make_first_password(unit: Unit, domain: str, name: str) -> dict[str, Any]:
    """Make the first password of a user of an account alone; it is shown this once (row C1.7). FirstPasswordError."""
    account_id = by_domain(unit, domain).id
    require(unit, Permission.ACCOUNT_USER_MANAGE, account_id)  # before anything is said of the user
    show_member(unit, user_of(unit, name).id, domain)
    return {"name": name, "password": people.first_password(unit, user_of(unit, name), account_id)}


def set_password(unit: Unit, name: str, password: str) -> None:
    """Set the password of a user."""
    require(unit, Permission.USER_MANAGE)  # before anything is said of the user
    services.set_password(unit, user_of(unit, name), password)
    people.settle_setup_code(unit)


def _scope(unit: Unit, domain: str | None, virtual_account_name: str | None) -> tuple[str, str]:
    """The ids of what a role is for; empty ids for the wider scopes."""
    if domain is None:
        return "", ""
    account = by_domain(unit, domain)
    row = virtual_account(unit, account.id, virtual_account_name) if virtual_account_name is not None else None
    return account.id, row.id if row else ""
