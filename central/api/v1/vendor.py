"""The vendor's own: catalogue, orders, policies, users."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from central.api.v1.context import ACCOUNT_PATH, BASE, ENTITLEMENT, Call, account_of, pool_of
from central.domain.access.rules import Role
from central.domain.access.services import add_user
from central.domain.accounts.queries import by_domain
from central.domain.alerts.services import refresh_alerts, refresh_all
from central.domain.catalogue.queries import listing
from central.domain.catalogue.services import import_catalogue
from central.domain.credentials.queries import users
from central.domain.ledger.services import import_orders
from central.domain.preferences.queries import policies
from central.domain.preferences.services import set_policy
from central.runtime import Central
from chassis.api.operations import (
    ANYTHING,
    OPTIONAL,
    PLAIN,
    TEXT,
    WHOLE,
    Operation,
    Page,
    Query,
    Strict,
    list_of,
    object_of,
    paged,
)

CSV = "text/csv"
ROLES = Literal[
    "vendor_administrator",
    "vendor_support",
    "account_administrator",
    "account_user",
    "virtual_account_administrator",
    "virtual_account_user",
]


class PolicyValue(Strict):
    """The value of a policy, as the command line takes it."""

    value: str


class NewUser(Strict):
    """A role for a user, who is made when new."""

    name: str
    role: ROLES
    account: str | None = None
    virtual_account: str | None = None


class UserPage(Page):
    """A page of users, of one account where it is named."""

    account: str | None = Field(default=None, max_length=255, pattern=PLAIN)


class NoFurther(Query):
    """No parameters."""


@contextmanager
def _file(call: Call) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "upload.csv"
        path.write_bytes(call.body)
        yield path


def list_catalogue(call: Call) -> dict[str, Any]:
    """Entitlements and products."""
    keyed = [{**row, "id": f"{row['kind']}:{row['tag']}"} for row in listing(call.unit)]
    return paged(keyed, call.query)


def take_catalogue(call: Call) -> dict[str, Any]:
    """Import a catalogue file, all or nothing."""
    with _file(call) as path:
        return dict(import_catalogue(call.unit, path))


def take_orders(call: Call) -> dict[str, Any]:
    """Import an order file, all or nothing."""
    account = account_of(call)
    with _file(call) as path:
        lots = import_orders(call.unit, account.id, path)
    refresh_alerts(call.unit, account)
    return {"lots": len(lots), "quantity": sum(lot.quantity for lot in lots)}


def show_policies(call: Call) -> dict[str, Any]:
    """Every policy."""
    return dict(policies(call.unit))


def change_policy(call: Call) -> dict[str, Any]:
    """Set a policy."""
    values = set_policy(call.unit, call.path["policy"], call.body.value)
    refresh_all(call.unit, call.server.keyring)
    return dict(values)


def list_users(call: Call) -> dict[str, Any]:
    """Users with their roles."""
    account = by_domain(call.unit, call.query.account).id if call.query.account else None
    keyed = [
        {**row, "id": f"{row['id']}:{row['role']}:{row['virtual_account'] or ''}"} for row in users(call.unit, account)
    ]
    return paged(keyed, call.query)


def give_role(call: Call) -> dict[str, Any]:
    """Give a role."""
    body: NewUser = call.body
    account = by_domain(call.unit, body.account) if body.account else None
    pool = None
    if account is not None and body.virtual_account:
        call = type(call)(call.server, call.unit, {"account": account.domain}, call.query, body)
        pool = pool_of(call, body.virtual_account)
    row, given = add_user(call.unit, body.name, Role(body.role), account.id if account else "", pool.id if pool else "")
    return {"id": row.id, "name": row.name, "role": given.role, "account": body.account}


Op = Operation[Central]
OPERATIONS = (
    Op("list_catalogue", "GET", f"{BASE}catalogue", "List the catalogue.", list_catalogue, list_of(ENTITLEMENT), Page),
    Op(
        "import_catalogue", "POST", f"{BASE}catalogue", "Import a catalogue file (CSV).", take_catalogue,
        object_of(entitlements=WHOLE, products=WHOLE), media=CSV, changes=True,
    ),
    Op(
        "import_orders", "POST", f"{ACCOUNT_PATH}/orders", "Import an order file (CSV).", take_orders,
        object_of(lots=WHOLE, quantity=WHOLE), media=CSV, changes=True,
    ),
    Op("show_policies", "GET", f"{BASE}policies", "Show every policy.", show_policies, ANYTHING),
    Op(
        "set_policy", "PUT", f"{BASE}policies/{{policy}}", "Set a policy.", change_policy, ANYTHING,
        body=PolicyValue, changes=True,
    ),
    Op(
        "list_users", "GET", f"{BASE}users", "List users with their roles.", list_users,
        list_of(object_of(name=TEXT, role=TEXT, account=OPTIONAL, virtual_account=OPTIONAL)), UserPage,
    ),
    Op(
        "give_role", "POST", f"{BASE}users", "Give a role to a user.", give_role,
        object_of(id=TEXT, name=TEXT, role=TEXT), body=NewUser, changes=True,
    ),
)  # fmt: skip
